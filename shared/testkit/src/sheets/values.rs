//! Reading values: `values.get` and `values.batchGet`, written straight to JSON so that a column of a
//! hundred thousand cells costs little. Trailing empty rows and cells are left out, as Google leaves
//! them out.
use super::a1::{Area, print};
use super::cell::{Cell, CellValue};
use super::error::ApiError;
use super::grid::Tab;
use super::mask::Mask;
use super::render::{is_date_pattern, number};
use super::requests::is_rows;
use super::workbook::Workbook;
use std::io::Write;

/// How values are to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Render {
    Formatted,
    Unformatted { date_text: bool },
    Formula { date_text: bool },
}

/// The options of a read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadOptions {
    pub(crate) by_rows: bool,
    pub(crate) render: Render,
    /// Fault: at most so many cells of each row are sent.
    pub(crate) row_cells_max: Option<u32>,
}

impl ReadOptions {
    /// From the query parameters of the same names.
    pub(crate) fn new(
        major_dimension: Option<&str>,
        value_render: Option<&str>,
        date_time_render: Option<&str>,
    ) -> Result<Self, ApiError> {
        let date_text = match date_time_render {
            None | Some("SERIAL_NUMBER") => false,
            Some("FORMATTED_STRING") => true,
            Some(other) => return Err(bad_enum("date_time_render_option", other)),
        };
        let render = match value_render {
            None | Some("FORMATTED_VALUE") => Render::Formatted,
            Some("UNFORMATTED_VALUE") => Render::Unformatted { date_text },
            Some("FORMULA") => Render::Formula { date_text },
            Some(other) => return Err(bad_enum("value_render_option", other)),
        };
        let by_rows = is_rows(Some(major_dimension.unwrap_or("ROWS")))?;
        Ok(Self { by_rows, render, row_cells_max: None })
    }
}

pub(crate) fn bad_enum(name: &str, value: &str) -> ApiError {
    ApiError::invalid(format!("Invalid value at '{name}' (type.googleapis.com/...), \"{value}\""))
}

/// The text that a person sees in a cell.
pub(crate) fn formatted(book: &Workbook, cell: &Cell) -> String {
    match &cell.value {
        CellValue::Empty => String::new(),
        CellValue::Number(value) => number(*value, book.pattern(cell), book.locale),
        CellValue::Text(text) => text.to_string(),
        CellValue::Bool(true) => "TRUE".into(),
        CellValue::Bool(false) => "FALSE".into(),
        CellValue::Formula(_) => "#ERROR!".into(),
    }
}

/// Writes one `ValueRange`.
pub(crate) fn write_value_range(
    out: &mut Vec<u8>,
    book: &Workbook,
    tab: &Tab,
    area: &Area,
    options: ReadOptions,
    mask: &Mask,
) -> std::io::Result<()> {
    let mut separator = "{";
    if mask.has("range") {
        write!(out, "{separator}\"range\":")?;
        serde_json::to_writer(&mut *out, &print(&tab.title, area))?;
        separator = ",";
    }
    if mask.has("majorDimension") {
        let dimension = if options.by_rows { "ROWS" } else { "COLUMNS" };
        write!(out, "{separator}\"majorDimension\":\"{dimension}\"")?;
        separator = ",";
    }
    let lines = lines(tab, area, options);
    if mask.has("values") && !lines.is_empty() {
        write!(out, "{separator}\"values\":")?;
        separator = ",";
        write_lines(out, book, tab, area, options, &lines)?;
    }
    if separator == "{" {
        write!(out, "{{")?;
    }
    write!(out, "}}")
}

/// Each row (or column) of the area with the number of cells up to its last value; trailing empty ones left out.
fn lines(tab: &Tab, area: &Area, options: ReadOptions) -> Vec<u32> {
    let right = options.row_cells_max.map_or(area.right, |most| area.right.min(area.left + most));
    let bottom = area.bottom.min(tab.used_rows());
    let filled = |row: u32, column: u32| !tab.cell(row, column).value.is_empty();
    let mut lines: Vec<u32> = if options.by_rows {
        (area.top..bottom)
            .map(|row| (area.left..right).rev().find(|column| filled(row, *column)))
            .map(|last| last.map_or(0, |last| last + 1 - area.left))
            .collect()
    } else {
        (area.left..right)
            .map(|column| (area.top..bottom).rev().find(|row| filled(*row, column)))
            .map(|last| last.map_or(0, |last| last + 1 - area.top))
            .collect()
    };
    while lines.last() == Some(&0) {
        lines.pop();
    }
    lines
}

fn write_lines(
    out: &mut Vec<u8>,
    book: &Workbook,
    tab: &Tab,
    area: &Area,
    options: ReadOptions,
    lines: &[u32],
) -> std::io::Result<()> {
    out.push(b'[');
    for (offset, cells) in (0_u32..).zip(lines) {
        if offset > 0 {
            out.push(b',');
        }
        out.push(b'[');
        for index in 0..*cells {
            if index > 0 {
                out.push(b',');
            }
            let (row, column) = if options.by_rows { (offset, index) } else { (index, offset) };
            write_cell(out, book, tab.cell(area.top + row, area.left + column), options.render)?;
        }
        out.push(b']');
    }
    out.push(b']');
    Ok(())
}

fn write_cell(out: &mut Vec<u8>, book: &Workbook, cell: &Cell, render: Render) -> std::io::Result<()> {
    let (date_text, formula) = match render {
        Render::Formatted => {
            serde_json::to_writer(out, &formatted(book, cell))?;
            return Ok(());
        }
        Render::Unformatted { date_text } => (date_text, false),
        Render::Formula { date_text } => (date_text, true),
    };
    match &cell.value {
        CellValue::Empty => out.extend_from_slice(b"\"\""),
        CellValue::Number(_) if date_text && book.pattern(cell).is_some_and(is_date_pattern) => {
            serde_json::to_writer(out, &formatted(book, cell))?;
        }
        CellValue::Number(value) => write_number(out, *value)?,
        CellValue::Text(text) => serde_json::to_writer(out, text.as_ref())?,
        CellValue::Bool(tick) => write!(out, "{tick}")?,
        CellValue::Formula(text) if formula => serde_json::to_writer(out, text.as_ref())?,
        CellValue::Formula(_) => out.extend_from_slice(b"\"#ERROR!\""),
    }
    Ok(())
}

/// Whole numbers without a fraction, others with the shortest text that reads back the same.
fn write_number(out: &mut Vec<u8>, value: f64) -> std::io::Result<()> {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        write!(out, "{value:.0}")
    } else {
        write!(out, "{value}")
    }
}
