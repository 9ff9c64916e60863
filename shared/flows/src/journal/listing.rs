//! Reading the run journal: what happened lately, one entry by its id, and what touched a day.
//!
//! Entries are never changed, so what the index gives is what stands there; only the newest ones may be missing for a moment.
use super::{NO_ACCOUNT, Run};
use crate::accounts;
use crate::ports::{ItemKey, Range, StateStore, StoreError};
use crate::typed;
use crate::window::sortable;
use chrono::{DateTime, NaiveDate, Utc};

/// Entries read at once.
const PAGE_ITEMS: usize = 200;
/// Entries looked at in one call: a filter that matches little gives a short page and a cursor, not a long wait.
const LOOKED_AT_MAX: usize = 5_000;

/// Which entries are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFilter {
    /// Of this account only.
    pub account: Option<String>,
    /// Of this function only.
    pub function: Option<String>,
    /// That began at that time or later.
    pub since: Option<DateTime<Utc>>,
    /// At most so many in one page.
    pub limit: usize,
}

impl RunFilter {
    fn takes(&self, run: &Run) -> bool {
        self.account.as_ref().is_none_or(|account| *account == run.account)
            && self.function.as_ref().is_none_or(|function| *function == run.function)
    }
}

/// Some entries, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunPage {
    /// The entries.
    pub runs: Vec<Run>,
    /// Pass it back to go on; `None` means that there are no more.
    pub cursor: Option<String>,
}

/// One page of the journal, by start. The cursor is the place of the last entry that was looked at.
///
/// # Errors
/// The store's.
pub async fn runs(
    store: &dyn StateStore,
    filter: &RunFilter,
    cursor: Option<String>,
) -> Result<RunPage, StoreError> {
    // A space sorts behind the end of a place and before everything that follows it.
    let from = cursor.map(|place| format!("{place} ")).or_else(|| filter.since.map(sortable));
    let range = Range { from, to: None };
    let mut page = RunPage::default();
    let mut looked_at = 0;
    let mut next = None;
    loop {
        let found = store.query_index("runs", range.clone(), PAGE_ITEMS, next).await?;
        next = found.cursor;
        for item in found.items {
            looked_at += 1;
            let place = item.index.as_ref().map(|place| place.sk.clone());
            let run: Run = typed::decode(item)?.value;
            page.runs.extend(Some(run).filter(|run| filter.takes(run)));
            if page.runs.len() >= filter.limit.max(1) || looked_at >= LOOKED_AT_MAX {
                page.cursor = place;
                return Ok(page);
            }
        }
        if next.is_none() {
            return Ok(page);
        }
    }
}

/// The entry of that id, of whatever account.
///
/// # Errors
/// The store's.
pub async fn find_run(store: &dyn StateStore, id: &str) -> Result<Option<Run>, StoreError> {
    let accounts = accounts::list(store).await?;
    let names = accounts.iter().map(|stored| stored.account.name.as_str()).chain([NO_ACCOUNT]);
    for account in names {
        let key = ItemKey::new(format!("run#{account}"), id);
        if let Some(stored) = typed::load::<Run>(store, &key).await? {
            return Ok(Some(stored.value));
        }
    }
    Ok(None)
}

/// The newest entries about a day of an account, oldest first, at most `limit`, of the `LOOKED_AT_MAX` times ten entries
/// that are looked at. `true`: there were more to look at.
///
/// # Errors
/// The store's.
pub async fn runs_of_day(
    store: &dyn StateStore,
    account: &str,
    day: NaiveDate,
    limit: usize,
) -> Result<(Vec<Run>, bool), StoreError> {
    let mut found = std::collections::VecDeque::new();
    let mut cursor = None;
    let mut looked_at = 0;
    loop {
        let page = store.query(&format!("run#{account}"), Range::all(), 1_000, cursor).await?;
        looked_at += page.items.len();
        for item in page.items {
            let run: Run = typed::decode(item)?.value;
            if run.day == Some(day) {
                found.push_back(run);
            }
            if found.len() > limit {
                found.pop_front();
            }
        }
        cursor = page.cursor;
        if cursor.is_none() || looked_at >= LOOKED_AT_MAX * 10 {
            return Ok((found.into(), cursor.is_some()));
        }
    }
}
