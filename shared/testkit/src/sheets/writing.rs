//! Writing values: `values.update`, `values.append`, `values.clear` and their batch forms.
use super::a1::{A1Range, Area, column_name, print};
use super::cell::{Cell, CellValue};
use super::entered::parse;
use super::error::ApiError;
use super::grid::Tab;
use super::mask::Mask;
use super::requests::is_rows;
use super::values::{ReadOptions, bad_enum, write_value_range};
use super::workbook::{Workbook, check_text};
use serde::Deserialize;
use serde_json::{Value, json};

/// A `ValueRange` of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ValueRange {
    pub(crate) range: Option<String>,
    pub(crate) major_dimension: Option<String>,
    #[serde(default)]
    pub(crate) values: Vec<Vec<Value>>,
}

/// Whether texts are taken as they are or as if typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Raw,
    UserEntered,
}

impl Input {
    pub(crate) fn new(option: Option<&str>) -> Result<Self, ApiError> {
        match option {
            Some("RAW") => Ok(Self::Raw),
            Some("USER_ENTERED") => Ok(Self::UserEntered),
            None => Err(ApiError::invalid("'valueInputOption' is required but not specified")),
            Some(other) => Err(bad_enum("value_input_option", other)),
        }
    }
}

impl ValueRange {
    /// The values row by row; `None` leaves a cell alone.
    fn rows(self) -> Result<Vec<Vec<Option<Value>>>, ApiError> {
        let keep = |value: Value| (!value.is_null()).then_some(value);
        if is_rows(Some(self.major_dimension.as_deref().unwrap_or("ROWS")))? {
            return Ok(self.values.into_iter().map(|row| row.into_iter().map(keep).collect()).collect());
        }
        let height = self.values.iter().map(Vec::len).max().unwrap_or(0);
        let mut rows = vec![vec![None; self.values.len()]; height];
        for (column, cells) in self.values.into_iter().enumerate() {
            for (row, value) in cells.into_iter().enumerate() {
                if let Some(slot) = rows.get_mut(row).and_then(|row| row.get_mut(column)) {
                    *slot = keep(value);
                }
            }
        }
        Ok(rows)
    }
}

/// `values.update`: the answer without echoes.
pub(crate) fn update(
    book: &mut Workbook,
    range: &str,
    body: ValueRange,
    input: Input,
) -> Result<Value, ApiError> {
    if let Some(named) = body.range.as_deref().filter(|named| *named != range)
        && A1Range::parse(named)? != A1Range::parse(range)?
    {
        return Err(ApiError::invalid(format!(
            "Requested writing within range [{range}], but body names range [{named}]"
        )));
    }
    let single = A1Range::parse(range)?;
    let single = single.end_row == single.start_row.map(|row| row + 1)
        && single.end_column == single.start_column.map(|column| column + 1);
    let (tab, area) = book.locate(range)?;
    let title = tab.title.clone();
    let rows = body.rows()?;
    let (height, width) = size(&rows);
    if !single && (height > area.bottom - area.top || width > area.right - area.left) {
        let (row, column) = (area.top + height, column_name(area.left + width.saturating_sub(1)));
        return Err(ApiError::invalid(format!(
            "Requested writing within range [{}], but tried writing to row [{row}], column [{column}]",
            print(&title, &area)
        )));
    }
    write(book, &title, area.top, area.left, rows, input)
}

/// `values.append`: finds the table in the range and writes below it.
pub(crate) fn append(
    book: &mut Workbook,
    range: &str,
    body: ValueRange,
    input: Input,
    insert_rows: bool,
) -> Result<Value, ApiError> {
    let (tab, area) = book.locate(range)?;
    let (title, table) = (tab.title.clone(), table(tab, &area));
    let rows = body.rows()?;
    let (height, width) = size(&rows);
    let (top, left) = table.map_or((area.top, area.left), |table| (table.bottom, table.left));
    let tab = book.tab_named_mut(&title).ok_or_else(ApiError::not_found)?;
    if insert_rows && table.is_some() && top < tab.row_count {
        tab.insert_rows(top, height)?;
        let sheet_id = tab.sheet_id;
        book.metadata.lines_inserted(sheet_id, true, top, height);
    }
    let tab = book.tab_named_mut(&title).ok_or_else(ApiError::not_found)?;
    tab.row_count = tab.row_count.max(top + height);
    tab.column_count = tab.column_count.max(left + width);
    book.check_cells()?;
    let updates = write(book, &title, top, left, rows, input)?;
    let mut answer = json!({ "spreadsheetId": book.id, "updates": updates });
    if let (Some(table), Some(fields)) = (table, answer.as_object_mut()) {
        fields.insert("tableRange".into(), print(&title, &table).into());
    }
    Ok(answer)
}

