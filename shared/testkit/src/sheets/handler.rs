//! One call from bytes to bytes, without a network: authorisation, the operation, the field mask.
use super::auth::{Access, Tokens};
use super::editor::Books;
use super::error::ApiError;
use super::faults::FaultPlan;
use super::journal::{Journal, Operation};
use super::mask::Mask;
use super::render::Locale;
use super::route::Route;
use super::values::{ReadOptions, write_value_range};
use super::workbook::Workbook;
use super::{batch, writing};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use value_calls::{batch_get, batch_values, internal, search, write_values};

mod value_calls;

/// A request, read in full.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) route: Route,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) bearer: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn flag(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The body; a field that is `null` counts as missing, as in every JSON of a protocol buffer.
    fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let body: &[u8] = if self.body.is_empty() { b"{}" } else { &self.body };
        let parsed = serde_json::from_slice::<Value>(body).and_then(|mut value| {
            drop_null_fields(&mut value);
            serde_json::from_value(value)
        });
        parsed.map_err(|error| ApiError::invalid(format!("Invalid JSON payload received. {error}")))
    }
}

fn drop_null_fields(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, below| !below.is_null());
            fields.values_mut().for_each(drop_null_fields);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_null_fields),
        _ => {}
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

const JSON: &str = "application/json; charset=UTF-8";

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, content_type: JSON, headers: Vec::new(), body: format!("{body:#}").into_bytes() }
    }

    pub(crate) fn html(status: u16) -> Self {
        let page =
            format!("<!DOCTYPE html>\n<html lang=en>\n<title>Error {status}</title>\n<p>That's an error.\n");
        Self {
            status,
            content_type: "text/html; charset=UTF-8",
            headers: Vec::new(),
            body: page.into_bytes(),
        }
    }

    pub(crate) fn refused(error: &ApiError) -> Self {
        let mut answer = Self::json(error.code, &error.body());
        if error.code == 401 {
            answer.headers.push(("WWW-Authenticate", "Bearer realm=\"https://accounts.google.com/\"".into()));
        }
        answer
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Everything that the simulator knows.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) base_url: String,
    pub(crate) books: BTreeMap<String, Workbook>,
    pub(crate) tokens: Tokens,
    pub(crate) faults: FaultPlan,
    pub(crate) journal: Journal,
    pub(crate) late: Vec<LateCall>,
}

/// A call that the client believes lost.
#[derive(Debug)]
pub(crate) struct LateCall {
    pub(crate) call: Call,
    /// Applied before the request that brings this to 0; `None` waits for the test.
    pub(crate) after: Option<u32>,
}

impl World {
    /// The address of the token endpoint.
    pub(crate) fn token_url(&self) -> String {
        format!("{}token", self.base_url)
    }

