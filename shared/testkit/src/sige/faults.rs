//! Misbehaviour on demand, each kind seen or expected of the real server or of the network before it.
use super::seen::Endpoint;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// For `times`: until the handle is stopped.
pub const ALWAYS: u64 = u64::MAX;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Another status, with this body, `Retry-After` and `Location` when given.
    Status {
        /// The HTTP status.
        status: u16,
        /// The body as it is sent.
        body: String,
        /// The value of `Retry-After`.
        retry_after: Option<String>,
        /// The value of `Location`.
        location: Option<String>,
    },
    /// 200 with this body instead of the array.
    Body(String),
    /// 200 with the right array, cut in the middle of the JSON.
    TruncatedJson,
    /// 200 with the right array, but the first element has no `Codigo`.
    ElementWithoutCode,
    /// The connection breaks before a byte of the answer.
    DropBeforeAnswer,
    /// The connection breaks in the middle of the answer.
    DropMidAnswer,
    /// The answer waits until [`FaultHandle::release`]; then it is the right one.
    Hold,
    /// Pages after the first begin this many records too early.
    Overlap(usize),
    /// Pages after the first are the page before.
    RepeatPage,
    /// Every page is the first.
    IgnoreSkip,
    /// Pages are no longer than this, whatever was asked.
    PageCap(usize),
    /// Every page is full of orders never seen before: the listing has no end.
    Endless,
    /// Before the answer, this order appears in front of the listing: every record moves down by one.
    OrderAppears(Value),
    /// Before the answer, the order with this `Codigo` disappears: every record behind it moves up by one.
    OrderDisappears(i64),
}

impl Fault {
    /// A status with a short JSON body.
    pub fn status(status: u16) -> Self {
        Self::Status {
            status,
            body: r#"{"error":"falha simulada"}"#.to_owned(),
            retry_after: None,
            location: None,
        }
    }

    /// 429 that asks for silence: seconds or an HTTP date.
    pub fn too_many(retry_after: Option<&str>) -> Self {
        let body = r#"{"error":"limite de requisições excedido"}"#.to_owned();
        Self::Status { status: 429, body, retry_after: retry_after.map(str::to_owned), location: None }
    }

    /// A page of HTML with status 200, as a proxy or a maintenance notice would send it.
    pub fn html() -> Self {
        Self::Body("<!DOCTYPE html><html><body>Em manutenção</body></html>".to_owned())
    }

    /// An object where an array is promised.
    pub fn object() -> Self {
        Self::Body(r#"{"data":[]}"#.to_owned())
    }
}

/// A plan in force. Dropping the handle leaves the plan in force.
#[derive(Debug, Clone)]
pub struct FaultHandle {
    plan: Arc<Plan>,
}

impl FaultHandle {
    /// Lets the next `requests` to the endpoint pass unharmed first.
    pub fn after(self, requests: u64) -> Self {
        self.plan.spared.store(requests, Ordering::SeqCst);
        self
    }

    /// How often it has struck.
    pub fn fired(&self) -> u64 {
        self.plan.fired.load(Ordering::SeqCst)
    }

    /// Ends it.
    pub fn stop(&self) {
        self.plan.left.store(0, Ordering::SeqCst);
    }

    /// Waits until a request is held.
    pub async fn reached(&self) {
        loop {
            let fired = self.plan.changed.notified();
            if self.fired() > 0 {
                return;
            }
            fired.await;
        }
    }

    /// Lets every held request go on, those to come too.
    pub fn release(&self) {
        self.plan.released.store(true, Ordering::SeqCst);
        self.plan.changed.notify_waiters();
    }
}

#[derive(Debug)]
pub(super) struct Plan {
    endpoint: Endpoint,
    pub(super) fault: Fault,
    spared: AtomicU64,
    left: AtomicU64,
    fired: AtomicU64,
    released: AtomicBool,
    changed: Notify,
}

impl Plan {
    /// Whether it strikes this request.
    fn strikes(&self, endpoint: Endpoint) -> bool {
        if self.endpoint != endpoint || self.left.load(Ordering::SeqCst) == 0 || !self.suits() {
            return false;
        }
        let take = |counter: &AtomicU64| {
            counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| match n {
                0 => None,
                ALWAYS => Some(ALWAYS),
                n => Some(n - 1),
            })
        };
        if take(&self.spared).is_ok() || take(&self.left).is_err() {
            return false;
        }
        self.fired.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_waiters();
        true
    }

    fn suits(&self) -> bool {
        !(self.fault == Fault::Hold && self.released.load(Ordering::SeqCst))
    }

    pub(super) async fn held(&self) {
        loop {
            let released = self.changed.notified();
            if self.released.load(Ordering::SeqCst) {
                return;
            }
            released.await;
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct FaultPlans {
    plans: Mutex<Vec<Arc<Plan>>>,
}

impl FaultPlans {
    pub(super) fn add(&self, endpoint: Endpoint, fault: Fault, times: u64) -> FaultHandle {
        let plan = Arc::new(Plan {
            endpoint,
            fault,
            spared: AtomicU64::new(0),
            left: AtomicU64::new(times),
            fired: AtomicU64::new(0),
            released: AtomicBool::new(false),
            changed: Notify::new(),
        });
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).push(plan.clone());
        FaultHandle { plan }
    }

    /// The first plan that strikes this request.
    pub(super) fn strike(&self, endpoint: Endpoint) -> Option<Arc<Plan>> {
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.iter().find(|plan| plan.strikes(endpoint)).cloned()
    }
}
