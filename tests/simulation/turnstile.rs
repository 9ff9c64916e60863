//! Where a simulated worker stands still: before and after the effect of every call it makes.
//!
//! ```text
//! ── own work ──> BEFORE the call ──[verdict]── effect ──> AFTER the call ── own work ──> BEFORE the next call
//! ```
//! A worker is a future, and one poll takes it from one stop to the next. Between two polls anything may happen: other
//! workers go on, the clock jumps, the worker is dropped. Dropped before a call it never made it; dropped after, it
//! never saw the answer.
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// Items by key.
    Items,
    /// Items by their place in the index.
    Index,
    /// The queue.
    Queue,
    /// Blobs.
    Blobs,
    /// SIGE: the orders of a day.
    Orders,
    /// SIGE: the orders changed since.
    Changes,
    /// SIGE: a person.
    People,
    /// Sheets: the bookings.
    Bookings,
    /// Sheets: the destination tab is read.
    Tab,
    /// Sheets: the destination tab is written.
    Write,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing in particular.
    Works,
    /// 5xx, or no connection: nothing happened.
    Down,
    /// 429 with an announced end: nothing happened.
    Throttled,
    /// An answer that breaks the promises of the API.
    Untrusted,
    /// It happened, and the answer got lost.
    ReplyLost,
    /// It never arrived, and nobody says so.
    Vanishes,
    /// No answer now; it arrives later.
    Late,
    /// 400.
    Rejected,
    /// The tab is just being rewritten and looks empty.
    Empty,
}

/// Where a worker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Not started yet.
    Start,
    /// In front of a call.
    Before(Port),
    /// The effect is there, the answer is not seen yet.
    After(Port),
}

/// The stops of one worker.
pub struct Turnstile {
    inner: Mutex<Inner>,
}

struct Inner {
    stop: Stop,
    verdict: Verdict,
    calls: usize,
}

impl Turnstile {
    pub fn new() -> Self {
        Self { inner: Mutex::new(Inner { stop: Stop::Start, verdict: Verdict::Works, calls: 0 }) }
    }

    /// Where the worker stands.
    pub fn stop(&self) -> Stop {
        self.inner.lock().unwrap().stop
    }

    /// Calls so far, the one in front of it included.
    pub fn calls(&self) -> usize {
        self.inner.lock().unwrap().calls
    }

    /// Decides about the call that the worker stands in front of.
    pub fn decide(&self, verdict: Verdict) {
        self.inner.lock().unwrap().verdict = verdict;
    }

    /// For the worker: stops in front of a call, and then says what becomes of it.
    pub async fn before(&self, port: Port) -> Verdict {
        {
            let mut inner = self.inner.lock().unwrap();
            inner.stop = Stop::Before(port);
            inner.calls += 1;
        }
        Parked(false).await;
        std::mem::replace(&mut self.inner.lock().unwrap().verdict, Verdict::Works)
    }

    /// For the worker: stops behind a call.
    pub async fn after(&self, port: Port) {
        self.inner.lock().unwrap().stop = Stop::After(port);
        Parked(false).await;
    }
}

/// Pending once.
struct Parked(bool);

impl Future for Parked {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        Poll::Pending
    }
}
