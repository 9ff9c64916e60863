//! `spreadsheets.batchUpdate`: a list of requests applied in order, all or none.
//!
//! The caller hands in a copy of the workbook and keeps it only when every request went well.
use super::a1::Area;
use super::cell::{Cell, CellValue};
use super::error::ApiError;
use super::grid::Tab;
use super::mask::Mask;
use super::requests::{
    AddSheet, AppendDimension, CellData, CreateMetadata, DeleteDimension, DeleteMetadata, DeleteSheet,
    ExtendedValue, InsertDimension, RepeatCell, SortRange, UpdateCells, UpdateSheetProperties, is_rows,
};
use super::workbook::{Workbook, check_text, properties};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::Arc;

type Apply = fn(&mut Workbook, Value) -> Result<Value, ApiError>;

/// The request kinds that are simulated.
const KINDS: [(&str, Apply); 12] = [
    ("updateCells", |book, body| update_cells(book, decode(body)?)),
    ("repeatCell", |book, body| repeat_cell(book, decode(body)?)),
    ("deleteDimension", |book, body| delete_dimension(book, &decode(body)?)),
    ("appendDimension", |book, body| append_dimension(book, &decode(body)?)),
    ("insertDimension", |book, body| insert_dimension(book, &decode(body)?)),
    ("createDeveloperMetadata", |book, body| create_metadata(book, decode(body)?)),
    ("deleteDeveloperMetadata", |book, body| delete_metadata(book, &decode(body)?)),
    ("addSheet", |book, body| add_sheet(book, decode(body)?)),
    ("deleteSheet", |book, body| delete_sheet(book, &decode(body)?)),
    ("updateSheetProperties", |book, body| update_sheet(book, decode(body)?)),
    ("sortRange", |book, body| sort_range(book, &decode(body)?)),
    ("updateSpreadsheetProperties", |book, body| rename(book, &body)),
];

/// Applies the requests to a copy; the replies, one per request.
pub(crate) fn apply(book: &mut Workbook, requests: Vec<Value>) -> Result<Vec<Value>, ApiError> {
    if requests.is_empty() {
        return Err(ApiError::invalid("Must specify at least one request."));
    }
    let mut replies = Vec::with_capacity(requests.len());
    for (index, request) in requests.into_iter().enumerate() {
        let (kind, body) = only_entry(request)
            .ok_or_else(|| ApiError::invalid(format!("Invalid requests[{index}]: No request set.")))?;
        let Some((_, apply)) = KINDS.iter().find(|(name, _)| *name == kind) else {
            return Err(ApiError::invalid(format!(
                "Invalid JSON payload received. Unknown name \"{kind}\" at 'requests[{index}]': Cannot find field."
            )));
        };
        let reply = apply(book, body).map_err(|error| ApiError {
            message: format!("Invalid requests[{index}].{kind}: {}", error.message),
            ..error
        })?;
        replies.push(reply);
    }
    Ok(replies)
}

fn only_entry(request: Value) -> Option<(String, Value)> {
    let Value::Object(fields) = request else { return None };
    let mut entries = fields.into_iter();
    entries.next().filter(|_| entries.next().is_none())
}

