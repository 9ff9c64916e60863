//! The ERP tab as CSV. A spreadsheet writes it with a comma or, in Brazil, with a semicolon.
use super::{COLUMNS, DAY, ErpTab, FORM_MONTH};
use crate::problem::Problem;
use csv::{ReaderBuilder, StringRecord};
use domain::cell::Cell;
use rust_decimal::Decimal;

pub(super) fn parse(text: &str, file: &str) -> Result<ErpTab, Problem> {
    let delimiter = delimiter(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut tab = ErpTab::default();
    let mut record = StringRecord::new();
    let mut lines = Lines { rest: text.as_bytes(), counted: 0, line: 1 };
    for number in 1_u32.. {
        let more = reader
            .read_record(&mut record)
            .map_err(|error| Problem::new(file, "", format!("is no CSV: {error}")))?;
        if !more {
            break;
        }
        let start = record.position().and_then(|position| usize::try_from(position.byte()).ok());
        let line = lines.line_of(start.unwrap_or_default());
        if record.len() != COLUMNS {
            let message = format!(
                "has {} columns, separated by {:?}; the ERP tab has {COLUMNS} (A to AH) in every row",
                record.len(),
                char::from(delimiter)
            );
            return Err(Problem::new(file, "", message).at_line(line));
        }
        let cells = record.iter().enumerate().map(|(column, text)| cell(column, text)).collect();
        tab.push(number, cells);
    }
    Ok(tab)
}

/// Counts the lines of a file up to each record. The reader's own count lags behind in a file with CRLF, whose LF it
/// takes for the beginning of the next record.
struct Lines<'text> {
    /// What is not counted yet, and the byte at which it starts.
    rest: &'text [u8],
    counted: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line, from 1, of the record that the reader took from this byte onwards. Records come in their order.
    fn line_of(&mut self, start: usize) -> usize {
        let ahead = self.rest.iter().skip(start.saturating_sub(self.counted));
        let blank = ahead.take_while(|byte| b"\r\n".contains(byte)).count();
        let passed = (start + blank).saturating_sub(self.counted);
        let Some((passed, rest)) = self.rest.split_at_checked(passed) else { return self.line };
        let followers = passed.iter().skip(1).map(Some).chain([None]);
        let is_break = |byte: u8, next: Option<&u8>| byte == b'\n' || (byte == b'\r' && next != Some(&b'\n'));
        self.line += passed.iter().zip(followers).filter(|(byte, next)| is_break(**byte, *next)).count();
        self.counted += passed.len();
        self.rest = rest;
        self.line
    }
}

/// The separator with which the first record has 34 columns, else the one that occurs more often in it.
fn delimiter(text: &str) -> u8 {
    let columns = |delimiter: u8| {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(text.as_bytes());
        let mut first = StringRecord::new();
        reader.read_record(&mut first).map(|_| first.len()).unwrap_or_default()
    };
    let (commas, semicolons) = (columns(b','), columns(b';'));
    if semicolons == COLUMNS || (commas != COLUMNS && semicolons > commas) { b';' } else { b',' }
}

/// A CSV has texts only. Where a date is expected, a text that is a number is the serial number of a column without
/// a date format.
fn cell(column: usize, text: &str) -> Cell {
    let is_serial = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || b".,".contains(&byte))
    };
    if (column == DAY || column == FORM_MONTH)
        && is_serial(text.trim())
        && let Ok(serial) = text.trim().replace(',', ".").parse::<Decimal>()
    {
        return Cell::Number(serial);
    }
    Cell::from(text)
}
