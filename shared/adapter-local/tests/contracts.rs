//! The stores of a data folder keep the promises of the ports.
#![expect(clippy::unwrap_used, reason = "a store that does not open ends the test")]
use adapter_local::LocalStores;
use flows::ports::Clock;
use std::path::Path;
use std::sync::Arc;
use testkit::clock::SimulatedClock;
use testkit::contract::{Subject, blobs, queue, secrets, state};

fn open(dir: &Path, clock: Arc<dyn Clock>) -> LocalStores {
    LocalStores::open(dir, clock, &queue::queues()).unwrap()
}

/// A subject on a fresh data folder; restarting opens the folder again.
fn subject<P: ?Sized + Send + Sync + 'static>(port: fn(LocalStores) -> Arc<P>) -> Subject<P> {
    let clock = Arc::new(SimulatedClock::default());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    let shared = clock.clone();
    Subject::reopening(clock, dir, move || port(open(&path, shared.clone())))
}

mod state_store {
    use super::*;
    async fn fresh() -> state::StateSubject {
        subject(|stores| stores.state)
    }
    testkit::state_contract!(fresh);
}

mod work_queue {
    use super::*;
    async fn fresh() -> queue::QueueSubject {
        subject(|stores| stores.queue)
    }
    testkit::queue_contract!(fresh);
}

mod blob_store {
    use super::*;
    async fn fresh() -> blobs::BlobSubject {
        subject(|stores| stores.blobs)
    }
    testkit::blob_contract!(fresh);
}

mod secret_store {
    use super::*;
    async fn fresh() -> secrets::SecretSubject {
        subject(|stores| stores.secrets)
    }
    testkit::secret_contract!(fresh);
}
