//! A recorder of metrics that keeps them as text.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use metrics::{Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit};

#[derive(Debug, Default, Clone)]
pub(crate) struct Recorder {
    counters: Arc<Mutex<BTreeMap<String, u64>>>,
    samples: Arc<Mutex<BTreeMap<String, Vec<f64>>>>,
}

impl Recorder {
    pub(crate) fn counters(&self) -> Vec<(String, u64)> {
        self.counters.lock().unwrap().clone().into_iter().collect()
    }

    pub(crate) fn samples(&self, name: &str) -> Vec<f64> {
        self.samples.lock().unwrap().get(name).cloned().unwrap_or_default()
    }
}

/// The name, and the labels sorted.
fn shown(key: &Key) -> String {
    let mut labels: Vec<_> = key.labels().map(|label| format!(" {}={}", label.key(), label.value())).collect();
    labels.sort();
    format!("{}{}", key.name(), labels.concat())
}

struct One(Recorder, String);

impl CounterFn for One {
    fn increment(&self, value: u64) {
        *self.0.counters.lock().unwrap().entry(self.1.clone()).or_default() += value;
    }
    fn absolute(&self, _: u64) {}
}

impl HistogramFn for One {
    fn record(&self, value: f64) {
        self.0.samples.lock().unwrap().entry(self.1.clone()).or_default().push(value);
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(One(self.clone(), shown(key))))
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(One(self.clone(), shown(key))))
    }
}
