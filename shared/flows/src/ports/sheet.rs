//! The two spreadsheets of an account: bookings are read from one, rows are written to the other.
//!
//! Row numbers are 1-based, as people see them. Columns are A to R of the destination.
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::booking::ErpRow;
use domain::cell::{Cell, TypedCell};

/// The bookings that were read, and whether something older was left unread.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BookingBlock {
    /// Non-empty rows, ascending.
    pub rows: Vec<ErpRow>,
    /// Rows above the block were not read.
    pub truncated: bool,
    /// Oldest form-start day (column R) found at the top of a truncated block.
    pub oldest_form_day: Option<NaiveDate>,
}

/// The marker of the tab's last write: developer metadata `sige.write = generation:day:hash16`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// `metadataId`, as the sheet reports it.
    pub metadata_id: i32,
    /// The whole value.
    pub value: String,
}

/// The shape of the destination tab and its columns B and D in full.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DestinationGrid {
    /// Google's id of the tab.
    pub sheet_id: i32,
    /// Rows of the grid, blank ones included.
    pub row_count: u32,
    /// Columns of the grid.
    pub column_count: u32,
    /// The cells A1 to R1 as shown.
    pub header: Vec<String>,
    /// Column B of rows 2, 3, …; `None` where it is not a whole number.
    pub codes: Vec<Option<i64>>,
    /// Column D of rows 2, 3, …; `None` where it is not a number. Serial day, time of day dropped.
    pub days: Vec<Option<i32>>,
    /// Rows 2, 3, … whose B or D is neither empty nor a number, by position in `codes`: part of the comparison only.
    pub other: Vec<(u32, String)>,
    /// Every `sige.write` marker on the tab; more than one is a finding.
    pub markers: Vec<Marker>,
}

/// Full rows of the destination, by row number.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowBlock {
    /// `(row number, 18 cells A to R)`, in the order asked for.
    pub rows: Vec<(u32, Vec<Cell>)>,
}

/// One atomic change of the destination: applied as a whole or not at all, in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct DayWrite {
    /// Google's id of the tab.
    pub sheet_id: i32,
    /// Rows that keep their place and get new values: `(row number, cells A to R)`.
    pub update: Vec<(u32, Vec<TypedCell>)>,
    /// Rows to delete, by number before the change; ascending, without repeats.
    pub delete: Vec<u32>,
    /// New rows, written after `delete`, below `append_after` (a row number valid after the deletions).
    pub append: Vec<Vec<TypedCell>>,
    /// The last row in use after the deletions; the grid is extended when it is too short.
    pub append_after: u32,
    /// Rows of the grid before the change, to know how far to extend it.
    pub row_count: u32,
    /// `metadataId`s of the markers that this one replaces.
    pub replace_markers: Vec<i32>,
    /// The new marker. Its id is new to the spreadsheet, so that a second copy of the same batch fails as a whole.
    pub marker: Marker,
}

/// Why a read failed, all retries used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetReadError {
    /// Token or sharing: nothing of this account can run.
    #[error("google sheets refused access to {what}: {detail}")]
    Credentials {
        /// Spreadsheet or token.
        what: String,
        /// What Google said.
        detail: String,
    },
    /// The spreadsheet or tab does not exist or does not have the expected shape; a person must look.
    #[error("{0}")]
    Shape(String),
    /// Try again, not before `retry_at` when given.
    #[error("google sheets is unavailable: {detail}")]
    Unavailable {
        /// What happened last.
        detail: String,
        /// Earliest next attempt.
        retry_at: Option<DateTime<Utc>>,
    },
}

/// What became of a write that is not known to have succeeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetWriteError {
    /// Certainly not applied, and never will be (4xx other than 408 and 429).
    #[error("google sheets rejected the write: {0}")]
    Rejected(String),
    /// Token or sharing; certainly not applied.
    #[error("google sheets refused access: {0}")]
    Credentials(String),
    /// Certainly not applied now (429, or the call never left); try again, not before `retry_at` when given.
    #[error("google sheets did not take the write: {detail}")]
    NotSent {
        /// What happened.
        detail: String,
        /// Earliest next attempt.
        retry_at: Option<DateTime<Utc>>,
    },
    /// The call left and no clear answer came: it may have been applied, or be applied later. Never resend first.
    #[error("the outcome of the write is unknown: {0}")]
    Unknown(String),
}

/// The spreadsheets of one account.
#[async_trait]
pub trait ReportSheet: Send + Sync {
    /// The bookings: the last `erp_max_rows` non-empty rows of the ERP tab, or the last `max_rows` when given.
    async fn read_bookings(&self, max_rows: Option<u32>) -> Result<BookingBlock, SheetReadError>;
    /// Shape, header, columns B and D and markers of the destination tab.
    async fn read_grid(&self) -> Result<DestinationGrid, SheetReadError>;
    /// Columns A to R of the given rows (ascending).
    async fn read_rows(&self, rows: &[u32]) -> Result<RowBlock, SheetReadError>;
    /// Applies the change in one atomic call. Exactly one request leaves; nothing is retried here.
    async fn write_day(&self, write: &DayWrite) -> Result<(), SheetWriteError>;
}
