//! `--store URL`: which store an example works on.

use std::error::Error;
use std::ffi::OsString;

use es_core::store::ReadLog;

/// Why the arguments name no store.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum StoreUrlError {
    #[error("`--store` needs a URL, for example `--store sqlite:events.db`")]
    NoValue,
    #[error("the URL after `--store` is not UTF-8")]
    NotText,
    #[error("`--store` is there twice")]
    Twice,
}

/// Takes `--store URL` out of the arguments, wherever it stands.
///
/// ```
/// let mut arguments = ["here", "--store", "memory:"].map(Into::into).to_vec();
/// assert_eq!(examples::take_store_url(&mut arguments), Ok(Some("memory:".into())));
/// assert_eq!(arguments, ["here"]);
/// ```
///
/// # Errors
/// See [`StoreUrlError`].
pub fn take_store_url(arguments: &mut Vec<OsString>) -> Result<Option<String>, StoreUrlError> {
    let mut url = None;
    while let Some(at) = arguments.iter().position(|argument| argument == "--store") {
        if at + 1 == arguments.len() {
            return Err(StoreUrlError::NoValue);
        }
        let value = arguments.drain(at..=at + 1).next_back().ok_or(StoreUrlError::NoValue)?;
        let value = value.into_string().map_err(|_| StoreUrlError::NotText)?;
        if url.replace(value).is_some() {
            return Err(StoreUrlError::Twice);
        }
    }
    Ok(url)
}

/// Opens a store that an import fills: one that has no events yet.
///
/// # Errors
/// The store cannot be opened, or has events.
pub async fn connect_empty(url: &str) -> Result<es::Store, Box<dyn Error>> {
    let store = es::connect(url).await?;
    expect_empty(&store).await?;
    Ok(store)
}

/// Refuses a store that has events.
///
/// # Errors
/// The store cannot be read, or has events.
pub async fn expect_empty(store: &es::Store) -> Result<(), Box<dyn Error>> {
    use es_core::store::EventStore as _;

    let head = store.read_log(ReadLog::all().limit(0)).await?.head;
    if head.get() > 0 {
        return Err(format!("the store has events already, up to position {head}; an import needs an empty one").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(line: &str) -> (Result<Option<String>, StoreUrlError>, Vec<OsString>) {
        let mut arguments = line.split_whitespace().map(OsString::from).collect();
        (take_store_url(&mut arguments), arguments)
    }

    #[test]
    fn the_url_is_taken_out_and_the_rest_stays() {
        assert_eq!(taken("a b"), (Ok(None), vec!["a".into(), "b".into()]));
        assert_eq!(taken("a --store memory: b"), (Ok(Some("memory:".into())), vec!["a".into(), "b".into()]));
        assert_eq!(taken("a --store").0, Err(StoreUrlError::NoValue));
        assert_eq!(taken("--store memory: --store memory:").0, Err(StoreUrlError::Twice));
    }

    #[tokio::test]
    async fn an_import_needs_an_empty_store() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("events.db").display());
        let store = connect_empty(&url).await.unwrap();
        let event = es_core::NewEvent {
            id: es_core::EventId::new(uuid::Uuid::from_u128(1)),
            name: es_core::EventName::from_static("opened"),
            schema_version: 1,
            recorded_at: es_core::Timestamp::UNIX_EPOCH,
            metadata: es_core::Metadata::new(),
            payload: "{}".into(),
        };
        let stream = es_core::StreamId::new("account", "ada").unwrap();
        es_core::store::EventStore::append(&store, &stream, es_core::ExpectedVersion::Any, vec![event]).await.unwrap();
        let error = connect_empty(&url).await.unwrap_err();
        assert!(error.to_string().contains("up to position 1"), "{error}");
    }
}
