//! A person at the spreadsheets: what tests and faults use to change them behind the client's back.
use super::a1::Area;
use super::cell::{Cell, CellValue};
use super::grid::Tab;
use super::workbook::Workbook;
use std::collections::BTreeMap;

/// All spreadsheets, for somebody who edits them by hand.
#[derive(Debug)]
pub struct Books<'a> {
    books: &'a mut BTreeMap<String, Workbook>,
}

impl<'a> Books<'a> {
    pub(crate) fn new(books: &'a mut BTreeMap<String, Workbook>) -> Self {
        Self { books }
    }

    /// Opens a tab.
    ///
    /// # Panics
    /// When there is no such spreadsheet or tab: a mistake of the test.
    #[track_caller]
    pub fn tab(&mut self, spreadsheet: &str, title: &str) -> TabEditor<'_> {
        let book = self.books.get_mut(spreadsheet);
        let tab = book.and_then(|book| book.tab_named_mut(title));
        match tab {
            Some(tab) => TabEditor { tab },
            None => unreachable!("the test names a tab {title} of {spreadsheet} that it did not add"),
        }
    }
}

/// A tab under somebody's hands. Row numbers are 1-based as people see them, columns 0-based (A is 0).
#[derive(Debug)]
pub struct TabEditor<'a> {
    tab: &'a mut Tab,
}

impl TabEditor<'_> {
    /// The value of a cell.
    pub fn get(&self, row: u32, column: u32) -> CellValue {
        self.tab.cell(row.saturating_sub(1), column).value.clone()
    }

    /// Types a value into a cell, keeping its format; the grid grows if it must.
    pub fn set(&mut self, row: u32, column: u32, value: impl Into<CellValue>) {
        self.tab.row_count = self.tab.row_count.max(row);
        self.tab.column_count = self.tab.column_count.max(column + 1);
        self.tab.cell_mut(row.saturating_sub(1), column).value = value.into();
    }

    /// Types a row below the last one in use; its row number.
    pub fn append_row(&mut self, cells: impl IntoIterator<Item = CellValue>) -> u32 {
        let row = self.tab.used_rows() + 1;
        for (column, value) in (0..).zip(cells) {
            self.set(row, column, value);
        }
        row
    }

    /// Inserts a blank row above a row.
    pub fn insert_row(&mut self, row: u32) {
        let refused = self.tab.insert_rows(row.saturating_sub(1), 1).is_err();
        debug_assert!(!refused, "row {row} is beyond the grid");
    }

    /// Deletes a row.
    pub fn delete_row(&mut self, row: u32) {
        let refused = self.tab.delete_rows(row.saturating_sub(1), row).is_err();
        debug_assert!(!refused, "row {row} cannot be deleted");
    }

    /// Sorts everything below the header by a column.
    pub fn sort_by(&mut self, column: u32, descending: bool) {
        let area =
            Area { top: 1, bottom: self.tab.used_rows().max(1), left: 0, right: self.tab.column_count };
        self.tab.sort(area, &[(column, descending)]);
    }

    /// Empties everything below a row.
    pub fn clear_below(&mut self, row: u32) {
        for index in row..self.tab.used_rows() {
            for column in 0..self.tab.column_count {
                *self.tab.cell_mut(index, column) = Cell::default();
            }
        }
    }

    /// The last row in use.
    pub fn last_row(&self) -> u32 {
        self.tab.used_rows()
    }
}