    /// Lets somebody edit the spreadsheets.
    pub(crate) fn editor(&mut self) -> Books<'_> {
        Books::new(&mut self.books)
    }

    /// Applies late calls whose time has come: another request is here.
    pub(crate) fn apply_due(&mut self) {
        let mut due = Vec::new();
        for late in std::mem::take(&mut self.late) {
            match late.after {
                Some(after) if after <= 1 => due.push(late.call),
                Some(after) => self.late.push(LateCall { after: Some(after - 1), ..late }),
                None => self.late.push(late),
            }
        }
        for call in &due {
            self.handle(call, None);
        }
    }

    /// Handles a call. `row_cells_max` cuts the rows of a read short.
    pub(crate) fn handle(&mut self, call: &Call, row_cells_max: Option<u32>) -> Answer {
        if call.route.operation == Operation::Token {
            let form = url::form_urlencoded::parse(&call.body).into_owned().collect();
            let url = self.token_url();
            let (status, body) = self.tokens.grant(&form, &url);
            self.journal.counters.tokens_issued = self.tokens.issued();
            return Answer::json(status, &body);
        }
        if call.route.operation == Operation::Unknown {
            return Answer::html(404);
        }
        let answer = self.authorised(call, row_cells_max).unwrap_or_else(|error| Answer::refused(&error));
        if call.route.operation.is_write() && answer.is_success() {
            self.journal.counters.applied_writes += 1;
        }
        answer
    }

    fn authorised(&mut self, call: &Call, row_cells_max: Option<u32>) -> Result<Answer, ApiError> {
        let token = call.bearer.as_deref().ok_or_else(|| ApiError::unauthenticated(false))?;
        match self.tokens.check(token, call.route.operation.is_write()) {
            Access::Refused => return Err(ApiError::unauthenticated(true)),
            Access::Insufficient => return Err(ApiError::scope_insufficient()),
            Access::Granted => {}
        }
        call.route.check_parameters(&call.query)?;
        if call.parameter("alt").is_some_and(|alt| alt != "json") {
            return Err(ApiError::invalid("only alt=json is simulated"));
        }
        let mask = Mask::parse(call.parameter("fields"))?;
        let body = if call.route.operation.is_read() {
            self.read(call, &mask, row_cells_max)?
        } else {
            let mut body = self.write(call)?;
            mask.apply(&mut body);
            body.to_string().into_bytes()
        };
        let plain = call.parameter("prettyPrint").is_some_and(|pretty| pretty == "false");
        Ok(Answer {
            status: 200,
            content_type: JSON,
            headers: Vec::new(),
            body: if plain { body } else { pretty(&body) },
        })
    }

    fn book(&self, id: &str) -> Result<&Workbook, ApiError> {
        let book = self.books.get(id).ok_or_else(ApiError::not_found)?;
        if !book.shared {
            return Err(ApiError::new(403, "The caller does not have permission"));
        }
        Ok(book)
    }

    fn read(&self, call: &Call, mask: &Mask, row_cells_max: Option<u32>) -> Result<Vec<u8>, ApiError> {
        let book = self.book(&call.route.spreadsheet)?;
        let options = |call: &Call| {
            let read = ReadOptions::new(
                call.parameter("majorDimension"),
                call.parameter("valueRenderOption"),
                call.parameter("dateTimeRenderOption"),
            );
            read.map(|read| ReadOptions { row_cells_max, ..read })
        };
        let mut body = match call.route.operation {
            Operation::ValuesGet => {
                let (tab, area) = book.locate(&call.route.argument)?;
                let mut out = Vec::new();
                write_value_range(&mut out, book, tab, &area, options(call)?, mask).map_err(internal)?;
                return Ok(out);
            }
            Operation::ValuesBatchGet => return batch_get(book, call, mask, options(call)?),
            Operation::Get => self.get(book, call, mask)?,
            Operation::MetadataGet => {
                let id = call.route.argument.parse::<i32>().map_err(|_| ApiError::not_found())?;
                let found = book.metadata.entries.iter().find(|entry| entry.id == id);
                found.ok_or_else(ApiError::not_found)?.to_json()
            }
            Operation::MetadataSearch => search(book, call)?,
            _ => return Err(ApiError::not_found()),
        };
        mask.apply(&mut body);
        Ok(body.to_string().into_bytes())
    }

    fn get(&self, book: &Workbook, call: &Call, mask: &Mask) -> Result<Value, ApiError> {
        let by_mask = mask.field("sheets").is_some_and(|sheets| sheets.has("data"));
        let wanted = if *mask == Mask::All { call.flag("includeGridData") } else { by_mask };
        let ranges = call.query.iter().filter(|(name, _)| name == "ranges").map(|(_, range)| range);
        let mut areas = Vec::new();
        for range in ranges {
            let (tab, area) = book.locate(range)?;
            areas.push((tab.sheet_id, area));
        }
        if wanted && areas.is_empty() {
            return Err(ApiError::invalid("grid data is simulated only for named ranges"));
        }
        let mut whole = book.to_json(&self.base_url, (!areas.is_empty()).then_some(&areas));
        if !wanted && let Some(sheets) = whole.get_mut("sheets").and_then(Value::as_array_mut) {
            for sheet in sheets.iter_mut().filter_map(Value::as_object_mut) {
                sheet.shift_remove("data");
            }
        }
        Ok(whole)
    }

    fn write(&mut self, call: &Call) -> Result<Value, ApiError> {
        if call.route.operation == Operation::Create {
            return self.create(call);
        }
        let mut book = self.book(&call.route.spreadsheet)?.clone();
        let answer = match call.route.operation {
            Operation::BatchUpdate => self.batch_update(&mut book, call)?,
            Operation::ValuesUpdate | Operation::ValuesAppend => write_values(&mut book, call)?,
            Operation::ValuesBatchUpdate => batch_values(&mut book, call)?,
            Operation::ValuesClear => {
                let cleared = writing::clear(&mut book, &call.route.argument)?;
                json!({ "spreadsheetId": book.id, "clearedRange": cleared })
            }
            Operation::ValuesBatchClear => {
                let request: BatchClear = call.json()?;
                let cleared: Result<Vec<_>, _> =
                    request.ranges.iter().map(|range| writing::clear(&mut book, range)).collect();
                json!({ "spreadsheetId": book.id, "clearedRanges": cleared? })
            }
            _ => return Err(ApiError::not_found()),
        };
        self.books.insert(book.id.clone(), book);
        Ok(answer)
    }

    fn batch_update(&self, book: &mut Workbook, call: &Call) -> Result<Value, ApiError> {
        let request: BatchUpdate = call.json()?;
        let replies = batch::apply(book, request.requests)?;
        let mut answer = batch::answer(&book.id, replies);
        if let (true, Some(fields)) = (request.include_spreadsheet_in_response, answer.as_object_mut()) {
            fields.insert("updatedSpreadsheet".into(), book.to_json(&self.base_url, None));
        }
        Ok(answer)
    }

    fn create(&mut self, call: &Call) -> Result<Value, ApiError> {
        let request: NewSpreadsheet = call.json()?;
        let id = format!("simulated-{}", self.books.len() + 1);
        let mut book = Workbook::new(&id, Locale::default());
        if let Some(title) = request.properties.as_ref().and_then(|properties| properties.get("title")) {
            title.as_str().unwrap_or_default().clone_into(&mut book.title);
        }
        let mut tabs: Vec<Value> = request.sheets;
        if tabs.is_empty() {
            tabs.push(json!({ "properties": { "title": "Sheet1", "sheetId": 0 } }));
        }
        batch::apply(&mut book, tabs.into_iter().map(|tab| json!({ "addSheet": tab })).collect())?;
        let answer = book.to_json(&self.base_url, None);
        self.books.insert(id, book);
        Ok(answer)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BatchUpdate {
    #[serde(default)]
    requests: Vec<Value>,
    #[serde(default)]
    include_spreadsheet_in_response: bool,
    #[serde(rename = "responseIncludeGridData", default)]
    _grid_data: bool,
    #[serde(rename = "responseRanges", default)]
    _ranges: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BatchClear {
    ranges: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewSpreadsheet {
    properties: Option<Value>,
    #[serde(default)]
    sheets: Vec<Value>,
}

fn pretty(body: &[u8]) -> Vec<u8> {
    serde_json::from_slice::<Value>(body)
        .map_or_else(|_| body.to_vec(), |value| format!("{value:#}\n").into_bytes())
}
