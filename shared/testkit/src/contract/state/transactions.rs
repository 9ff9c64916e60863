//! Several items at once: all or nothing, with conditions on items that stay as they are.
use super::{StateSubject, content, create, item, key};
use flows::ports::{Check, Expect, StateStore, StoreError, WriteOp, WriteOutcome};

fn put(sk: &str, content: &str, expect: Expect) -> WriteOp {
    WriteOp::Put(item(sk, content), expect)
}

fn check(sk: &str, expect: Expect) -> Check {
    Check { key: key(sk), expect }
}

fn written(outcome: &WriteOutcome) -> bool {
    matches!(outcome, WriteOutcome::Written(_))
}

/// A refused condition takes every other write with it; an applied transaction says each version in order.
pub async fn a_transaction_applies_all_or_nothing(subject: StateSubject) {
    let store = &*subject.port;
    let old = create(store, item("old", "1")).await;
    let gone = create(store, item("gone", "1")).await;
    let writes = |expect| {
        vec![
            put("new", "2", Expect::Absent),
            put("old", "2", expect),
            WriteOp::Delete(key("gone"), Expect::Version(gone)),
        ]
    };
    let refused = store.transact(writes(Expect::Version(old + 1)), vec![]).await.unwrap();
    assert_eq!(refused, WriteOutcome::Refused(key("old")));
    assert_eq!(content(store, "new").await, None);
    assert_eq!(content(store, "old").await.as_deref(), Some("1"));
    assert_eq!(content(store, "gone").await.as_deref(), Some("1"));

    let WriteOutcome::Written(versions) = store.transact(writes(Expect::Version(old)), vec![]).await.unwrap()
    else {
        panic!("every condition holds")
    };
    assert_eq!(content(store, "gone").await, None);
    let stands = |sk| async move { store.get(&key(sk)).await.unwrap().unwrap().version };
    assert_eq!(versions[..2], [stands("new").await, stands("old").await]);
    assert!(versions.len() == 3 && versions[1] > old && versions[2] > gone, "{versions:?}");
}

/// The order in which conditions are told: writes first, then checks, each in their order.
pub async fn the_first_refused_condition_is_named_writes_before_checks(subject: StateSubject) {
    let store = &*subject.port;
    create(store, item("here", "1")).await;
    create(store, item("here too", "1")).await;
    let told = |writes, checks| async move { store.transact(writes, checks).await.unwrap() };
    let both = told(
        vec![put("a", "", Expect::Absent), put("here", "", Expect::Absent)],
        vec![check("here too", Expect::Absent)],
    );
    assert_eq!(both.await, WriteOutcome::Refused(key("here")));
    let checks = told(
        vec![put("a", "", Expect::Absent)],
        vec![check("here too", Expect::Absent), check("here", Expect::Absent)],
    );
    assert_eq!(checks.await, WriteOutcome::Refused(key("here too")));
    assert_eq!(content(store, "a").await, None);
}

/// A check is a condition, not a write.
pub async fn a_check_holds_a_transaction_without_changing_its_item(subject: StateSubject) {
    let store = &*subject.port;
    let epoch = create(store, item("epoch", "1")).await;
    let with =
        |expect| store.transact(vec![put("work", "done", Expect::Absent)], vec![check("epoch", expect)]);
    assert_eq!(with(Expect::Version(epoch + 1)).await.unwrap(), WriteOutcome::Refused(key("epoch")));
    assert_eq!(content(store, "work").await, None);
    assert!(written(&with(Expect::Version(epoch)).await.unwrap()));
    assert_eq!(content(store, "work").await.as_deref(), Some("done"));
    assert_eq!(store.get(&key("epoch")).await.unwrap().unwrap().version, epoch);
    let only_checks = store.transact(vec![], vec![check("epoch", Expect::Version(epoch))]).await.unwrap();
    assert_eq!(only_checks, WriteOutcome::Written(vec![]));
}

/// Absence is a condition like any other, of the deleted too.
pub async fn an_absence_can_be_checked(subject: StateSubject) {
    let store = &*subject.port;
    let first = create(store, item("one", "1")).await;
    let attempt = |sk: &'static str| {
        store.transact(vec![put(sk, "x", Expect::Absent)], vec![check("one", Expect::Absent)])
    };
    assert_eq!(attempt("early").await.unwrap(), WriteOutcome::Refused(key("one")));
    store.delete(&key("one"), Expect::Version(first)).await.unwrap();
    assert!(written(&attempt("late").await.unwrap()));
}

