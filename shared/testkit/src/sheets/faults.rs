//! Faults on demand: what may go wrong between a client and Google, put in line for the next (or the
//! n-th) request of a kind. No fault waits on a wall clock; what is slow waits for the test.
use super::editor::Books;
use super::journal::Operation;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Which requests a fault is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Every call of the Sheets API (not the token endpoint).
    Any,
    /// Calls that read.
    Read,
    /// Calls that write.
    Write,
    /// One kind of call.
    Only(Operation),
}

impl On {
    /// Whether a request is meant.
    pub(crate) fn covers(self, operation: Operation) -> bool {
        match self {
            Self::Any => operation != Operation::Token,
            Self::Read => operation.is_read(),
            Self::Write => operation.is_write(),
            Self::Only(only) => only == operation,
        }
    }
}

/// What the client sees of a write that is applied late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The connection is dropped at once.
    Drop,
    /// The connection stays open without an answer until the client gives up.
    Hang,
}

/// When a write that is applied late is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// When the test calls `apply_late`.
    OnDemand,
    /// Before the n-th further request is handled (1 is the very next).
    AfterRequests(u32),
}

/// A door that a request waits at until the test opens it.
#[derive(Debug, Clone)]
pub struct Gate {
    arrived: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { arrived: Arc::new(Semaphore::new(0)), open: Arc::new(Semaphore::new(0)) }
    }
}

impl Gate {
    /// Returns when a request stands at the door.
    pub async fn arrived(&self) {
        if let Ok(permit) = self.arrived.acquire().await {
            permit.forget();
        }
    }

    /// Lets one request through.
    pub fn open(&self) {
        self.open.add_permits(1);
    }

    pub(crate) async fn pass(&self) {
        self.arrived.add_permits(1);
        if let Ok(permit) = self.open.acquire().await {
            permit.forget();
        }
    }
}

/// A change that somebody else makes to the spreadsheets.
pub type Edit = Box<dyn FnOnce(&mut Books<'_>) + Send>;

/// What goes wrong.
pub enum Fault {
    /// The request is applied, then the connection is dropped without an answer.
    ApplyThenDrop,
    /// The connection is dropped and the request is not applied.
    DropBeforeApply,
    /// The client learns nothing now, and the request is applied later.
    ApplyLate {
        /// What the client sees.
        silence: Silence,
        /// When it is applied.
        late: Late,
    },
    /// An error answer; not applied. 429 and 503 may carry a `Retry-After`.
    Status {
        /// The HTTP status.
        code: u16,
        /// The text of `Retry-After`.
        retry_after: Option<String>,
    },
    /// An HTML page with the given status (200 is the nasty one); not applied.
    Html {
        /// The HTTP status.
        code: u16,
    },
    /// Applied, but only half of the JSON arrives (with a `Content-Length` that fits).
    TruncatedJson,
    /// Applied, but the connection breaks in the middle of the body.
    BrokenBody,
    /// Applied, but the answer is `{}`.
    EmptyObject,
    /// A read whose rows hold at most so many cells.
    ShortRows(u32),
    /// The request waits at a gate, then is handled (even if the client has gone) and answered.
    Slow(Gate),
    /// Somebody changes the spreadsheets just before the request is handled.
    Before(Edit),
    /// Somebody changes the spreadsheets just after the request was handled.
    After(Edit),
    /// The token of the request is no longer valid; 401.
    ExpireToken,
}

impl Fault {
    /// 429 without `Retry-After`.
    pub fn too_many_requests() -> Self {
        Self::Status { code: 429, retry_after: None }
    }

    /// An error status without `Retry-After`.
    pub fn status(code: u16) -> Self {
        Self::Status { code, retry_after: None }
    }

    /// An error status with `Retry-After` in seconds.
    pub fn status_after(code: u16, seconds: u32) -> Self {
        Self::Status { code, retry_after: Some(seconds.to_string()) }
    }

    /// A change just before the request is handled.
    pub fn before(edit: impl FnOnce(&mut Books<'_>) + Send + 'static) -> Self {
        Self::Before(Box::new(edit))
    }

    /// A change just after the request was handled.
    pub fn after(edit: impl FnOnce(&mut Books<'_>) + Send + 'static) -> Self {
        Self::After(Box::new(edit))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::ApplyThenDrop => "ApplyThenDrop",
            Self::DropBeforeApply => "DropBeforeApply",
            Self::ApplyLate { .. } => "ApplyLate",
            Self::Status { code, .. } => return write!(f, "Status({code})"),
            Self::Html { code } => return write!(f, "Html({code})"),
            Self::TruncatedJson => "TruncatedJson",
            Self::BrokenBody => "BrokenBody",
            Self::EmptyObject => "EmptyObject",
            Self::ShortRows(cells) => return write!(f, "ShortRows({cells})"),
            Self::Slow(_) => "Slow",
            Self::Before(_) => "Before",
            Self::After(_) => "After",
            Self::ExpireToken => "ExpireToken",
        };
        f.write_str(name)
    }
}

/// The faults in line.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    on: On,
    /// Matching requests that still pass unharmed.
    pass: u32,
    fault: Fault,
}

impl FaultPlan {
    pub(crate) fn push(&mut self, on: On, pass: u32, fault: Fault) {
        self.waiting.push(Waiting { on, pass, fault });
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The fault of this request: the first one in line whose turn it is. Every other that covers the request counts it.
    pub(crate) fn take(&mut self, operation: Operation) -> Option<Fault> {
        let due = self.waiting.iter().position(|waiting| waiting.on.covers(operation) && waiting.pass == 0);
        for (index, waiting) in self.waiting.iter_mut().enumerate() {
            if Some(index) != due && waiting.on.covers(operation) {
                waiting.pass = waiting.pass.saturating_sub(1);
            }
        }
        due.map(|index| self.waiting.remove(index).fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_wait_for_the_request_they_are_meant_for() {
        let mut plan = FaultPlan::default();
        plan.push(On::Write, 1, Fault::ApplyThenDrop);
        plan.push(On::Any, 0, Fault::status(503));
        plan.push(On::Write, 0, Fault::DropBeforeApply);
        let seen: Vec<String> = [
            Operation::Token,
            Operation::Get,
            Operation::BatchUpdate,
            Operation::ValuesAppend,
            Operation::BatchUpdate,
        ]
        .map(|operation| format!("{:?}", plan.take(operation)))
        .to_vec();
        assert_eq!(
            seen,
            ["None", "Some(Status(503))", "Some(DropBeforeApply)", "Some(ApplyThenDrop)", "None"]
        );
        assert_eq!(plan.len(), 0);
    }
}
