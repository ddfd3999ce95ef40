//! The format of a change of a table: a line of JSON, and after it the payloads of its rows.
//!
//! A change is one message. One that is larger than a message is several in a row, and counts from the last of them on;
//! if another change stands before that, the parts count for nothing. So each part says what holds while it is the last.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use es_core::store::{CheckpointName, Row, RowWrite};
use es_core::{IndexValue, Position};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::NatsError;
use crate::rows;

const FORMAT: u32 = 1;
/// What a message may have beside its rows: a name, of which each byte may be six in JSON, the subject and headers.
const HEAD: usize = 4 * 1024;

/// What holds after a change, beside the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) checkpoint: Option<Position>,
    /// Whether there is a table, be it without rows; else there is a checkpoint at most.
    pub(crate) is_table: bool,
}

/// A message of a change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) standing: Standing,
    /// By which its writer knows it.
    pub(crate) mark: Uuid,
    /// Whether the rows before are gone.
    pub(crate) is_anew: bool,
    /// How many parts of the change stand before and after it.
    pub(crate) place: (u64, u64),
    pub(crate) writes: Vec<RowWrite>,
}

#[derive(Serialize, Deserialize)]
struct Head<'a> {
    format: u32,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checkpoint: Option<u64>,
    #[serde(default, skip_serializing_if = "is_default")]
    table: bool,
    mark: Uuid,
    #[serde(default, skip_serializing_if = "is_default")]
    anew: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    part: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    more: u64,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    rows: Vec<Line<'a>>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    /// What is put; nothing if the row is deleted.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    put: Option<Put<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Put<'a> {
    position: u64,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    indexes: BTreeMap<Cow<'a, str>, Value<'a>>,
    /// How long the payload is.
    bytes: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Value<'a> {
    Integer(i64),
    Text(#[serde(borrow)] Cow<'a, str>),
}

/// The message of a part.
pub(crate) fn encode(name: &CheckpointName, part: &Part) -> Bytes {
    let put = |row: &Row| {
        let value = |value: &IndexValue| match value {
            IndexValue::Integer(number) => Value::Integer(*number),
            IndexValue::Text(text) => Value::Text(text.clone().into()),
        };
        let indexes = row.indexes.iter().map(|(name, of)| (name.to_string().into(), value(of))).collect();
        Put { position: row.position.get(), indexes, bytes: row.payload.len() }
    };
    let lines = part.writes.iter().map(|write| match write {
        RowWrite::Put(row) => Line { key: row.key.as_str().into(), put: Some(put(row)) },
        RowWrite::Delete(key) => Line { key: key.as_str().into(), put: None },
    });
    let head = Head {
        format: FORMAT,
        name: name.as_str().into(),
        checkpoint: part.standing.checkpoint.map(Position::get),
        table: part.standing.is_table,
        mark: part.mark,
        anew: part.is_anew,
        part: part.place.0,
        more: part.place.1,
        rows: lines.collect(),
    };
    let mut message = serde_json::to_vec(&head).expect("numbers and texts are JSON, and a vector takes them");
    message.push(b'\n');
    for write in &part.writes {
        if let RowWrite::Put(row) = write {
            message.extend_from_slice(&row.payload);
        }
    }
    message.into()
}

/// Reads a message, and whose it is; `of` is the JetStream stream that it is from.
pub(crate) fn decode(of: &str, sequence: u64, message: &Bytes) -> Result<(CheckpointName, Part), NatsError> {
    let broken = |problem: String| NatsError::Broken { stream: of.to_owned(), sequence, problem };
    let end = message.iter().position(|byte| *byte == b'\n').ok_or_else(|| broken("it has no line feed".into()))?;
    let head: Head<'_> = serde_json::from_slice(&message[..end]).map_err(|error| broken(error.to_string()))?;
    if head.format != FORMAT {
        return Err(broken(format!("its format is {}, this program knows {FORMAT}", head.format)));
    }
    let name = CheckpointName::new(&head.name).map_err(|error| broken(error.to_string()))?;
    let (mut from, mut writes) = (end + 1, Vec::with_capacity(head.rows.len()));
    for Line { key, put } in head.rows {
        let key = key.into_owned();
        let Some(Put { position, indexes, bytes }) = put else {
            writes.push(RowWrite::Delete(key));
            continue;
        };
        let until = from.checked_add(bytes).filter(|until| *until <= message.len());
        let until = until.ok_or_else(|| broken("a payload is longer than the message".into()))?;
        let indexes = indexes.into_iter().map(|(name, value)| {
            let value = match value {
                Value::Integer(number) => IndexValue::Integer(number),
                Value::Text(text) => IndexValue::Text(text.into_owned()),
            };
            (Cow::Owned(name.into_owned()), value)
        });
        let (position, indexes) = (Position::new(position), indexes.collect());
        writes.push(RowWrite::Put(Row { key, position, indexes, payload: message.slice(from..until) }));
        from = until;
    }
    let standing = Standing { checkpoint: head.checkpoint.map(Position::new), is_table: head.table };
    let (mark, is_anew, place) = (head.mark, head.anew, (head.part, head.more));
    Ok((name, Part { standing, mark, is_anew, place, writes }))
}

/// A change as parts, each with its message, which has `limit` bytes at most; all but the last say what held `before`.
///
/// # Errors
/// [`NatsError::TooLarge`], if a single row does not fit.
pub(crate) fn parts(
    change: Part,
    before: Standing,
    name: &CheckpointName,
    limit: usize,
) -> Result<Vec<(Part, Bytes)>, NatsError> {
    let room = limit.saturating_sub(HEAD);
    let (mut groups, mut bytes) = (vec![Vec::new()], 0);
    for write in change.writes {
        let own = match &write {
            RowWrite::Put(row) => rows::size(row),
            RowWrite::Delete(key) => rows::text_size(key) + 16,
        };
        if own > room {
            return Err(NatsError::TooLarge { bytes: own + HEAD, limit });
        }
        if bytes + own > room {
            groups.push(Vec::new());
            bytes = 0;
        }
        bytes += own;
        groups.last_mut().expect("there is a first").push(write);
    }
    let last = groups.len() as u64 - 1;
    let parts = (0..).zip(groups).map(|(number, writes)| {
        let standing = if number == last { change.standing } else { before };
        let place = (number, last - number);
        let part = Part { standing, mark: change.mark, is_anew: change.is_anew, place, writes };
        let message = encode(name, &part);
        (part, message)
    });
    Ok(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> CheckpointName {
        CheckpointName::new("balances").unwrap()
    }

    fn row(key: &str, position: u64, payload: &[u8]) -> Row {
        let (key, payload) = (key.to_owned(), Bytes::copy_from_slice(payload));
        Row { key, position: Position::new(position), indexes: [].into(), payload }
    }

    /// What has been stored stays readable: the files are never changed, a new format has files of its own.
    #[test]
    fn messages_of_format_1_are_read_and_written() {
        let mark = Uuid::from_u128(0x7000_8000_0000_0000_0007);
        let ada = Row {
            indexes: [("balance".into(), 70.into()), ("owner".into(), "a\"da".into())].into(),
            ..row("1", 2047, b"{\"balance\":70}")
        };
        let delete = RowWrite::Delete("2".to_owned());
        let writes = vec![RowWrite::Put(ada), delete.clone(), RowWrite::Put(row("", 2048, b"\n\x00\xff"))];
        let standing = Standing { checkpoint: Some(Position::new(2048)), is_table: true };
        let whole = Part { standing, mark, is_anew: false, place: (0, 0), writes };
        let part = Part { standing: Standing::default(), mark, is_anew: true, place: (1, 2), writes: vec![delete] };
        for (message, meant) in
            [(&include_bytes!("../fixtures/change-1")[..], whole), (include_bytes!("../fixtures/part-1"), part)]
        {
            let message = Bytes::from_static(message);
            assert_eq!(decode("es_checkpoints", 1, &message).unwrap(), (model(), meant.clone()));
            assert_eq!(encode(&model(), &meant), message);
        }
    }

    #[test]
    fn a_change_is_in_parts_that_fit_and_only_the_last_says_what_holds_then() {
        let hard = "\u{1}\"é".repeat(100);
        let writes: Vec<_> = (0..500)
            .map(|number| match number % 3 {
                0 => RowWrite::Delete(format!("{hard}{number}")),
                _ => RowWrite::Put(Row {
                    indexes: [(hard.clone().into(), hard.as_str().into())].into(),
                    ..row(&format!("{number}{hard}"), number, &[0; 700])
                }),
            })
            .collect();
        let standing = |position| Standing { checkpoint: Some(Position::new(position)), is_table: true };
        let mark = Uuid::nil();
        let change = Part { standing: standing(2), mark, is_anew: true, place: (0, 0), writes: writes.clone() };
        let parts = parts(change, standing(1), &model(), 64 * 1024).unwrap();
        assert!(parts.len() > 3, "{}", parts.len());
        let mut together = Vec::new();
        for ((part, message), number) in parts.iter().zip(0..) {
            let more = parts.len() as u64 - 1 - number;
            assert_eq!(part.place, (number, more));
            assert_eq!(part.standing, standing(if more == 0 { 2 } else { 1 }));
            assert!(message.len() < 64 * 1024 - 1024, "{}", message.len());
            assert_eq!(decode("es_checkpoints", 1, message).unwrap().1, *part);
            together.extend(part.writes.clone());
        }
        assert_eq!(together, writes);
    }

    #[test]
    fn a_row_that_does_not_fit_is_told() {
        let writes = vec![RowWrite::Put(row("1", 1, &[0; 64 * 1024]))];
        let change = Part { standing: Standing::default(), mark: Uuid::nil(), is_anew: false, place: (0, 0), writes };
        let error = parts(change, Standing::default(), &model(), 64 * 1024).unwrap_err();
        assert!(matches!(error, NatsError::TooLarge { bytes, limit: 65_536 } if bytes > 65_536), "{error}");
    }
}
