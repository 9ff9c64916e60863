//! The calls on values and on metadata, between the request and the workbook.
use super::super::error::ApiError;
use super::super::journal::Operation;
use super::super::mask::Mask;
use super::super::metadata::DataFilter;
use super::super::values::{ReadOptions, bad_enum, write_value_range};
use super::super::workbook::Workbook;
use super::super::writing::{self, Input, ValueRange};
use super::Call;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn internal(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(500, error.to_string())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BatchValues {
    value_input_option: Option<String>,
    #[serde(default)]
    data: Vec<ValueRange>,
    #[serde(default)]
    include_values_in_response: bool,
    response_value_render_option: Option<String>,
    response_date_time_render_option: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Search {
    #[serde(default)]
    data_filters: Vec<Value>,
}

pub(super) fn batch_get(
    book: &Workbook,
    call: &Call,
    mask: &Mask,
    options: ReadOptions,
) -> Result<Vec<u8>, ApiError> {
    let mut out = Vec::new();
    out.push(b'{');
    if mask.has("spreadsheetId") {
        out.extend_from_slice(b"\"spreadsheetId\":");
        serde_json::to_writer(&mut out, &book.id).map_err(internal)?;
    }
    if let Some(below) = mask.field("valueRanges") {
        out.extend_from_slice(if out.len() > 1 { b",\"valueRanges\":[" } else { b"\"valueRanges\":[" });
        let ranges = call.query.iter().filter(|(name, _)| name == "ranges");
        for (index, (_, range)) in ranges.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let (tab, area) = book.locate(range)?;
            write_value_range(&mut out, book, tab, &area, options, below).map_err(internal)?;
        }
        out.push(b']');
    }
    out.push(b'}');
    Ok(out)
}

pub(super) fn search(book: &Workbook, call: &Call) -> Result<Value, ApiError> {
    let request: Search = call.json()?;
    let mut matched = Vec::new();
    for filter in request.data_filters {
        let parsed: DataFilter = serde_json::from_value(filter.clone())
            .map_err(|error| ApiError::invalid(format!("Invalid dataFilters: {error}")))?;
        for entry in book.metadata.find(&parsed)? {
            matched.push(json!({ "developerMetadata": entry.to_json(), "dataFilters": [filter] }));
        }
    }
    Ok(if matched.is_empty() { json!({}) } else { json!({ "matchedDeveloperMetadata": matched }) })
}

pub(super) fn write_values(book: &mut Workbook, call: &Call) -> Result<Value, ApiError> {
    let input = Input::new(call.parameter("valueInputOption"))?;
    let range = call.route.argument.as_str();
    let mut answer = if call.route.operation == Operation::ValuesAppend {
        let insert = match call.parameter("insertDataOption") {
            None | Some("OVERWRITE") => false,
            Some("INSERT_ROWS") => true,
            Some(other) => return Err(bad_enum("insert_data_option", other)),
        };
        writing::append(book, range, call.json()?, input, insert)?
    } else {
        writing::update(book, range, call.json()?, input)?
    };
    if call.flag("includeValuesInResponse") {
        let options = ReadOptions::new(
            None,
            call.parameter("responseValueRenderOption"),
            call.parameter("responseDateTimeRenderOption"),
        )?;
        let updates = if call.route.operation == Operation::ValuesAppend {
            answer.get_mut("updates")
        } else {
            Some(&mut answer)
        };
        if let Some(updates) = updates {
            add_echo(book, updates, options)?;
        }
    }
    Ok(answer)
}

fn add_echo(book: &Workbook, updates: &mut Value, options: ReadOptions) -> Result<(), ApiError> {
    let range = updates.get("updatedRange").and_then(Value::as_str).unwrap_or_default().to_owned();
    let echo = writing::echo(book, &range, options)?;
    if let Some(fields) = updates.as_object_mut() {
        fields.insert("updatedData".into(), echo);
    }
    Ok(())
}

pub(super) fn batch_values(book: &mut Workbook, call: &Call) -> Result<Value, ApiError> {
    let request: BatchValues = call.json()?;
    let input = Input::new(request.value_input_option.as_deref())?;
    let options = ReadOptions::new(
        None,
        request.response_value_render_option.as_deref(),
        request.response_date_time_render_option.as_deref(),
    )?;
    let mut responses = Vec::new();
    for data in request.data {
        let range = data.range.clone().ok_or_else(|| ApiError::invalid("data.range is required"))?;
        let mut response = writing::update(book, &range, data, input)?;
        if request.include_values_in_response {
            add_echo(book, &mut response, options)?;
        }
        responses.push(response);
    }
    let total = |name: &str| -> u64 {
        responses.iter().filter_map(|response| response.get(name)).filter_map(Value::as_u64).sum()
    };
    let sheets: std::collections::BTreeSet<String> = responses
        .iter()
        .filter_map(|response| response.get("updatedRange").and_then(Value::as_str))
        .filter_map(|range| range.rsplit_once('!'))
        .map(|(tab, _)| tab.to_owned())
        .collect();
    Ok(json!({
        "spreadsheetId": book.id,
        "totalUpdatedRows": total("updatedRows"),
        "totalUpdatedColumns": total("updatedColumns"),
        "totalUpdatedCells": total("updatedCells"),
        "totalUpdatedSheets": sheets.len(),
        "responses": responses,
    }))
}
