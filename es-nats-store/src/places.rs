//! Positions: what the sequence of a message in JetStream and the place of an event within it make together.

use es_core::Position;

/// How many positions a message has; so many events fit into one append.
pub(crate) const SLOTS: u64 = 1024;

/// The position of the last event of a message.
pub(crate) fn last(sequence: u64) -> Position {
    Position::new(sequence.saturating_mul(SLOTS))
}

/// The position of event `index` of `count` in a message: the last has the highest that the message has.
pub(crate) fn of(sequence: u64, index: u64, count: u64) -> Position {
    Position::new(last(sequence).get() - (count - 1 - index))
}

/// The message that a position is in, or would be.
pub(crate) fn sequence(position: Position) -> u64 {
    position.get().div_ceil(SLOTS)
}

/// The first message that can have an event after a position.
pub(crate) fn first_after(position: Position) -> u64 {
    position.get() / SLOTS + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_events_of_a_message_end_at_its_last_position() {
        assert_eq!([of(1, 0, 3), of(1, 1, 3), of(1, 2, 3)].map(Position::get), [1022, 1023, 1024]);
        assert_eq!(of(1, 0, SLOTS).get(), 1);
        assert_eq!(of(2, 0, SLOTS).get(), 1025);
    }

    #[test]
    fn positions_lead_back_to_their_message() {
        for (position, is_in, after) in [(0, 0, 1), (1, 1, 1), (1023, 1, 1), (1024, 1, 2), (1025, 2, 2), (2048, 2, 3)] {
            assert_eq!(sequence(Position::new(position)), is_in, "{position}");
            assert_eq!(first_after(Position::new(position)), after, "{position}");
        }
        assert_eq!(last(u64::MAX), Position::MAX);
    }
}
