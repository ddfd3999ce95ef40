//! A file under version control, from the commit that adds it to the one that deletes it.
//!
//! A file keeps its identity when it is renamed.
//! Deleting is final: what is later added at the same path is another file.
//! Knows nothing of git's command line, stores and time.

use std::fmt::{self, Display};
use std::num::ParseIntError;
use std::str::FromStr;

use es_core::{Aggregate, Apply, Command, Event, EventData};
use serde::{Deserialize, Serialize};

use crate::git_text::GitText;

/// What tells files apart: the number of their first appearance, because paths change, end and come again, and may
/// be longer than the name of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u64);

/// What git keeps of a file in one commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, EventData)]
pub struct Content {
    /// `100644` or `100755` for a file, `120000` for a symbolic link, `160000` for a submodule.
    pub mode: String,
    /// The hash of the content; of the commit, for a submodule.
    pub hash: String,
}

/// A commit added the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "file-added")]
pub struct FileAdded {
    /// Where.
    pub path: GitText,
    /// With what in it.
    pub content: Content,
    /// The first line of the commit's message.
    pub subject: GitText,
}

/// A commit changed the content of the file, its mode or its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "file-modified")]
pub struct FileModified {
    /// Where it is.
    pub path: GitText,
    /// What is in it now.
    pub content: Content,
    /// The first line of the commit's message.
    pub subject: GitText,
}

/// A commit moved the file, and perhaps changed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "file-renamed")]
pub struct FileRenamed {
    /// Where it was.
    pub from: GitText,
    /// Where it is now.
    pub to: GitText,
    /// What is in it now.
    pub content: Content,
    /// The first line of the commit's message.
    pub subject: GitText,
}

/// A commit deleted the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "file-deleted")]
pub struct FileDeleted {
    /// Where it was.
    pub path: GitText,
    /// The first line of the commit's message.
    pub subject: GitText,
}

/// A file.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize, Aggregate)]
#[aggregate(
    name = "file",
    id = FileId,
    error = FileError,
    events(FileAdded, FileModified, FileRenamed, FileDeleted),
    commands(AddFile, ModifyFile, RenameFile, DeleteFile),
)]
pub struct File {
    living: Option<Living>,
}

/// Where a file is and what is in it, as long as it lives.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Living {
    /// Where.
    pub path: GitText,
    /// With what in it.
    pub content: Content,
}

impl File {
    /// Where it is and what is in it; nothing before it is added and after it is deleted.
    pub fn living(&self) -> Option<&Living> {
        self.living.as_ref()
    }

    fn path(&self) -> GitText {
        self.living.as_ref().map_or_else(GitText::default, |living| living.path.clone())
    }

    fn is_at(&self, path: &GitText) -> bool {
        self.living.as_ref().is_some_and(|living| living.path == *path)
    }

    fn holds(&self, content: &Content) -> bool {
        self.living.as_ref().is_some_and(|living| living.content == *content)
    }
}

impl Apply<FileAdded> for File {
    fn apply(&mut self, event: FileAdded) {
        self.living = Some(Living { path: event.path, content: event.content });
    }
}

impl Apply<FileModified> for File {
    fn apply(&mut self, event: FileModified) {
        self.living = Some(Living { path: event.path, content: event.content });
    }
}

impl Apply<FileRenamed> for File {
    fn apply(&mut self, event: FileRenamed) {
        self.living = Some(Living { path: event.to, content: event.content });
    }
}

impl Apply<FileDeleted> for File {
    fn apply(&mut self, _: FileDeleted) {
        self.living = None;
    }
}

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum FileError {
    #[error("the file has not been added, or has been deleted")]
    NotThere,
    #[error("the file has this content already")]
    SameContent,
    #[error("the file is at this path already")]
    SamePath,
}

/// Adds a file that has never been there.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(create, emits = FileAdded)]
pub struct AddFile {
    /// Where.
    pub path: GitText,
    /// With what in it.
    pub content: Content,
    /// The first line of the commit's message.
    pub subject: GitText,
}

/// Changes what is in a file.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = File, emits = FileModified { path: state.path(), .. })]
#[require(state.living.is_some(), FileError::NotThere)]
#[require(!state.holds(&command.content), FileError::SameContent)]
pub struct ModifyFile {
    /// What is in it from now on.
    pub content: Content,
    /// The first line of the commit's message.
    pub subject: GitText,
}

/// Moves a file, and perhaps changes what is in it.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = File, emits = FileRenamed { from: state.path(), .. })]
#[require(state.living.is_some(), FileError::NotThere)]
#[require(!state.is_at(&command.to), FileError::SamePath)]
pub struct RenameFile {
    /// Where it is from now on.
    pub to: GitText,
    /// What is in it from now on.
    pub content: Content,
    /// The first line of the commit's message.
    pub subject: GitText,
}

/// Deletes a file, for good.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = File, emits = FileDeleted { path: state.path(), .. })]
#[require(state.living.is_some(), FileError::NotThere)]
pub struct DeleteFile {
    /// The first line of the commit's message.
    pub subject: GitText,
}

impl Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl FromStr for FileId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use es_testkit::{given, given_nothing, verify};

    use super::*;

    verify!(File);

    fn text(text: &str) -> GitText {
        GitText::from_escaped(text)
    }

    fn content(hash: &str) -> Content {
        Content { mode: "100644".to_owned(), hash: hash.to_owned() }
    }

    fn added() -> FileEvent {
        FileAdded { path: text("a.rs"), content: content("1"), subject: text("begin") }.into()
    }

    fn renamed() -> FileEvent {
        FileRenamed { from: text("a.rs"), to: text("b.rs"), content: content("1"), subject: text("move") }.into()
    }

    fn deleted() -> FileEvent {
        FileDeleted { path: text("a.rs"), subject: text("remove") }.into()
    }

    #[test]
    fn a_file_is_added_once() {
        let add = AddFile { path: text("a.rs"), content: content("1"), subject: text("begin") };
        given_nothing::<File>().when(add.clone()).then([added()]);
        given([added()]).when(add.clone()).then_already_exists();
        given([added(), deleted()]).when(add).then_already_exists();
    }

    #[test]
    fn a_change_is_recorded_at_the_path_where_the_file_is() {
        let modify = ModifyFile { content: content("2"), subject: text("edit") };
        let modified = FileModified { path: text("b.rs"), content: content("2"), subject: text("edit") };
        given([added(), renamed()]).when(modify).then([modified.into()]);
        let delete = DeleteFile { subject: text("remove") };
        let deleted = FileDeleted { path: text("b.rs"), subject: text("remove") };
        given([added(), renamed()]).when(delete).then([deleted.into()]);
    }

    #[test]
    fn a_change_changes_something() {
        let modify = ModifyFile { content: content("1"), subject: text("edit") };
        given([added()]).when(modify).then_error(FileError::SameContent);
        let rename = RenameFile { to: text("a.rs"), content: content("2"), subject: text("move") };
        given([added()]).when(rename).then_error(FileError::SamePath);
    }

    #[test]
    fn a_deleted_file_changes_no_more() {
        let gone = [added(), deleted()];
        let (subject, content) = (text("edit"), content("2"));
        given(gone.clone())
            .when(ModifyFile { content: content.clone(), subject: subject.clone() })
            .then_error(FileError::NotThere);
        given(gone.clone())
            .when(RenameFile { to: text("b.rs"), content, subject: subject.clone() })
            .then_error(FileError::NotThere);
        given(gone).when(DeleteFile { subject }).then_error(FileError::NotThere);
    }
}
