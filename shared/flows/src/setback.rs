//! Why a window did not get to its end, and when to look at it again: three reactions that must not be mixed up.
use crate::deps::FlowError;
use crate::ports::{SheetReadError, SourceError};
use crate::reason::Reason;
use chrono::{DateTime, Utc};

/// When the work is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// At that time: somebody told us, or we can tell.
    At(DateTime<Utc>),
    /// After the next delay of the list: the outside is down.
    BackOff,
    /// Not by itself: a person has to look.
    Never,
}

/// The end of an attempt that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setback {
    /// Why.
    pub reason: Reason,
    /// When again.
    pub next: Next,
}

impl Setback {
    /// A setback that needs a person.
    pub fn for_good(reason: Reason) -> Self {
        Self { reason, next: Next::Never }
    }

    /// An account's systems could not be opened: for good, unless what refused it was an outage.
    pub fn not_opened(reason: Reason) -> Self {
        let next = if matches!(reason, Reason::Unavailable { .. }) { Next::BackOff } else { Next::Never };
        Self { reason, next }
    }

    /// A setback with a known end.
    pub fn until(reason: Reason, time: DateTime<Utc>) -> Self {
        Self { reason, next: Next::At(time) }
    }
}

/// The error type of the steps of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepError {
    /// The work ended early, in an orderly way.
    Setback(Setback),
    /// The infrastructure failed; nothing is concluded.
    Flow(FlowError),
}

impl From<Setback> for StepError {
    fn from(setback: Setback) -> Self {
        Self::Setback(setback)
    }
}

impl From<FlowError> for StepError {
    fn from(error: FlowError) -> Self {
        Self::Flow(error)
    }
}

impl From<crate::ports::StoreError> for StepError {
    fn from(error: crate::ports::StoreError) -> Self {
        Self::Flow(error.into())
    }
}

impl From<crate::ports::BlobError> for StepError {
    fn from(error: crate::ports::BlobError) -> Self {
        Self::Flow(error.into())
    }
}

/// An outage with or without an announced end.
pub fn unavailable(system: &str, detail: String, retry_at: Option<DateTime<Utc>>) -> Setback {
    let system = system.to_owned();
    match retry_at {
        Some(until) => Setback::until(Reason::RateLimited { system, until, detail }, until),
        None => Setback { reason: Reason::Unavailable { system, detail }, next: Next::BackOff },
    }
}

impl From<SourceError> for StepError {
    fn from(error: SourceError) -> Self {
        Self::Setback(match error {
            SourceError::Credentials { system, detail } => {
                let detail =
                    format!("{detail}; if they have changed, set them again with `erp-sync secrets set`");
                Setback::for_good(Reason::Credentials { system: system.to_owned(), detail })
            }
            SourceError::Unavailable { system, detail, retry_at } => unavailable(system, detail, retry_at),
            SourceError::Untrusted { system, detail } => {
                Setback { reason: Reason::Untrusted { system: system.to_owned(), detail }, next: Next::Never }
            }
            SourceError::Rejected { system, detail } => {
                Setback::for_good(Reason::Rejected { system: system.to_owned(), detail })
            }
        })
    }
}

/// The name under which Google Sheets appears in reasons.
pub const SHEETS: &str = "google sheets";

impl From<SheetReadError> for StepError {
    fn from(error: SheetReadError) -> Self {
        Self::Setback(match error {
            SheetReadError::Credentials { what, detail } => Setback::for_good(Reason::Credentials {
                system: SHEETS.to_owned(),
                detail: format!("{what}: {detail}"),
            }),
            SheetReadError::Shape(detail) => Setback::for_good(Reason::SheetShape { detail }),
            SheetReadError::Unavailable { detail, retry_at } => unavailable(SHEETS, detail, retry_at),
        })
    }
}
