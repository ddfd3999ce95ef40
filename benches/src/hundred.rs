//! An aggregate with a hundred events, to see what it costs to find one by its stored name.

/// The first name that is listed.
pub(crate) const FIRST: &str = "order-added";
/// The last one.
pub(crate) const LAST: &str = "note-restored";

macro_rules! order {
    ($($event:ident = $name:tt,)+) => {
        $(
            #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, es_core::Event)]
            #[event(name = $name)]
            pub(crate) struct $event {
                by: u64,
            }

            impl es_core::Apply<$event> for Order {
                fn apply(&mut self, event: $event) {
                    self.sum += event.by;
                }
            }
        )+

        #[derive(Default, es_core::Aggregate)]
        #[aggregate(
            name = "order", id = String, error = std::convert::Infallible, events($($event),+), commands(),
        )]
        pub(crate) struct Order {
            sum: u64,
        }

        #[derive(Default)]
        pub(crate) struct OrderByHand {
            sum: u64,
        }

        impl OrderByHand {
            pub(crate) fn replay(&mut self, event: &es_core::RecordedEvent) -> Result<(), serde_json::Error> {
                match (event.name.as_str(), event.schema_version) {
                    $(($name, 1) => self.sum += serde_json::from_slice::<$event>(&event.payload)?.by,)+
                    _ => return Err(serde::de::Error::custom("unknown event")),
                }
                Ok(())
            }
        }
    };
}

order! {
    OrderAdded = "order-added",
    OrderRemoved = "order-removed",
    OrderChanged = "order-changed",
    OrderApproved = "order-approved",
    OrderRejected = "order-rejected",
    OrderRequested = "order-requested",
    OrderCancelled = "order-cancelled",
    OrderConfirmed = "order-confirmed",
    OrderArchived = "order-archived",
    OrderRestored = "order-restored",
    LineAdded = "line-added",
    LineRemoved = "line-removed",
    LineChanged = "line-changed",
    LineApproved = "line-approved",
    LineRejected = "line-rejected",
    LineRequested = "line-requested",
    LineCancelled = "line-cancelled",
    LineConfirmed = "line-confirmed",
    LineArchived = "line-archived",
    LineRestored = "line-restored",
    DiscountAdded = "discount-added",
    DiscountRemoved = "discount-removed",
    DiscountChanged = "discount-changed",
    DiscountApproved = "discount-approved",
    DiscountRejected = "discount-rejected",
    DiscountRequested = "discount-requested",
    DiscountCancelled = "discount-cancelled",
    DiscountConfirmed = "discount-confirmed",
    DiscountArchived = "discount-archived",
    DiscountRestored = "discount-restored",
    CouponAdded = "coupon-added",
    CouponRemoved = "coupon-removed",
    CouponChanged = "coupon-changed",
    CouponApproved = "coupon-approved",
    CouponRejected = "coupon-rejected",
    CouponRequested = "coupon-requested",
    CouponCancelled = "coupon-cancelled",
    CouponConfirmed = "coupon-confirmed",
    CouponArchived = "coupon-archived",
    CouponRestored = "coupon-restored",
    AddressAdded = "address-added",
    AddressRemoved = "address-removed",
    AddressChanged = "address-changed",
    AddressApproved = "address-approved",
    AddressRejected = "address-rejected",
    AddressRequested = "address-requested",
    AddressCancelled = "address-cancelled",
    AddressConfirmed = "address-confirmed",
    AddressArchived = "address-archived",
    AddressRestored = "address-restored",
    PaymentAdded = "payment-added",
    PaymentRemoved = "payment-removed",
    PaymentChanged = "payment-changed",
    PaymentApproved = "payment-approved",
    PaymentRejected = "payment-rejected",
    PaymentRequested = "payment-requested",
    PaymentCancelled = "payment-cancelled",
    PaymentConfirmed = "payment-confirmed",
    PaymentArchived = "payment-archived",
    PaymentRestored = "payment-restored",
    RefundAdded = "refund-added",
    RefundRemoved = "refund-removed",
    RefundChanged = "refund-changed",
    RefundApproved = "refund-approved",
    RefundRejected = "refund-rejected",
    RefundRequested = "refund-requested",
    RefundCancelled = "refund-cancelled",
    RefundConfirmed = "refund-confirmed",
    RefundArchived = "refund-archived",
    RefundRestored = "refund-restored",
    ShipmentAdded = "shipment-added",
    ShipmentRemoved = "shipment-removed",
    ShipmentChanged = "shipment-changed",
    ShipmentApproved = "shipment-approved",
    ShipmentRejected = "shipment-rejected",
    ShipmentRequested = "shipment-requested",
    ShipmentCancelled = "shipment-cancelled",
    ShipmentConfirmed = "shipment-confirmed",
    ShipmentArchived = "shipment-archived",
    ShipmentRestored = "shipment-restored",
    ParcelAdded = "parcel-added",
    ParcelRemoved = "parcel-removed",
    ParcelChanged = "parcel-changed",
    ParcelApproved = "parcel-approved",
    ParcelRejected = "parcel-rejected",
    ParcelRequested = "parcel-requested",
    ParcelCancelled = "parcel-cancelled",
    ParcelConfirmed = "parcel-confirmed",
    ParcelArchived = "parcel-archived",
    ParcelRestored = "parcel-restored",
    NoteAdded = "note-added",
    NoteRemoved = "note-removed",
    NoteChanged = "note-changed",
    NoteApproved = "note-approved",
    NoteRejected = "note-rejected",
    NoteRequested = "note-requested",
    NoteCancelled = "note-cancelled",
    NoteConfirmed = "note-confirmed",
    NoteArchived = "note-archived",
    NoteRestored = "note-restored",
}

// Two types, one state: the same text for both.
impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sum {}", self.sum)
    }
}

impl std::fmt::Debug for OrderByHand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sum {}", self.sum)
    }
}
