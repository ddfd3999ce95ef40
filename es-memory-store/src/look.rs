//! One read, in pieces: the lock is held for one piece at a time, and never while somebody looks at an event.

use std::ops::ControlFlow;

use es_core::StreamId;
use es_core::store::{LogPage, ReadLog, ReadStream, StreamPage};

use crate::log::Shown;
use crate::store::MemoryStore;

/// How many events are looked at while the lock is held once; a writer waits for no more than this.
const CHUNK: usize = 256;

/// How many chunks are looked at for one page of a read that has a filter, so that a rare event holds no thread up.
const CHUNKS: usize = 256;

macro_rules! look {
    ($range:ident, $end:ident, $take:ident, |$rest:ident, $shown:ident| $look:expr) => {{
        let most = if $range.filter.is_all() { usize::MAX } else { CHUNKS };
        let (mut limit, mut $shown) = ($range.limit, Vec::new());
        let $rest = &$range;
        let mut page = $look;
        // What is appended between two chunks is not part of this read.
        let end = $range.up_to.min(page.$end);
        let mut rest = $range.up_to(end);
        for chunk in 1.. {
            for shown in $shown.drain(..) {
                limit -= shown.events().len();
                if $take(shown).is_break() {
                    return page;
                }
            }
            if page.is_end || limit == 0 || chunk == most {
                break;
            }
            rest = rest.resume(page.through).limit(limit);
            let $rest = &rest;
            let more = $look;
            (page.through, page.is_end) = (more.through, more.is_end);
        }
        page
    }};
}

impl MemoryStore {
    /// Gives `take` the events of a page, until it breaks off; the page itself has none.
    pub(crate) fn look_at_stream(
        &self,
        stream: &StreamId,
        range: ReadStream,
        mut take: impl FnMut(Shown) -> ControlFlow<()>,
    ) -> StreamPage {
        look!(range, version, take, |rest, shown| self.log().look_at_stream(stream, rest, CHUNK, &mut shown))
    }

    /// Gives `take` the events of a page, until it breaks off; the page itself has none.
    pub(crate) fn look_at_log(&self, range: ReadLog, mut take: impl FnMut(Shown) -> ControlFlow<()>) -> LogPage {
        look!(range, head, take, |rest, shown| self.log().look_at_log(rest, CHUNK, &mut shown))
    }
}
