//! What a crash leaves behind is cut off; what time or hands have done to the file is an error.

use std::fs;

use es_core::store::EventStore;
use es_core::{ExpectedVersion, StreamId, Version};

use super::{all, event, folder, numbers, stream};
use crate::log::OpenError;
use crate::store::FileStore;

fn a() -> StreamId {
    stream("a-1")
}

#[tokio::test]
async fn a_file_that_was_cut_anywhere_opens_with_whole_appends() {
    let (_folder, path) = folder();
    let mut ends = vec![0];
    for events in [vec![event(1)], vec![event(2), event(3), event(4)], vec![event(5)]] {
        let store = FileStore::open(&path).unwrap();
        store.append(&a(), ExpectedVersion::Any, events).await.unwrap();
        ends.push(fs::metadata(&path).unwrap().len());
    }
    let (bytes, counts) = (fs::read(&path).unwrap(), [0, 1, 4, 5]);
    for cut in 0..=bytes.len() {
        fs::write(&path, &bytes[..cut]).unwrap();
        let whole = ends.iter().rposition(|end| *end <= cut as u64).unwrap();
        {
            let store = FileStore::open(&path).unwrap();
            assert_eq!(numbers(&all(&store).await), (1..=counts[whole]).collect::<Vec<_>>(), "cut at {cut}");
            assert_eq!(fs::metadata(&path).unwrap().len(), ends[whole], "cut at {cut}");
        }
    }
    // What was cut off is sent again, and the file is as it would have been.
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let store = FileStore::open(&path).unwrap();
    let expected = ExpectedVersion::Exact(Version::new(4));
    store.append(&a(), expected, vec![event(5)]).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn damage_before_the_end_is_an_error_and_changes_nothing() {
    let (_folder, path) = folder();
    {
        let store = FileStore::open(&path).unwrap();
        store.append(&a(), ExpectedVersion::Any, vec![event(1), event(2), event(3)]).await.unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let (first, second) = (lines[0].len() as u64, lines[1].len() as u64);
    for (damaged, at) in [
        (text.replacen("\"even\"", "\"\"", 1), (2, first)),
        (text.replacen("a-1", "a1", 1), (1, 0)),
        (text.replacen('{', "[", 1), (1, 0)),
        ([lines[0], lines[2]].concat(), (2, first)),
        ([lines[0], lines[1], "\n"].concat(), (3, first + second)),
        ([&text, "\0\0\0\n"].concat(), (4, text.len() as u64)),
    ] {
        fs::write(&path, &damaged).unwrap();
        match FileStore::open(&path).err() {
            Some(OpenError::Damaged { line, offset, .. }) => assert_eq!((line, offset), at, "{damaged}"),
            other => panic!("{other:?}: {damaged}"),
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
    }
}

#[test]
fn a_file_has_one_writer() {
    let (_folder, path) = folder();
    let store = FileStore::open(&path).unwrap();
    assert!(matches!(FileStore::open(&path).err(), Some(OpenError::InUse { .. })));
    drop(store);
    FileStore::open(&path).unwrap();
}

#[test]
fn a_folder_is_no_file() {
    let (folder, _) = folder();
    let error = FileStore::open(folder.path()).err().unwrap();
    assert!(matches!(&error, OpenError::Io { .. }), "{error}");
}