/// The bound of a transaction counts writes and checks together; an empty one is a mistake.
pub async fn a_transaction_takes_twenty_five_and_no_more(subject: StateSubject) {
    let store = &*subject.port;
    let transaction = |writes: usize, checks: usize| {
        let writes = (0..writes).map(|n| put(&format!("w{n}"), "x", Expect::Absent)).collect();
        let checks = (0..checks).map(|n| check(&format!("c{n}"), Expect::Absent)).collect();
        store.transact(writes, checks)
    };
    for (writes, checks) in [(26, 0), (20, 6), (0, 26), (0, 0)] {
        let refused = transaction(writes, checks).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{writes} and {checks}: {refused:?}");
    }
    assert_eq!(content(store, "w0").await, None);
    assert!(written(&transaction(15, 10).await.unwrap()));
    assert_eq!(content(store, "w14").await.as_deref(), Some("x"));
}

/// The bound on bytes is that of the narrowest store, so that no commit works on one machine only.
pub async fn a_transaction_of_too_many_bytes_is_refused(subject: StateSubject) {
    let store = &*subject.port;
    let large = "x".repeat(340 * 1024);
    let transaction = |count: usize| {
        let writes = (0..count).map(|n| put(&format!("w{n}"), &large, Expect::Absent)).collect();
        store.transact(writes, vec![])
    };
    let refused = transaction(10).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    assert_eq!(content(store, "w0").await, None);
    assert!(written(&transaction(9).await.unwrap()));
}

/// A transaction is a set of conditions; two on one key would contradict or repeat each other.
pub async fn a_key_named_twice_is_refused(subject: StateSubject) {
    let store = &*subject.port;
    let twice = [
        (vec![put("a", "1", Expect::Absent), put("a", "2", Expect::Absent)], vec![]),
        (vec![put("a", "1", Expect::Absent), WriteOp::Delete(key("a"), Expect::Absent)], vec![]),
        (vec![put("a", "1", Expect::Absent)], vec![check("a", Expect::Absent)]),
        (vec![], vec![check("a", Expect::Absent), check("a", Expect::Absent)]),
    ];
    for (number, (writes, checks)) in twice.into_iter().enumerate() {
        let refused = store.transact(writes, checks).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "case {number}: {refused:?}");
    }
    assert_eq!(content(store, "a").await, None);
}

/// The shape of a fenced commit: who lost the epoch cannot change anything, however late it wakes.
pub async fn a_lost_epoch_stops_every_commit(subject: StateSubject) {
    let store = &*subject.port;
    let mine = create(store, item("epoch", "mine")).await;
    store.write(item("epoch", "theirs"), Expect::Version(mine)).await.unwrap();
    let late = store
        .transact(vec![put("result", "late", Expect::Absent)], vec![check("epoch", Expect::Version(mine))])
        .await
        .unwrap();
    assert_eq!(late, WriteOutcome::Refused(key("epoch")));
    assert_eq!(content(store, "result").await, None);
}

async fn move_both(store: &dyn StateStore, name: &str) -> bool {
    let left = store.get(&key("left")).await.unwrap().unwrap().version;
    let right = store.get(&key("right")).await.unwrap().unwrap().version;
    let writes = vec![put("left", name, Expect::Version(left)), put("right", name, Expect::Version(right))];
    written(&store.transact(writes, vec![]).await.unwrap())
}

/// Who is faster wins both items or none: no commit is lost, and the two never part. A page read meanwhile may
/// show one item before and the other after a commit, so only what stands in the end is compared.
pub async fn transactions_side_by_side_never_mix(subject: StateSubject) {
    create(&*subject.port, item("left", "start")).await;
    create(&*subject.port, item("right", "start")).await;
    let mut tasks = Vec::new();
    for task in 0..6 {
        let store = subject.port.clone();
        tasks.push(tokio::spawn(async move {
            let mut done = 0;
            while done < 5 {
                done += usize::from(move_both(&*store, &format!("{task}.{done}")).await);
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let page = subject.port.query("contract", super::Range::all(), 10, None).await.unwrap();
    assert_eq!(page.items[0].body["content"], page.items[1].body["content"]);
    assert_eq!(page.items[0].version, page.items[1].version, "each commit wrote both");
    assert!(page.items[0].version > 30, "thirty commits after the first write");
}
