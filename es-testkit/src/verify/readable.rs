//! Random JSON that a type really reads: a shape says what its fields are, but not what its `Deserialize` validates.

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::Value;

use super::payload::{Texts, payloads};
use super::words::Words;
use es_core::shape::Shape;

/// How many payloads are tried before a shape counts as one that cannot be guessed.
const TRIED: usize = 200;

/// Payloads of which some are read.
///
/// # Errors
/// Why there are none: parts of an unknown shape, or what `read` said of the last payload.
pub(super) fn readable(
    shape: &Shape,
    words: &Words,
    read: impl Fn(&Value) -> Result<(), String>,
) -> Result<BoxedStrategy<Value>, String> {
    let (mut best, mut refused): (Option<(usize, BoxedStrategy<Value>)>, Option<String>) = (None, None);
    for texts in Texts::ALL {
        let strategy = payloads(shape, words, texts).map_err(|unknown| {
            let unknown: Vec<_> = unknown.iter().map(|part| format!("`{part}`")).collect();
            format!("the shape of {} is not known; derive `EventData` for the type", unknown.join(", "))
        })?;
        let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(0), ..Config::default() });
        let mut count = 0;
        for _ in 0..TRIED {
            let payload = strategy.new_tree(&mut runner).map_err(|reason| reason.to_string())?.current();
            match read(&payload) {
                Ok(()) => count += 1,
                Err(error) => {
                    refused.get_or_insert_with(|| format!("{payload} is refused: {error}"));
                }
            }
        }
        // Words are the most various, so others have to be much better.
        if count > best.as_ref().map_or(0, |(best, _)| best * 3) {
            best = Some((count, strategy));
        }
        if count * 4 >= TRIED {
            break;
        }
    }
    match best {
        Some((_, strategy)) => Ok(strategy),
        None => Err(format!("no random payload could be read; {}", refused.unwrap_or_default())),
    }
}
