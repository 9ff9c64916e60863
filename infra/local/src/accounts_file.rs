//! `accounts.toml`: one table for each account, everything but the two spreadsheets with a default.
//!
//! ```toml
//! [loja-centro]
//! erp.spreadsheet = "https://docs.google.com/spreadsheets/d/…/edit"
//! destination.spreadsheet = "…"
//! rules.profile = "strict"
//! ```
//! The table of keys below is read by the parser, by `infra/guide/configuration.md` and by the tests.
use crate::config::{read_text, unreadable};
use crate::failure::Failure;
use crate::problem::Problem;
use crate::toml_reader::{Reader, Source};
use domain::rules::{BookingStatusPolicy, Profile, Share};
use flows::accounts::{
    Account, ERP_MAX_ROWS, LOOKBACK_DAYS, PERSON_CACHE_DAYS, RESYNC_DAYS, SheetRef, WINDOW_MONTHS,
    spreadsheet_id,
};
use flows::config::{Found, Limit, Setting};
use std::io::ErrorKind;
use std::path::Path;

/// One key of an account, for documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountKey {
    /// Path within the account's table.
    pub name: &'static str,
    /// Default as TOML; empty when the key is required.
    pub default: &'static str,
    /// Allowed values, for people.
    pub allowed: &'static str,
    /// What it does.
    pub help: &'static str,
}

const fn key(
    name: &'static str,
    default: &'static str,
    allowed: &'static str,
    help: &'static str,
) -> AccountKey {
    AccountKey { name, default, allowed, help }
}

/// Every key of an account, in order.
pub const ACCOUNT_KEYS: [AccountKey; 16] = [
    key("enabled", "true", "true or false", "Whether jobs include the account."),
    key("sige_secret", "\"sige/<account>\"", "scope/name", "Secret with the SIGE token, user and app."),
    key(
        "google_secret",
        "\"google/<account>\"",
        "scope/name",
        "Secret with the Google service account key or access token.",
    ),
    key("erp.spreadsheet", "", "id or address", "Spreadsheet with the bookings. Required."),
    key("erp.tab", "\"ERP\"", "title of a tab", "Tab with the bookings, 34 columns A to AH."),
    key(
        "destination.spreadsheet",
        "",
        "id or address",
        "Spreadsheet that receives the rows. Required; may be the same.",
    ),
    key(
        "destination.tab",
        "\"Faturamento\"",
        "title of a tab",
        "Tab that receives the rows, 18 columns A to R.",
    ),
    key(
        "enrich_contacts",
        "true",
        "true or false",
        "Look people up in SIGE for mobile, phone, name and e-mail.",
    ),
    key(
        "rules.profile",
        "\"strict\"",
        "strict, legacy",
        "How bookings are chosen: latest not after the sale, or as the old script did.",
    ),
    key(
        "rules.lookback_days",
        "none",
        "0 to 3660",
        "Bookings older than this before the sale do not count; without it they all do.",
    ),
    key(
        "rules.window_months",
        "none",
        "1 to 120",
        "Only bookings whose form month is the sale month or the n - 1 before.",
    ),
    key(
        "rules.booking_status_policy",
        "\"ignore\"",
        "ignore, exclude_cancelled",
        "Whether cancelled bookings are left out.",
    ),
    key("rules.split", "\"1/2\"", "fraction, 0/1 to 1/1", "The Retirada's share of the sale."),
    key(
        "erp_max_rows",
        "25000",
        "1 to 500000",
        "How many of the last non-empty rows of the ERP tab are read.",
    ),
    key("resync_days", "5", "1 to 60", "How many completed days each daily run looks at again."),
    key("person_cache_days", "7", "0 to 365", "How many days a contact is used without asking SIGE again."),
];

/// Reads the accounts of a file.
///
/// # Errors
/// [`Failure::BadConfig`] with everything that is wrong with it.
pub fn load(path: &Path) -> Result<Vec<Account>, Failure> {
    let file = path.to_string_lossy();
    let text = read_text(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::config(Problem::new(
            file.as_ref(),
            "",
            "there is no such file; `erp-sync accounts apply --help` shows what it looks like",
        )),
        _ => unreadable(path, &error),
    })?;
    parse(&file, &text).map_err(Failure::BadConfig)
}

/// Reads the accounts of a text, by name.
///
/// # Errors
/// Everything that is wrong, by line.
pub fn parse(file: &str, text: &str) -> Result<Vec<Account>, Vec<Problem>> {
    let source = Source::new(file, text);
    let table = source.parse();
    let top = Reader::top(&source, table.get_ref());
    let mut accounts = Vec::new();
    for (name, span, value) in top.entries() {
        let reader = Reader::of(&source, name.to_owned(), value);
        if value.get_ref().is_table() {
            accounts.push(read_account(name, reader, &source, span));
        }
    }
    if accounts.is_empty() {
        source.report(
            None,
            "",
            "holds no account; write one as [name] (see `erp-sync accounts apply --help`)",
        );
    }
    let problems = source.into_problems();
    if problems.is_empty() { Ok(accounts) } else { Err(problems) }
}

