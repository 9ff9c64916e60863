//! Why something did not happen, as a code with parameters: what is stored, counted and translated is never prose.
//! The English sentence of each reason is its `Display`.
use crate::deps::FlowError;
use chrono::{DateTime, NaiveDate, Utc};
use domain::row::QuarantineReason;
use serde::{Deserialize, Serialize};

/// A reason with its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// No account of that name is registered.
    #[error("there is no account named {account}; `erp-sync accounts list` shows those there are")]
    AccountUnknown {
        /// The name asked for.
        account: String,
    },
    /// The account is switched off in `accounts.toml`.
    #[error("account {account} is disabled; set enabled = true and apply it to let it run")]
    AccountDisabled {
        /// The account.
        account: String,
    },
    /// The account was stopped because rows that are not ours changed.
    #[error(
        "account {account} is stopped ({why}); look at it with `erp-sync sige restore --account {account}`"
    )]
    AccountStopped {
        /// The account.
        account: String,
        /// What stopped it.
        why: String,
    },
    /// An event or message that its function cannot read or must not work on.
    #[error("the event was refused: {detail}")]
    BadEvent {
        /// What is wrong and what would be right.
        detail: String,
    },
    /// The schedule is paused: its tick does nothing.
    #[error(
        "schedule {schedule} is paused by {by} since {since}: {why}; `erp-sync schedule resume {schedule}` lets it run"
    )]
    Paused {
        /// The schedule.
        schedule: String,
        /// Who paused it.
        by: String,
        /// Since when.
        since: DateTime<Utc>,
        /// What that person said.
        why: String,
    },
    /// A store or queue failed, or an item was fought over; nothing was concluded.
    #[error("the infrastructure failed: {detail}")]
    Infrastructure {
        /// What it said.
        detail: String,
    },
    /// A credential is missing, malformed or refused.
    #[error("{system} cannot be used: {detail}")]
    Credentials {
        /// The outside system.
        system: String,
        /// What it said, redacted.
        detail: String,
    },
    /// The outside system did not answer, all retries used.
    #[error("{system} is unavailable: {detail}")]
    Unavailable {
        /// The outside system.
        system: String,
        /// What happened last.
        detail: String,
    },
    /// A call budget or a request for silence makes the work wait.
    #[error("{system} takes no call before {until}: {detail}")]
    RateLimited {
        /// The outside system.
        system: String,
        /// Earliest next call.
        until: DateTime<Utc>,
        /// What was said.
        detail: String,
    },
    /// An answer that breaks the API's promises or a listing that cannot be proven complete.
    #[error("{system} gave an answer that cannot be trusted: {detail}")]
    Untrusted {
        /// The outside system.
        system: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The outside system refused the request for good.
    #[error("{system} refused the request: {detail}")]
    Rejected {
        /// The outside system.
        system: String,
        /// What it said, redacted.
        detail: String,
    },
    /// A spreadsheet, tab or header is not as expected.
    #[error("{detail}")]
    SheetShape {
        /// What is wrong and where.
        detail: String,
    },
    /// The sale day is older than the oldest booking that may be read.
    #[error(
        "the {rows} last bookings do not reach back to {day} ({}): raise erp_max_rows of the account",
        oldest.map_or("their form day in column R cannot be read".to_owned(), |oldest| format!("the oldest is of {oldest}"))
    )]
    BookingsTooShort {
        /// The sale day.
        day: NaiveDate,
        /// Oldest form-start day in the block, if it says so.
        oldest: Option<NaiveDate>,
        /// Rows read.
        rows: u32,
    },
    /// The tab of the bookings holds none: being rewritten, or not the right tab.
    #[error("{tab} holds no booking; it may be being rewritten just now, nothing was classified without it")]
    NoBookings {
        /// The tab.
        tab: String,
    },
    /// No order for a day that has rows.
    #[error(
        "SIGE lists no billed order for {day} but the sheet holds {rows} rows of it; nothing was deleted \
         (repeat with --allow-empty if the day really is empty)"
    )]
    WouldEmptyFilledDay {
        /// The day.
        day: NaiveDate,
        /// Rows that stand there.
        rows: usize,
    },
    /// More orders in one day than one atomic write takes.
    #[error("{orders} orders in one day are more than the {max} that one atomic write takes")]
    DayTooLarge {
        /// Orders of the day.
        orders: usize,
        /// The limit.
        max: usize,
    },
    /// The tab kept changing between the read and the write.
    #[error("the destination tab changed {attempts} times between read and write; somebody is working in it")]
    SheetBusy {
        /// Plans thrown away.
        attempts: u32,
    },
    /// An earlier write left without an answer; until then it may still be applied.
    #[error("the outcome of the write sent at {sent_at} is certain at {until}")]
    Settling {
        /// When it was sent.
        sent_at: DateTime<Utc>,
        /// From when on absence means that it was not applied.
        until: DateTime<Utc>,
    },
    /// The rows that were read back are not the rows that were written.
    #[error("what was read back of {day} differs from what was written, {rows} rows; it is written again")]
    ReadBackDiffers {
        /// The day.
        day: NaiveDate,
        /// Rows that differ or are missing.
        rows: usize,
    },
    /// Rows that are not ours changed while a write was under way.
    #[error(
        "{rows} rows that are not part of {day} changed while it was written; the account is stopped, \
         `erp-sync sige restore` shows what was there"
    )]
    ForeignRowsChanged {
        /// The day that was written.
        day: NaiveDate,
        /// Rows lost or changed.
        rows: usize,
    },
    /// Another worker holds the lease of the spreadsheet.
    #[error("the spreadsheet is in use by another worker until {until}")]
    LeaseHeld {
        /// End of its heartbeat.
        until: DateTime<Utc>,
    },
    /// Working on it has ended in a crash or been cut off again and again.
    #[error(
        "working on this day ended without a word {times} times in a row (a crash, or time that ran out): look at the log, \
         then try it again with `erp-sync quarantine retry`"
    )]
    Crashing {
        /// How often.
        times: u32,
    },
    /// The lease was lost while working; nothing more was committed.
    #[error("the lease of the spreadsheet was lost")]
    LeaseLost,
    /// The time of one invocation was used up; the rest follows at once.
    #[error("the time budget of one run is used up; the rest follows")]
    BudgetUsed,
    /// The order cannot become a row.
    #[error("order {order} cannot become a row: {problem}")]
    Unmappable {
        /// `Codigo`.
        order: i64,
        /// The rule it breaks.
        problem: QuarantineReason,
    },
}

