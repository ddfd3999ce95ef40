//! A key-value bucket: the last value of each key, changed only by who knows its revision.
//!
//! It is a bucket as other NATS clients know them, so `nats kv` shows it. Values are read from the leader, since what was
//! saved must be what is loaded.

use async_nats::HeaderMap;
use bytes::Bytes;

use crate::error::NatsError;
use crate::fetch::Fetch;
use crate::js::{Js, Published, Stored};
use crate::subject::stream_of_bucket;

#[derive(Debug)]
pub(crate) struct Bucket {
    js: Js,
    name: String,
    stream: String,
}

/// A key's value, and the revision to change it by.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// 0 if the key was never there.
    pub(crate) revision: u64,
    pub(crate) value: Option<Bytes>,
}

impl Bucket {
    pub(crate) fn new(js: Js, name: String) -> Self {
        let stream = stream_of_bucket(&name);
        Self { js, name, stream }
    }

    pub(crate) fn stream(&self) -> &str {
        &self.stream
    }

    fn subject(&self, key: &str) -> String {
        format!("$KV.{}.{key}", self.name)
    }

    pub(crate) async fn load(&self, key: &str) -> Result<Entry, NatsError> {
        let last = self.js.last(&self.stream, &self.subject(key)).await?;
        Ok(last.map_or(Entry { revision: 0, value: None }, |last| {
            let value = (!last.is_deletion).then_some(last.payload);
            Entry { revision: last.sequence, value }
        }))
    }

    /// Replaces the value with that revision; `None` deletes it. Whether it was that revision.
    ///
    /// A change whose answer was lost is sent again, and then finds its own revision: so `false` says only that the
    /// caller has to look again.
    pub(crate) async fn replace(&self, key: &str, revision: u64, value: Option<Bytes>) -> Result<bool, NatsError> {
        let mut headers = HeaderMap::new();
        if value.is_none() {
            headers.insert("KV-Operation", "DEL");
        }
        let published = self.js.publish(&self.subject(key), revision, headers, value.unwrap_or_default()).await?;
        Ok(matches!(published, Published::At(_)))
    }

    /// All keys below a prefix that ends with `.`, or all of the bucket, with their values; the oldest change first.
    pub(crate) async fn list(&self, below: &str) -> Result<Vec<(String, Entry)>, NatsError> {
        let subjects = self.subject(&format!("{below}>"));
        let Some(last) = self.js.last(&self.stream, &subjects).await? else { return Ok(Vec::new()) };
        let prefix = self.subject("");
        let mut fetch = Fetch::new(&self.js, &self.stream, &subjects, 1, last.sequence);
        let mut entries = Vec::new();
        while !fetch.is_done() {
            for Stored { sequence, subject, payload, is_deletion } in fetch.more(u64::MAX).await? {
                let key = subject.strip_prefix(&prefix).unwrap_or(&subject).to_owned();
                // A key that changed meanwhile may come twice.
                entries.retain(|(known, _): &(String, Entry)| *known != key);
                entries.push((key, Entry { revision: sequence, value: (!is_deletion).then_some(payload) }));
            }
        }
        Ok(entries)
    }
}
