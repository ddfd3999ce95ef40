//! What a store does, told to [`tracing`] and to the crate `metrics`.
//!
//! [`TracingStore`] stands around any store of [`es_core`], has the capabilities that it has, and changes nothing of what
//! it does.
//! Exporters are yours: a subscriber for the spans, a recorder for the metrics.
//!
//! # Spans
//!
//! One for each call, with target `es`:
//!
//! | span | level | fields |
//! |---|---|---|
//! | `es.append` | info | `category`, `expected`, `events`; afterwards `version`, `position` |
//! | `es.append_multi` | info | `streams`, `checks`, `events`; afterwards `position` |
//! | `es.read_stream` | debug | `category`, `after`; afterwards `events`, `version` |
//! | `es.read_log` | debug | `after`; afterwards `events`, `through`, `head` |
//! | `es.appended_after` | trace | `after` |
//! | `es.load_checkpoint`, `es.save_checkpoint`, `es.reset_checkpoint`, `es.delete_checkpoint` | debug | `checkpoint`; `position` |
//! | `es.list_checkpoints` | debug | |
//! | `es.save_snapshot`, `es.load_snapshot`, `es.delete_snapshots` | debug | `category` |
//! | `es.load_rows`, `es.scan_rows`, `es.commit_rows`, `es.drop_read_model`, `es.list_read_models` | debug | `read_model` |
//! | `es.append_inline`, `es.append_multi_inline` | info | as without projections, and `projections` |
//!
//! Each also gets `outcome`: `ok`, `conflict`, `refused` or `failed`.
//! Inside the span, a failure of the store is an event of level error with the whole chain of causes, a refusal one of
//! level warn, and a conflict one of level debug, since it is part of the day's work.
//! A call whose future is dropped leaves `outcome` empty.
//!
//! The id of a stream may be the data of a person, so spans have it only if
//! [`with_stream_ids`](TracingStore::with_stream_ids) says so.
//! Until then, what an error says about a stream is left out as well, and only its kind and its causes, which are the
//! messages of the store's driver, are told.
//!
//! # Metrics
//!
//! With the feature `metrics`, which is on by default:
//!
//! | metric | kind | labels | |
//! |---|---|---|---|
//! | `es.append.events` | counter | `type` | events of appends that succeeded, by stored name; those of an append that is sent again count again |
//! | `es.append.conflicts` | counter | `category` | appends refused since the stream was not as expected |
//! | `es.load.events_replayed` | histogram | `category` | events that one read of a stream gave |
//! | `es.store.calls` | counter | `operation`, `outcome` | all calls |
//! | `es.store.duration` | histogram, seconds | `operation` | from call to reply |
//!
//! Labels are names that your code has: categories, stored names of events, operations.
//! Ids never become labels, so the number of series stays that of your types.
//! What only a driver knows, the duration of a command or the lag of a projection, is not measured here.

mod capabilities;
mod measure;
mod outcome;
mod running;
mod store;

pub use self::store::TracingStore;
