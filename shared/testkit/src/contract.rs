//! Contract suites: what every implementation of a storage port promises, one test per promise.
//!
//! ```text
//! mod on_sqlite {
//!     use super::*;
//!     async fn subject() -> Subject<dyn StateStore> { /* a fresh, empty store */ }
//!     testkit::state_contract!(subject);
//! }
//! ```
//! A suite only uses the port and the subject's clock: it waits by sleeping on the clock, so a simulated one
//! costs no time, and asks a lagging index again until it has caught up.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken promise ends the test that made it"
)]

pub mod blobs;
pub mod queue;
pub mod secrets;
pub mod state;

use flows::ports::Clock;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

/// An implementation under test: fresh, empty, and nobody else's.
pub struct Subject<P: ?Sized> {
    /// The implementation.
    pub port: Arc<P>,
    clock: Arc<dyn Clock>,
    restart: Box<dyn Fn() -> Arc<P> + Send + Sync>,
    _kept: Box<dyn Any + Send + Sync>,
}

impl<P: ?Sized + Send + Sync + 'static> Subject<P> {
    /// An implementation that has no other life than its value.
    pub fn new(port: Arc<P>, clock: Arc<dyn Clock>) -> Self {
        let same = port.clone();
        Self { port, clock, restart: Box::new(move || same.clone()), _kept: Box::new(()) }
    }

    /// An implementation that can be opened again on what it left behind. `kept` lives as long as the subject
    /// (a temporary folder).
    pub fn reopening(
        clock: Arc<dyn Clock>,
        kept: impl Any + Send + Sync,
        open: impl Fn() -> Arc<P> + Send + Sync + 'static,
    ) -> Self {
        Self { port: open(), clock, restart: Box::new(open), _kept: Box::new(kept) }
    }

    /// Opens the implementation anew, as the next process would.
    pub fn restart(&mut self) {
        self.port = (self.restart)();
    }

    /// Lets time pass.
    pub async fn pass(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    /// The time after a duration from now.
    pub fn after(&self, duration: Duration) -> chrono::DateTime<chrono::Utc> {
        self.clock.now() + duration
    }
}

/// One test per promise: each calls a function of a suite with a fresh subject.
#[doc(hidden)]
#[macro_export]
macro_rules! promises {
    ($subject:path, $suite:path, [$($promise:ident),+ $(,)?]) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                use $suite as suite;
                suite::$promise($subject().await).await;
            }
        )+
    };
}
