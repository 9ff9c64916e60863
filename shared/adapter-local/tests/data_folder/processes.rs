//! Several processes on one folder, and processes that die in the middle of it.
use super::{Folder, create, item, key, text};
use flows::ports::{Expect, Message, StateStore, WorkQueue, WriteOp, WriteOutcome};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use testkit::clock::SimulatedClock;
use testkit::contract::queue::{FIFO, VISIBILITY};

/// Where the child of [`what_was_answered_survives_a_kill`] works.
const CHILD_FOLDER: &str = "ERP_SYNC_TEST_CHILD_FOLDER";

#[tokio::test]
async fn a_write_waits_for_another_process_and_reads_do_not() {
    let folder = Folder::new();
    let stores = folder.open();
    create(&stores, "a", "before").await;
    let raw = folder.raw();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let state = stores.state.clone();
    let waiting = tokio::spawn(async move { state.write(item("b", "waited"), Expect::Absent).await });
    assert_eq!(text(&stores, "a").await.as_deref(), Some("before"));
    assert_eq!(text(&stores, "b").await, None);
    assert!(!waiting.is_finished(), "the lock is still held");
    raw.execute_batch("COMMIT").unwrap();
    assert!(matches!(waiting.await.unwrap().unwrap(), WriteOutcome::Written(_)));
    assert_eq!(text(&stores, "b").await.as_deref(), Some("waited"));
}

#[tokio::test]
async fn an_unfinished_transaction_of_another_process_is_not_seen() {
    let folder = Folder::new();
    let stores = folder.open();
    create(&stores, "a", "before").await;
    let raw = folder.raw();
    raw.execute_batch("BEGIN IMMEDIATE; DELETE FROM item; UPDATE meta SET value = 99").unwrap();
    assert_eq!(text(&stores, "a").await.as_deref(), Some("before"));
    // Its connection dies without a commit.
    drop(raw);
    assert_eq!(text(&stores, "a").await.as_deref(), Some("before"));
    assert_eq!(create(&stores, "b", "x").await, 1);
}

