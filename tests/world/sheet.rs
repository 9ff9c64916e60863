//! The two spreadsheets as a value: atomic batches with a marker whose id must be new, faults on demand.
use async_trait::async_trait;
use domain::booking::ErpRow;
use domain::cell::{Cell, TypedCell};
use domain::row::HEADER;
use flows::ports::{
    BookingBlock, DayWrite, DestinationGrid, Marker, ReportSheet, RowBlock, SheetReadError, SheetWriteError,
};
use rust_decimal::Decimal;
use std::collections::VecDeque;
use std::sync::Mutex;

/// A change of the rows by somebody else.
pub type Edit = Box<dyn FnOnce(&mut Vec<Vec<Cell>>) + Send>;

/// What happens to the next write.
pub enum WriteFault {
    /// Applied, no answer.
    ApplyThenDrop,
    /// Not applied, no answer.
    DropBefore,
    /// No answer, applied when the test says so.
    ApplyLate,
    /// 429.
    NotSent,
    /// 400.
    Reject,
    /// Somebody changes the tab just before the write arrives.
    Meanwhile(Edit),
}

#[derive(Default)]
struct Tab {
    rows: Vec<Vec<Cell>>,
    markers: Vec<Marker>,
    header: Vec<String>,
    faults: VecDeque<WriteFault>,
    late: Vec<DayWrite>,
    writes: usize,
    applied: Vec<Marker>,
    takes_known_ids: bool,
    bookings: Vec<ErpRow>,
}

pub struct MemorySheet {
    tab: Mutex<Tab>,
}

/// What reads back of a cell that was written.
pub fn to_cell(cell: &TypedCell) -> Cell {
    match cell {
        TypedCell::Text(text) if text.is_empty() => Cell::Empty,
        TypedCell::Text(text) => Cell::Text(text.clone()),
        TypedCell::Integer(number) => Cell::Number(Decimal::from(*number)),
        TypedCell::Money(cents) => Cell::Number(Decimal::new(cents.0, 2)),
        TypedCell::Date(day) | TypedCell::Month(day) => Cell::Number(Decimal::from(day.0)),
    }
}

fn whole(cell: Option<&Cell>) -> Option<i64> {
    match cell {
        Some(Cell::Number(number)) if number.fract().is_zero() => i64::try_from(*number).ok(),
        _ => None,
    }
}

impl Tab {
    fn apply(&mut self, write: &DayWrite) -> Result<(), String> {
        let is_known = |marker: &Marker| {
            marker.metadata_id == write.marker.metadata_id
                && !write.replace_markers.contains(&marker.metadata_id)
        };
        if !self.takes_known_ids && self.markers.iter().any(is_known) {
            return Err(format!("metadata id {} exists", write.marker.metadata_id));
        }
        let mut rows = self.rows.clone();
        for (number, cells) in &write.update {
            let row = rows.get_mut(*number as usize - 2).ok_or("row beyond the grid")?;
            *row = cells.iter().map(to_cell).collect();
        }
        for number in write.delete.iter().rev() {
            if *number as usize - 2 >= rows.len() {
                return Err("row beyond the grid".into());
            }
            rows.remove(*number as usize - 2);
        }
        let first = write.append_after as usize - 1;
        if rows.len() < first + write.append.len() {
            rows.resize(first + write.append.len(), Vec::new());
        }
        for (index, cells) in write.append.iter().enumerate() {
            rows[first + index] = cells.iter().map(to_cell).collect();
        }
        self.rows = rows;
        self.markers.retain(|marker| !write.replace_markers.contains(&marker.metadata_id));
        self.markers.push(write.marker.clone());
        self.applied.push(write.marker.clone());
        Ok(())
    }
}

impl MemorySheet {
    pub fn new() -> Self {
        let header = HEADER.iter().map(|title| (*title).to_owned()).collect();
        // Somebody else's booking: a tab without any is a tab that is being rewritten.
        let bookings = vec![ErpRow { row: 2, ..ErpRow::default() }];
        Self { tab: Mutex::new(Tab { header, bookings, ..Tab::default() }) }
    }

    /// Every non-blank row as text, in sheet order.
    pub fn texts(&self) -> Vec<Vec<String>> {
        let text = |row: &Vec<Cell>| row.iter().map(flows::before_image::cell_text).collect::<Vec<_>>();
        let tab = self.tab.lock().unwrap();
        tab.rows.iter().map(text).filter(|row| row.iter().any(|cell| !cell.is_empty())).collect()
    }

    /// The same without regard to the order of rows.
    pub fn sorted(&self) -> Vec<Vec<String>> {
        let mut rows = self.texts();
        rows.sort();
        rows
    }

    pub fn codes(&self) -> Vec<String> {
        self.texts().into_iter().map(|row| row[1].clone()).collect()
    }

    pub fn edit(&self, change: impl FnOnce(&mut Vec<Vec<Cell>>)) {
        change(&mut self.tab.lock().unwrap().rows);
    }

