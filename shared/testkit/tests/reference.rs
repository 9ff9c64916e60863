//! The reference model keeps the promises it is the reference for, with an index that lags.
use std::sync::Arc;
use testkit::clock::SimulatedClock;
use testkit::contract::{Subject, blobs, queue, secrets, state};
use testkit::reference::{MemoryBlobStore, MemorySecretStore, MemoryStateStore, MemoryWorkQueue};

mod state_with_lagging_index {
    use super::*;
    async fn subject() -> state::StateSubject {
        let clock = Arc::new(SimulatedClock::default());
        Subject::new(Arc::new(MemoryStateStore::with_index_lag(clock.clone(), 3, 42)), clock)
    }
    testkit::state_contract!(subject);
}

mod state_with_prompt_index {
    use super::*;
    async fn subject() -> state::StateSubject {
        let clock = Arc::new(SimulatedClock::default());
        Subject::new(Arc::new(MemoryStateStore::new(clock.clone())), clock)
    }
    testkit::state_contract!(subject);
}

mod work_queue {
    use super::*;
    async fn subject() -> queue::QueueSubject {
        let clock = Arc::new(SimulatedClock::default());
        Subject::new(Arc::new(MemoryWorkQueue::new(clock.clone(), &queue::queues())), clock)
    }
    testkit::queue_contract!(subject);
}

mod blob_store {
    use super::*;
    async fn subject() -> blobs::BlobSubject {
        Subject::new(Arc::new(MemoryBlobStore::new()), Arc::new(SimulatedClock::default()))
    }
    testkit::blob_contract!(subject);
}

mod secret_store {
    use super::*;
    async fn subject() -> secrets::SecretSubject {
        Subject::new(Arc::new(MemorySecretStore::new()), Arc::new(SimulatedClock::default()))
    }
    testkit::secret_contract!(subject);
}

/// A lagging index really lags, by no more than it may, and gets there.
#[tokio::test]
async fn the_index_is_stale_on_purpose_and_within_its_bound() {
    use flows::ports::state::Range;
    use flows::ports::{Expect, ItemKey, NewItem, StateStore};
    let store = MemoryStateStore::with_index_lag(Arc::new(SimulatedClock::default()), 3, 7);
    let mut stale = 0;
    for number in 0..100_usize {
        let sk = format!("{number:03}");
        let index = Some(ItemKey::new("index", sk.as_str()));
        let body = serde_json::json!({ "v": 1 });
        let item = NewItem { key: ItemKey::new("pk", sk), index, expires_at: None, body };
        store.write(item, Expect::Absent).await.unwrap();
        let seen = store.query_index("index", Range::all(), 1000, None).await.unwrap().items.len();
        assert!(seen <= number + 1 && seen + 3 > number, "{seen} of {}", number + 1);
        stale += usize::from(seen <= number);
    }
    assert!(stale > 30, "stale {stale} times of 100");
    let mut seen = 0;
    for _ in 0..100 {
        seen = store.query_index("index", Range::all(), 1000, None).await.unwrap().items.len();
    }
    assert_eq!(seen, 100);
}
