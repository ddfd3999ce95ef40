//! What the program is asked to do.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use examples::StoreUrlError;

use crate::git_text::GitText;

/// How the program is called.
pub const HELP: &str = "\
usage: git-ledger [PATH] [--file FILE [--at COMMIT]] [--commit COMMIT] [--top N] [--store URL]

Reads the history of the git repository at PATH, or of the one it stands in, into an event store, proves that the
files in it are those of git, and answers questions.

  --file FILE      what was in FILE (a path from the root of the repository) ..
  --at COMMIT      .. after COMMIT; after the last one, if it is left out
  --commit COMMIT  what COMMIT did; the last one, if it is left out
  --top N          name the N files that were changed most often, 10 if it is left out
  --store URL      keep the events in the empty store at URL, for example sqlite:ledger.db; memory: if it is left out

COMMIT is whatever git understands: a hash, the beginning of one, a branch, a tag, HEAD~3.
The history is the line of first parents: what a merge brought in counts as its change.
A deleted file that is added again is another file.";

/// The arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// A directory in the repository.
    pub repository: PathBuf,
    /// The file that is asked for.
    pub file: Option<OsString>,
    /// The commit after which it is asked for.
    pub at: Option<String>,
    /// The commit that is asked for.
    pub commit: Option<String>,
    /// How many of the files that were changed most often to name.
    pub top: usize,
    /// Where the events are kept.
    pub store: String,
}

/// Why the arguments are not understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum ArgumentsError {
    #[error("there is no option `{option}`")]
    Unknown { option: String },
    #[error("`{option}` needs a value")]
    NoValue { option: &'static str },
    #[error("`{value}` is no value for `{option}`")]
    Value { option: &'static str, value: String },
    #[error("one path at most, but there is also `{path}`")]
    SecondPath { path: String },
    #[error("`--at` needs `--file`")]
    AtWithoutFile,
    #[error(transparent)]
    Store(#[from] StoreUrlError),
}

impl Arguments {
    /// Reads the arguments; `None` if help is asked for.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, ArgumentsError> {
        let mut arguments: Vec<_> = arguments.into_iter().collect();
        let store = examples::take_store_url(&mut arguments)?.unwrap_or_else(|| "memory:".to_owned());
        let mut arguments = arguments.into_iter();
        let (mut repository, mut file, mut at, mut commit, mut top) = (None, None, None, None, 10);
        while let Some(argument) = arguments.next() {
            let mut value = |option| arguments.next().ok_or(ArgumentsError::NoValue { option });
            match argument.to_str() {
                Some("--help" | "-h") => return Ok(None),
                Some("--file") => file = Some(value("--file")?),
                Some("--at") => at = Some(text("--at", value("--at")?)?),
                Some("--commit") => commit = Some(text("--commit", value("--commit")?)?),
                Some("--top") => {
                    let value = text("--top", value("--top")?)?;
                    top = value.parse().map_err(|_| ArgumentsError::Value { option: "--top", value })?;
                }
                Some(option) if option.starts_with('-') => {
                    return Err(ArgumentsError::Unknown { option: option.to_owned() });
                }
                _ if repository.is_some() => return Err(ArgumentsError::SecondPath { path: shown(&argument) }),
                _ => repository = Some(PathBuf::from(argument)),
            }
        }
        if at.is_some() && file.is_none() {
            return Err(ArgumentsError::AtWithoutFile);
        }
        Ok(Some(Self { repository: repository.unwrap_or_else(|| PathBuf::from(".")), file, at, commit, top, store }))
    }
}

fn text(option: &'static str, value: OsString) -> Result<String, ArgumentsError> {
    value.into_string().map_err(|value| ArgumentsError::Value { option, value: shown(&value) })
}

fn shown(argument: &OsStr) -> String {
    GitText::from_bytes(argument.as_encoded_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Arguments>, ArgumentsError> {
        Arguments::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options_and_path_come_in_any_order() {
        let parsed = parse("--file a.rs here --at HEAD~1 --top 3").unwrap().unwrap();
        assert_eq!((parsed.repository, parsed.top), (PathBuf::from("here"), 3));
        assert_eq!((parsed.file.unwrap(), parsed.at.unwrap()), (OsString::from("a.rs"), "HEAD~1".to_owned()));
        assert_eq!(parse("").unwrap().unwrap().repository, PathBuf::from("."));
        assert_eq!(parse("").unwrap().unwrap().store, "memory:");
        assert_eq!(parse("--store sqlite:a.db here").unwrap().unwrap().store, "sqlite:a.db");
        assert_eq!(parse("here --help").unwrap(), None);
    }

    #[test]
    fn every_mistake_has_its_own_error() {
        use ArgumentsError as E;
        assert_eq!(parse("--deep"), Err(E::Unknown { option: "--deep".into() }));
        assert_eq!(parse("--file"), Err(E::NoValue { option: "--file" }));
        assert_eq!(parse("--top many"), Err(E::Value { option: "--top", value: "many".into() }));
        assert_eq!(parse("here there"), Err(E::SecondPath { path: "there".into() }));
        assert_eq!(parse("--at HEAD"), Err(E::AtWithoutFile));
        assert_eq!(parse("here --store"), Err(E::Store(StoreUrlError::NoValue)));
    }
}
