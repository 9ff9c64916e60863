//! Where billed orders come from. SIGE is the first adapter; another ERP is another one.
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::document::DocumentKey;
use domain::order::Order;
use domain::person::PersonRecord;

/// Why the source could not answer. One variant per decision of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The credentials are missing or refused: nothing of this account can run.
    #[error("{system} refused the credentials ({detail})")]
    Credentials {
        /// Which system.
        system: &'static str,
        /// Status and redacted start of the body.
        detail: String,
    },
    /// Try again, not before `retry_at` when given. All retries of this call have been used.
    #[error("{system} is unavailable: {detail}")]
    Unavailable {
        /// Which system.
        system: &'static str,
        /// What happened last.
        detail: String,
        /// Earliest next attempt.
        retry_at: Option<DateTime<Utc>>,
    },
    /// The answer is not what the API promises, or the listing cannot be proven complete. Never "no orders".
    #[error("{system} gave an answer that cannot be trusted: {detail}")]
    Untrusted {
        /// Which system.
        system: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The request itself was refused for good (400, 404, 410).
    #[error("{system} refused the request: {detail}")]
    Rejected {
        /// Which system.
        system: &'static str,
        /// Status and redacted start of the body.
        detail: String,
    },
}

/// Orders and the people they belong to.
#[async_trait]
pub trait OrderSource: Send + Sync {
    /// Every order the source lists under this billing day with the billed status, proven complete, one per identity
    /// (last wins), in the source's order. The caller still filters by status and sale day.
    async fn billed_orders(&self, day: NaiveDate) -> Result<Vec<Order>, SourceError>;

    /// Every order changed after the instant, in any status, proven complete.
    async fn orders_changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Order>, SourceError>;

    /// Everybody the source returns for the document, unmatched.
    async fn people(&self, document: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError>;
}
