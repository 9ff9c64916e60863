//! One tab: a grid of fixed size whose rows are shared between copies, so that an atomic batch can
//! work on a copy of a hundred thousand rows and be thrown away cheaply.
use super::a1::Area;
use super::cell::{BLANK, Cell, CellValue};
use super::error::ApiError;
use std::cmp::Ordering;
use std::sync::Arc;

type Row = Arc<Vec<Cell>>;

/// A tab of a spreadsheet.
#[derive(Debug, Clone)]
pub(crate) struct Tab {
    pub(crate) sheet_id: i32,
    pub(crate) title: String,
    pub(crate) row_count: u32,
    pub(crate) column_count: u32,
    pub(crate) frozen_rows: u32,
    pub(crate) hidden: bool,
    /// Only as many rows as were ever touched, each only as long as it was ever touched.
    rows: Vec<Row>,
}

fn at(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Tab {
    /// An empty tab.
    pub(crate) fn new(sheet_id: i32, title: impl Into<String>, row_count: u32, column_count: u32) -> Self {
        let title = title.into();
        Self { sheet_id, title, row_count, column_count, frozen_rows: 0, hidden: false, rows: Vec::new() }
    }

    /// Replaces all rows; the grid grows to hold them.
    pub(crate) fn fill(&mut self, rows: Vec<Vec<Cell>>) {
        let widest = rows.iter().map(Vec::len).max().unwrap_or(0);
        self.row_count = self.row_count.max(length(rows.len()));
        self.column_count = self.column_count.max(length(widest));
        self.rows = rows.into_iter().map(Arc::new).collect();
    }

    /// Cells of the grid, blank ones included.
    pub(crate) fn cells(&self) -> u64 {
        u64::from(self.row_count) * u64::from(self.column_count)
    }

    /// The stored part of a row.
    pub(crate) fn row(&self, row: u32) -> &[Cell] {
        self.rows.get(at(row)).map_or(&[], |cells| cells.as_slice())
    }

    /// A cell; blank where nothing is stored.
    pub(crate) fn cell(&self, row: u32, column: u32) -> &Cell {
        self.row(row).get(at(column)).unwrap_or(&BLANK)
    }

    /// A cell to change.
    pub(crate) fn cell_mut(&mut self, row: u32, column: u32) -> &mut Cell {
        let (row, column) = (at(row), at(column));
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Row::default);
        }
        let cells = Arc::make_mut(self.rows.get_mut(row).unwrap_or_else(|| unreachable!("resized above")));
        if cells.len() <= column {
            cells.resize(column + 1, BLANK.clone());
        }
        cells.get_mut(column).unwrap_or_else(|| unreachable!("resized above"))
    }

    /// The number of rows down to the last one that holds a value.
    pub(crate) fn used_rows(&self) -> u32 {
        let last = self.rows.iter().rposition(|row| row.iter().any(|cell| !cell.value.is_empty()));
        last.map_or(0, |last| length(last + 1))
    }

    /// Deletes rows; everything below moves up and the grid shrinks.
    pub(crate) fn delete_rows(&mut self, start: u32, end: u32) -> Result<(), ApiError> {
        self.check_deletion("row", start, end, self.row_count)?;
        if start <= self.frozen_rows && end == self.row_count && self.frozen_rows > 0 {
            return Err(ApiError::invalid("Sorry, it is not possible to delete all non-frozen rows."));
        }
        let stored = self.rows.len();
        self.rows.drain(at(start).min(stored)..at(end).min(stored));
        self.row_count -= end - start;
        self.frozen_rows = self.frozen_rows.saturating_sub(end.min(self.frozen_rows).saturating_sub(start));
        Ok(())
    }

    /// Deletes columns.
    pub(crate) fn delete_columns(&mut self, start: u32, end: u32) -> Result<(), ApiError> {
        self.check_deletion("column", start, end, self.column_count)?;
        for row in &mut self.rows {
            let stored = row.len();
            if at(start) < stored {
                Arc::make_mut(row).drain(at(start)..at(end).min(stored));
            }
        }
        self.column_count -= end - start;
        Ok(())
    }

    fn check_deletion(&self, what: &str, start: u32, end: u32, count: u32) -> Result<(), ApiError> {
        if start >= end {
            return Err(ApiError::invalid("startIndex must be before endIndex"));
        }
        if end > count {
            return Err(ApiError::invalid(format!(
                "Cannot delete a {what} that doesn't exist. Tried to delete {what} index {} but there are only \
                 {count} {what}s.",
                end - 1
            )));
        }
        if end - start == count {
            return Err(ApiError::invalid(format!("You can't delete all the {what}s on the sheet.")));
        }
        Ok(())
    }

    /// Inserts blank rows.
    pub(crate) fn insert_rows(&mut self, start: u32, count: u32) -> Result<(), ApiError> {
        if start > self.row_count {
            return Err(ApiError::invalid(format!(
                "Cannot insert rows at index {start}: the sheet has {} rows.",
                self.row_count
            )));
        }
        if at(start) < self.rows.len() {
            let blank = std::iter::repeat_n(Row::default(), at(count));
            self.rows.splice(at(start)..at(start), blank);
        }
        self.row_count += count;
        Ok(())
    }

    /// Inserts blank columns.
    pub(crate) fn insert_columns(&mut self, start: u32, count: u32) -> Result<(), ApiError> {
        if start > self.column_count {
            return Err(ApiError::invalid(format!(
                "Cannot insert columns at index {start}: the sheet has {} columns.",
                self.column_count
            )));
        }
        for row in &mut self.rows {
            if at(start) < row.len() {
                let blank = std::iter::repeat_n(BLANK.clone(), at(count));
                Arc::make_mut(row).splice(at(start)..at(start), blank);
            }
        }
        self.column_count += count;
        Ok(())
    }

    /// Sorts the rows of an area by columns (absolute index, descending?), blanks last, as a person would.
    /// A whole-width area moves rows; a narrower one only its own cells.
    pub(crate) fn sort(&mut self, area: Area, by: &[(u32, bool)]) {
        let mut order: Vec<u32> = (area.top..area.bottom).collect();
        order.sort_by(|one, two| {
            by.iter()
                .map(|(column, descending)| {
                    let (one, two) = (&self.cell(*one, *column).value, &self.cell(*two, *column).value);
                    let blanks = one.is_empty().cmp(&two.is_empty());
                    let sorted = compare(one, two);
                    blanks.then(if *descending { sorted.reverse() } else { sorted })
                })
                .find(|ordering| ordering.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        let before = self.clone();
        for (target, source) in (area.top..area.bottom).zip(order) {
            for column in area.left..area.right {
                let moved = before.cell(source, column);
                if moved != self.cell(target, column) {
                    *self.cell_mut(target, column) = moved.clone();
                }
            }
        }
    }
}

/// Numbers before texts before tick boxes before formulas.
fn compare(one: &CellValue, two: &CellValue) -> Ordering {
    let rank = |value: &CellValue| match value {
        CellValue::Number(_) => 0,
        CellValue::Text(_) => 1,
        CellValue::Bool(_) => 2,
        CellValue::Formula(_) => 3,
        CellValue::Empty => 4,
    };
    match (one, two) {
        (CellValue::Number(one), CellValue::Number(two)) => one.total_cmp(two),
        (CellValue::Text(one), CellValue::Text(two)) => one.to_lowercase().cmp(&two.to_lowercase()),
        (CellValue::Bool(one), CellValue::Bool(two)) => one.cmp(two),
        _ => rank(one).cmp(&rank(two)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tab(numbers: &[i32]) -> Tab {
        let mut tab = Tab::new(0, "T", 10, 2);
        for (row, number) in numbers.iter().enumerate() {
            tab.cell_mut(length(row), 0).value = (*number).into();
        }
        tab
    }

    fn column(tab: &Tab) -> Vec<Option<f64>> {
        (0..tab.used_rows()).map(|row| tab.cell(row, 0).value.as_number()).collect()
    }

    #[test]
    fn rows_move_up_when_others_are_deleted_and_down_when_inserted() {
        let mut tab = tab(&[1, 2, 3, 4]);
        tab.delete_rows(1, 3).unwrap();
        assert_eq!((column(&tab), tab.row_count), (vec![Some(1.0), Some(4.0)], 8));
        tab.insert_rows(1, 1).unwrap();
        assert_eq!((column(&tab), tab.row_count), (vec![Some(1.0), None, Some(4.0)], 9));
        tab.delete_rows(5, 9).unwrap();
        assert_eq!((column(&tab).len(), tab.row_count), (3, 5));
    }

    #[test]
    fn the_last_free_row_and_rows_that_do_not_exist_stay() {
        let mut tab = tab(&[1]);
        assert!(tab.delete_rows(0, 10).unwrap_err().message.contains("all the rows"));
        assert!(tab.delete_rows(9, 11).unwrap_err().message.contains("doesn't exist"));
        tab.frozen_rows = 1;
        assert!(tab.delete_rows(1, 10).unwrap_err().message.contains("non-frozen"));
        tab.delete_rows(1, 9).unwrap();
        assert_eq!(tab.row_count, 2);
    }

    #[test]
    fn a_sort_moves_rows_and_keeps_blanks_last() {
        let mut tab = tab(&[3, 1, 2]);
        let area = Area { top: 0, bottom: 10, left: 0, right: 2 };
        tab.sort(area, &[(0, true)]);
        assert_eq!(column(&tab), [Some(3.0), Some(2.0), Some(1.0)]);
        tab.sort(area, &[(0, false)]);
        assert_eq!(column(&tab), [Some(1.0), Some(2.0), Some(3.0)]);
    }

    #[test]
    fn a_copy_is_not_touched_by_a_change() {
        let before = tab(&[1, 2]);
        let mut after = before.clone();
        after.cell_mut(0, 0).value = 9.into();
        assert_eq!(column(&before), [Some(1.0), Some(2.0)]);
    }
}