fn read_account(
    name: &str,
    mut table: Reader<'_, '_>,
    source: &Source<'_>,
    heading: std::ops::Range<usize>,
) -> Account {
    let mut account = Account::with_defaults(name, "", "");
    account.enabled = table.take("enabled", account.enabled, flag);
    account.sige_secret = table.take("sige_secret", account.sige_secret, text);
    account.google_secret = table.take("google_secret", account.google_secret, text);
    account.erp = read_sheet(table.section("erp"), account.erp, source, &heading);
    account.destination = read_sheet(table.section("destination"), account.destination, source, &heading);
    account.enrich_contacts = table.take("enrich_contacts", account.enrich_contacts, flag);
    let mut rules = table.section("rules");
    account.rules.profile = rules.take("profile", Profile::default(), profile);
    account.rules.lookback_days =
        rules.take("lookback_days", None, |found| number(found, LOOKBACK_DAYS).map(Some));
    account.rules.window_months =
        rules.take("window_months", None, |found| number(found, WINDOW_MONTHS).map(Some));
    account.rules.booking_status_policy =
        rules.take("booking_status_policy", BookingStatusPolicy::default(), policy);
    account.rules.split = rules.take("split", Share::default(), share);
    rules.finish();
    account.erp_max_rows =
        table.take("erp_max_rows", account.erp_max_rows, |found| number(found, ERP_MAX_ROWS));
    account.resync_days = table.take("resync_days", account.resync_days, |found| number(found, RESYNC_DAYS));
    account.person_cache_days =
        table.take("person_cache_days", account.person_cache_days, |found| number(found, PERSON_CACHE_DAYS));
    // What each key allows is reported where it stands; the rest (names, tabs, keys against each other) here.
    for violation in account.validate() {
        let sheet_is_missing = violation.field.ends_with(".spreadsheet");
        if !sheet_is_missing {
            let path = if violation.field == "name" {
                name.to_owned()
            } else {
                format!("{name}.{}", violation.field)
            };
            let span = table.deep_span_of(violation.field).unwrap_or_else(|| heading.clone());
            source.report(Some(span), &path, violation.problem);
        }
    }
    table.finish();
    account
}

fn read_sheet(
    mut table: Reader<'_, '_>,
    default: SheetRef,
    source: &Source<'_>,
    heading: &std::ops::Range<usize>,
) -> SheetRef {
    let missing = !table.has("spreadsheet");
    let sheet = SheetRef {
        spreadsheet: table.take("spreadsheet", String::new(), |found| spreadsheet_id(&text(found)?)),
        tab: table.take("tab", default.tab, text),
    };
    if missing {
        let key = table.path_of("spreadsheet");
        source.report(Some(heading.clone()), &key, "is missing; give the id or address of the spreadsheet");
    }
    table.finish();
    sheet
}

fn flag(found: &Found) -> Result<bool, String> {
    bool::read(found, Limit::any())
}

fn number(found: &Found, range: std::ops::RangeInclusive<u32>) -> Result<u32, String> {
    let read = u64::read(found, Limit::of((*range.start()).into(), (*range.end()).into()))?;
    u32::try_from(read).map_err(|error| error.to_string())
}

fn text(found: &Found) -> Result<String, String> {
    found.text("text in quotes").map(str::to_owned)
}

fn profile(found: &Found) -> Result<Profile, String> {
    match text(found)?.as_str() {
        "strict" => Ok(Profile::Strict),
        "legacy" => Ok(Profile::Legacy),
        other => Err(format!("is {other:?}; it must be strict or legacy")),
    }
}

fn policy(found: &Found) -> Result<BookingStatusPolicy, String> {
    match text(found)?.as_str() {
        "ignore" => Ok(BookingStatusPolicy::Ignore),
        "exclude_cancelled" => Ok(BookingStatusPolicy::ExcludeCancelled),
        other => Err(format!("is {other:?}; it must be ignore or exclude_cancelled")),
    }
}

fn share(found: &Found) -> Result<Share, String> {
    let text = text(found)?;
    let parts = text.split_once('/').and_then(|(numerator, denominator)| {
        Some(Share {
            numerator: numerator.trim().parse().ok()?,
            denominator: denominator.trim().parse().ok()?,
        })
    });
    parts.ok_or_else(|| format!("is {text:?}; write it as a fraction, as in \"1/2\""))
}

#[cfg(test)]
mod tests;
