//! The target in memory, which can also be out of reach, and do one thing wrong.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use es_publish::conformance::Subject;
use es_publish::{CloudEvent, MemoryTarget, Message, PublishError, Target};

/// What a target may do wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    LosesEveryNinth,
    LosesWhatIsSentInAnOutage,
    SwapsNeighbours,
    RefusesRepeats,
    RenamesRepeats,
    ForgetsExtensions,
    MangledText,
    CutsLargeData,
    IsStuckAfterADroppedCall,
}

pub(crate) struct InMemory {
    target: MemoryTarget,
    is_cut: Arc<AtomicBool>,
    fault: Option<Fault>,
    count: Mutex<usize>,
    kept_back: Mutex<Option<Message>>,
    is_busy: AtomicBool,
}

impl InMemory {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        let is_cut = Arc::new(AtomicBool::new(false));
        let cut = Arc::clone(&is_cut);
        let down = move |_: &Message| {
            if cut.load(SeqCst) { Err(PublishError::unavailable("out of reach")) } else { Ok(()) }
        };
        let (count, kept_back, is_busy) = Default::default();
        Self { target: MemoryTarget::new().with_check(down), is_cut, fault, count, kept_back, is_busy }
    }

    fn has(&self, message: &Message) -> bool {
        self.target.published().iter().any(|published| published.event.id() == message.event.id())
    }
}

fn without_extensions(event: &CloudEvent) -> CloudEvent {
    let names: Vec<_> = event.extensions().map(|(name, _)| name.to_owned()).collect();
    names.iter().fold(event.clone(), |event, name| event.without_extension(name))
}

#[async_trait]
impl Target for InMemory {
    fn name(&self) -> &'static str {
        "memory"
    }

    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        let mut message = message.clone();
        let count = {
            let mut count = self.count.lock().unwrap();
            *count += 1;
            *count
        };
        match self.fault {
            Some(Fault::LosesEveryNinth) if count % 9 == 0 => return Ok(()),
            Some(Fault::LosesWhatIsSentInAnOutage) if self.is_cut.load(SeqCst) => return Ok(()),
            Some(Fault::SwapsNeighbours) => {
                let before = self.kept_back.lock().unwrap().take();
                match before {
                    Some(before) => {
                        self.target.publish(&message).await?;
                        message = before;
                    }
                    None if message.event.id().ends_with("-3") => {
                        *self.kept_back.lock().unwrap() = Some(message);
                        return Ok(());
                    }
                    None => {}
                }
            }
            Some(Fault::RefusesRepeats) if self.has(&message) => return Err(PublishError::refused("known")),
            Some(Fault::RenamesRepeats) if self.has(&message) => {
                let event =
                    CloudEvent::new(format!("copy-{count}"), message.event.source(), message.event.ty()).unwrap();
                message.event = event.with_subject(message.event.subject().unwrap()).unwrap();
            }
            Some(Fault::ForgetsExtensions) => message.event = without_extensions(&message.event),
            Some(Fault::MangledText) => {
                if let Some(subject) = message.event.subject().map(|subject| subject.replace("%41", "A")) {
                    message.event = message.event.with_subject(subject).unwrap();
                }
            }
            Some(Fault::CutsLargeData) => {
                if let (Some(ty), Some(data)) = (message.event.data_content_type(), message.event.data()) {
                    let (ty, data) = (ty.to_owned(), data.slice(..data.len().min(1_000_000)));
                    message.event = message.event.with_data(ty, data).unwrap();
                }
            }
            Some(Fault::IsStuckAfterADroppedCall) => {
                if self.is_busy.swap(true, SeqCst) && message.event.id().starts_with("dropped") {
                    return Err(PublishError::unavailable("stuck"));
                }
                tokio::task::yield_now().await;
                let published = self.target.publish(&message).await;
                self.is_busy.store(false, SeqCst);
                return published;
            }
            _ => {}
        }
        self.target.publish(&message).await
    }
}

#[async_trait]
impl Subject for InMemory {
    fn target(&self) -> &dyn Target {
        self
    }

    async fn arrived(&self, _: &[String]) -> Vec<CloudEvent> {
        self.target.published().into_iter().map(|message| message.event).collect()
    }

    async fn cut(&self) -> bool {
        self.is_cut.store(true, SeqCst);
        true
    }

    async fn mend(&self) {
        self.is_cut.store(false, SeqCst);
    }
}

#[tokio::test]
async fn the_target_in_memory_keeps_the_contract() {
    crate::assert_sound(&InMemory::new(None)).await;
}
