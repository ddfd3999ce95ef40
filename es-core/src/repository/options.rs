//! What a command may be executed under, beside the aggregate that it is for.

use crate::fingerprint::Fingerprint;
use crate::id::MessageId;
use crate::metadata::Metadata;
use crate::version::Version;

/// Conditions and circumstances of one command; nothing, unless it is said.
///
/// ```
/// use es_core::{CommandOptions, Metadata, Version};
///
/// // What an HTTP service makes of `Idempotency-Key: 7c1`, `If-Match: "3"` and the user who asked.
/// let options = CommandOptions::new()
///     .once("7c1")
///     .expecting(Version::new(3))
///     .with_metadata(Metadata::new().with_actor("ada"));
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Default)]
pub struct CommandOptions {
    pub(super) metadata: Metadata,
    pub(super) command_id: Option<MessageId>,
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) expected: Option<Version>,
}

impl CommandOptions {
    /// Nothing said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of the command, which has its effect [once](super::Repository::execute_once).
    #[must_use]
    pub fn once(mut self, command_id: impl Into<MessageId>) -> Self {
        self.command_id = Some(command_id.into());
        self
    }

    /// A fingerprint of what the command says, so that its id [`once`](Self::once) is not taken for another command:
    /// that is refused with [`CommandIdReused`](super::ExecuteError::CommandIdReused).
    ///
    /// It is recorded with the events, and compared with that of the command that was executed first, if that gave one.
    /// Without [`once`](Self::once) it is not looked at. A command that is new costs one read more.
    ///
    /// ```
    /// use es_core::{CommandOptions, Fingerprint};
    ///
    /// let body = r#"{"amount":100}"#;
    /// let options = CommandOptions::new().once("7c1").with_fingerprint(Fingerprint::of(["deposits", body]));
    /// # let _ = options;
    /// ```
    #[must_use]
    pub fn with_fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.fingerprint = Some(fingerprint);
        self
    }

    /// The version that the aggregate must have; otherwise the command is a conflict, and not decided again.
    ///
    /// A repeat of a command that was executed [once](Self::once) is no conflict: it gets the first outcome.
    #[must_use]
    pub fn expecting(mut self, version: Version) -> Self {
        self.expected = Some(version);
        self
    }

    /// What is recorded with its events; what is missing is filled in.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }
}

impl From<Metadata> for CommandOptions {
    fn from(metadata: Metadata) -> Self {
        Self::new().with_metadata(metadata)
    }
}
