//! Reading the bookings: the last so many rows that hold something, found from the bottom.
//!
//! The size of the grid says nothing about the rows in use: blank rows below the last booking are
//! common, and they must not eat into the block. So blocks are read upwards until enough rows were found.
//!
//! ```text
//! row 2 ┌──────────┐
//!       │ unread   │ ◀ truncated
//!       ├──────────┤
//!       │ read 2nd │ ┐
//!       ├──────────┤ ├ erp_max_rows rows that hold something
//!       │ read 1st │ ┘
//! grid  └─ blank ──┘
//! ```
use crate::a1::range;
use crate::sheets::GoogleSheets;
use crate::values::{Lines, Major};
use crate::wire;
use domain::booking::ErpRow;
use domain::cell::Cell;
use flows::ports::{BookingBlock, SheetReadError};

/// Bookings begin below the header.
const FIRST_ROW: u32 = 2;
/// A block that is read is at least this high, so that scattered blank rows do not cost a call each.
const BLOCK_ROWS_MIN: u32 = 5_000;
/// Rows at the top of a truncated block in which a form day is looked for.
const FORM_DAY_ROWS_MAX: u32 = 50;

/// A column of the bookings: its letter, its 1-based number, and where its cells go.
struct Column {
    letter: &'static str,
    number: u32,
    put: fn(&mut ErpRow, Cell),
}

const COLUMNS: [Column; 4] = [
    Column { letter: "D", number: 4, put: |row, cell| row.document = cell },
    Column { letter: "G", number: 7, put: |row, cell| row.service = cell },
    Column { letter: "P", number: 16, put: |row, cell| row.responsible = cell },
    Column { letter: "T", number: 20, put: |row, cell| row.day = cell },
];
const CANCELLED: Column = Column { letter: "AE", number: 31, put: |row, cell| row.cancelled = cell };
const FORM_MONTH: Column = Column { letter: "AH", number: 34, put: |row, cell| row.form_month = cell };

impl GoogleSheets {
    /// The last `max_rows` bookings.
    pub(crate) async fn bookings(&self, max_rows: u32) -> Result<BookingBlock, SheetReadError> {
        let address = &self.settings.bookings;
        let shape = self.shape_of(address).await?;
        let optional =
            [(self.settings.read_cancelled, &CANCELLED), (self.settings.read_form_month, &FORM_MONTH)];
        let optional = optional.into_iter().filter(|(wanted, _)| *wanted).map(|(_, column)| column);
        let columns: Vec<&Column> = COLUMNS.iter().chain(optional).collect();
        if let Some(column) = columns.iter().find(|column| column.number > shape.column_count) {
            return Err(SheetReadError::Shape(format!(
                "spreadsheet {}, tab `{}` ends before column {}: it has {} columns; is it the tab of the bookings?",
                address.spreadsheet, address.tab, column.letter, shape.column_count
            )));
        }
        let max_rows = max_rows.max(1);
        let mut blocks: Vec<Vec<ErpRow>> = Vec::new();
        let (mut found, mut end) = (0_u32, shape.row_count);
        while found < max_rows && end >= FIRST_ROW {
            let height = (max_rows - found).max(BLOCK_ROWS_MIN);
            let start = end.saturating_sub(height - 1).max(FIRST_ROW);
            let block = self.block(&columns, start, end).await?;
            found = found.saturating_add(u32::try_from(block.len()).unwrap_or(u32::MAX));
            blocks.push(block);
            end = start - 1;
        }
        let surplus = usize::try_from(found.saturating_sub(max_rows)).unwrap_or(usize::MAX);
        let truncated = surplus > 0 || end >= FIRST_ROW;
        let rows: Vec<ErpRow> = join(blocks, surplus);
        let oldest_form_day = match rows.first() {
            Some(first) if truncated => self.form_day(first.row, shape.row_count).await?,
            _ => None,
        };
        Ok(BookingBlock { rows, truncated, oldest_form_day })
    }

    /// The rows of a block that hold something.
    async fn block(&self, columns: &[&Column], start: u32, end: u32) -> Result<Vec<ErpRow>, SheetReadError> {
        let address = &self.settings.bookings;
        let cells = |column: &&Column| format!("{letter}{start}:{letter}{end}", letter = column.letter);
        let ranges: Vec<String> = columns.iter().map(|column| range(&address.tab, cells(column))).collect();
        let answer = self.read_values(address, &ranges, Major::Columns).await?;
        let mut read: Vec<_> = answer.into_iter().map(column_cells).collect();
        let mut rows = Vec::new();
        for number in start..=end {
            let mut row = ErpRow { row: number, ..ErpRow::default() };
            let (mut filled, mut over) = (false, true);
            for (column, cells) in columns.iter().zip(&mut read) {
                let Some(cell) = cells.next() else { continue };
                over = false;
                filled |= !cell.is_empty();
                (column.put)(&mut row, cell);
            }
            if over {
                break;
            }
            if filled {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// The first day of column R at the top of the block.
    async fn form_day(&self, top: u32, row_count: u32) -> Result<Option<chrono::NaiveDate>, SheetReadError> {
        let address = &self.settings.bookings;
        let last = top.saturating_add(FORM_DAY_ROWS_MAX - 1).min(row_count);
        let ranges = [range(&address.tab, format_args!("R{top}:R{last}"))];
        let answer = self.read_values(address, &ranges, Major::Columns).await?;
        Ok(answer.into_iter().flat_map(column_cells).find_map(|cell| wire::day(&cell)))
    }
}

/// The cells of a one-column range, from the top; what is missing at the end is blank.
fn column_cells(columns: Lines) -> std::vec::IntoIter<Cell> {
    columns.into_iter().next().unwrap_or_default().into_iter()
}

/// Blocks that were read from the bottom up as one ascending list, without the surplus at its top.
fn join(blocks: Vec<Vec<ErpRow>>, surplus: usize) -> Vec<ErpRow> {
    let mut blocks = blocks;
    if blocks.len() == 1 && surplus == 0 {
        return blocks.pop().unwrap_or_default();
    }
    blocks.into_iter().rev().flatten().skip(surplus).collect()
}
