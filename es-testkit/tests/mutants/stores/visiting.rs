//! Mutants that show something else than they give.

use async_trait::async_trait;
use es_core::StreamId;
use es_core::store::{EventStore, EventVisitor, LogPage, ReadError, ReadLog, ReadStream, StreamPage};
use es_memory_store::MemoryStore;

use crate::fault::{Fault, show};
use crate::{Case, case};

const STREAM: &str = "rule_36_a_visit_to_a_stream_shows_what_a_read_gives";
const LOG: &str = "rule_36_a_visit_to_the_log_shows_what_a_read_gives";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case::<ShowsUnfiltered>("a visit to a stream is not filtered", &[STREAM]),
        case::<ShowsAll>("a visit shows all of the log, whatever its limit", &[LOG]),
        case::<ShowsLess>("a visit to the log leaves out its last event", &[LOG]),
        case::<KeepsEvents>("a visit shows the events and gives them as well", &[STREAM]),
        case::<ShowsNothing>("a visit that finds no event shows that there is none", &[STREAM]),
    ]
}

macro_rules! visits {
    ($fault:ident, stream($store:ident, $id:ident, $range:ident, $visit:ident) $body:block) => {
        #[derive(Default)]
        struct $fault;

        #[async_trait]
        impl Fault for $fault {
            async fn visit_stream(
                &self,
                $store: &MemoryStore,
                $id: &StreamId,
                $range: ReadStream,
                $visit: &mut EventVisitor<'_>,
            ) -> Result<StreamPage, ReadError> $body
        }
    };
    ($fault:ident, log($store:ident, $range:ident, $visit:ident) $body:block) => {
        #[derive(Default)]
        struct $fault;

        #[async_trait]
        impl Fault for $fault {
            async fn visit_log(
                &self,
                $store: &MemoryStore,
                $range: ReadLog,
                $visit: &mut EventVisitor<'_>,
            ) -> Result<LogPage, ReadError> $body
        }
    };
}

visits!(ShowsUnfiltered, stream(store, id, range, visit) {
    let whole = ReadStream { filter: ReadStream::all().filter, ..range.clone() };
    store.visit_stream(id, whole, visit).await?;
    let page = store.read_stream(id, range).await?;
    Ok(StreamPage { events: Vec::new(), ..page })
});

visits!(ShowsAll, log(store, range, visit) {
    let page = store.read_log(range.clone()).await?;
    store.visit_log(range.limit(usize::MAX), visit).await?;
    Ok(LogPage { events: Vec::new(), ..page })
});

visits!(ShowsLess, log(store, range, visit) {
    let mut page = store.read_log(range).await?;
    page.events.pop();
    show(&std::mem::take(&mut page.events), visit);
    Ok(page)
});

visits!(KeepsEvents, stream(store, id, range, visit) {
    let page = store.read_stream(id, range).await?;
    show(&page.events, visit);
    Ok(page)
});

visits!(ShowsNothing, stream(store, id, range, visit) {
    let mut page = store.read_stream(id, range).await?;
    let _ = visit(&std::mem::take(&mut page.events));
    Ok(page)
});
