//! Accounts: one company's pair of systems, its SIGE credentials and its two spreadsheets.
//!
//! An account is one item (`pk` = `account`, `sk` = its name). What an operator wrote in
//! `accounts.toml` is the *desired* account; applying it is a compare-and-set that keeps what only the
//! product knows ([`Account::stopped`]), and an unchanged account is not written at all. The name is
//! part of every key, message and log line, therefore its alphabet is narrow.
mod store;

pub use store::{
    AccountError, Applied, Change, Stored, account_key, compare, list, load, save, set_stop, tab_taken,
};

use chrono::{DateTime, Utc};
use domain::rules::Rules;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Version of the body written by this release.
pub const ACCOUNT_V: u32 = 1;
/// Longest account name.
pub const NAME_CHARS_MAX: usize = 40;
/// Longest tab title that Google Sheets takes.
pub const TAB_CHARS_MAX: usize = 100;
/// Allowed values of [`Account::erp_max_rows`].
pub const ERP_MAX_ROWS: RangeInclusive<u32> = 1..=500_000;
/// Allowed values of [`Account::resync_days`].
pub const RESYNC_DAYS: RangeInclusive<u32> = 1..=60;
/// Allowed values of [`Account::person_cache_days`].
pub const PERSON_CACHE_DAYS: RangeInclusive<u32> = 0..=365;
/// Allowed values of `rules.lookback_days`.
pub const LOOKBACK_DAYS: RangeInclusive<u32> = 0..=3_660;
/// Allowed values of `rules.window_months`.
pub const WINDOW_MONTHS: RangeInclusive<u32> = 1..=120;
/// Largest denominator of `rules.split`.
pub const SPLIT_DENOMINATOR_MAX: u32 = 10_000;

/// One tab of one spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetRef {
    /// Google's id of the spreadsheet.
    pub spreadsheet: String,
    /// Title of the tab.
    pub tab: String,
}

/// Why an account does no work until an operator has looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Reason code with its parameters, never prose.
    pub reason: String,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Blob key of the last before-image, if a restore is possible.
    pub before_image: Option<String>,
}

/// An account as it stands in the state store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Version of this body.
    pub v: u32,
    /// Name, `[a-z0-9-]{1,40}`.
    pub name: String,
    /// Whether schedules and runs include it.
    pub enabled: bool,
    /// Secret with the SIGE credentials, without the stage prefix: `sige/<account>`.
    pub sige_secret: String,
    /// Secret with the Google credentials, without the stage prefix: `google/<account>`.
    pub google_secret: String,
    /// Where the bookings are read.
    pub erp: SheetRef,
    /// Where the rows are written.
    pub destination: SheetRef,
    /// Whether people are looked up for phone, mobile and e-mail.
    pub enrich_contacts: bool,
    /// How bookings are matched and revenue is split.
    pub rules: Rules,
    /// How many of the last non-empty rows of the ERP tab are read.
    pub erp_max_rows: u32,
    /// How many completed days each daily run looks at again.
    pub resync_days: u32,
    /// How long a person's contact is used without asking again, in days; 0 asks in every run.
    pub person_cache_days: u32,
    /// Set by the product when the destination is not as it left it; kept when the account is applied again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stop>,
}

/// One thing that is wrong with an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Violation {
    /// Path of the field, as in `accounts.toml`.
    pub field: &'static str,
    /// What is wrong and what is expected.
    pub problem: String,
}

impl Account {
    /// An account with every default: enabled, enriched, strict rules, tabs `ERP` and `Faturamento`.
    pub fn with_defaults(name: &str, erp_spreadsheet: &str, destination_spreadsheet: &str) -> Self {
        Self {
            v: ACCOUNT_V,
            name: name.to_owned(),
            enabled: true,
            sige_secret: format!("sige/{name}"),
            google_secret: format!("google/{name}"),
            erp: SheetRef { spreadsheet: erp_spreadsheet.to_owned(), tab: "ERP".to_owned() },
            destination: SheetRef {
                spreadsheet: destination_spreadsheet.to_owned(),
                tab: "Faturamento".to_owned(),
            },
            enrich_contacts: true,
            rules: Rules::default(),
            erp_max_rows: 25_000,
            resync_days: 5,
            person_cache_days: 7,
            stopped: None,
        }
    }

