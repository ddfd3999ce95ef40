//! Ids of events and messages, and the source that new ones come from.

use std::cell::RefCell;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{Builder, Uuid};

use crate::time::Timestamp;

/// The id of one event; unique in a store.
///
/// New ones are UUIDs of version 7 (RFC 9562), so they sort by time and are kind to indexes.
///
/// ```
/// use es_core::EventId;
///
/// let id: EventId = "018f4d3c-0000-7000-8000-000000000001".parse()?;
/// assert_eq!(id.to_string(), "018f4d3c-0000-7000-8000-000000000001");
/// # Ok::<(), uuid::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(Uuid);

impl EventId {
    /// The event id with this UUID.
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The UUID.
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventId({})", self.0)
    }
}

serialized_as_text!(EventId, "the id of an event, a UUID", |text| text.parse::<EventId>());

impl std::str::FromStr for EventId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// The id of a message (an event, a command, a request), as correlation and causation refer to it.
///
/// Any text will do, since requests are named by others: a UUID, a W3C trace id, the hash of a git commit.
/// A UUID in its usual lower-case form is kept as 16 bytes.
///
/// ```
/// use es_core::MessageId;
///
/// assert_eq!(MessageId::from("order-17").to_string(), "order-17");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(Form);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Form {
    Uuid(Uuid),
    Text(Arc<str>),
}

serialized_as_text!(MessageId, "the id of a message", |text| Ok::<MessageId, E>(MessageId::from(text)));

/// What derived ids are hashed with, so that they meet no others.
const DERIVED: Uuid = Uuid::from_u128(0x5d0e_7c64_9b0a_4b2e_8f13_2c6d_a1f0_93b7);

impl MessageId {
    /// The id of a part of this message, or of what follows from it; the same for the same id and the same part.
    ///
    /// A UUID of version 5 (RFC 9562, SHA-1 of id and part).
    /// If the id is itself a UUID that begins with the time, of version 7, or one derived from such, so does this one,
    /// which is then of version 8: it stands beside the others of its time in an index.
    ///
    /// ```
    /// use es_core::MessageId;
    ///
    /// let order = MessageId::from("order-17");
    /// assert_eq!(order.derive("payment"), order.derive("payment"));
    /// assert_ne!(order.derive("payment"), order.derive("shipment"));
    /// ```
    pub fn derive(&self, part: &str) -> Uuid {
        let (id, time) = match &self.0 {
            Form::Uuid(id) => (id.as_bytes().as_slice(), matches!(id.get_version_num(), 7 | 8).then_some(id)),
            Form::Text(text) => (text.as_bytes(), None),
        };
        // Hashed twice, so that no other id with another part is the same text.
        let hashed = Uuid::new_v5(&Uuid::new_v5(&DERIVED, id), part.as_bytes());
        let Some(time) = time else { return hashed };
        let mut bytes = hashed.into_bytes();
        bytes[..6].copy_from_slice(&time.as_bytes()[..6]);
        Builder::from_custom_bytes(bytes).into_uuid()
    }
}

impl From<Uuid> for MessageId {
    fn from(id: Uuid) -> Self {
        Self(Form::Uuid(id))
    }
}

impl From<EventId> for MessageId {
    fn from(id: EventId) -> Self {
        Self(Form::Uuid(id.0))
    }
}

impl From<&str> for MessageId {
    fn from(text: &str) -> Self {
        // Only the canonical form becomes a UUID, so that every text is given back as it came.
        match Uuid::try_parse(text) {
            Ok(id) if id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text => Self(Form::Uuid(id)),
            _ => Self(Form::Text(text.into())),
        }
    }
}

impl From<String> for MessageId {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Uuid(id) => Display::fmt(id, f),
            Form::Text(text) => f.pad(text),
        }
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}

/// Where the ids of new events and commands come from; injected, so that a test can know them beforehand.
///
/// A closure from the current time to a UUID is an id source.
///
/// ```
/// use es_core::{IdSource, Timestamp};
/// use uuid::Uuid;
///
/// let zeros = |_now: Timestamp| Uuid::nil();
/// assert_eq!(zeros.next_id(Timestamp::UNIX_EPOCH), Uuid::nil());
/// ```
pub trait IdSource: Send + Sync {
    /// A fresh id, for something that happens at `now`.
    fn next_id(&self, now: Timestamp) -> Uuid;
}

impl<F: Fn(Timestamp) -> Uuid + Send + Sync> IdSource for F {
    fn next_id(&self, now: Timestamp) -> Uuid {
        self(now)
    }
}

/// UUIDs of version 7: increasing within this source, random beyond it.
///
/// After the milliseconds come a counter of 16 bits, which begins anew with each of them (RFC 9562, section 6.2, method
/// 1), and 58 random bits.
/// While the clock stands still or is behind, it counts on, and a full counter goes on in the next millisecond; times are
/// told apart up to the year 10889, which is what 48 bits of milliseconds hold.
/// Threads that share a source wait for nothing.
///
/// # Panics
/// Where the operating system gives no random bytes.
#[derive(Debug, Default)]
pub struct UuidV7 {
    /// The milliseconds of the last id, and below them its counter.
    last: AtomicU64,
}

