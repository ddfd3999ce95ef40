//! The fold over a stream: on from what is at hand, from a snapshot, or from the first event. Whatever it goes on from
//! has to be borne out by the log.

use std::ops::ControlFlow;

use super::Repository;
use super::load::{AsOf, Last, LoadError, Loaded};
use crate::aggregate::Aggregate;
use crate::codec::Codec;
use crate::envelope::RecordedEvent;
use crate::store::{EventStore, ReadStream};
use crate::version::Version;

/// How many events are read from the store at a time.
const PAGE: usize = 1024;

/// What of a state the log has to show before it is believed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// This process has read it from the log: that the stream is still as long.
    Length,
    /// Somebody says so: that it has the event on which the state stands.
    Event,
}

impl<A: Aggregate, S: EventStore, C: Codec> Repository<A, S, C> {
    /// Brings `loaded` to the moment; what does not exist yet starts from a snapshot, if there is one.
    pub(super) async fn fold(&self, loaded: &mut Loaded<A>, moment: AsOf) -> Result<(), LoadError> {
        if loaded.exists() {
            if self.fold_tail(loaded, moment, Proof::Length).await? {
                return Ok(());
            }
            if let Some(cache) = &self.cache {
                cache.forget(loaded.stream());
            }
            *loaded = Loaded::missing(loaded.stream().clone());
        }
        if let Some(mut restored) = self.restored(loaded.stream(), moment).await {
            if self.fold_tail(&mut restored, moment, Proof::Event).await? {
                *loaded = restored;
                return Ok(());
            }
            self.distrust(&restored).await;
        }
        self.fold_tail(loaded, moment, Proof::Length).await?;
        Ok(())
    }

    /// Reads on from where `loaded` stands; `false` if the log does not have what it has seen, as far as `proof` asks.
    async fn fold_tail(&self, loaded: &mut Loaded<A>, moment: AsOf, proof: Proof) -> Result<bool, LoadError> {
        let mut up_to = moment.last_version();
        let mut unproven = loaded.last().filter(|_| proof == Proof::Event);
        let mut seen = unproven.map_or(loaded.version(), |last| Version::new(last.version.get() - 1));
        while seen < up_to {
            let range = ReadStream::after(seen).up_to(up_to).limit(PAGE);
            let (stream, mut stopped) = (loaded.stream().clone(), None);
            let mut visit = |events: &[RecordedEvent]| {
                let mut events = events.chunk_by(|event, next| event.version == next.version);
                if let Some(last) = unproven.take() {
                    let proof = events.next().and_then(<[_]>::last);
                    if !proof.is_some_and(|event| last.is(event)) {
                        stopped = Some(Ok(false));
                        return ControlFlow::Break(());
                    }
                }
                for parts in events {
                    let is_beyond = match moment {
                        AsOf::Version(_) => false,
                        AsOf::Position(position) => parts[0].position > position,
                        AsOf::Time(time) => parts[0].recorded_at > time,
                    };
                    if is_beyond {
                        stopped = Some(Ok(true));
                        return ControlFlow::Break(());
                    }
                    if let Err(error) = loaded.replay(&self.codec, parts) {
                        stopped = Some(Err(error));
                        return ControlFlow::Break(());
                    }
                }
                ControlFlow::Continue(())
            };
            let page = match self.store.visit_stream(&stream, range, &mut visit).await {
                Ok(page) => page,
                Err(cause) => return Err(LoadError::Read { stream, cause }),
            };
            if page.version < loaded.version() || unproven.is_some() {
                return Ok(false);
            }
            if let Some(stopped) = stopped {
                return Ok(stopped?);
            }
            // The fold ends at the head that the first page saw, however fast others append.
            up_to = up_to.min(page.version);
            if page.through <= seen {
                // Only a store that breaks rule 13 comes here, and nobody hangs on it.
                return Ok(true);
            }
            seen = page.through;
            if matches!(moment, AsOf::Version(_)) {
                // The last events may be read as nothing, but what is appended next comes after them.
                loaded.see_through(seen);
            }
        }
        Ok(true)
    }
}

impl Last {
    fn is(&self, event: &RecordedEvent) -> bool {
        (self.id, self.version, self.position) == (event.id, event.version, event.position)
    }
}
