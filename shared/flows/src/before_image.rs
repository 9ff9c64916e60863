//! What a tab looked like just before a write: enough to see what a write that went wrong has hit.
use crate::deps::{Deps, FlowError};
use crate::ports::{BlobError, DayWrite, DestinationGrid, RowBlock};
use chrono::{DateTime, NaiveDate, Utc};
use domain::cell::{Cell, TypedCell};
use serde::{Deserialize, Serialize};

/// The evidence of one write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BeforeImage {
    /// Format version.
    pub v: u32,
    /// The account.
    pub account: String,
    /// The day that was written.
    pub day: NaiveDate,
    /// Its generation.
    pub generation: i32,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// Rows of the grid.
    pub row_count: u32,
    /// Column B of rows 2, 3, ….
    pub codes: Vec<Option<i64>>,
    /// Column D of rows 2, 3, ….
    pub days: Vec<Option<i32>>,
    /// B or D where they are not numbers, by position.
    pub other: Vec<(u32, String)>,
    /// The rows that were to be changed or deleted, in full, as text.
    pub touched: Vec<(u32, Vec<String>)>,
    /// Rows updated in place: number, then B and D written.
    pub updated: Vec<(u32, i64, i32)>,
    /// Rows deleted.
    pub deleted: Vec<u32>,
    /// B and D of the rows appended.
    pub appended: Vec<(i64, i32)>,
    /// The row they were appended below.
    pub append_after: u32,
}

fn key_cells(cells: &[TypedCell]) -> (i64, i32) {
    let code = if let Some(TypedCell::Integer(code)) = cells.get(1) { *code } else { 0 };
    let day = if let Some(TypedCell::Date(day)) = cells.get(3) { day.0 } else { 0 };
    (code, day)
}

/// A cell as a person would write it down.
pub fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.normalize().to_string(),
        Cell::Bool(value) => value.to_string(),
    }
}

impl BeforeImage {
    /// The evidence of a write that is about to leave.
    pub fn new(
        account: &str,
        day: NaiveDate,
        generation: i32,
        taken_at: DateTime<Utc>,
        grid: &DestinationGrid,
        rows: &RowBlock,
        write: &DayWrite,
    ) -> Self {
        let is_touched = |row: &u32| {
            write.delete.binary_search(row).is_ok()
                || write.update.binary_search_by_key(row, |(r, _)| *r).is_ok()
        };
        let touched = rows.rows.iter().filter(|(row, _)| is_touched(row));
        Self {
            v: 1,
            account: account.to_owned(),
            day,
            generation,
            taken_at,
            row_count: grid.row_count,
            codes: grid.codes.clone(),
            days: grid.days.clone(),
            other: grid.other.clone(),
            touched: touched.map(|(row, cells)| (*row, cells.iter().map(cell_text).collect())).collect(),
            updated: write
                .update
                .iter()
                .map(|(row, cells)| (*row, key_cells(cells).0, key_cells(cells).1))
                .collect(),
            deleted: write.delete.clone(),
            appended: write.append.iter().map(|cells| key_cells(cells)).collect(),
            append_after: write.append_after,
        }
    }

    /// The grid as it was, and the write reduced to B and D: what [`crate::read_back::compare`] needs.
    pub fn replay(&self) -> (DestinationGrid, DayWrite) {
        let grid = DestinationGrid {
            row_count: self.row_count,
            codes: self.codes.clone(),
            days: self.days.clone(),
            other: self.other.clone(),
            ..DestinationGrid::default()
        };
        let write = DayWrite {
            sheet_id: 0,
            update: self.updated.iter().map(|(row, code, day)| (*row, key_row(*code, *day))).collect(),
            delete: self.deleted.clone(),
            append: self.appended.iter().map(|(code, day)| key_row(*code, *day)).collect(),
            append_after: self.append_after,
            row_count: self.row_count,
            replace_markers: Vec::new(),
            marker: crate::ports::Marker { metadata_id: 0, value: String::new() },
        };
        (grid, write)
    }

    /// Stores it; the key is what the open write remembers.
    pub async fn store(&self, deps: &Deps, run: &str) -> Result<String, FlowError> {
        let key = format!("before/{}/{}/{}-{run}.json", self.account, self.day, self.generation);
        let bytes = serde_json::to_vec(self).map_err(|error| BlobError::Unavailable(error.to_string()))?;
        deps.blobs.put(&key, bytes).await?;
        Ok(key)
    }

    /// Reads it back.
    pub async fn load(deps: &Deps, key: &str) -> Result<Option<Self>, FlowError> {
        let Some(bytes) = deps.blobs.get(key).await? else { return Ok(None) };
        let unreadable = |reason: String| BlobError::Unreadable { key: key.to_owned(), reason };
        let image = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
        Ok(Some(image))
    }
}

fn key_row(code: i64, day: i32) -> Vec<TypedCell> {
    vec![
        TypedCell::Text(String::new()),
        TypedCell::Integer(code),
        TypedCell::Text(String::new()),
        TypedCell::Date(domain::calendar::SerialDay(day)),
    ]
}
