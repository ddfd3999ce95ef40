//! How the examples end: well, or with an error that is told with its causes.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

/// The exit code for an outcome; an error is written to the standard error output.
///
/// A reader that has seen enough, such as `head`, closes the pipe: that is a good end, not an error.
pub fn ending(outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes, one below the other.
///
/// ```
/// # #[derive(Debug, thiserror::Error)] #[error("the file is gone")] struct Gone;
/// # #[derive(Debug, thiserror::Error)] #[error("nothing was imported")] struct Failed(#[source] Gone);
/// assert_eq!(examples::with_causes(&Failed(Gone)), "nothing was imported\n  because: the file is gone");
/// ```
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  because: {error}");
        cause = error.source();
    }
    text
}

fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
