//! Random sequences of calls, answered by SQLite and by the reference model alike.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a difference ends the test")]

use adapter_local::LocalStores;
use chrono::DateTime;
use flows::ports::state::Range;
use flows::ports::{
    Check, Clock, Delivery, Expect, Item, ItemKey, Message, NewItem, QueueError, StateStore, WorkQueue,
    WriteOp, WriteOutcome,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use testkit::clock::SimulatedClock;
use testkit::contract::queue as promised;
use testkit::reference::{MemoryStateStore, MemoryWorkQueue};

const CASES: u32 = 150;

/// How a condition is chosen: against what stands when the call is made.
#[derive(Debug, Clone, Copy)]
enum Condition {
    Absent,
    Current,
    Stale,
}

#[derive(Debug, Clone)]
enum StateCall {
    Transact {
        writes: Vec<(usize, Condition, bool)>,
        checks: Vec<(usize, Condition)>,
        expires_in_s: Option<u8>,
    },
    Get(usize),
    Query {
        from: Option<usize>,
        to: Option<usize>,
        limit: usize,
    },
    QueryIndex {
        from: Option<usize>,
        to: Option<usize>,
        limit: usize,
    },
    Pass(u8),
    Maintain(usize),
}

/// In memory where the system offers it: durability is not what these tests are about, and syncs are slow.
fn folder() -> tempfile::TempDir {
    let in_memory = std::path::Path::new("/dev/shm");
    if in_memory.is_dir() { tempfile::tempdir_in(in_memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Two partitions, few keys, so that calls meet.
fn key(number: usize) -> ItemKey {
    let sk = ["a", "a#1", "á", "b", "B", "\u{1F600}"][number % 6];
    ItemKey::new(if number < 6 { "p" } else { "p2" }, sk)
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![3 => Just(Condition::Absent), 4 => Just(Condition::Current), 1 => Just(Condition::Stale)]
}

fn state_call(maintain: bool) -> impl Strategy<Value = StateCall> {
    let bound = || proptest::option::of(0_usize..6);
    let writes = proptest::collection::vec((0_usize..12, condition(), proptest::bool::weighted(0.8)), 1..4);
    let checks = proptest::collection::vec((0_usize..12, condition()), 0..2);
    prop_oneof![
        8 => (writes, checks, proptest::option::weighted(0.3, 1_u8..5))
            .prop_map(|(writes, checks, expires_in_s)| StateCall::Transact { writes, checks, expires_in_s }),
        2 => (0_usize..12).prop_map(StateCall::Get),
        2 => (bound(), bound(), 1_usize..5).prop_map(|(from, to, limit)| StateCall::Query { from, to, limit }),
        2 => (bound(), bound(), 1_usize..5).prop_map(|(from, to, limit)| StateCall::QueryIndex { from, to, limit }),
        2 => (1_u8..4).prop_map(StateCall::Pass),
        u32::from(maintain) * 2 => (0_usize..4).prop_map(StateCall::Maintain),
    ]
}

/// What a caller sees of an item, with or without its version.
fn seen(item: Item, versions: bool) -> Item {
    Item { version: if versions { item.version } else { 0 }, ..item }
}

async fn pages(store: &dyn StateStore, index: bool, range: &Range, limit: usize) -> Vec<Item> {
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let page = match index {
            true => store.query_index("due", range.clone(), limit, cursor).await.unwrap(),
            false => store.query("p", range.clone(), limit, cursor).await.unwrap(),
        };
        items.extend(page.items);
        cursor = page.cursor;
        if cursor.is_none() {
            return items;
        }
    }
}

async fn expectation(store: &dyn StateStore, key: &ItemKey, condition: Condition) -> Expect {
    let version = store.get(key).await.unwrap().map_or(0, |item| item.version);
    match condition {
        Condition::Absent => Expect::Absent,
        Condition::Current => Expect::Version(version),
        Condition::Stale => Expect::Version(version.saturating_sub(1)),
    }
}

/// Runs the sequence on both. When rows are purged, versions may jump, so only their growth is compared.
async fn same_answers(calls: Vec<StateCall>, versions: bool) {
    let clock = SimulatedClock::default();
    let dir = folder();
    let local = LocalStores::open(dir.path(), Arc::new(clock.clone()), &[]).unwrap();
    let reference = MemoryStateStore::new(Arc::new(clock.clone()));
    let mut highest: BTreeMap<ItemKey, u64> = BTreeMap::new();
    for (number, call) in calls.into_iter().enumerate() {
        let bound = |place: Option<usize>| place.map(|place| key(place).sk);
        match call {
            StateCall::Pass(seconds) => clock.advance(Duration::from_secs(seconds.into())),
            StateCall::Maintain(limit) => {
                assert!(local.maintain(limit).await.unwrap().items <= limit);
            }
            StateCall::Get(place) => {
                let look = async |store: &dyn StateStore| {
                    store.get(&key(place)).await.unwrap().map(|item| seen(item, versions))
                };
                assert_eq!(look(&*local.state).await, look(&reference).await, "call {number}");
            }
            StateCall::Query { from, to, limit } | StateCall::QueryIndex { from, to, limit } => {
                let index = matches!(call, StateCall::QueryIndex { .. });
                let range = Range { from: bound(from), to: bound(to) };
                let mut found = Vec::new();
                for store in [&*local.state as &dyn StateStore, &reference] {
                    let items = pages(store, index, &range, limit).await;
                    found.push(items.into_iter().map(|item| seen(item, versions)).collect::<Vec<_>>());
                }
                assert_eq!(found[0], found[1], "call {number}: {range:?} by {limit}");
            }
            StateCall::Transact { writes, checks, expires_in_s } => {
                let expires_at = expires_in_s.map(|s| clock.now() + Duration::from_secs(s.into()));
                let mut outcomes = Vec::new();
                for store in [&*local.state as &dyn StateStore, &reference] {
                    outcomes.push(transact(store, &writes, &checks, expires_at, number).await);
                }
                if versions {
                    assert_eq!(outcomes[0], outcomes[1], "call {number}");
                }
                match (&outcomes[0], &outcomes[1]) {
                    (Ok(WriteOutcome::Written(local)), Ok(WriteOutcome::Written(model))) => {
                        assert_eq!(local.len(), model.len(), "call {number}");
                        for ((place, ..), version) in writes.iter().zip(local) {
                            let before = highest.insert(key(*place), *version);
                            assert!(before < Some(*version), "call {number}: a version restarted");
                        }
                    }
                    (local, model) => assert_eq!(local, model, "call {number}"),
                }
            }
        }
    }
}

async fn transact(
    store: &dyn StateStore,
    writes: &[(usize, Condition, bool)],
    checks: &[(usize, Condition)],
    expires_at: Option<DateTime<chrono::Utc>>,
    number: usize,
) -> Result<WriteOutcome, flows::ports::StoreError> {
    let mut ops = Vec::new();
    for (place, condition, put) in writes {
        let expect = expectation(store, &key(*place), *condition).await;
        let index = (!number.is_multiple_of(3)).then(|| ItemKey::new("due", key(number % 12).sk));
        let body = serde_json::json!({ "v": 1, "number": number });
        ops.push(match put {
            true => WriteOp::Put(NewItem { key: key(*place), index, expires_at, body }, expect),
            false => WriteOp::Delete(key(*place), expect),
        });
    }
    let mut conditions = Vec::new();
    for (place, condition) in checks {
        let expect = expectation(store, &key(*place), *condition).await;
        conditions.push(Check { key: key(*place), expect });
    }
    store.transact(ops, conditions).await
}

#[derive(Debug, Clone)]
enum QueueCall {
    Send { queue: usize, group: u8, id: Option<u8> },
    Receive { queue: usize, max: usize },
    Acknowledge(usize),
    ChangeVisibility(usize, u8),
    Pass(u16),
    Maintain,
}

const QUEUES: [&str; 4] = [promised::FIFO, promised::STANDARD, promised::DEAD_FIFO, promised::DEAD_STANDARD];

fn queue_call() -> impl Strategy<Value = QueueCall> {
    prop_oneof![
        4 => (0_usize..2, 0_u8..3, proptest::option::weighted(0.3, 0_u8..3))
            .prop_map(|(queue, group, id)| QueueCall::Send { queue, group, id }),
        6 => (0_usize..4, 1_usize..4).prop_map(|(queue, max)| QueueCall::Receive { queue, max }),
        3 => any::<usize>().prop_map(QueueCall::Acknowledge),
        2 => (any::<usize>(), 0_u8..4).prop_map(|(nth, seconds)| QueueCall::ChangeVisibility(nth, seconds)),
        3 => prop_oneof![Just(1_u16), Just(2), Just(300), Just(3000)].prop_map(QueueCall::Pass),
        1 => Just(QueueCall::Maintain),
    ]
}

/// Every delivery either side has seen, by its own receipt.
#[derive(Default)]
struct Seen {
    deliveries: Vec<(&'static str, Delivery)>,
}

impl Seen {
    fn nth(&self, nth: usize) -> Option<(&'static str, &str)> {
        let place = nth.checked_rem(self.deliveries.len())?;
        let (queue, delivery) = &self.deliveries[place];
        Some((*queue, delivery.receipt.as_str()))
    }
}

type Visible = Result<Vec<(String, Option<String>, u32)>, QueueError>;

async fn answer(queues: &dyn WorkQueue, seen: &mut Seen, call: &QueueCall, number: usize) -> Visible {
    let nothing = |outcome: Result<(), QueueError>| outcome.map(|()| Vec::new());
    match call {
        QueueCall::Send { queue, group, id } => {
            let fifo = *queue == 0;
            let group = fifo.then(|| format!("group {group}"));
            let deduplication_id = id.filter(|_| fifo).map(|id| format!("id {id}"));
            let message = Message { group, deduplication_id, body: format!("message {number}") };
            nothing(queues.send(QUEUES[*queue], message).await)
        }
        QueueCall::Receive { queue, max } => {
            let batch = queues.receive(QUEUES[*queue], *max, promised::VISIBILITY).await?;
            seen.deliveries.extend(batch.iter().map(|delivery| (QUEUES[*queue], delivery.clone())));
            Ok(batch.into_iter().map(|one| (one.body, one.group, one.receive_count)).collect())
        }
        QueueCall::Acknowledge(nth) => match seen.nth(*nth) {
            Some((queue, receipt)) => nothing(queues.acknowledge(queue, receipt).await),
            None => Ok(Vec::new()),
        },
        QueueCall::ChangeVisibility(nth, seconds) => match seen.nth(*nth) {
            Some((queue, receipt)) => nothing(
                queues.change_visibility(queue, receipt, Duration::from_secs((*seconds).into())).await,
            ),
            None => Ok(Vec::new()),
        },
        QueueCall::Pass(_) | QueueCall::Maintain => Ok(Vec::new()),
    }
}

async fn same_deliveries(calls: Vec<QueueCall>) {
    let clock = SimulatedClock::default();
    let dir = folder();
    let local = LocalStores::open(dir.path(), Arc::new(clock.clone()), &promised::queues()).unwrap();
    let reference = MemoryWorkQueue::new(Arc::new(clock.clone()), &promised::queues());
    let (mut seen_locally, mut seen_in_model) = (Seen::default(), Seen::default());
    for (number, call) in calls.into_iter().enumerate() {
        match call {
            QueueCall::Pass(seconds) => clock.advance(Duration::from_secs(seconds.into())),
            QueueCall::Maintain => {
                local.maintain(10).await.unwrap();
            }
            _ => {}
        }
        let locally = answer(&*local.queue, &mut seen_locally, &call, number).await;
        let in_model = answer(&reference, &mut seen_in_model, &call, number).await;
        assert_eq!(locally, in_model, "call {number}: {call:?}");
    }
}

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn state_answers_as_the_reference_does(calls in proptest::collection::vec(state_call(false), 1..60)) {
        run(same_answers(calls, true));
    }

    #[test]
    fn maintenance_is_not_seen_and_versions_still_grow(calls in proptest::collection::vec(state_call(true), 1..60)) {
        run(same_answers(calls, false));
    }

    #[test]
    fn queues_deliver_as_the_reference_does(calls in proptest::collection::vec(queue_call(), 1..80)) {
        run(same_deliveries(calls));
    }
}
