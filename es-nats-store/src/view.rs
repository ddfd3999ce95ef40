//! A table as its changes make it, one message after the other.

use es_core::store::RowWrite;
use uuid::Uuid;

use crate::change::{Part, Standing};
use crate::rows::Rows;

/// What a table is after one of its changes.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) standing: Standing,
    pub(crate) rows: Rows,
    /// The last message that was read.
    pub(crate) sequence: u64,
    pub(crate) begun: Option<Begun>,
    /// How many changes were made since all rows were written, and how large they are.
    pub(crate) since: (u64, usize),
}

/// A change whose last part was not read yet, and perhaps never will be.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) mark: Uuid,
    /// The message of the first part.
    first: u64,
    pub(crate) parts: u64,
    writes: Vec<RowWrite>,
}

impl View {
    /// Takes the next message in; if it ends the change of that mark, says where the change begins.
    pub(crate) fn take(&mut self, sequence: u64, part: Part, bytes: usize, mark: Uuid) -> Result<Option<u64>, String> {
        let (number, more) = part.place;
        let (first, mut writes) = match self.begun.take() {
            Some(begun) if number > 0 && (begun.mark, begun.parts) == (part.mark, number) => {
                (begun.first, begun.writes)
            }
            _ if number > 0 => return Err(format!("part {number} of a change is there, and not the one before it")),
            _ => (sequence, Vec::new()),
        };
        self.sequence = sequence;
        self.since.1 += bytes;
        writes.extend(part.writes);
        if more > 0 {
            self.begun = Some(Begun { mark: part.mark, first, parts: number + 1, writes });
            return Ok(None);
        }
        self.since.0 += 1;
        if part.is_anew || !part.standing.is_table {
            self.rows.clear();
            self.since = (0, 0);
        }
        for write in writes {
            self.rows.write(write);
        }
        self.standing = part.standing;
        Ok((part.mark == mark).then_some(first))
    }
}