impl Reason {
    /// The same reason with each of its texts cut to that many characters.
    #[must_use]
    pub fn shortened(self, chars: usize) -> Self {
        let Ok(serde_json::Value::Object(mut fields)) = serde_json::to_value(&self) else { return self };
        for text in fields.values_mut().filter_map(|value| match value {
            serde_json::Value::String(text) if text.chars().count() > chars => Some(text),
            _ => None,
        }) {
            *text = text.chars().take(chars).chain(['…']).collect();
        }
        serde_json::from_value(serde_json::Value::Object(fields)).unwrap_or(self)
    }

    /// The stable code, as stored.
    pub fn code(&self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|value| value.get("code").and_then(|code| code.as_str()).map(str::to_owned))
            .unwrap_or_default()
    }
}

impl From<&FlowError> for Reason {
    fn from(error: &FlowError) -> Self {
        match error {
            FlowError::Refused(reason) => reason.clone(),
            FlowError::BadRequest(detail) => Self::BadEvent { detail: detail.clone() },
            error => Self::Infrastructure { detail: error.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_the_rest_stays() {
        let long = Reason::Unavailable { system: "sige".to_owned(), detail: "ã".repeat(500) };
        let Reason::Unavailable { system, detail } = long.shortened(100) else { panic!("another reason") };
        assert_eq!((system.as_str(), detail.chars().count()), ("sige", 101));
        let short = Reason::AccountUnknown { account: "filial".to_owned() };
        assert_eq!(short.clone().shortened(100), short);
    }
}
