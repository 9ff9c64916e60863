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
    loop {
        let more = reader
            .read_record(&mut record)
            .map_err(|error| Problem::new(file, "", format!("is no CSV: {error}")))?;
        if !more {
            return Ok(tab);
        }
        let line = record.position().map_or(0, |position| position.line());
        if record.len() != COLUMNS {
            let message = format!(
                "has {} columns, separated by {:?}; the ERP tab has {COLUMNS} (A to AH) in every row",
                record.len(),
                char::from(delimiter)
            );
            return Err(Problem::new(file, "", message).at_line(usize::try_from(line).unwrap_or(usize::MAX)));
        }
        let cells = record.iter().enumerate().map(|(column, text)| cell(column, text)).collect();
        tab.push(u32::try_from(line).unwrap_or(u32::MAX), cells);
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
