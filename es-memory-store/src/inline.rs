//! `InlineAppend`: rules N1 to N3. What an append would write is shown to the projections before it is written, while
//! nobody else writes.

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, CheckpointName, InlineAppend, InlineProjections, MultiAppend, MultiAppendError,
    MultiAppended, ReadLog, RowWrite,
};
use es_core::{ExpectedVersion, NewEvent, Position, RecordedEvent, StreamId};

use crate::log::Log;
use crate::store::{Kept, MemoryStore, cut_loose};

/// What the projections make of the log and of the events that are to follow it. Nothing of theirs is called again before
/// that is kept, so nothing can fail between the events and the rows.
struct Projected {
    writes: Vec<(CheckpointName, Vec<RowWrite>)>,
    through: Position,
}

fn project(
    log: &Log,
    kept: &Kept,
    new: &[RecordedEvent],
    projections: &InlineProjections,
) -> Result<Projected, AppendError> {
    let through = new.last().map_or(log.head(), |event| event.position);
    let mut writes = Vec::with_capacity(projections.len());
    for projection in &**projections {
        let (name, filter) = (projection.name(), projection.filter());
        let checkpoint = kept.checkpoints.load(name).unwrap_or_default();
        let range = ReadLog::after(checkpoint).filter(filter.clone());
        let mut events = log.events(&range);
        events.extend(new.iter().filter(|event| filter.selects(&event.stream, &event.name)).cloned());
        let projected = projection.project(&events, &mut |keys| Ok(kept.read_models.load(name, keys)));
        let refused = |cause| AppendError::NotProjected { projection: name.clone(), cause };
        writes.push((name.clone(), projected.map_err(|cause| refused(cause.into()))?));
    }
    Ok(Projected { writes, through })
}

fn keep(kept: &mut Kept, projected: Projected) {
    for (name, writes) in projected.writes {
        kept.read_models.write(&name, writes);
        kept.checkpoints.advance(&name, projected.through);
    }
}

fn committed(projections: &InlineProjections) {
    for projection in &**projections {
        projection.committed();
    }
}

#[async_trait]
impl InlineAppend for MemoryStore {
    async fn append_inline(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        mut events: Vec<NewEvent>,
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError> {
        self.limits_of().check(stream, &events)?;
        events.iter_mut().for_each(cut_loose);
        let appended = self.write(|writer| {
            let new = writer.preview(stream, expected, &events)?;
            let mut kept = self.kept();
            let projected = project(self.log(), &kept, &new, projections)?;
            let appended = writer.append(stream, expected, events)?;
            keep(&mut kept, projected);
            Ok(appended)
        })?;
        committed(projections);
        Ok(appended)
    }

    async fn append_multi_inline(
        &self,
        mut batch: MultiAppend,
        projections: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError> {
        batch.validate(&self.limits_of())?;
        batch.events.iter_mut().for_each(|(_, event)| cut_loose(event));
        let appended = self.write(|writer| {
            let new = writer.preview_multi(&batch)?;
            let mut kept = self.kept();
            let projected = project(self.log(), &kept, &new, projections)?;
            let appended = writer.append_multi(batch)?;
            keep(&mut kept, projected);
            Ok::<_, MultiAppendError>(appended)
        })?;
        committed(projections);
        Ok(appended)
    }
}
