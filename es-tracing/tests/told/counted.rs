//! The metrics: their names, their labels, and that no id is among these.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use es_core::ExpectedVersion;
use es_core::store::{EventStore, MultiAppend, MultiStreamAppend, ReadStream};
use es_memory_store::MemoryStore;
use es_tracing::TracingStore;
use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

use crate::{event, secret};

/// Sums and values by `name{label=value,..}`.
#[derive(Clone, Default)]
struct Counting {
    counters: Arc<Mutex<BTreeMap<String, u64>>>,
    histograms: Arc<Mutex<BTreeMap<String, Vec<f64>>>>,
}

struct One(String, Counting);

impl CounterFn for One {
    fn increment(&self, value: u64) {
        *self.1.counters.lock().unwrap().entry(self.0.clone()).or_default() += value;
    }

    fn absolute(&self, _: u64) {
        panic!("no counter of ours is set");
    }
}

impl HistogramFn for One {
    fn record(&self, value: f64) {
        self.1.histograms.lock().unwrap().entry(self.0.clone()).or_default().push(value);
    }
}

impl Counting {
    fn one(&self, key: &Key) -> Arc<One> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(One(format!("{}{{{}}}", key.name(), labels.join(",")), self.clone()))
    }
}

impl Recorder for Counting {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.one(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.one(key))
    }
}

#[tokio::test]
async fn appends_conflicts_and_reads_are_counted_without_ids() {
    let counting = Counting::default();
    let _guard = metrics::set_default_local_recorder(&counting);
    let store = TracingStore::new(MemoryStore::new()).with_stream_ids();
    let events = vec![event(1, "opened"), event(2, "closed"), event(3, "opened")];
    store.append(&secret(), ExpectedVersion::NoStream, events).await.unwrap();
    store.append(&secret(), ExpectedVersion::NoStream, vec![event(4, "opened")]).await.unwrap_err();
    let batch = MultiAppend::new().append(&secret(), ExpectedVersion::NoStream, vec![event(4, "opened")]);
    store.append_multi(batch).await.unwrap_err();
    store.read_stream(&secret(), ReadStream::all()).await.unwrap();

    let counters: Vec<_> = counting.counters.lock().unwrap().clone().into_iter().collect();
    let counter = |name: &str, count| (name.to_owned(), count);
    assert_eq!(
        counters,
        [
            counter("es.append.conflicts{category=account}", 2),
            counter("es.append.events{type=closed}", 1),
            counter("es.append.events{type=opened}", 2),
            counter("es.store.calls{operation=append,outcome=conflict}", 1),
            counter("es.store.calls{operation=append,outcome=ok}", 1),
            counter("es.store.calls{operation=append_multi,outcome=conflict}", 1),
            counter("es.store.calls{operation=read_stream,outcome=ok}", 1),
        ]
    );
    let histograms = counting.histograms.lock().unwrap();
    assert_eq!(histograms["es.load.events_replayed{category=account}"], [3.0]);
    let durations = &histograms["es.store.duration{operation=append}"];
    assert!(durations.len() == 2 && durations.iter().all(|seconds| *seconds >= 0.0), "{durations:?}");
    assert!(counters.iter().all(|(name, _)| !name.contains("ada")));
    assert!(histograms.keys().all(|name| !name.contains("ada")));
}
