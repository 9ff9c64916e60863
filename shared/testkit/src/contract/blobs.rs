//! What every blob store promises.
use super::Subject;
use flows::ports::{BlobError, BlobStore};

/// What the suite works on.
pub type BlobSubject = Subject<dyn BlobStore>;

/// Generates one test per promise. The path names an `async fn() -> Subject<dyn BlobStore>`.
#[macro_export]
macro_rules! blob_contract {
    ($subject:path) => {
        $crate::promises!(
            $subject,
            $crate::contract::blobs,
            [
                bytes_come_back_as_they_were_put,
                what_was_never_put_is_absent,
                a_blob_is_replaced_whole,
                a_deleted_blob_is_absent_and_deleting_nothing_is_fine,
                a_listing_is_sorted_bounded_and_by_prefix,
                a_key_may_be_the_folder_of_another,
                odd_keys_are_kept_apart,
                a_key_that_leaves_the_store_is_refused,
                readers_beside_writers_see_whole_blobs,
                a_restart_keeps_blobs,
            ]
        );
    };
}

async fn get(subject: &BlobSubject, key: &str) -> Option<Vec<u8>> {
    subject.port.get(key).await.unwrap()
}

/// Any bytes, none included.
pub async fn bytes_come_back_as_they_were_put(subject: BlobSubject) {
    let all: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    for (key, bytes) in [("a/all", all), ("a/none", Vec::new()), ("a/one", vec![0])] {
        subject.port.put(key, bytes.clone()).await.unwrap();
        assert_eq!(get(&subject, key).await, Some(bytes), "{key}");
    }
}

/// Nothing is not an error.
pub async fn what_was_never_put_is_absent(subject: BlobSubject) {
    assert_eq!(get(&subject, "never/put").await, None);
    subject.port.put("never/put/below", vec![1]).await.unwrap();
    assert_eq!(get(&subject, "never/put").await, None);
}

/// A shorter blob leaves nothing of the longer one.
pub async fn a_blob_is_replaced_whole(subject: BlobSubject) {
    subject.port.put("a", vec![1; 1000]).await.unwrap();
    subject.port.put("a", vec![2; 10]).await.unwrap();
    assert_eq!(get(&subject, "a").await, Some(vec![2; 10]));
    assert_eq!(subject.port.list("", 10).await.unwrap(), ["a"]);
}

/// Deletes are for good, and may be repeated.
pub async fn a_deleted_blob_is_absent_and_deleting_nothing_is_fine(subject: BlobSubject) {
    subject.port.put("a/b", vec![1]).await.unwrap();
    for _ in 0..2 {
        subject.port.delete("a/b").await.unwrap();
        assert_eq!(get(&subject, "a/b").await, None);
    }
    assert!(subject.port.list("", 10).await.unwrap().is_empty());
    subject.port.put("a/b", vec![2]).await.unwrap();
    assert_eq!(get(&subject, "a/b").await, Some(vec![2]));
}

/// By the bytes of the whole key; a prefix need not end at a segment.
pub async fn a_listing_is_sorted_bounded_and_by_prefix(subject: BlobSubject) {
    let keys = ["a/b", "a/b-c", "a/b/c", "a/b/d", "ab", "b/a"];
    for key in keys.iter().rev() {
        subject.port.put(key, vec![1]).await.unwrap();
    }
    let list = async |prefix: &str, limit| subject.port.list(prefix, limit).await.unwrap();
    let mut sorted = keys;
    sorted.sort_unstable();
    assert_eq!(list("", 100).await, sorted);
    assert_eq!(list("", 2).await, sorted[..2]);
    assert_eq!(list("", 0).await, [""; 0]);
    assert_eq!(list("a/b/", 100).await, ["a/b/c", "a/b/d"]);
    assert_eq!(list("a/b", 100).await, ["a/b", "a/b-c", "a/b/c", "a/b/d"]);
    assert_eq!(list("a", 100).await, ["a/b", "a/b-c", "a/b/c", "a/b/d", "ab"]);
    assert_eq!(list("c", 100).await, [""; 0]);
    assert_eq!(list("../", 100).await, [""; 0]);
}

/// Keys are names, not places in a tree.
pub async fn a_key_may_be_the_folder_of_another(subject: BlobSubject) {
    for (number, key) in ["x", "x/y", "x/y/z", "x.blob", "x.blob/y"].into_iter().enumerate() {
        subject.port.put(key, number.to_string().into_bytes()).await.unwrap();
    }
    assert_eq!(get(&subject, "x").await, Some(b"0".to_vec()));
    assert_eq!(get(&subject, "x/y/z").await, Some(b"2".to_vec()));
    assert_eq!(get(&subject, "x.blob").await, Some(b"3".to_vec()));
    assert_eq!(subject.port.list("", 10).await.unwrap(), ["x", "x.blob", "x.blob/y", "x/y", "x/y/z"]);
}

/// Nothing in a key is special but the slash.
pub async fn odd_keys_are_kept_apart(subject: BlobSubject) {
    let mut odd = vec![
        "é",
        "e\u{301}",
        "a b",
        "%",
        "%25",
        "a:b",
        "a#b",
        ".hidden",
        "..x",
        "-",
        "~",
        "\u{1F600}",
        "*",
        "?",
        "\"",
        "a\n",
        "2024-03-15",
        "before/matriz/2024-03-15/000001",
        "con",
        "a.",
        "A.json",
    ];
    for key in &odd {
        subject.port.put(key, key.as_bytes().to_vec()).await.unwrap();
    }
    for key in &odd {
        assert_eq!(get(&subject, key).await, Some(key.as_bytes().to_vec()), "{key:?}");
    }
    odd.sort_unstable();
    assert_eq!(subject.port.list("", 100).await.unwrap(), odd);
}

/// Neither up, nor to the root, nor nowhere.
pub async fn a_key_that_leaves_the_store_is_refused(subject: BlobSubject) {
    let long = "k/".repeat(500);
    let bad = [
        "", "/", "/etc/x", "..", "../x", "a/../x", "a/..", ".", "./a", "a/./b", "a//b", "a/", "a\\b", "a\0b",
        &long,
    ];
    for key in bad {
        let refusals = [
            subject.port.put(key, vec![1]).await.err(),
            subject.port.get(key).await.err(),
            subject.port.delete(key).await.err(),
        ];
        for refused in refusals {
            assert_eq!(refused, Some(BlobError::BadKey(key.to_owned())), "{key:?}");
        }
    }
    assert!(subject.port.list("", 10).await.unwrap().is_empty());
}

/// Whole or not at all, while it is being replaced.
pub async fn readers_beside_writers_see_whole_blobs(subject: BlobSubject) {
    let blob = |fill: u8| vec![fill; 50_000 + usize::from(fill)];
    subject.port.put("raced", blob(0)).await.unwrap();
    let mut writers = Vec::new();
    for fill in 1..5 {
        let port = subject.port.clone();
        writers.push(tokio::spawn(async move {
            for _ in 0..5 {
                port.put("raced", blob(fill)).await.unwrap();
            }
        }));
    }
    for _ in 0..30 {
        let bytes = get(&subject, "raced").await.unwrap();
        assert_eq!(bytes, blob(bytes[0]));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(subject.port.list("", 10).await.unwrap(), ["raced"]);
}

/// The next process reads what this one put.
pub async fn a_restart_keeps_blobs(mut subject: BlobSubject) {
    subject.port.put("a/b", vec![1, 2, 3]).await.unwrap();
    subject.restart();
    assert_eq!(get(&subject, "a/b").await, Some(vec![1, 2, 3]));
}