impl UuidV7 {
    const COUNTER_BITS: u32 = 16;
}

impl IdSource for UuidV7 {
    fn next_id(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_micros() / 1_000).unwrap_or(0).min(u64::MAX >> Self::COUNTER_BITS);
        let after = |last: u64| last.wrapping_add(1).max(millis << Self::COUNTER_BITS);
        // Nothing but the number itself is shared.
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last)));
        let next = after(last.unwrap_or_else(|last| last));
        // Twelve bits of the counter come before the variant, and four after it; the rest is random.
        let (before, behind) = ((next >> 4 & 0xfff) as u16, (next & 0xf) << 58 | u64::from_ne_bytes(random()) >> 6);
        let mut bytes = [0; 10];
        bytes[..2].copy_from_slice(&before.to_be_bytes());
        bytes[2..].copy_from_slice(&behind.to_be_bytes());
        Builder::from_unix_timestamp_millis(next >> Self::COUNTER_BITS, &bytes).into_uuid()
    }
}

thread_local! {
    static RANDOMNESS: RefCell<Randomness> = const { RefCell::new(Randomness { bytes: [0; 1024], used: 1024 }) };
}

/// Random bytes; also in the destructor of a thread's last value.
fn random() -> [u8; 8] {
    RANDOMNESS.try_with(|randomness| randomness.borrow_mut().take()).unwrap_or_else(|_| {
        let mut bytes = [0; 8];
        fill(&mut bytes);
        bytes
    })
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

/// Random bytes, asked for many at a time, because each question to the operating system costs more than an id.
struct Randomness {
    bytes: [u8; 1024],
    used: usize,
}

impl Randomness {
    fn take(&mut self) -> [u8; 8] {
        if self.used == self.bytes.len() {
            fill(&mut self.bytes);
            self.used = 0;
        }
        let mut taken = [0; 8];
        taken.copy_from_slice(&self.bytes[self.used..self.used + 8]);
        self.used += 8;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_increase_also_when_the_clock_stands_still_or_steps_back() {
        let ids = UuidV7::default();
        let times = [5_000_000, 5_000_000, 4_000_000, 5_000_001, 9_000_000];
        let made: Vec<_> = times.iter().map(|t| ids.next_id(Timestamp::from_micros(*t))).collect();
        assert!(made.is_sorted() && made.windows(2).all(|pair| pair[0] != pair[1]), "{made:?}");
        assert_eq!(made[0].get_version_num(), 7);
    }

    #[test]
    fn ids_carry_their_millisecond_and_go_on_when_one_is_full() {
        let ids = UuidV7::default();
        let first = ids.next_id(Timestamp::from_micros(5_000_000));
        assert_eq!(first.as_u128() >> 80, 5_000);
        ids.last.store((5_000 << 16) + 0xffff, Ordering::Relaxed);
        let next = ids.next_id(Timestamp::from_micros(5_000_000));
        assert_eq!((next.as_u128() >> 80, next.get_version_num()), (5_001, 7));
        assert_eq!(next.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn two_sources_share_no_id() {
        let (left, right) = (UuidV7::default(), UuidV7::default());
        let now = Timestamp::from_micros(5_000_000);
        let made: std::collections::HashSet<_> =
            (0..10_000).flat_map(|_| [left.next_id(now), right.next_id(now)]).collect();
        assert_eq!(made.len(), 20_000);
    }

    #[test]
    fn threads_that_share_a_source_share_no_id_and_each_has_increasing_ones() {
        let ids = UuidV7::default();
        let some = || (0..20_000).map(|_| ids.next_id(Timestamp::from_micros(5_000_000))).collect::<Vec<_>>();
        let made: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(some)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|made| made.is_sorted_by(|a, b| a < b)));
        // Their counters differ as well, not only what is random.
        let counters: std::collections::HashSet<_> = made.iter().flatten().map(|id| id.as_u128() >> 58).collect();
        assert_eq!(counters.len(), 80_000);
    }

    #[test]
    fn derived_ids_keep_the_time_and_tell_id_and_part_apart() {
        let at = UuidV7::default().next_id(Timestamp::from_micros(5_000_000));
        let first = MessageId::from(at).derive("a");
        assert_eq!((first.as_u128() >> 80, first.get_version_num()), (5_000, 8));
        assert_eq!(MessageId::from(first).derive("b").as_u128() >> 80, 5_000);
        let text = MessageId::from("order-17").derive("a");
        assert_eq!((text.get_version_num(), text.get_variant()), (5, uuid::Variant::RFC4122));
        let parts = [("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", "")];
        let derived = parts.map(|(id, part)| MessageId::from(id).derive(part));
        let distinct: std::collections::HashSet<_> = derived.into_iter().chain([first, text]).collect();
        assert_eq!(distinct.len(), 6);
    }

    #[test]
    fn a_message_id_gives_its_text_back() {
        for text in ["018f4d3c-0000-7000-8000-000000000001", "018F4D3C-0000-7000-8000-000000000001", "a1b2", ""] {
            assert_eq!(MessageId::from(text).to_string(), text);
        }
        let id = Uuid::from_u128(7);
        assert_eq!(MessageId::from(id), MessageId::from(id.to_string()));
    }
}
