//! `updateCells` and `repeatCell`: cells change only in the parts that the field mask names.
use super::super::a1::Area;
use super::super::cell::{Cell, CellValue};
use super::super::error::ApiError;
use super::super::mask::Mask;
use super::super::requests::{CellData, ExtendedValue, RepeatCell, UpdateCells};
use super::super::workbook::{Workbook, check_text};
use serde_json::{Value, json};

/// The fields of a cell that a request touches.
struct CellMask {
    value: bool,
    format: Option<Mask>,
}

impl CellMask {
    fn parse(fields: Option<&str>) -> Result<Self, ApiError> {
        let fields = fields.filter(|fields| !fields.is_empty());
        let fields =
            fields.ok_or_else(|| ApiError::invalid("At least one field must be listed in 'fields'"))?;
        match Mask::parse(Some(fields))? {
            Mask::All => Ok(Self { value: true, format: Some(Mask::All) }),
            Mask::Only(mut named) => {
                let value = named.remove("userEnteredValue").is_some();
                let format = named.remove("userEnteredFormat");
                match named.keys().next() {
                    Some(other) => Err(ApiError::invalid(format!("Invalid field: {other}"))),
                    None => Ok(Self { value, format }),
                }
            }
        }
    }
}

fn value_of(entered: Option<ExtendedValue>) -> Result<CellValue, ApiError> {
    let Some(entered) = entered else { return Ok(CellValue::Empty) };
    match (entered.number_value, entered.string_value, entered.bool_value, entered.formula_value) {
        (Some(number), None, None, None) => Ok(CellValue::Number(number)),
        (None, Some(text), None, None) => check_text(&text).map(|()| text.into()),
        (None, None, Some(tick), None) => Ok(CellValue::Bool(tick)),
        (None, None, None, Some(formula)) => {
            check_text(&formula).map(|()| CellValue::Formula(formula.into()))
        }
        (None, None, None, None) => Ok(CellValue::Empty),
        _ => Err(ApiError::invalid("oneof field 'value' is already set")),
    }
}

fn merged(old: &Value, new: Option<&Value>, mask: &Mask) -> Value {
    match mask {
        Mask::All => new.cloned().unwrap_or_else(|| json!({})),
        Mask::Only(fields) => {
            let mut result = old.as_object().cloned().unwrap_or_default();
            for (name, below) in fields {
                let old = result.remove(name).unwrap_or(Value::Null);
                let new = new.and_then(|new| new.get(name));
                let value = match below {
                    Mask::All => new.cloned(),
                    Mask::Only(_) => Some(merged(&old, new, below)),
                };
                if let Some(value) =
                    value.filter(|value| !matches!(value, Value::Object(map) if map.is_empty()))
                {
                    result.insert(name.clone(), value);
                }
            }
            Value::Object(result)
        }
    }
}

/// A cell as the request wants it, given what is there.
fn changed(book: &mut Workbook, old: &Cell, new: CellData, mask: &CellMask) -> Result<Cell, ApiError> {
    let value = if mask.value { value_of(new.user_entered_value)? } else { old.value.clone() };
    let format = match &mask.format {
        Some(mask) => {
            let format = merged(book.format(old.format), new.user_entered_format.as_ref(), mask);
            book.intern(format)
        }
        None => old.format,
    };
    Ok(Cell { value, format })
}

/// With `range`, cells that the rows do not give are cleared; with `start` they are left alone.
pub(super) fn update_cells(book: &mut Workbook, request: UpdateCells) -> Result<Value, ApiError> {
    let mask = CellMask::parse(request.fields.as_deref())?;
    let clears_the_rest = request.range.is_some();
    let (sheet_id, area) = match (request.start, request.range) {
        (Some(start), None) => {
            let tab = book.tab(start.sheet_id)?;
            let height = u32::try_from(request.rows.len()).unwrap_or(u32::MAX);
            let width = request.rows.iter().map(|row| row.values.len()).max().unwrap_or(0);
            let area = Area {
                top: start.row_index,
                bottom: start.row_index.saturating_add(height),
                left: start.column_index,
                right: start.column_index.saturating_add(u32::try_from(width).unwrap_or(u32::MAX)),
            };
            if area.bottom > tab.row_count || area.right > tab.column_count {
                return Err(ApiError::invalid(format!(
                    "Attempting to write row: {}, column: {}, beyond the last row of: {} or column of: {}",
                    area.bottom, area.right, tab.row_count, tab.column_count
                )));
            }
            (start.sheet_id, area)
        }
        (None, Some(range)) => (range.sheet_id, range.area(book.tab(range.sheet_id)?)?),
        _ => return Err(ApiError::invalid("exactly one of start and range must be set")),
    };
    let mut rows = request.rows.into_iter();
    for row in area.top..area.bottom {
        let given = rows.next().map(|row| row.values).unwrap_or_default();
        let mut cells = given.into_iter();
        for column in area.left..area.right {
            let new = cells.next();
            if new.is_none() && !clears_the_rest {
                break;
            }
            write_cell(book, sheet_id, row, column, new.unwrap_or_default(), &mask)?;
        }
    }
    Ok(json!({}))
}

fn write_cell(
    book: &mut Workbook,
    sheet_id: i32,
    row: u32,
    column: u32,
    new: CellData,
    mask: &CellMask,
) -> Result<(), ApiError> {
    let old = book.tab(sheet_id)?.cell(row, column).clone();
    let cell = changed(book, &old, new, mask)?;
    if cell != old {
        *book.tab_mut(sheet_id)?.cell_mut(row, column) = cell;
    }
    Ok(())
}

pub(super) fn repeat_cell(book: &mut Workbook, request: RepeatCell) -> Result<Value, ApiError> {
    let mask = CellMask::parse(request.fields.as_deref())?;
    let sheet_id = request.range.sheet_id;
    let area = request.range.area(book.tab(sheet_id)?)?;
    let value = value_of(request.cell.user_entered_value)?;
    let format = request.cell.user_entered_format;
    for row in area.top..area.bottom {
        for column in area.left..area.right {
            let old = book.tab(sheet_id)?.cell(row, column).clone();
            let new = CellData { user_entered_value: None, user_entered_format: format.clone() };
            let kept = CellMask { value: false, format: mask.format.clone() };
            let mut cell = changed(book, &old, new, &kept)?;
            if mask.value {
                cell.value = value.clone();
            }
            if cell != old {
                *book.tab_mut(sheet_id)?.cell_mut(row, column) = cell;
            }
        }
    }
    Ok(json!({}))
}
