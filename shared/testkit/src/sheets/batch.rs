//! `spreadsheets.batchUpdate`: a list of requests applied in order, all or none.
//!
//! The caller hands in a copy of the workbook and keeps it only when every request went well.
use super::error::ApiError;
use super::grid::Tab;
use super::mask::Mask;
use super::requests::{
    AddSheet, AppendDimension, CreateMetadata, DeleteDimension, DeleteMetadata, DeleteSheet, InsertDimension,
    SortRange, UpdateSheetProperties, is_rows,
};
use super::workbook::{Workbook, properties};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::Arc;

mod cells;
#[cfg(test)]
mod tests;

type Apply = fn(&mut Workbook, Value) -> Result<Value, ApiError>;

/// The request kinds that are simulated.
const KINDS: [(&str, Apply); 12] = [
    ("updateCells", |book, body| cells::update_cells(book, decode(body)?)),
    ("repeatCell", |book, body| cells::repeat_cell(book, decode(body)?)),
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
