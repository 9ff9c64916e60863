//! Spreadsheets to start from: small ones by hand, large ones in bulk.
use super::cell::{Cell, CellValue};
use super::grid::Tab;
use super::workbook::Workbook;

/// A tab to be added.
#[derive(Debug, Clone)]
pub struct TabSeed {
    title: String,
    sheet_id: Option<i32>,
    row_count: u32,
    column_count: u32,
    frozen_rows: u32,
    rows: Vec<Vec<CellValue>>,
    patterns: Vec<(u32, String)>,
}

impl TabSeed {
    /// An empty tab of 1,000 rows and 26 columns, as a person gets it.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            sheet_id: None,
            row_count: 1000,
            column_count: 26,
            frozen_rows: 0,
            rows: Vec::new(),
            patterns: Vec::new(),
        }
    }

    /// A tab named `title` with the 18 headers of the destination.
    pub fn destination(title: impl Into<String>) -> Self {
        Self::new(title).row(domain::row::HEADER.iter().map(|text| CellValue::from(*text)))
    }

    /// A tab named `title` with the 34 columns of the bookings and a header row.
    pub fn bookings(title: impl Into<String>) -> Self {
        let header =
            (0..34).map(|column| CellValue::from(format!("Coluna {}", super::a1::column_name(column))));
        Self::new(title).grid(1000, 34).row(header)
    }

    /// Another size of the grid; it grows to hold the rows in any case.
    #[must_use]
    pub fn grid(mut self, rows: u32, columns: u32) -> Self {
        (self.row_count, self.column_count) = (rows, columns);
        self
    }

    /// Another id than the next free one.
    #[must_use]
    pub fn sheet_id(mut self, id: i32) -> Self {
        self.sheet_id = Some(id);
        self
    }

    /// Rows that do not scroll.
    #[must_use]
    pub fn frozen_rows(mut self, rows: u32) -> Self {
        self.frozen_rows = rows;
        self
    }

    /// One more row.
    #[must_use]
    pub fn row(mut self, cells: impl IntoIterator<Item = CellValue>) -> Self {
        self.rows.push(cells.into_iter().collect());
        self
    }

    /// Many more rows.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<CellValue>>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Many more rows, made by number (0 is the first of them).
    #[must_use]
    pub fn fill(mut self, count: u32, make: impl FnMut(u32) -> Vec<CellValue>) -> Self {
        self.rows.extend((0..count).map(make));
        self
    }

    /// The number format of a column (0 is A), below the first row.
    #[must_use]
    pub fn pattern(mut self, column: u32, pattern: impl Into<String>) -> Self {
        self.patterns.push((column, pattern.into()));
        self
    }

    pub(crate) fn add_to(self, book: &mut Workbook) -> Result<(), super::error::ApiError> {
        let sheet_id = self.sheet_id.unwrap_or_else(|| book.free_sheet_id());
        let formats: Vec<(usize, u16)> = self
            .patterns
            .iter()
            .map(|(column, pattern)| (usize::try_from(*column).unwrap_or(0), book.pattern_format(pattern)))
            .collect();
        let mut tab = Tab::new(sheet_id, self.title, self.row_count, self.column_count);
        tab.frozen_rows = self.frozen_rows;
        let rows = self.rows.into_iter().enumerate().map(|(index, values)| {
            let mut row: Vec<Cell> = values.into_iter().map(|value| Cell { value, format: 0 }).collect();
            for (column, format) in formats.iter().filter(|_| index > 0) {
                if let Some(cell) = row.get_mut(*column) {
                    cell.format = *format;
                }
            }
            row
        });
        tab.fill(rows.collect());
        book.add_tab(tab, None)
    }
}
