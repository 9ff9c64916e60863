//! What a run did, for people and as JSON.
use crate::output::Output;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

/// The outcome of one `run` command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunReport {
    /// The job that ran.
    pub job: String,
    /// Nothing was changed; the days are those that would be planned.
    pub dry_run: bool,
    /// One entry for each account, in the order of their names.
    pub accounts: Vec<AccountReport>,
    /// Requests that changed a spreadsheet.
    pub write_requests: Option<u64>,
    /// Why the run ended before everything was done, and when it goes on.
    pub waiting: Option<Waiting>,
    /// Who does the work, when it was left to somebody else without watching.
    pub submitted_to: Option<String>,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Reason, as a sentence.
    pub reason: String,
    /// Earliest time at which going on makes sense.
    pub until: DateTime<Utc>,
}

/// What became of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountReport {
    /// The account.
    pub account: String,
    /// Id of its plan.
    pub plan: Option<String>,
    /// The plan had been begun before.
    pub resumed: bool,
    /// Why nothing of the account was done, or why its plan is not complete.
    pub reason: Option<String>,
    /// It is switched off: no shortfall.
    pub disabled: bool,
    /// Its days, ascending.
    pub days: Vec<DayReport>,
}

/// How far a day came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOutcome {
    /// Rows were written and read back.
    Written,
    /// The sheet was right already.
    Unchanged,
    /// Due later.
    Pending,
    /// It needs a person.
    Failed,
}

/// What became of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayReport {
    /// The sale day.
    pub day: NaiveDate,
    /// How far it came.
    pub outcome: DayOutcome,
    /// Rows of the day.
    pub rows: usize,
    /// Orders of the day that could not become a row.
    pub quarantined: usize,
    /// Why it is pending or failed, or which orders are in quarantine and why, as a sentence.
    pub reason: Option<String>,
    /// Some customers could not be looked up: their rows stand without contact until a later run completes them.
    pub contacts_missing: bool,
}

impl RunReport {
    /// Why the run did not do all that was asked, if it did not: days failed or still to do, an account left out that is
    /// switched on, orders that could not be asked for.
    pub fn shortfall(&self) -> Option<String> {
        let failed = self.count(DayOutcome::Failed);
        let pending =
            if self.dry_run || self.submitted_to.is_some() { 0 } else { self.count(DayOutcome::Pending) };
        let accounts =
            self.accounts.iter().filter(|account| account.reason.is_some() && !account.disabled).count();
        let first = self.days().find_map(|day| match day.outcome {
            DayOutcome::Failed | DayOutcome::Pending => day.reason.clone(),
            DayOutcome::Written | DayOutcome::Unchanged => None,
        });
        let first = first.or_else(|| self.accounts.iter().find_map(|account| account.reason.clone()));
        let mut parts = Vec::new();
        for (count, what) in
            [(failed, "failed"), (pending, "still to do"), (accounts, "account(s) not complete")]
        {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        if parts.is_empty() {
            return None;
        }
        let why = first.map(|reason| format!(": {reason}")).unwrap_or_default();
        Some(format!("not everything was done ({}){why}", parts.join(", ")))
    }

    fn count(&self, outcome: DayOutcome) -> usize {
        self.days().filter(|day| day.outcome == outcome).count()
    }

    fn days(&self) -> impl Iterator<Item = &DayReport> {
        self.accounts.iter().flat_map(|account| &account.days)
    }

    /// Prints it for a person.
    pub fn print(&self, output: &Output) {
        let rows = self.accounts.iter().flat_map(|account| {
            let of_days = account.days.iter().map(|day| {
                [
                    account.account.clone(),
                    day.day.to_string(),
                    self.word(day.outcome).to_owned(),
                    day.rows.to_string(),
                    day.quarantined.to_string(),
                    remark(day),
                ]
            });
            let of_account = account.reason.iter().map(|reason| {
                let blank = String::new;
                [account.account.clone(), blank(), blank(), blank(), blank(), reason.clone()]
            });
            of_days.chain(of_account).collect::<Vec<_>>()
        });
        output
            .table(["account", "day", "outcome", "rows", "quarantined", "reason"], rows.collect::<Vec<_>>());
        let sum: usize = self.days().map(|day| day.rows).sum();
        let states = [DayOutcome::Written, DayOutcome::Unchanged, DayOutcome::Pending, DayOutcome::Failed];
        let counts: Vec<_> = states
            .into_iter()
            .map(|state| (self.count(state), self.word(state)))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let counts =
            if counts.is_empty() { "no day".to_owned() } else { format!("days: {}", counts.join(", ")) };
        let requests = self.write_requests.map_or(String::new(), |count| format!(", {count} write requests"));
        output.line(format!("{counts}; {sum} rows{requests}"));
        if let Some(worker) = &self.submitted_to {
            output.line(format!("{worker} does the work; the same command without --no-wait watches it"));
        }
        if let Some(waiting) = &self.waiting {
            output.line(format!(
                "goes on at {}: {}",
                waiting.until.format("%Y-%m-%d %H:%M:%SZ"),
                waiting.reason
            ));
        }
    }

    fn word(&self, outcome: DayOutcome) -> &'static str {
        match outcome {
            DayOutcome::Written => "written",
            DayOutcome::Unchanged => "unchanged",
            DayOutcome::Pending if self.dry_run => "would be planned",
            DayOutcome::Pending => "pending",
            DayOutcome::Failed => "failed",
        }
    }
}

fn remark(day: &DayReport) -> String {
    let contacts = day
        .contacts_missing
        .then(|| "some contacts could not be looked up; the next run completes them".to_owned());
    day.reason.clone().into_iter().chain(contacts).collect::<Vec<_>>().join("; ")
}