/// The last table that touches the area: the block of cells connected to its last value.
fn table(tab: &Tab, area: &Area) -> Option<Area> {
    let filled = |row: u32, column: u32| !tab.cell(row, column).value.is_empty();
    let bottom = area.bottom.min(tab.used_rows());
    let (row, column) = (area.top..bottom).rev().find_map(|row| {
        (area.left..area.right).find(|column| filled(row, *column)).map(|column| (row, column))
    })?;
    let mut table = Area { top: row, bottom: row + 1, left: column, right: column + 1 };
    loop {
        let around = Area {
            top: table.top.saturating_sub(1),
            bottom: (table.bottom + 1).min(tab.row_count),
            left: table.left.saturating_sub(1),
            right: (table.right + 1).min(tab.column_count),
        };
        let row_filled = |row: u32| (around.left..around.right).any(|column| filled(row, column));
        let column_filled = |column: u32| (around.top..around.bottom).any(|row| filled(row, column));
        let grown = Area {
            top: if row_filled(around.top) { around.top } else { table.top },
            bottom: if row_filled(around.bottom - 1) { around.bottom } else { table.bottom },
            left: if column_filled(around.left) { around.left } else { table.left },
            right: if column_filled(around.right - 1) { around.right } else { table.right },
        };
        if grown == table {
            return Some(table);
        }
        table = grown;
    }
}

/// `values.clear`: values go, formats stay.
pub(crate) fn clear(book: &mut Workbook, range: &str) -> Result<String, ApiError> {
    let (tab, area) = book.locate(range)?;
    let (title, shown) = (tab.title.clone(), print(&tab.title, &area));
    let bottom = area.bottom.min(tab.used_rows());
    let tab = book.tab_named_mut(&title).ok_or_else(ApiError::not_found)?;
    for row in area.top..bottom {
        for column in area.left..area.right {
            if !tab.cell(row, column).value.is_empty() {
                tab.cell_mut(row, column).value = CellValue::Empty;
            }
        }
    }
    Ok(shown)
}

/// The values of a written area, for `includeValuesInResponse`.
pub(crate) fn echo(book: &Workbook, range: &str, options: ReadOptions) -> Result<Value, ApiError> {
    let (tab, area) = book.locate(range)?;
    let mut out = Vec::new();
    write_value_range(&mut out, book, tab, &area, options, &Mask::All)
        .and_then(|()| Ok(serde_json::from_slice(&out)?))
        .map_err(|error| ApiError::new(500, error.to_string()))
}

fn size(rows: &[Vec<Option<Value>>]) -> (u32, u32) {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    (u32::try_from(rows.len()).unwrap_or(u32::MAX), u32::try_from(width).unwrap_or(u32::MAX))
}

fn write(
    book: &mut Workbook,
    title: &str,
    top: u32,
    left: u32,
    rows: Vec<Vec<Option<Value>>>,
    input: Input,
) -> Result<Value, ApiError> {
    let (height, width) = size(&rows);
    let tab = book.tab_named(title).ok_or_else(ApiError::not_found)?;
    let area = Area { top, bottom: top + height.max(1), left, right: left + width.max(1) };
    let shown = print(title, &area);
    if area.bottom > tab.row_count || area.right > tab.column_count {
        return Err(ApiError::invalid(format!(
            "Range ({shown}) exceeds grid limits. Max rows: {}, max columns: {}",
            tab.row_count, tab.column_count
        )));
    }
    let mut count = 0_u32;
    for (row, cells) in (top..).zip(rows) {
        for (column, value) in (left..).zip(cells) {
            let Some(value) = value else { continue };
            let old = book.tab_named(title).map_or(0, |tab| tab.cell(row, column).format);
            let cell = typed(book, value, old, input)?;
            if let Some(tab) = book.tab_named_mut(title) {
                *tab.cell_mut(row, column) = cell;
            }
            count += 1;
        }
    }
    Ok(json!({
        "spreadsheetId": book.id,
        "updatedRange": shown,
        "updatedRows": height,
        "updatedColumns": width,
        "updatedCells": count,
    }))
}

fn typed(book: &mut Workbook, value: Value, format: u16, input: Input) -> Result<Cell, ApiError> {
    let value = match value {
        Value::String(text) => {
            check_text(&text)?;
            if input == Input::UserEntered {
                let entered = parse(&text, book.locale);
                let format = match entered.pattern {
                    Some(pattern) if format == 0 => book.pattern_format(pattern),
                    _ => format,
                };
                return Ok(Cell { value: entered.value, format });
            }
            text.into()
        }
        Value::Number(number) => CellValue::Number(number.as_f64().unwrap_or(0.0)),
        Value::Bool(tick) => CellValue::Bool(tick),
        other => return Err(ApiError::invalid(format!("Invalid values: {other} is not a cell value"))),
    };
    Ok(Cell { value, format })
}
