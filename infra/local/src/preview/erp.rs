//! The ERP tab as a file: a CSV of its 34 columns, or the rows as `values.get` returns them.
use crate::problem::Problem;
use domain::booking::ErpRow;
use domain::calendar::erp_day;
use domain::cell::Cell;
use domain::row::column_letter;
use std::collections::HashSet;

mod csv_file;
mod json_file;

/// Columns A to AH.
const COLUMNS: usize = 34;
/// A row that ends before column T made the old script stop.
const COLUMNS_TO_DAY: usize = 20;

/// Columns that the rules read, counted from 0.
const DOCUMENT: usize = 3;
const SERVICE: usize = 6;
const RESPONSIBLE: usize = 15;
const DAY: usize = 19;
const CANCELLED: usize = 30;
const FORM_MONTH: usize = 33;

/// The bookings of a file.
#[derive(Debug, Default)]
pub(super) struct ErpTab {
    /// Every row but the header and blank ones. A row's number is its position from 1, the header and blank rows counted.
    pub(super) rows: Vec<ErpRow>,
    /// Numbers of the rows without anything in T and right of it: the sheet's answer leaves such cells out.
    pub(super) short_rows: HashSet<u32>,
    /// The first row was taken for a header.
    pub(super) has_header: bool,
}

/// Reads a file of either kind.
pub(super) fn parse(body: &[u8], file: &str) -> Result<ErpTab, Problem> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text.strip_prefix('\u{FEFF}').unwrap_or(text),
        Err(error) => {
            let line = body.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
            let message = "is not UTF-8; export it from Google Sheets with File > Download > Comma-separated values, \
                           or save it in Excel as \"CSV UTF-8\"";
            return Err(Problem::new(file, "", message).at_line(line));
        }
    };
    match text.trim_start().bytes().next() {
        None => Err(Problem::new(file, "", "is empty; expected the ERP tab as CSV or JSON")),
        Some(b'[' | b'{') => json_file::parse(text, file),
        Some(b'<') => {
            Err(Problem::new(file, "", "is a page of HTML or XML; expected the ERP tab as CSV or JSON"))
        }
        Some(_) => csv_file::parse(text, file),
    }
}

impl ErpTab {
    /// Takes a row of any length up to [`COLUMNS`].
    fn push(&mut self, number: u32, mut cells: Vec<Cell>) {
        let width = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        cells.truncate(width);
        let is_first = self.rows.is_empty() && !self.has_header;
        if width == 0 {
            return;
        }
        if is_first && is_header(&cells) {
            self.has_header = true;
            return;
        }
        if width < COLUMNS_TO_DAY {
            self.short_rows.insert(number);
        }
        let mut take = |column: usize| cells.get_mut(column).map(std::mem::take).unwrap_or_default();
        self.rows.push(ErpRow {
            row: number,
            document: take(DOCUMENT),
            service: take(SERVICE),
            responsible: take(RESPONSIBLE),
            day: take(DAY),
            cancelled: take(CANCELLED),
            form_month: take(FORM_MONTH),
        });
    }
}

/// Titles: a text that is no date over the days, and a text without a digit over the documents.
fn is_header(cells: &[Cell]) -> bool {
    let title_at = |column: usize| match cells.get(column) {
        Some(Cell::Text(text)) => Some(text.trim()).filter(|title| !title.is_empty()),
        _ => None,
    };
    let over_days = title_at(DAY).is_some_and(|title| erp_day(&Cell::from(title)).is_err());
    over_days && title_at(DOCUMENT).is_some_and(|title| !title.contains(|c: char| c.is_ascii_digit()))
}

/// `row 7, column D`.
fn place(row: usize, column: usize) -> String {
    format!("row {row}, column {}", column_letter(column))
}

#[cfg(test)]
mod tests;
