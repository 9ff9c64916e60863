//! INV-3: a stale epoch never commits.
use flows::lease::{Acquired, Lease, Takeover, acquire, force_release, inspect};
use flows::ports::{Clock, Expect, ItemKey, NewItem, StateStore, WriteOp, WriteOutcome};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use testkit::clock::SimulatedClock;
use testkit::reference::MemoryStateStore;

const TTL: Duration = Duration::from_secs(60);

struct Bench {
    clock: Arc<SimulatedClock>,
    store: Arc<MemoryStateStore>,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(SimulatedClock::at(2026, 3, 26, 9, 0));
        let store = Arc::new(MemoryStateStore::new(clock.clone() as Arc<dyn Clock>));
        Self { clock, store }
    }

    async fn acquire(&self, owner: &str, takeover: Takeover) -> Acquired {
        acquire(&*self.store, &*self.clock, "sheet", owner, TTL, takeover).await.unwrap()
    }

    #[track_caller]
    fn held(acquired: Acquired) -> Lease {
        match acquired {
            Acquired::Yes(lease) => lease,
            Acquired::Held { until } => panic!("held until {until}"),
        }
    }

    async fn commit(&self, lease: &Lease, sk: &str) -> WriteOutcome {
        let key = ItemKey::new("work", sk);
        let item = NewItem { key, index: None, expires_at: None, body: json!({ "v": 1 }) };
        self.store.transact(vec![WriteOp::Put(item, Expect::Absent)], vec![lease.fence()]).await.unwrap()
    }
}

#[tokio::test]
async fn a_second_worker_is_told_until_when_the_first_one_works() {
    let bench = Bench::new();
    Bench::held(bench.acquire("a", Takeover::Never).await);
    let until = bench.clock.now() + TTL;
    assert_eq!(bench.acquire("b", Takeover::Never).await, Acquired::Held { until });
}

#[tokio::test]
async fn a_worker_that_wakes_after_its_lease_was_taken_cannot_commit() {
    let bench = Bench::new();
    let stalled = Bench::held(bench.acquire("a", Takeover::Never).await);
    bench.clock.advance(TTL);
    let current = Bench::held(bench.acquire("b", Takeover::Never).await);
    assert!(current.epoch() > stalled.epoch());
    assert!(matches!(bench.commit(&stalled, "late").await, WriteOutcome::Refused(_)));
    assert!(matches!(bench.commit(&current, "now").await, WriteOutcome::Written(_)));
    assert_eq!(bench.store.get(&ItemKey::new("work", "late")).await.unwrap(), None);
}

#[tokio::test]
async fn renewing_extends_the_lease_and_fails_once_it_is_lost() {
    let bench = Bench::new();
    let mut lease = Bench::held(bench.acquire("a", Takeover::Never).await);
    for _ in 0..5 {
        bench.clock.advance(TTL / 2);
        assert!(lease.renew(&*bench.store, &*bench.clock).await.unwrap());
    }
    assert!(matches!(bench.acquire("b", Takeover::Never).await, Acquired::Held { .. }));
    bench.clock.advance(TTL);
    Bench::held(bench.acquire("b", Takeover::Never).await);
    assert!(!lease.renew(&*bench.store, &*bench.clock).await.unwrap());
}

#[tokio::test]
async fn a_released_lease_is_free_at_once_and_its_epoch_is_not_used_again() {
    let bench = Bench::new();
    let first = Bench::held(bench.acquire("a", Takeover::Never).await);
    let stale = first.clone();
    first.release(&*bench.store).await.unwrap();
    let second = Bench::held(bench.acquire("b", Takeover::Never).await);
    assert_eq!(second.epoch(), stale.epoch() + 1);
    assert!(matches!(bench.commit(&stale, "late").await, WriteOutcome::Refused(_)));
}

#[tokio::test]
async fn a_force_release_fences_the_worker_that_still_runs() {
    let bench = Bench::new();
    let running = Bench::held(bench.acquire("a", Takeover::Never).await);
    assert!(force_release(&*bench.store, "sheet", None).await.unwrap());
    assert!(matches!(bench.commit(&running, "late").await, WriteOutcome::Refused(_)));
    Bench::held(bench.acquire("b", Takeover::Never).await);
}

#[tokio::test]
async fn an_operator_sees_who_holds_a_lease_and_ends_it_with_a_trace() {
    let bench = Bench::new();
    assert_eq!(inspect(&*bench.store, "sheet").await.unwrap(), None);
    let lease = Bench::held(bench.acquire("run-7", Takeover::Never).await);
    let holder = inspect(&*bench.store, "sheet").await.unwrap().unwrap();
    assert_eq!((holder.owner.as_str(), holder.epoch), ("run-7", lease.epoch()));
    assert_eq!(holder.until, bench.clock.now() + TTL);
    let audit = |sk: &str| {
        let key = ItemKey::new("audit", sk);
        let item = NewItem { key, index: None, expires_at: None, body: json!({ "v": 1 }) };
        Some(WriteOp::Put(item, Expect::Absent))
    };
    assert!(force_release(&*bench.store, "sheet", audit("1")).await.unwrap());
    assert_eq!(inspect(&*bench.store, "sheet").await.unwrap(), None);
    // A second time there is nothing to end, and nothing to tell of.
    assert!(!force_release(&*bench.store, "sheet", audit("2")).await.unwrap());
    assert!(bench.store.get(&ItemKey::new("audit", "1")).await.unwrap().is_some());
    assert!(bench.store.get(&ItemKey::new("audit", "2")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_gone_owner_is_taken_over_without_waiting_and_fenced() {
    let bench = Bench::new();
    let gone = Bench::held(bench.acquire("a", Takeover::Never).await);
    let current = Bench::held(bench.acquire("b", Takeover::OwnerIsGone).await);
    assert!(matches!(bench.commit(&gone, "late").await, WriteOutcome::Refused(_)));
    assert!(matches!(bench.commit(&current, "now").await, WriteOutcome::Written(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_reach_for_a_free_lease_exactly_one_gets_it() {
    let bench = Arc::new(Bench::new());
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let bench = bench.clone();
            tokio::spawn(async move { bench.acquire(&format!("w{n}"), Takeover::Never).await })
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(matches!(task.await.unwrap(), Acquired::Yes(_)));
    }
    assert_eq!(winners, 1);
}
