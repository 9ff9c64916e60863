//! One line of a log: a JSON object as this product writes it, or whatever else stands in the place of one.
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// Where the lines of a function come from when they do not name it: its own crate, and the flows it calls.
const MODULES: [(&str, &[&str]); 4] = [
    ("dispatch", &["dispatch", "flows::dispatch"]),
    ("sige-backfill", &["sige_backfill", "flows::backfill"]),
    ("sige-daily-sync", &["sige_daily_sync", "flows::daily"]),
    (
        "sige-window-sync",
        &[
            "sige_window_sync",
            "flows::window_sync",
            "flows::window_entry",
            "flows::day_write",
            "flows::desired_day",
            "flows::people",
            "flows::order_ledger",
        ],
    ),
];
/// Fields that the readable form has a place for already.
const PLACED: [&str; 4] = ["timestamp", "level", "message", "target"];

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LogLine {
    /// When it was written, where it says so.
    pub(crate) at: Option<DateTime<Utc>>,
    text: String,
    fields: Option<Map<String, Value>>,
    function: Option<String>,
}

impl LogLine {
    /// Reads a line. What is no JSON object is kept as text.
    pub(crate) fn read(text: &str) -> Self {
        let fields = match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Some(fields),
            Ok(_) | Err(_) => None,
        };
        let time = fields.as_ref().and_then(|fields| fields.get("timestamp")).and_then(Value::as_str);
        let at = time.and_then(|time| time.parse().ok());
        Self { at, text: text.to_owned(), fields, function: None }
    }

    /// Known to be written by that function, at that time.
    pub(crate) fn of(self, function: &str, at: DateTime<Utc>) -> Self {
        Self { function: Some(function.to_owned()), at: self.at.or(Some(at)), ..self }
    }

    /// A field as text.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.fields.as_ref()?.get(name).map(text_of)
    }

    /// Whether the function has written it.
    pub(crate) fn is_of(&self, function: &str) -> bool {
        if let Some(known) = self.function.clone().or_else(|| self.field("function")) {
            return known == function;
        }
        let Some(target) = self.field("target") else { return false };
        let modules = MODULES.iter().find(|(name, _)| *name == function).map(|(_, modules)| *modules);
        modules.unwrap_or_default().iter().any(|module| {
            target.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    }

    /// The line as JSON: as it stands, or as the message of an object.
    pub(crate) fn json(&self) -> String {
        match &self.fields {
            Some(_) => self.text.clone(),
            None => serde_json::json!({ "message": self.text }).to_string(),
        }
    }

    /// The line for a person: time, level, message, the other fields.
    pub(crate) fn readable(&self) -> String {
        let Some(fields) = &self.fields else { return self.text.clone() };
        let time = self.at.map(|at| at.format("%H:%M:%S%.3fZ").to_string()).unwrap_or_default();
        let placed = |name: &str| fields.get(name).map(text_of).unwrap_or_default();
        let mut line = format!("{time} {:5} {}", placed("level"), placed("message"));
        for (name, value) in fields.iter().filter(|(name, _)| !PLACED.contains(&name.as_str())) {
            line.push_str(&format!(" {name}={}", text_of(value)));
        }
        line
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
