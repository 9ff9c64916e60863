//! Is what stands on the sheet after a write what should stand there? Pure.
//!
//! Columns B and D of every row are compared before and after. The write accounts for the rows it touched; if any
//! *other* row is gone or changed, or a row that was to go is still there, the write has hit rows that a person had
//! moved, and the account is stopped.
use crate::ports::{DayWrite, DestinationGrid};
use domain::cell::TypedCell;
use std::collections::BTreeMap;

/// B and D of one row, as compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey<'a> {
    /// Column B.
    pub code: Option<i64>,
    /// Column D.
    pub day: Option<i32>,
    /// B or D where they are neither empty nor numbers.
    pub other: Option<&'a str>,
}

impl RowKey<'_> {
    fn is_blank(&self) -> bool {
        self.code.is_none() && self.day.is_none() && self.other.is_none()
    }
}

/// The result of the comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadBack<'a> {
    /// Rows that are not ours and are no longer there as they were: `(row number before, key)`.
    pub lost: Vec<(u32, RowKey<'a>)>,
    /// Rows that are not ours and were not there before (somebody added them meanwhile).
    pub gained: usize,
    /// Rows of ours that are missing.
    pub missing: usize,
    /// Rows that the write was to change or delete and that are still there: it has hit others instead, perhaps such
    /// as say nothing in B and D.
    pub survived: usize,
}

impl ReadBack<'_> {
    /// Rows that were hit without being meant.
    pub fn damage(&self) -> usize {
        self.lost.len().max(self.survived)
    }
}

/// B and D of rows 2, 3, … with their row numbers.
pub fn row_keys(grid: &DestinationGrid) -> impl Iterator<Item = (u32, RowKey<'_>)> {
    let mut other = grid.other.iter().peekable();
    let last = grid.codes.len().max(grid.days.len());
    let last = last.max(grid.other.last().map_or(0, |(index, _)| *index as usize + 1));
    (0..last).zip(2_u32..).map(move |(index, row)| {
        let text = other.next_if(|(position, _)| *position as usize == index).map(|(_, text)| text.as_str());
        let code = grid.codes.get(index).copied().flatten();
        let day = grid.days.get(index).copied().flatten();
        (row, RowKey { code, day, other: text })
    })
}

fn written_key(cells: &[TypedCell]) -> RowKey<'static> {
    let code = match cells.get(1) {
        Some(TypedCell::Integer(code)) => Some(*code),
        _ => None,
    };
    let day = match cells.get(3) {
        Some(TypedCell::Date(day)) => Some(day.0),
        _ => None,
    };
    RowKey { code, day, other: None }
}

/// Compares B and D of the whole tab before and after a write.
pub fn compare<'a>(
    before: &'a DestinationGrid,
    write: &DayWrite,
    after: &'a DestinationGrid,
) -> ReadBack<'a> {
    if as_expected(before, write, after) {
        return ReadBack::default();
    }
    let touched = |row: u32| {
        write.delete.binary_search(&row).is_ok()
            || write.update.binary_search_by_key(&row, |(r, _)| *r).is_ok()
    };
    let mut balance: BTreeMap<RowKey<'_>, i64> = BTreeMap::new();
    for (_, key) in row_keys(after).filter(|(_, key)| !key.is_blank()) {
        *balance.entry(key).or_default() += 1;
    }
    let mut result = ReadBack::default();
    let written = write.update.iter().map(|(_, cells)| cells).chain(&write.append);
    for key in written.map(|cells| written_key(cells)) {
        match balance.get_mut(&key).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => result.missing += 1,
        }
    }
    for (row, key) in row_keys(before).filter(|(row, key)| !key.is_blank() && !touched(*row)) {
        match balance.get_mut(&key).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => result.lost.push((row, key)),
        }
    }
    for (_, key) in row_keys(before).filter(|(row, key)| !key.is_blank() && touched(*row)) {
        if let Some(count) = balance.get_mut(&key).filter(|count| **count > 0) {
            *count -= 1;
            result.survived += 1;
        }
    }
    result.gained = balance.values().map(|count| usize::try_from(*count).unwrap_or(0)).sum();
    result
}

/// The quick and usual case: every row is exactly where the write leaves it.
fn as_expected(before: &DestinationGrid, write: &DayWrite, after: &DestinationGrid) -> bool {
    let blank = RowKey { code: None, day: None, other: None };
    let mut updates = write.update.iter().peekable();
    let kept =
        row_keys(before).filter(|(row, _)| write.delete.binary_search(row).is_err()).map(|(row, key)| {
            updates.next_if(|(updated, _)| *updated == row).map_or(key, |(_, cells)| written_key(cells))
        });
    let start = usize::try_from(write.append_after.saturating_sub(1)).unwrap_or(usize::MAX);
    let expected = kept
        .chain(std::iter::repeat(blank))
        .take(start)
        .chain(write.append.iter().map(|cells| written_key(cells)))
        .chain(std::iter::repeat(blank));
    let found = row_keys(after).map(|(_, key)| key);
    let rows = row_keys(before).count().max(row_keys(after).count()).max(start) + write.append.len();
    expected.take(rows).eq(found.chain(std::iter::repeat(blank)).take(rows))
}
