//! What the simulator saw: counters, a log of requests, and whether anybody ever sent a formula.
use serde_json::Value;
use std::collections::BTreeMap;

/// Requests kept in the log; counters go on beyond.
const LOG_ENTRIES_MAX: usize = 20_000;

/// The kinds of calls that are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// `spreadsheets.get`
    Get,
    /// `spreadsheets.create`
    Create,
    /// `spreadsheets.batchUpdate`
    BatchUpdate,
    /// `spreadsheets.values.get`
    ValuesGet,
    /// `spreadsheets.values.batchGet`
    ValuesBatchGet,
    /// `spreadsheets.values.update`
    ValuesUpdate,
    /// `spreadsheets.values.append`
    ValuesAppend,
    /// `spreadsheets.values.clear`
    ValuesClear,
    /// `spreadsheets.values.batchUpdate`
    ValuesBatchUpdate,
    /// `spreadsheets.values.batchClear`
    ValuesBatchClear,
    /// `spreadsheets.developerMetadata.get`
    MetadataGet,
    /// `spreadsheets.developerMetadata.search`
    MetadataSearch,
    /// The OAuth token endpoint.
    Token,
    /// Anything else.
    Unknown,
}

impl Operation {
    /// Whether it only reads.
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Self::Get | Self::ValuesGet | Self::ValuesBatchGet | Self::MetadataGet | Self::MetadataSearch
        )
    }

    /// Whether it can change a spreadsheet.
    pub fn is_write(self) -> bool {
        !self.is_read() && !matches!(self, Self::Token | Self::Unknown)
    }

    /// The method's id in Google's discovery document.
    pub fn discovery_id(self) -> Option<&'static str> {
        Some(match self {
            Self::Get => "sheets.spreadsheets.get",
            Self::Create => "sheets.spreadsheets.create",
            Self::BatchUpdate => "sheets.spreadsheets.batchUpdate",
            Self::ValuesGet => "sheets.spreadsheets.values.get",
            Self::ValuesBatchGet => "sheets.spreadsheets.values.batchGet",
            Self::ValuesUpdate => "sheets.spreadsheets.values.update",
            Self::ValuesAppend => "sheets.spreadsheets.values.append",
            Self::ValuesClear => "sheets.spreadsheets.values.clear",
            Self::ValuesBatchUpdate => "sheets.spreadsheets.values.batchUpdate",
            Self::ValuesBatchClear => "sheets.spreadsheets.values.batchClear",
            Self::MetadataGet => "sheets.spreadsheets.developerMetadata.get",
            Self::MetadataSearch => "sheets.spreadsheets.developerMetadata.search",
            Self::Token | Self::Unknown => return None,
        })
    }
}

/// One request, as it arrived, and what became of it.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Its kind.
    pub operation: Operation,
    /// `GET`, `POST` or `PUT`.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The decoded query parameters, in order.
    pub query: Vec<(String, String)>,
    /// The body; empty for reads. Bodies of the token endpoint are not kept.
    pub body: String,
    /// The status of the answer; `None` while there is none, or when the connection was dropped.
    pub status: Option<u16>,
    /// The body of the answer, when answers are recorded.
    pub answer: Option<String>,
}

impl Logged {
    /// A query parameter by name; the first when it is repeated.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// Counters of everything that happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests that read, answered or not.
    pub reads: u64,
    /// Requests that could change a spreadsheet, answered or not.
    pub writes: u64,
    /// Writes that were applied, whatever the client learnt of it.
    pub applied_writes: u64,
    /// Requests per kind.
    pub per_operation: BTreeMap<Operation, u64>,
    /// Faults that fired.
    pub faults_fired: u64,
    /// Calls refused with 401.
    pub unauthenticated: u64,
    /// Access tokens given out.
    pub tokens_issued: u64,
    /// Writes with a `formulaValue` anywhere in their body.
    pub formula_writes: u64,
    /// Bytes of answers.
    pub answer_bytes: u64,
}

impl Counters {
    /// Requests of one kind.
    pub fn of(&self, operation: Operation) -> u64 {
        self.per_operation.get(&operation).copied().unwrap_or(0)
    }
}

/// The log and the counters.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) counters: Counters,
    pub(crate) entries: Vec<Logged>,
    pub(crate) record_answers: bool,
}

impl Journal {
    /// Notes an arrival; the number to report its end under, if it was kept.
    pub(crate) fn arrived(&mut self, entry: Logged) -> Option<usize> {
        let operation = entry.operation;
        *self.counters.per_operation.entry(operation).or_default() += 1;
        self.counters.reads += u64::from(operation.is_read());
        self.counters.writes += u64::from(operation.is_write());
        let body = if operation.is_write() { entry.json() } else { Value::Null };
        self.counters.formula_writes += u64::from(has_key(&body, "formulaValue"));
        (self.entries.len() < LOG_ENTRIES_MAX).then(|| {
            self.entries.push(entry);
            self.entries.len() - 1
        })
    }

    /// Notes an answer.
    pub(crate) fn answered(&mut self, number: Option<usize>, status: u16, body: &[u8]) {
        self.counters.answer_bytes += u64::try_from(body.len()).unwrap_or(0);
        self.counters.unauthenticated += u64::from(status == 401);
        let record = self.record_answers;
        if let Some(entry) = number.and_then(|number| self.entries.get_mut(number)) {
            entry.status = Some(status);
            entry.answer = record.then(|| String::from_utf8_lossy(body).into_owned());
        }
    }
}

fn has_key(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(name, below)| name == key || has_key(below, key)),
        Value::Array(items) => items.iter().any(|item| has_key(item, key)),
        _ => false,
    }
}
