//! Opening, and being refused for a reason that says what to do.
use super::{Folder, create, files, open, text};
use adapter_local::OpenError;
use flows::ports::QueueConfig;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_new_folder_is_private_in_all_its_parts() {
    let folder = Folder::new();
    let stores = folder.open();
    create(&stores, "a", "x").await;
    flows::ports::BlobStore::put(&*stores.blobs, "a/b", vec![1]).await.unwrap();
    flows::ports::SecretStore::set(&*stores.secrets, "a/b", "x".into()).await.unwrap();
    assert_eq!(mode(&folder.path()), 0o700);
    for name in ["blobs", "blobs/a", "secrets", "secrets/a"] {
        assert_eq!(mode(&folder.file(name)), 0o700, "{name}");
    }
    let files = files(&folder.path());
    assert!(files.iter().any(|file| file.ends_with("state.sqlite3-wal")), "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn the_stores_close_their_files_when_the_last_clone_goes() {
    let folder = Folder::new();
    let stores = folder.open();
    create(&stores, "a", "x").await;
    drop(stores.clone());
    assert_eq!(text(&stores, "a").await.as_deref(), Some("x"));
    drop(stores);
    assert!(!folder.file("state.sqlite3-wal").exists(), "SQLite removes its journal on the last close");
    assert_eq!(text(&folder.open(), "a").await.as_deref(), Some("x"));
}

#[test]
fn a_folder_below_a_missing_one_is_refused_by_name() {
    let folder = Folder::new();
    let missing = folder.above.path().join("missing");
    let refused = open(&missing.join("data"), &folder.clock, &[]).unwrap_err();
    assert_eq!(refused, OpenError::Missing { path: missing.clone() });
    assert!(refused.to_string().contains("create it"), "{refused}");
    assert!(!missing.exists());
}

#[test]
fn a_file_in_the_place_of_the_folder_is_refused_by_name() {
    let folder = Folder::new();
    std::fs::write(folder.path(), b"").unwrap();
    assert_eq!(folder.refusal(), OpenError::NotAFolder { path: folder.path() });
}

#[test]
fn a_loose_key_file_is_refused_with_the_remedy() {
    let folder = Folder::new();
    drop(folder.open());
    for loose in [0o640, 0o604, 0o644, 0o660] {
        set_mode(&folder.file("key"), loose);
        let path = folder.file("key");
        let refused = folder.refusal();
        assert_eq!(refused, OpenError::Loose { path: path.clone(), mode: loose, wanted: 0o600 });
        assert!(refused.to_string().ends_with(&format!("chmod 600 {}", path.display())), "{refused}");
    }
    set_mode(&folder.file("key"), 0o400);
    folder.open();
}

#[tokio::test]
async fn a_lost_key_file_is_not_replaced_by_a_new_key() {
    let folder = Folder::new();
    create(&folder.open(), "a", "x").await;
    let key = std::fs::read(folder.file("key")).unwrap();
    std::fs::remove_file(folder.file("key")).unwrap();
    assert_eq!(folder.refusal(), OpenError::KeyMissing { path: folder.file("key") });
    assert!(!folder.file("key").exists());
    std::fs::write(folder.file("key"), key).unwrap();
    set_mode(&folder.file("key"), 0o600);
    assert_eq!(text(&folder.open(), "a").await.as_deref(), Some("x"));
}

#[test]
fn another_key_is_noticed_at_once() {
    let (folder, other) = (Folder::new(), Folder::new());
    drop(folder.open());
    drop(other.open());
    std::fs::copy(other.file("key"), folder.file("key")).unwrap();
    let refused = folder.refusal();
    assert_eq!(refused, OpenError::WrongKey { path: folder.file("state.sqlite3") });
    assert!(refused.to_string().contains("key file"), "{refused}");
}

#[test]
fn what_is_no_key_file_is_told_without_showing_it() {
    let folder = Folder::new();
    drop(folder.open());
    for content in ["", "not hex, but secret", &"ab".repeat(31), &"ab".repeat(33), &"x".repeat(100_000)] {
        std::fs::write(folder.file("key"), content).unwrap();
        let refused = folder.refusal();
        assert_eq!(refused, OpenError::BadKeyFile { path: folder.file("key") });
        assert!(!refused.to_string().contains("but secret"));
    }
}

#[test]
fn the_data_of_a_newer_release_is_left_alone() {
    let folder = Folder::new();
    drop(folder.open());
    folder.raw().pragma_update(None, "user_version", 2).unwrap();
    let path = folder.file("state.sqlite3");
    assert_eq!(folder.refusal(), OpenError::NewerSchema { path, found: 2, known: 1 });
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    for user_version in [0, 1, 7] {
        let folder = Folder::new();
        std::fs::create_dir(folder.path()).unwrap();
        let raw = folder.raw();
        raw.execute_batch("CREATE TABLE theirs (x); PRAGMA application_id = 99;").unwrap();
        raw.pragma_update(None, "user_version", user_version).unwrap();
        drop(raw);
        // It is data without our key: refused before anything is written.
        assert!(matches!(folder.refusal(), OpenError::KeyMissing { .. }));
        std::fs::write(folder.file("key"), "ab".repeat(32)).unwrap();
        set_mode(&folder.file("key"), 0o600);
        assert_eq!(folder.refusal(), OpenError::NotOurs { path: folder.file("state.sqlite3") });
        let tables = "SELECT group_concat(name) FROM sqlite_master";
        let tables: String = folder.raw().query_row(tables, [], |row| row.get(0)).unwrap();
        assert_eq!(tables, "theirs");
    }
}

#[test]
fn a_file_that_is_no_database_is_told_as_damaged() {
    let folder = Folder::new();
    drop(folder.open());
    std::fs::write(folder.file("state.sqlite3"), "not a database ".repeat(1000)).unwrap();
    assert!(
        matches!(folder.refusal(), OpenError::Damaged { path, .. } if path == folder.file("state.sqlite3"))
    );
}

#[test]
fn queues_that_cannot_work_are_refused_by_name() {
    let queue = |name: &str, fifo, dead_letters: Option<&str>| QueueConfig {
        name: name.to_owned(),
        fifo,
        max_receive_count: 5,
        dead_letter_queue: dead_letters.map(str::to_owned),
        visibility: Duration::from_secs(30),
        retention: Duration::from_secs(3600),
    };
    let zero_receives = QueueConfig { max_receive_count: 0, ..queue("a", true, None) };
    let no_retention = QueueConfig { retention: Duration::ZERO, ..queue("a", true, None) };
    let long_visibility = QueueConfig { visibility: Duration::from_secs(50_000), ..queue("a", true, None) };
    let cases = [
        (vec![queue("a", true, Some("b"))], "a", "is not configured"),
        (vec![queue("a", true, Some("a"))], "a", "its own dead-letter queue"),
        (vec![queue("a", true, Some("b")), queue("b", false, None)], "a", "of its own kind"),
        (vec![queue("a", true, None), queue("a", true, None)], "a", "twice"),
        (vec![queue("", true, None)], "", "empty"),
        (vec![zero_receives], "a", "at least 1"),
        (vec![no_retention], "a", "retention"),
        (vec![long_visibility], "a", "12 hours"),
    ];
    for (queues, culprit, why) in cases {
        let folder = Folder::new();
        match open(&folder.path(), &folder.clock, &queues) {
            Err(OpenError::BadQueue { name, reason }) => {
                assert_eq!(name, culprit);
                assert!(reason.contains(why), "{reason}");
            }
            other => panic!("{why}: {other:?}"),
        }
        assert!(!folder.path().exists(), "nothing was written");
    }
}
