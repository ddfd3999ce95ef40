//! `CheckpointStore`: positions by name.

use std::collections::BTreeMap;

use es_core::Position;
use es_core::store::{CheckpointError, CheckpointName, check_checkpoint};

/// The checkpoints: rules 26 to 29.
#[derive(Default)]
pub(crate) struct Checkpoints(BTreeMap<CheckpointName, Position>);

impl Checkpoints {
    pub(crate) fn load(&self, name: &CheckpointName) -> Option<Position> {
        self.0.get(name).copied()
    }

    pub(crate) fn save(
        &mut self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        check_checkpoint(name, expected, self.load(name), position)?;
        self.0.insert(name.clone(), position);
        Ok(())
    }

    pub(crate) fn reset(
        &mut self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        match check_checkpoint(name, expected, self.load(name), position) {
            Ok(()) | Err(CheckpointError::Backwards { .. }) => {
                self.0.insert(name.clone(), position);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Moves it on to `position`, wherever it was before that.
    pub(crate) fn advance(&mut self, name: &CheckpointName, position: Position) {
        let at = self.0.entry(name.clone()).or_insert(position);
        *at = position.max(*at);
    }

    pub(crate) fn delete(&mut self, name: &CheckpointName) -> Option<Position> {
        self.0.remove(name)
    }

    pub(crate) fn list(&self) -> Vec<(CheckpointName, Position)> {
        self.0.iter().map(|(name, position)| (name.clone(), *position)).collect()
    }
}