#[tokio::test]
async fn two_stores_on_one_folder_see_each_other_at_once() {
    let folder = Folder::new();
    let (one, two) = (folder.open(), folder.open());
    let version = create(&one, "a", "1").await;
    assert_eq!(text(&two, "a").await.as_deref(), Some("1"));
    two.state.write(item("a", "2"), Expect::Version(version)).await.unwrap();
    let late = one.state.write(item("a", "3"), Expect::Version(version)).await.unwrap();
    assert_eq!(late, WriteOutcome::Refused(key("a")));
    let message = Message { group: Some("g".into()), deduplication_id: None, body: "x".into() };
    one.queue.send(FIFO, message).await.unwrap();
    assert_eq!(two.queue.receive(FIFO, 1, VISIBILITY).await.unwrap().len(), 1);
    assert_eq!(one.queue.receive(FIFO, 1, VISIBILITY).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_writers_in_many_stores_exactly_one_wins() {
    let folder = Folder::new();
    let mut tasks = Vec::new();
    for number in 0..4 {
        let stores = folder.open();
        tasks.push(tokio::spawn(async move {
            let mut won = 0;
            for round in 0..20 {
                let write =
                    stores.state.write(item(&format!("{round}"), &format!("{number}")), Expect::Absent);
                won += usize::from(matches!(write.await.unwrap(), WriteOutcome::Written(_)));
            }
            won
        }));
    }
    let mut won = 0;
    for task in tasks {
        won += task.await.unwrap();
    }
    assert_eq!(won, 20);
}

#[test]
fn many_may_open_a_new_folder_at_once() {
    let folder = Folder::new();
    std::thread::scope(|scope| {
        let openers: Vec<_> = (0..6).map(|_| scope.spawn(|| folder.try_open().map(drop))).collect();
        for opener in openers {
            opener.join().unwrap().unwrap();
        }
    });
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_a_write_that_was_handed_over() {
    let folder = Folder::new();
    let stores = folder.open();
    let raw = folder.raw();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut abandoned = Box::pin(stores.state.write(item("a", "late"), Expect::Absent));
    let first_poll = std::future::poll_fn(|context| std::task::Poll::Ready(abandoned.as_mut().poll(context)));
    assert!(first_poll.await.is_pending());
    drop(abandoned);
    raw.execute_batch("COMMIT").unwrap();
    // The next write is behind it.
    create(&stores, "b", "x").await;
    assert_eq!(text(&stores, "a").await.as_deref(), Some("late"));
}

/// The child: writes pairs of items and a message in a loop and says each number when it is answered.
#[tokio::test]
async fn a_child_that_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD_FOLDER) else { return };
    let stores =
        super::open(folder.as_ref(), &SimulatedClock::default(), &testkit::contract::queue::queues());
    let stores = stores.unwrap();
    for number in 0_u32.. {
        let pair = ["left", "right"].map(|side| {
            WriteOp::Put(item(&format!("{side} {number:06}"), &number.to_string()), Expect::Absent)
        });
        stores.state.transact(pair.to_vec(), vec![]).await.unwrap();
        let message = Message { group: Some("g".into()), deduplication_id: None, body: number.to_string() };
        stores.queue.send(FIFO, message).await.unwrap();
        println!("answered {number}");
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    for kill_after in [1, 7, 40] {
        let folder = Folder::new();
        drop(folder.open());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::a_child_that_writes_until_it_is_killed", "--nocapture"])
            .env(CHILD_FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut answered = 0;
        for line in lines {
            if let Some(number) = line.unwrap().strip_prefix("answered ") {
                answered = number.parse::<usize>().unwrap() + 1;
            }
            if answered == kill_after {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(answered >= kill_after, "the child ended early");

        let stores = folder.open();
        let all =
            stores.state.query("pk", flows::ports::state::Range::all(), 1000, None).await.unwrap().items;
        let (left, right): (Vec<_>, Vec<_>) = all.iter().partition(|item| item.key.sk.starts_with("left"));
        assert_eq!(left.len(), right.len(), "a pair was torn");
        // What was answered is there; at most one more was committed but not answered.
        assert!((answered..=answered + 1).contains(&left.len()), "{} of {answered}", left.len());
        let mut messages = 0;
        while let Some(delivery) = stores.queue.receive(FIFO, 1, VISIBILITY).await.unwrap().pop() {
            assert_eq!(delivery.body, messages.to_string());
            stores.queue.acknowledge(FIFO, &delivery.receipt).await.unwrap();
            messages += 1;
        }
        assert!((answered..=answered + 1).contains(&messages), "{messages} of {answered}");
    }
}

#[tokio::test]
async fn what_was_delivered_to_a_process_that_is_gone_is_handed_back_in_its_place_in_line() {
    let folder = Folder::new();
    let gone = folder.open();
    for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1")] {
        let message = Message { group: Some(group.into()), deduplication_id: None, body: body.into() };
        gone.queue.send(FIFO, message).await.unwrap();
    }
    assert_eq!(gone.queue.receive(FIFO, 10, VISIBILITY).await.unwrap().len(), 2);
    let next = folder.open();
    assert_eq!(next.queue.receive(FIFO, 10, VISIBILITY).await.unwrap(), []);
    assert_eq!(next.queue.hand_back(FIFO).await.unwrap(), 2);
    let again = next.queue.receive(FIFO, 10, VISIBILITY).await.unwrap();
    let seen: Vec<_> =
        again.iter().map(|delivery| (delivery.body.as_str(), delivery.receive_count)).collect();
    assert_eq!(seen, [("a1", 2), ("b1", 2)]);
    assert_eq!(next.queue.hand_back("none").await, Err(flows::ports::QueueError::NoSuchQueue("none".into())));
}