    pub fn set_header(&self, change: impl FnOnce(&mut Vec<String>)) {
        change(&mut self.tab.lock().unwrap().header);
    }

    pub fn book(&self, row: ErpRow) {
        self.tab.lock().unwrap().bookings.push(row);
    }

    pub fn forget_bookings(&self) {
        self.tab.lock().unwrap().bookings.clear();
    }

    pub fn inject(&self, fault: WriteFault) {
        self.tab.lock().unwrap().faults.push_back(fault);
    }

    pub fn faults_left(&self) -> usize {
        self.tab.lock().unwrap().faults.len()
    }

    /// Write requests that reached the sheet, whatever became of them.
    pub fn writes(&self) -> usize {
        self.tab.lock().unwrap().writes
    }

    /// Batches that took effect.
    pub fn applied(&self) -> usize {
        self.tab.lock().unwrap().applied.len()
    }

    /// The marker of each batch that took effect, in that order.
    pub fn history(&self) -> Vec<Marker> {
        self.tab.lock().unwrap().applied.clone()
    }

    /// Every row from row 2 on, blank ones too.
    pub fn rows(&self) -> Vec<Vec<Cell>> {
        self.tab.lock().unwrap().rows.clone()
    }

    /// A broken spreadsheet: it no longer refuses a batch whose marker has an id that exists.
    pub fn take_known_ids(&self) {
        self.tab.lock().unwrap().takes_known_ids = true;
    }

    pub fn markers(&self) -> Vec<Marker> {
        self.tab.lock().unwrap().markers.clone()
    }

    /// The late copies arrive. Says for each whether it took effect.
    pub fn late_copies_arrive(&self) -> Vec<Result<(), String>> {
        let mut tab = self.tab.lock().unwrap();
        let late = std::mem::take(&mut tab.late);
        late.iter().map(|write| tab.apply(write)).collect()
    }
}

#[async_trait]
impl ReportSheet for MemorySheet {
    async fn read_bookings(&self, _max_rows: Option<u32>) -> Result<BookingBlock, SheetReadError> {
        let rows = self.tab.lock().unwrap().bookings.clone();
        Ok(BookingBlock { rows, truncated: false, oldest_form_day: None })
    }

    async fn read_grid(&self) -> Result<DestinationGrid, SheetReadError> {
        let tab = self.tab.lock().unwrap();
        let number = |row: &Vec<Cell>, column: usize| whole(row.get(column));
        let text = |row: &Vec<Cell>, column: usize| matches!(row.get(column), Some(Cell::Text(_)));
        let other = tab
            .rows
            .iter()
            .zip(0_u32..)
            .filter(|(row, _)| text(row, 1) || text(row, 3))
            .map(|(row, index)| (index, format!("{:?}|{:?}", row.get(1), row.get(3))))
            .collect();
        Ok(DestinationGrid {
            sheet_id: 4,
            row_count: u32::try_from(tab.rows.len()).unwrap() + 1,
            column_count: 18,
            header: tab.header.clone(),
            codes: tab.rows.iter().map(|row| number(row, 1)).collect(),
            days: tab.rows.iter().map(|row| number(row, 3).and_then(|day| i32::try_from(day).ok())).collect(),
            other,
            markers: tab.markers.clone(),
        })
    }

    async fn read_rows(&self, rows: &[u32]) -> Result<RowBlock, SheetReadError> {
        let tab = self.tab.lock().unwrap();
        let cells = |number: &u32| {
            let mut cells = tab.rows.get(*number as usize - 2).cloned().unwrap_or_default();
            cells.resize(18, Cell::Empty);
            (*number, cells)
        };
        Ok(RowBlock { rows: rows.iter().map(cells).collect() })
    }

    async fn write_day(&self, write: &DayWrite) -> Result<(), SheetWriteError> {
        let mut tab = self.tab.lock().unwrap();
        tab.writes += 1;
        let rejected = |problem: String| SheetWriteError::Rejected(problem);
        match tab.faults.pop_front() {
            None => tab.apply(write).map_err(rejected),
            Some(WriteFault::Meanwhile(change)) => {
                change(&mut tab.rows);
                tab.apply(write).map_err(rejected)
            }
            Some(WriteFault::ApplyThenDrop) => {
                tab.apply(write).map_err(rejected)?;
                Err(SheetWriteError::Unknown("connection dropped".into()))
            }
            Some(WriteFault::DropBefore) => Err(SheetWriteError::Unknown("connection dropped".into())),
            Some(WriteFault::ApplyLate) => {
                tab.late.push(write.clone());
                Err(SheetWriteError::Unknown("timed out".into()))
            }
            Some(WriteFault::NotSent) => {
                Err(SheetWriteError::NotSent { detail: "HTTP 429".into(), retry_at: None })
            }
            Some(WriteFault::Reject) => Err(SheetWriteError::Rejected("HTTP 400".into())),
        }
    }
}
