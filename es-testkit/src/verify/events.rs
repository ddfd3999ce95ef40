//! The law about events: every version of each, under every name that it ever had, is read, and what it is read as is
//! stored and read back unchanged.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};

use es_core::model::EventModel;
use es_core::{Aggregate, DecodeReason, EventName, EventSet, Json, RecordedEvent, StreamId};
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::{TestCaseError, TestError, TestRunner};
use serde_json::Value;

use super::quiet::catch;
use super::readable::readable;
use super::words::Words;
use crate::difference::difference;
use crate::lock::Lock;
use crate::log::Log;
use crate::round_trip::causes;

/// Checks the law with the payloads that `runner` makes; the samples of `lock` stand in for what cannot be made.
pub(super) fn check<A>(runner: &dyn Fn() -> TestRunner, lock: &Lock) -> Result<String, String>
where
    A: Aggregate,
    A::Event: PartialEq + Debug,
{
    let (words, mut versions, mut notes) = (Words::of(&A::MODEL), 0, String::new());
    for model in A::Event::EVENTS.iter().chain(A::Event::SPLIT) {
        for name in model.aliases.iter().chain([&model.name]) {
            for version in model.oldest..=model.version {
                versions += 1;
                let reading = Reading::<A>::of(model, name, version)?;
                if let Some(note) = reading.check(runner(), &words, lock)? {
                    let _ = write!(notes, "\n  `{name}` version {version}: {note}");
                }
            }
        }
    }
    Ok(format!("{versions} names and versions of events, {} payloads each{notes}", runner().config().cases))
}

struct Reading<'a, A> {
    model: &'a EventModel,
    name: EventName,
    version: u32,
    stream: StreamId,
    of: std::marker::PhantomData<fn() -> A>,
}

/// Why a payload is not read as expected.
enum Fault {
    /// The types of the event refuse the value, which they may.
    Refused(String),
    Broken(String),
}

impl<'a, A> Reading<'a, A>
where
    A: Aggregate,
    A::Event: PartialEq + Debug,
{
    fn of(model: &'a EventModel, name: &str, version: u32) -> Result<Self, String> {
        let stream = StreamId::new(A::NAME, "1").map_err(|error| causes(&error))?;
        let name = EventName::new(name).map_err(|error| causes(&error))?;
        Ok(Self { model, name, version, stream, of: std::marker::PhantomData })
    }

    /// What is to be said of the version, if it keeps the law.
    fn check(&self, mut runner: TestRunner, words: &Words, lock: &Lock) -> Result<Option<String>, String> {
        let payloads = match self.payloads(words) {
            Ok(payloads) => payloads,
            Err(problem) => return self.check_sample(lock, &problem).map(Some),
        };
        let (refused, last) = (RefCell::new(0_u32), RefCell::new(String::new()));
        let cases = runner.config().cases;
        let run = runner.run(&payloads, |payload| match self.read(&payload) {
            Ok(()) => Ok(()),
            Err(Fault::Refused(reason)) => {
                *refused.borrow_mut() += 1;
                last.replace(reason);
                Ok(())
            }
            Err(Fault::Broken(reason)) => Err(TestCaseError::fail(reason)),
        });
        match run {
            Ok(()) if refused.take() == 0 => Ok(None),
            Ok(()) => Ok(Some(format!("some of {cases} payloads were refused, the last one: {}", last.take()))),
            Err(TestError::Fail(reason, payload)) => {
                Err(format!("event `{}` version {}: {reason}\nThe payload was {payload}", self.name, self.version))
            }
            Err(TestError::Abort(reason)) => Err(reason.to_string()),
        }
    }

    /// Payloads of which some are read.
    fn payloads(&self, words: &Words) -> Result<BoxedStrategy<Value>, String> {
        let Some(shape) = A::Event::shape(self.model.name, self.version) else {
            return Err("its shape is not told".to_owned());
        };
        readable(&shape, words, |payload| match self.read(payload) {
            // What is broken is told by the run.
            Ok(()) | Err(Fault::Broken(_)) => Ok(()),
            Err(Fault::Refused(reason)) => Err(reason),
        })
    }

    /// Reads the sample of the lock, because no payload could be made.
    fn check_sample(&self, lock: &Lock, problem: &str) -> Result<String, String> {
        let Self { name, version, .. } = self;
        let because = match lock.sample(A::NAME, name.as_str(), *version) {
            None => "there is no sample of it in events.lock.json".to_owned(),
            Some(sample) => match self.read(sample) {
                Ok(()) => return Ok(format!("only the sample of the lock was read, because {problem}")),
                Err(Fault::Refused(reason) | Fault::Broken(reason)) => format!("the sample of the lock: {reason}"),
            },
        };
        Err(format!("event `{name}` version {version} was never read: {problem}\nAnd {because}"))
    }

    fn read(&self, payload: &Value) -> Result<(), Fault> {
        catch(|| self.reads_back(payload)).unwrap_or_else(|panic| Err(Fault::Broken(panic)))
    }

    fn reads_back(&self, payload: &Value) -> Result<(), Fault> {
        let recorded = self.recorded(self.name.clone(), self.version, payload.to_string().into());
        let events = match A::Event::decode(&Json, &recorded) {
            Ok(events) => events,
            Err(error) => {
                let is_of_the_value = matches!(error.reason(), DecodeReason::Payload(_) | DecodeReason::Upcast(_));
                let text = causes(&error);
                return Err(if is_of_the_value { Fault::Refused(text) } else { Fault::Broken(text) });
            }
        };
        let again = A::Event::decode(&Json, &recorded).map_err(|error| Fault::Broken(causes(&error)))?;
        if events != again {
            let headline = "it is read differently the second time";
            return Err(Fault::Broken(difference(headline, &format!("{events:#?}"), &format!("{again:#?}"))));
        }
        events.iter().try_for_each(|event| self.survives(event))
    }

    /// What it is read as is stored today, and read back as it was.
    fn survives(&self, event: &A::Event) -> Result<(), Fault> {
        let name = event.name();
        let payload = event.encode(&Json).map_err(|error| {
            Fault::Broken(format!("it reads as `{name}`, which cannot be encoded: {}\n{event:#?}", causes(&error)))
        })?;
        let stored = format!("it reads as `{name}`, which is stored as {}", String::from_utf8_lossy(&payload));
        let recorded = self.recorded(name, event.schema_version(), payload.into());
        match A::Event::decode(&Json, &recorded) {
            Ok(read_back) if read_back.as_slice() == std::slice::from_ref(event) => Ok(()),
            Ok(read_back) => {
                let read_back: Vec<_> = read_back.iter().map(|event| format!("{event:#?}")).collect();
                let headline = format!("{stored}, and comes back changed");
                Err(Fault::Broken(difference(&headline, &format!("{event:#?}"), &read_back.join("\n"))))
            }
            Err(error) => Err(Fault::Broken(format!("{stored}, and cannot be read back: {}", causes(&error)))),
        }
    }

    fn recorded(&self, name: EventName, version: u32, payload: es_core::Payload) -> RecordedEvent {
        Log::default().record(&self.stream, name, version, payload)
    }
}
