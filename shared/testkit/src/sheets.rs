//! A stand-in for the Google Sheets API: stateful, strict, and able to fail in every way that matters.
//!
//! It listens on a loopback port picked by the system and speaks the REST protocol of Sheets v4 and of
//! Google's OAuth token endpoint. Batches are atomic, grids have limits, developer metadata has its
//! budget, unknown names are refused. Faults are put in line ([`SheetsSimulator::inject`]) and counted
//! when they fire; no fault waits on a wall clock.
//!
//! ```text
//!  client ──HTTP──▶ server (faults, log) ──▶ handler (token, route, mask) ──▶ workbook ▶ tab ▶ cells
//!                      ▲                                                        ▲
//!                  test: inject, counters, requests                 test: rows, snapshot, edit
//! ```
mod a1;
mod auth;
mod batch;
mod cell;
mod discovery;
mod editor;
mod entered;
mod error;
mod faults;
mod grid;
mod handler;
mod journal;
mod mask;
mod metadata;
pub mod python;
mod render;
mod requests;
mod route;
mod seed;
mod server;
mod values;
mod workbook;
mod writing;

pub use auth::SERVICE_ACCOUNT;
pub use cell::CellValue;
pub use discovery::Discovery;
pub use editor::{Books, TabEditor};
pub use faults::{Edit, Fault, Gate, Late, On, Silence};
pub use journal::{Counters, Logged, Operation};
pub use render::Locale;
pub use seed::TabSeed;

use server::{Shared, serve};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use workbook::Workbook;

/// What a tab shows: for comparing the end of one run with the end of another. Trailing blank rows and
/// cells are left out; number patterns are part of it, developer metadata is not.
pub type Snapshot = Vec<Vec<(CellValue, Option<String>)>>;

/// A running simulator; it stops when dropped.
#[derive(Debug)]
pub struct SheetsSimulator {
    shared: Arc<Shared>,
    base_url: String,
    task: AbortHandle,
}

