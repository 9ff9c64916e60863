//! Bodies are sealed: nothing readable on disk, nothing moved or changed without notice.
use super::{Folder, create, files, item, key, text};
use flows::ports::{BlobError, BlobStore, Expect, Message, StateStore, StoreError, WorkQueue};
use testkit::contract::queue::{DEAD_FIFO, FIFO, MAX_RECEIVE_COUNT, VISIBILITY};

/// Looks like what must never be on disk.
const MARKER: &str = "529.982.247-25";

fn message(group: &str, body: &str) -> Message {
    Message { group: Some(group.to_owned()), deduplication_id: None, body: body.to_owned() }
}

#[tokio::test]
async fn no_body_is_readable_in_any_file() {
    let folder = Folder::new();
    let stores = folder.open();
    for number in 0..50 {
        create(&stores, &format!("{number}"), MARKER).await;
        stores.queue.send(FIFO, message("a", MARKER)).await.unwrap();
    }
    let version = stores.state.get(&key("0")).await.unwrap().unwrap().version;
    stores.state.delete(&key("0"), Expect::Version(version)).await.unwrap();
    stores.blobs.put("before/matriz", MARKER.repeat(1000).into_bytes()).await.unwrap();
    let search = || {
        for file in files(&folder.path()) {
            let bytes = std::fs::read(&file).unwrap();
            let found = bytes.windows(MARKER.len()).any(|window| window == MARKER.as_bytes());
            assert!(!found, "{} holds the marker", file.display());
        }
    };
    assert!(folder.file("state.sqlite3-wal").exists());
    search();
    drop(stores);
    search();
}

#[track_caller]
fn unreadable<T: std::fmt::Debug>(answer: Result<T, StoreError>, place: &str) {
    match answer {
        Err(StoreError::Unreadable { key, reason }) => {
            assert_eq!(key, place);
            assert!(reason.contains("key file") && reason.contains("damaged"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_changed_byte_is_noticed_and_only_its_item_suffers() {
    let folder = Folder::new();
    let stores = folder.open();
    create(&stores, "a", "x").await;
    let version = create(&stores, "b", "y").await;
    let raw = folder.raw();
    let body: Vec<u8> = raw.query_row("SELECT body FROM item WHERE sk = 'b'", [], |row| row.get(0)).unwrap();
    for place in [0, 1, 13, body.len() - 1] {
        let mut changed = body.clone();
        changed[place] ^= 1;
        raw.execute("UPDATE item SET body = ?1 WHERE sk = 'b'", [changed]).unwrap();
        let answer = stores.state.get(&key("b")).await;
        assert!(matches!(answer, Err(StoreError::Unreadable { .. })), "byte {place}: {answer:?}");
    }
    unreadable(stores.state.query("pk", flows::ports::state::Range::all(), 10, None).await, "pk/b");
    assert_eq!(text(&stores, "a").await.as_deref(), Some("x"));
    // It can still be replaced by its version, and by nothing else.
    stores.state.write(item("b", "new"), Expect::Version(version)).await.unwrap();
    assert_eq!(text(&stores, "b").await.as_deref(), Some("new"));
}

#[tokio::test]
async fn bodies_cannot_change_places() {
    let folder = Folder::new();
    let stores = folder.open();
    create(&stores, "a", "x").await;
    create(&stores, "b", "y").await;
    let swap = "UPDATE item SET body = (SELECT body FROM item WHERE sk = 'b') WHERE sk = 'a'";
    assert_eq!(folder.raw().execute(swap, []).unwrap(), 1);
    unreadable(stores.state.get(&key("a")).await, "pk/a");
}

#[tokio::test]
async fn an_earlier_body_cannot_come_back() {
    let folder = Folder::new();
    let stores = folder.open();
    let version = create(&stores, "a", "limit is 100").await;
    let earlier: Vec<u8> = folder.raw().query_row("SELECT body FROM item", [], |row| row.get(0)).unwrap();
    stores.state.write(item("a", "limit is 5"), Expect::Version(version)).await.unwrap();
    folder.raw().execute("UPDATE item SET body = ?1", [earlier]).unwrap();
    unreadable(stores.state.get(&key("a")).await, "pk/a");
}

#[tokio::test]
async fn a_body_under_another_key_is_unreadable() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (stores, others) = (folder.open(), other.open());
    assert_eq!(create(&stores, "a", "x").await, create(&others, "a", "x").await);
    let theirs: Vec<u8> = other.raw().query_row("SELECT body FROM item", [], |row| row.get(0)).unwrap();
    folder.raw().execute("UPDATE item SET body = ?1", [theirs]).unwrap();
    unreadable(stores.state.get(&key("a")).await, "pk/a");
}

#[tokio::test]
async fn blobs_cannot_be_changed_or_change_places() {
    let folder = Folder::new();
    let stores = folder.open();
    stores.blobs.put("a", b"one".to_vec()).await.unwrap();
    stores.blobs.put("b", b"two".to_vec()).await.unwrap();
    std::fs::copy(folder.file("blobs/a.blob"), folder.file("blobs/b.blob")).unwrap();
    let swapped = stores.blobs.get("b").await;
    assert!(matches!(swapped, Err(BlobError::Unreadable { key, .. }) if key == "b"));
    let mut bytes = std::fs::read(folder.file("blobs/a.blob")).unwrap();
    bytes.pop();
    std::fs::write(folder.file("blobs/a.blob"), bytes).unwrap();
    assert!(matches!(stores.blobs.get("a").await, Err(BlobError::Unreadable { .. })));
}

#[tokio::test]
async fn a_damaged_message_ends_among_the_dead_letters_without_holding_others() {
    let folder = Folder::new();
    let stores = folder.open();
    stores.queue.send(FIFO, message("a", "damaged")).await.unwrap();
    stores.queue.send(FIFO, message("a", "behind")).await.unwrap();
    let raw = folder.raw();
    raw.execute("UPDATE message SET body = zeroblob(40) WHERE place = (SELECT min(place) FROM message)", [])
        .unwrap();
    for number in 0..MAX_RECEIVE_COUNT {
        stores.queue.send(FIFO, message(&format!("b{number}"), "sound")).await.unwrap();
        let batch = stores.queue.receive(FIFO, 10, VISIBILITY).await.unwrap();
        assert_eq!(batch.len(), 1, "{batch:?}");
        assert_eq!(batch[0].body, "sound");
        stores.queue.acknowledge(FIFO, &batch[0].receipt).await.unwrap();
        folder.clock.advance(VISIBILITY);
    }
    let batch = stores.queue.receive(FIFO, 10, VISIBILITY).await.unwrap();
    assert_eq!(batch.iter().map(|delivery| delivery.body.as_str()).collect::<Vec<_>>(), ["behind"]);
    let dead: i64 = raw
        .query_row("SELECT count(*) FROM message WHERE queue = ?1", [DEAD_FIFO], |row| row.get(0))
        .unwrap();
    assert_eq!(dead, 1);
}
