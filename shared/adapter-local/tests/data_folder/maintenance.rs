//! Forgetting in bounded pieces, without versions ever restarting.
use super::{Folder, create, item, key, text};
use adapter_local::Maintained;
use flows::ports::{Expect, Message, NewItem, StateStore, WorkQueue, WriteOutcome};
use std::time::Duration;
use testkit::contract::queue::{FIFO, RETENTION, VISIBILITY};

fn rows(folder: &Folder, table: &str) -> i64 {
    folder.raw().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn dead_items_are_removed_piece_by_piece_and_live_ones_stay() {
    let folder = Folder::new();
    let stores = folder.open();
    for number in 0..10 {
        let expires_at = Some(folder.clock_in(Duration::from_secs(number + 1)));
        let new = NewItem { expires_at, ..item(&format!("expiring {number}"), "x") };
        stores.state.write(new, Expect::Absent).await.unwrap();
        let sk = format!("deleted {number}");
        let version = create(&stores, &sk, "x").await;
        stores.state.delete(&key(&sk), Expect::Version(version)).await.unwrap();
    }
    create(&stores, "lasting", "x").await;
    folder.clock.advance(Duration::from_secs(5));
    let mut pieces = Vec::new();
    loop {
        let removed = stores.maintain(6).await.unwrap().items;
        pieces.push(removed);
        if removed == 0 {
            break;
        }
    }
    assert_eq!(pieces, [6, 6, 3, 0]);
    assert_eq!(rows(&folder, "item"), 6);
    assert!(text(&stores, "lasting").await.is_some() && text(&stores, "expiring 5").await.is_some());
}

#[tokio::test]
async fn versions_go_on_above_what_was_forgotten_in_the_next_process_too() {
    let folder = Folder::new();
    let stores = folder.open();
    let mut version = create(&stores, "a", "0").await;
    for number in 1..50 {
        let outcome =
            stores.state.write(item("a", &number.to_string()), Expect::Version(version)).await.unwrap();
        let WriteOutcome::Written(versions) = outcome else { panic!("{outcome:?}") };
        version = versions[0];
    }
    stores.state.delete(&key("a"), Expect::Version(version)).await.unwrap();
    assert_eq!(stores.maintain(100).await.unwrap(), Maintained { items: 1, ..Maintained::default() });
    assert_eq!(rows(&folder, "item"), 0);
    drop(stores);
    let stores = folder.open();
    assert!(create(&stores, "a", "again").await > version + 1);
    let stale = stores.state.write(item("a", "stale"), Expect::Version(version)).await.unwrap();
    assert_eq!(stale, WriteOutcome::Refused(key("a")));
}

#[tokio::test]
async fn old_messages_and_ids_are_removed_and_their_groups_go_on() {
    let folder = Folder::new();
    let stores = folder.open();
    let message = |id: &str| Message {
        group: Some("a".to_owned()),
        deduplication_id: Some(id.to_owned()),
        body: id.to_owned(),
    };
    for id in ["1", "2", "3"] {
        stores.queue.send(FIFO, message(id)).await.unwrap();
    }
    folder.clock.advance(RETENTION - Duration::from_secs(1));
    stores.queue.send(FIFO, message("4")).await.unwrap();
    folder.clock.advance(Duration::from_secs(1));
    let first = stores.maintain(2).await.unwrap();
    assert_eq!((first.messages, first.deduplication_ids), (2, 2));
    let second = stores.maintain(2).await.unwrap();
    assert_eq!((second.messages, second.deduplication_ids), (1, 1));
    assert_eq!(stores.maintain(2).await.unwrap(), Maintained::default());
    let left = stores.queue.receive(FIFO, 10, VISIBILITY).await.unwrap();
    assert_eq!(left.iter().map(|delivery| delivery.body.as_str()).collect::<Vec<_>>(), ["4"]);
    assert_eq!(rows(&folder, "remembered"), 1);
}

impl Folder {
    fn clock_in(&self, duration: Duration) -> chrono::DateTime<chrono::Utc> {
        flows::ports::Clock::now(&self.clock) + duration
    }
}