impl Drop for SheetsSimulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SheetsSimulator {
    /// Starts on a loopback port picked by the system.
    ///
    /// # Errors
    /// When the system gives no port.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let base_url = format!("http://{}/", listener.local_addr()?);
        let shared = Arc::new(Shared::default());
        base_url.clone_into(&mut shared.world().base_url);
        let task = tokio::spawn(serve(listener, Arc::clone(&shared))).abort_handle();
        Ok(Self { shared, base_url, task })
    }

    /// Where the API is, with a trailing slash.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where tokens are given out.
    pub fn token_url(&self) -> String {
        self.shared.world().token_url()
    }

    /// The key file of a service account that this simulator accepts.
    pub fn service_account_json(&self) -> String {
        auth::service_account_json(&self.token_url())
    }

    /// An access token that needs no token endpoint.
    pub fn static_token(&self) -> String {
        let token = "ya29.simulated-static-token";
        self.shared.world().tokens.admit(token);
        token.to_owned()
    }

    /// Ends every access token; the token endpoint goes on giving out new ones.
    pub fn expire_tokens(&self) {
        self.shared.world().tokens.revoke_all();
    }

    /// The scopes of every token that was given out.
    pub fn scopes_asked(&self) -> Vec<String> {
        self.shared.world().tokens.scopes_asked.clone()
    }

    /// Adds a spreadsheet in Brazilian Portuguese; one with the same id is replaced.
    ///
    /// # Panics
    /// When two tabs have the same title or the cells are too many: a mistake of the test.
    #[track_caller]
    pub fn add_spreadsheet(&self, id: &str, tabs: impl IntoIterator<Item = TabSeed>) {
        self.add_spreadsheet_in(Locale::PtBr, id, tabs);
    }

    /// Adds a spreadsheet in another locale.
    ///
    /// # Panics
    /// As [`Self::add_spreadsheet`].
    #[track_caller]
    pub fn add_spreadsheet_in(&self, locale: Locale, id: &str, tabs: impl IntoIterator<Item = TabSeed>) {
        let mut book = Workbook::new(id, locale);
        for tab in tabs {
            if let Err(error) = tab.add_to(&mut book) {
                unreachable!("the test seeds an impossible spreadsheet: {}", error.message);
            }
        }
        self.shared.world().books.insert(id.to_owned(), book);
    }

    /// Takes the caller's right to a spreadsheet away (403), or gives it back.
    pub fn set_shared(&self, id: &str, shared: bool) {
        if let Some(book) = self.shared.world().books.get_mut(id) {
            book.shared = shared;
        }
    }

    /// Removes a spreadsheet (404).
    pub fn remove_spreadsheet(&self, id: &str) {
        self.shared.world().books.remove(id);
    }

    /// Changes a tab as a person would, between two requests.
    pub fn edit<T>(&self, id: &str, tab: &str, change: impl FnOnce(&mut TabEditor<'_>) -> T) -> T {
        let mut world = self.shared.world();
        change(&mut world.editor().tab(id, tab))
    }

    /// The values of a tab; trailing blank rows and cells left out. Empty when there is no such tab.
    pub fn rows(&self, id: &str, tab: &str) -> Vec<Vec<CellValue>> {
        self.snapshot(id, tab)
            .into_iter()
            .map(|row| row.into_iter().map(|(value, _)| value).collect())
            .collect()
    }

    /// Values and number patterns of a tab, for comparing end states.
    pub fn snapshot(&self, id: &str, tab: &str) -> Snapshot {
        let world = self.shared.world();
        let Some(book) = world.books.get(id) else { return Vec::new() };
        let Some(tab) = book.tab_named(tab) else { return Vec::new() };
        let row = |row: u32| {
            let cells = tab.row(row);
            let used = cells.iter().rposition(|cell| !cell.value.is_empty()).map_or(0, |last| last + 1);
            let shown = cells.iter().take(used);
            shown.map(|cell| (cell.value.clone(), book.pattern(cell).map(str::to_owned))).collect()
        };
        (0..tab.used_rows()).map(row).collect()
    }

    /// Rows and columns of a tab's grid.
    pub fn grid(&self, id: &str, tab: &str) -> Option<(u32, u32)> {
        let world = self.shared.world();
        let tab = world.books.get(id)?.tab_named(tab)?;
        Some((tab.row_count, tab.column_count))
    }

    /// Google's id of a tab.
    pub fn sheet_id(&self, id: &str, tab: &str) -> Option<i32> {
        Some(self.shared.world().books.get(id)?.tab_named(tab)?.sheet_id)
    }

    /// Every piece of developer metadata of a spreadsheet: id, key, value.
    pub fn metadata(&self, id: &str) -> Vec<(i32, String, String)> {
        let world = self.shared.world();
        let entries = world.books.get(id).map(|book| book.metadata.entries.as_slice()).unwrap_or_default();
        entries
            .iter()
            .map(|entry| (entry.id, entry.key.clone(), entry.value.clone().unwrap_or_default()))
            .collect()
    }

    /// Puts a fault in line for the next request that it is meant for.
    pub fn inject(&self, on: On, fault: Fault) {
        self.inject_after(0, on, fault);
    }

    /// Puts a fault in line; `pass` matching requests from now on still pass unharmed.
    pub fn inject_after(&self, pass: u32, on: On, fault: Fault) {
        self.shared.world().faults.push(on, pass, fault);
    }

    /// Faults that have not fired yet.
    pub fn faults_waiting(&self) -> usize {
        self.shared.world().faults.len()
    }

    /// Takes every fault out of line.
    pub fn clear_faults(&self) {
        self.shared.world().faults.clear();
    }

    /// Writes that are still to be applied late.
    pub fn late_writes(&self) -> usize {
        self.shared.world().late.len()
    }

    /// Applies every late write now; the statuses that the clients would have seen.
    pub fn apply_late(&self) -> Vec<u16> {
        let mut world = self.shared.world();
        let late = std::mem::take(&mut world.late);
        late.iter().map(|late| world.handle(&late.call, None).status).collect()
    }

    /// The counters so far.
    pub fn counters(&self) -> Counters {
        self.shared.world().journal.counters.clone()
    }

    /// The log so far.
    pub fn requests(&self) -> Vec<Logged> {
        self.shared.world().journal.entries.clone()
    }

    /// Keeps the bodies of answers in the log from now on, or stops keeping them.
    pub fn record_answers(&self, record: bool) {
        self.shared.world().journal.record_answers = record;
    }

    /// Forgets log and counters, so that a test can count from here.
    pub fn forget(&self) {
        let mut world = self.shared.world();
        let record_answers = world.journal.record_answers;
        world.journal = journal::Journal { record_answers, ..journal::Journal::default() };
    }

    /// The ids of all spreadsheets.
    pub fn spreadsheets(&self) -> Vec<String> {
        let world = self.shared.world();
        let books: &BTreeMap<String, Workbook> = &world.books;
        books.keys().cloned().collect()
    }
}
