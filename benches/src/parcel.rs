//! One event twice: as it always was, and with a past of five older versions.

/// Version 1 is the current one.
pub(crate) mod unchanged {
    use es_core::{Aggregate, Apply, Event};
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "parcel-weighed")]
    pub(crate) struct ParcelWeighed {
        parcel: String,
        grams: u64,
        scale: String,
        memo: Option<String>,
    }

    /// Stands before the other, so that this one's name has to be passed.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "scale-calibrated")]
    pub(crate) struct ScaleCalibrated {
        by: String,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "parcel-lost")]
    pub(crate) struct ParcelLost {
        parcel: String,
    }

    #[derive(Debug, Default, Aggregate)]
    #[aggregate(name = "scale", id = String, error = std::convert::Infallible,
            events(ScaleCalibrated, ParcelWeighed, ParcelLost), commands())]
    pub(crate) struct Scale {
        calibrated_by: String,
        last: String,
        grams: u64,
    }

    impl Apply<ParcelWeighed> for Scale {
        fn apply(&mut self, event: ParcelWeighed) {
            self.last = event.parcel;
            self.grams += event.grams;
        }
    }

    impl Apply<ScaleCalibrated> for Scale {
        fn apply(&mut self, event: ScaleCalibrated) {
            self.calibrated_by = event.by;
        }
    }

    impl Apply<ParcelLost> for Scale {
        fn apply(&mut self, event: ParcelLost) {
            self.last = event.parcel;
        }
    }
}

/// Version 6 is the current one.
pub(crate) mod changed {
    use es_core::{Aggregate, Apply, Event};
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "parcel-weighed", version = 6)]
    #[upcast(1 => 2, rename(weight => grams))]
    #[upcast(2 => 3, change(grams: String => grams.parse()?))]
    #[upcast(3 => 4, add(scale = "unknown"))]
    #[upcast(4 => 5, remove(weighed_by: String), add(memo = Some(weighed_by)))]
    #[upcast(5 => 6, rename(item => parcel))]
    pub(crate) struct ParcelWeighed {
        parcel: String,
        grams: u64,
        scale: String,
        memo: Option<String>,
    }

    /// Stands before the other, so that this one's name has to be passed.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "scale-calibrated")]
    pub(crate) struct ScaleCalibrated {
        by: String,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "parcel-lost")]
    pub(crate) struct ParcelLost {
        parcel: String,
    }

    #[derive(Debug, Default, Aggregate)]
    #[aggregate(name = "scale", id = String, error = std::convert::Infallible,
            events(ScaleCalibrated, ParcelWeighed, ParcelLost), commands())]
    pub(crate) struct Scale {
        calibrated_by: String,
        last: String,
        grams: u64,
    }

    impl Apply<ParcelWeighed> for Scale {
        fn apply(&mut self, event: ParcelWeighed) {
            self.last = event.parcel;
            self.grams += event.grams;
        }
    }

    impl Apply<ScaleCalibrated> for Scale {
        fn apply(&mut self, event: ScaleCalibrated) {
            self.calibrated_by = event.by;
        }
    }

    impl Apply<ParcelLost> for Scale {
        fn apply(&mut self, event: ParcelLost) {
            self.last = event.parcel;
        }
    }
}