fn decode<T: DeserializeOwned>(body: Value) -> Result<T, ApiError> {
    serde_json::from_value(body).map_err(|error| ApiError::invalid(error.to_string()))
}

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
fn update_cells(book: &mut Workbook, request: UpdateCells) -> Result<Value, ApiError> {
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

fn repeat_cell(book: &mut Workbook, request: RepeatCell) -> Result<Value, ApiError> {
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

fn delete_dimension(book: &mut Workbook, request: &DeleteDimension) -> Result<Value, ApiError> {
    let (range, rows) = (&request.range, request.range.is_rows()?);
    let tab = book.tab_mut(range.sheet_id)?;
    let (start, end) = range.bounds(if rows { tab.row_count } else { tab.column_count })?;
    if rows {
        tab.delete_rows(start, end)?
    } else {
        tab.delete_columns(start, end)?
    }
    book.metadata.lines_deleted(range.sheet_id, rows, start, end);
    Ok(json!({}))
}

fn append_dimension(book: &mut Workbook, request: &AppendDimension) -> Result<Value, ApiError> {
    let count = u32::try_from(request.length).ok().filter(|count| *count > 0);
    let count = count.ok_or_else(|| ApiError::invalid("length must be greater than zero"))?;
    let rows = is_rows(request.dimension.as_deref())?;
    let tab = book.tab_mut(request.sheet_id)?;
    let size = if rows { &mut tab.row_count } else { &mut tab.column_count };
    *size = size.saturating_add(count);
    book.check_cells().map(|()| json!({}))
}

fn insert_dimension(book: &mut Workbook, request: &InsertDimension) -> Result<Value, ApiError> {
    let (range, rows) = (&request.range, request.range.is_rows()?);
    let tab = book.tab_mut(range.sheet_id)?;
    let (start, end) = range.bounds(0)?;
    if rows {
        tab.insert_rows(start, end - start)?
    } else {
        tab.insert_columns(start, end - start)?
    }
    book.metadata.lines_inserted(range.sheet_id, rows, start, end - start);
    book.check_cells().map(|()| json!({}))
}

fn create_metadata(book: &mut Workbook, request: CreateMetadata) -> Result<Value, ApiError> {
    let ids = book.sheet_ids();
    let created = book.metadata.create(request.developer_metadata, &ids)?;
    Ok(json!({ "createDeveloperMetadata": { "developerMetadata": created.to_json() } }))
}

fn delete_metadata(book: &mut Workbook, request: &DeleteMetadata) -> Result<Value, ApiError> {
    let gone = book.metadata.delete(&request.data_filter)?;
    let gone: Vec<Value> = gone.iter().map(super::metadata::Metadata::to_json).collect();
    Ok(json!({ "deleteDeveloperMetadata": { "deletedDeveloperMetadata": gone } }))
}

fn add_sheet(book: &mut Workbook, request: AddSheet) -> Result<Value, ApiError> {
    let wanted = request.properties;
    let sheet_id = wanted.sheet_id.unwrap_or_else(|| book.free_sheet_id());
    let title = wanted.title.unwrap_or_else(|| format!("Sheet{}", book.tabs.len() + 1));
    let grid = wanted.grid_properties;
    let mut tab = Tab::new(sheet_id, title, grid.row_count.unwrap_or(1000), grid.column_count.unwrap_or(26));
    tab.frozen_rows = grid.frozen_row_count.unwrap_or(0);
    tab.hidden = wanted.hidden.unwrap_or(false);
    book.add_tab(tab, wanted.index)?;
    let index = book.tabs.iter().position(|tab| tab.sheet_id == sheet_id).unwrap_or(0);
    Ok(json!({ "addSheet": { "properties": properties(book.tab(sheet_id)?, index) } }))
}

fn delete_sheet(book: &mut Workbook, request: &DeleteSheet) -> Result<Value, ApiError> {
    book.tab(request.sheet_id)?;
    if book.tabs.len() == 1 {
        return Err(ApiError::invalid("You can't remove all the sheets in a document."));
    }
    book.tabs.retain(|tab| tab.sheet_id != request.sheet_id);
    book.metadata.sheet_deleted(request.sheet_id);
    Ok(json!({}))
}

fn update_sheet(book: &mut Workbook, request: UpdateSheetProperties) -> Result<Value, ApiError> {
    let fields = request.fields.filter(|fields| !fields.is_empty());
    let fields = fields.ok_or_else(|| ApiError::invalid("At least one field must be listed in 'fields'"))?;
    let mask = Mask::parse(Some(&fields))?;
    let wanted = request.properties;
    let sheet_id = wanted.sheet_id.unwrap_or(0);
    let named_by_another =
        |title: &String| book.tabs.iter().any(|tab| tab.title == *title && tab.sheet_id != sheet_id);
    if mask.has("title") && wanted.title.as_ref().is_some_and(named_by_another) {
        return Err(ApiError::invalid("A sheet with that name already exists."));
    }
    let tab = book.tab_mut(sheet_id)?;
    if let (true, Some(title)) = (mask.has("title"), wanted.title) {
        tab.title = title;
    }
    if mask.has("hidden") {
        tab.hidden = wanted.hidden.unwrap_or(false);
    }
    if let Some(grid) = mask.field("gridProperties") {
        let sizes = wanted.grid_properties;
        if grid.has("frozenRowCount") {
            tab.frozen_rows = sizes.frozen_row_count.unwrap_or(0);
        }
        if let (true, Some(rows)) = (grid.has("rowCount"), sizes.row_count) {
            if rows < tab.row_count {
                tab.delete_rows(rows, tab.row_count)?;
            }
            tab.row_count = rows;
        }
        if let (true, Some(columns)) = (grid.has("columnCount"), sizes.column_count) {
            if columns < tab.column_count {
                tab.delete_columns(columns, tab.column_count)?;
            }
            tab.column_count = columns;
        }
    }
    if let (true, Some(index)) = (mask.has("index"), wanted.index) {
        let from = book.tabs.iter().position(|tab| tab.sheet_id == sheet_id).unwrap_or(0);
        let tab: Arc<Tab> = book.tabs.remove(from);
        book.tabs.insert(index.min(book.tabs.len()), tab);
    }
    book.check_cells().map(|()| json!({}))
}

fn sort_range(book: &mut Workbook, request: &SortRange) -> Result<Value, ApiError> {
    let tab = book.tab_mut(request.range.sheet_id)?;
    let area = request.range.area(tab)?;
    let by = request
        .sort_specs
        .iter()
        .map(|spec| match spec.sort_order.as_deref() {
            Some("ASCENDING") => Ok((spec.dimension_index, false)),
            Some("DESCENDING") => Ok((spec.dimension_index, true)),
            other => Err(ApiError::invalid(format!("sortSpecs.sortOrder is {other:?}"))),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if by.is_empty() {
        return Err(ApiError::invalid("sortSpecs must not be empty"));
    }
    tab.sort(area, &by);
    Ok(json!({}))
}

fn rename(book: &mut Workbook, body: &Value) -> Result<Value, ApiError> {
    let only_title = body.get("fields").and_then(Value::as_str) == Some("title");
    match body.pointer("/properties/title").and_then(Value::as_str) {
        Some(title) if only_title => {
            title.clone_into(&mut book.title);
            Ok(json!({}))
        }
        _ => Err(ApiError::invalid("only fields = title is simulated")),
    }
}

/// The whole answer of a batch.
pub(crate) fn answer(id: &str, replies: Vec<Value>) -> Value {
    let mut whole = Map::new();
    whole.insert("spreadsheetId".into(), id.into());
    whole.insert("replies".into(), Value::Array(replies));
    Value::Object(whole)
}