    /// Everything that is wrong with the account, in the order of its fields; empty when it may be saved.
    pub fn validate(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut say = |field, problem: Option<String>| {
            if let Some(problem) = problem {
                found.push(Violation { field, problem });
            }
        };
        say("name", name_problem(&self.name));
        say("sige_secret", secret_problem(&self.sige_secret));
        say("google_secret", secret_problem(&self.google_secret));
        say("erp.spreadsheet", spreadsheet_id(&self.erp.spreadsheet).err());
        say("erp.tab", tab_problem(&self.erp.tab));
        say("destination.spreadsheet", spreadsheet_id(&self.destination.spreadsheet).err());
        say("destination.tab", tab_problem(&self.destination.tab));
        let same_tab = self.erp.tab.to_lowercase() == self.destination.tab.to_lowercase();
        if same_tab && self.erp.spreadsheet == self.destination.spreadsheet {
            say("destination", Some("is the tab the bookings are read from; choose another tab".to_owned()));
        }
        say("rules.lookback_days", self.rules.lookback_days.and_then(|days| outside(days, LOOKBACK_DAYS)));
        say("rules.window_months", self.rules.window_months.and_then(|n| outside(n, WINDOW_MONTHS)));
        say("rules.split", self.split_problem());
        say("erp_max_rows", outside(self.erp_max_rows, ERP_MAX_ROWS));
        say("resync_days", outside(self.resync_days, RESYNC_DAYS));
        say("person_cache_days", outside(self.person_cache_days, PERSON_CACHE_DAYS));
        found
    }

    fn split_problem(&self) -> Option<String> {
        let split = self.rules.split;
        if split.denominator == 0 || split.denominator > SPLIT_DENOMINATOR_MAX {
            return Some(format!(
                "denominator is {}; it must be 1 to {SPLIT_DENOMINATOR_MAX}",
                split.denominator
            ));
        }
        (split.numerator > split.denominator).then(|| {
            format!("{}/{} is more than the whole; use at most 1", split.numerator, split.denominator)
        })
    }
}

/// Full name of a secret: `erp-sync/<stage>/<scope>/<name>`.
pub fn secret_name(stage: &str, scope_and_name: &str) -> String {
    format!("erp-sync/{stage}/{scope_and_name}")
}

/// What is wrong with an account name, if anything.
pub fn name_problem(name: &str) -> Option<String> {
    let shaped = !name.is_empty()
        && name.len() <= NAME_CHARS_MAX
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (!shaped).then(|| format!("{name:?} must be 1 to {NAME_CHARS_MAX} of a-z, 0-9 and '-'"))
}

/// What is wrong with the short name of a secret (`scope/name`), if anything.
pub fn secret_problem(short: &str) -> Option<String> {
    let part = |text: &str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let shaped = short.split_once('/').is_some_and(|(scope, name)| part(scope) && part(name));
    (!shaped)
        .then(|| format!("{short:?} must be two words of a-z, 0-9 and '-' joined by '/', as in sige/my-shop"))
}

/// The id of a spreadsheet, from the id itself or from the address in the browser.
///
/// # Errors
/// What is wrong with the text.
pub fn spreadsheet_id(text: &str) -> Result<String, String> {
    let text = text.trim();
    let id = match text.split_once("/d/") {
        Some((before, after)) if before.starts_with("https://docs.google.com/spreadsheets") => {
            after.split(['/', '?', '#']).next().unwrap_or_default()
        }
        _ => text,
    };
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (10..=100).contains(&id.len()) && id.bytes().all(known) {
        return Ok(id.to_owned());
    }
    Err(format!(
        "{:?} is not a spreadsheet id; copy the part between /d/ and /edit of its address",
        text.chars().take(80).collect::<String>()
    ))
}

fn tab_problem(tab: &str) -> Option<String> {
    if tab.trim().is_empty() {
        return Some("is empty; give the title of the tab".to_owned());
    }
    if tab.chars().any(char::is_control) {
        return Some("contains a control character".to_owned());
    }
    let length = tab.chars().count();
    (length > TAB_CHARS_MAX)
        .then(|| format!("has {length} characters; a tab title has at most {TAB_CHARS_MAX}"))
}

fn outside(value: u32, range: RangeInclusive<u32>) -> Option<String> {
    (!range.contains(&value)).then(|| format!("is {value}; it must be {} to {}", range.start(), range.end()))
}

#[cfg(test)]
mod tests;
