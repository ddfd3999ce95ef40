//! What can go wrong with a call of a store, and the error that then comes.

use std::fmt;

/// A method of a store; every fault belongs to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is called as its method")]
pub enum Operation {
    Append,
    AppendMulti,
    ReadStream,
    ReadLog,
    AppendedAfter,
    LoadCheckpoint,
    SaveCheckpoint,
    ResetCheckpoint,
    DeleteCheckpoint,
    ListCheckpoints,
    SaveSnapshot,
    LoadSnapshot,
    DeleteSnapshots,
    LoadRows,
    ScanRows,
    CommitRows,
    DropReadModel,
    ListReadModels,
    AppendInline,
    AppendMultiInline,
    AcquireLease,
    RenewLease,
    ReleaseLease,
    ListLeases,
    ClaimParking,
    ParkEvent,
    NoteParked,
    RemoveParked,
    ParkedEvents,
    ParkedKeys,
    CountParked,
}

impl Operation {
    /// How many there are.
    pub(crate) const COUNT: usize = 31;
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Append => "append",
            Self::AppendMulti => "append_multi",
            Self::ReadStream => "read_stream",
            Self::ReadLog => "read_log",
            Self::AppendedAfter => "appended_after",
            Self::LoadCheckpoint => "load_checkpoint",
            Self::SaveCheckpoint => "save_checkpoint",
            Self::ResetCheckpoint => "reset_checkpoint",
            Self::DeleteCheckpoint => "delete_checkpoint",
            Self::ListCheckpoints => "list_checkpoints",
            Self::SaveSnapshot => "save_snapshot",
            Self::LoadSnapshot => "load_snapshot",
            Self::DeleteSnapshots => "delete_snapshots",
            Self::LoadRows => "load_rows",
            Self::ScanRows => "scan_rows",
            Self::CommitRows => "commit_rows",
            Self::DropReadModel => "drop_read_model",
            Self::ListReadModels => "list_read_models",
            Self::AppendInline => "append_inline",
            Self::AppendMultiInline => "append_multi_inline",
            Self::AcquireLease => "acquire_lease",
            Self::RenewLease => "renew_lease",
            Self::ReleaseLease => "release_lease",
            Self::ListLeases => "list_leases",
            Self::ClaimParking => "claim_parking",
            Self::ParkEvent => "park_event",
            Self::NoteParked => "note_parked",
            Self::RemoveParked => "remove_parked",
            Self::ParkedEvents => "parked_events",
            Self::ParkedKeys => "parked_keys",
            Self::CountParked => "count_parked",
        })
    }
}

/// What goes wrong with a call.
///
/// The caller of the first three sees the same error, and cannot tell them apart: the `Store` variant of the
/// operation's error, with a [`ChaosError`] as its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The call does not reach the store: nothing happens, and an error is reported.
    Before,
    /// The reply is lost: what was asked for happens, and an error is reported all the same.
    After,
    /// The call reaches the store late: an error is reported, and what was asked for happens before the next call of any
    /// operation. Only appends come late; for other operations it is as [`Before`](Self::Before).
    Late,
    /// The call reaches the store twice, as it does where something between resends it: the second reply is returned.
    Twice,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Before => "before it was done",
            Self::After => "after it was done",
            Self::Late => "and is done later",
            Self::Twice => "and was done twice",
        })
    }
}

/// A fault that has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Injected {
    /// In which operation.
    pub operation: Operation,
    /// In which call of that operation, counted from 1.
    pub call: u64,
    /// What went wrong.
    pub fault: Fault,
}

/// The error of a [`ChaosStore`](super::ChaosStore), as the source of the error of the operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {} failed on purpose, {}", .0.operation, .0.call, .0.fault)]
pub struct ChaosError(pub Injected);
