//! Checkpoints: rules 26 to 29. Each is a key whose value is the position in digits.

use async_trait::async_trait;
use bytes::Bytes;
use es_core::Position;
use es_core::store::{CheckpointError, CheckpointName, CheckpointStore, check_checkpoint};
use uuid::Uuid;

use crate::error::NatsError;
use crate::store::{NatsStore, Shared};
use crate::subject;

fn failed(error: NatsError) -> CheckpointError {
    CheckpointError::Store { cause: Box::new(error) }
}

/// A value: the position, and a mark of who wrote it, by which a writer whose answer was lost knows its own.
struct Value {
    position: Position,
    mark: Uuid,
}

impl Value {
    fn text(&self) -> Bytes {
        format!("{} {}", self.position, self.mark).into()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (position, mark) = std::str::from_utf8(bytes).ok()?.split_once(' ')?;
        Some(Self { position: Position::new(position.parse().ok()?), mark: mark.parse().ok()? })
    }
}

impl Shared {
    async fn load(&self, key: &str) -> Result<(u64, Option<Value>), CheckpointError> {
        let entry = self.checkpoints.load(key).await.map_err(failed)?;
        let value = entry.value.map(|value| self.parsed(entry.revision, &value)).transpose()?;
        Ok((entry.revision, value))
    }

    fn parsed(&self, sequence: u64, value: &[u8]) -> Result<Value, CheckpointError> {
        Value::parse(value).ok_or_else(|| {
            let (stream, problem) =
                (self.checkpoints.stream().to_owned(), "a checkpoint is a number and a mark".into());
            failed(NatsError::Broken { stream, sequence, problem })
        })
    }

    /// Replaces what is kept by `position`, if `check` accepts it; `None` deletes it. What was kept before.
    async fn change(
        &self,
        name: &CheckpointName,
        position: Option<Position>,
        check: impl Fn(Option<Position>) -> Result<(), CheckpointError>,
    ) -> Result<Option<Position>, CheckpointError> {
        let (key, mark) = (subject::token(name.as_str()), self.marks());
        let mut before = None;
        loop {
            let (revision, kept) = self.load(&key).await?;
            if kept.as_ref().is_some_and(|kept| kept.mark == mark) {
                // The answer to the first attempt was lost.
                return Ok(before);
            }
            let kept = kept.map(|kept| kept.position);
            check(kept)?;
            if position.is_none() && kept.is_none() {
                return Ok(before);
            }
            before = kept;
            let value = position.map(|position| Value { position, mark }.text());
            if self.checkpoints.replace(&key, revision, value).await.map_err(failed)? {
                return Ok(before);
            }
        }
    }
}

#[async_trait]
impl CheckpointStore for NatsStore {
    async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        let (_, value) = self.shared.load(&subject::token(name.as_str())).await?;
        Ok(value.map(|value| value.position))
    }

    async fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        let check = |kept| check_checkpoint(name, expected, kept, position);
        self.shared.change(name, Some(position), check).await.map(drop)
    }

    async fn reset_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        let check = |kept| {
            let conflict = || CheckpointError::Conflict { name: name.clone(), expected, actual: kept };
            if kept == expected { Ok(()) } else { Err(conflict()) }
        };
        self.shared.change(name, Some(position), check).await.map(drop)
    }

    async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.shared.change(name, None, |_| Ok(())).await
    }

    async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        let mut list = Vec::new();
        for (key, entry) in self.shared.checkpoints.list("").await.map_err(failed)? {
            let Some(value) = entry.value else { continue };
            let name = subject::name(&key).and_then(|name| CheckpointName::new(&name).ok()).ok_or_else(|| {
                let stream = self.shared.checkpoints.stream().to_owned();
                let problem = format!("`{key}` is not the key of a checkpoint");
                failed(NatsError::Broken { stream, sequence: entry.revision, problem })
            })?;
            list.push((name, self.shared.parsed(entry.revision, &value)?.position));
        }
        list.sort_unstable_by(|(one, _), (other, _)| one.as_str().as_bytes().cmp(other.as_str().as_bytes()));
        Ok(list)
    }
}
