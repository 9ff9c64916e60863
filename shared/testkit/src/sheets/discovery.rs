//! Google's own description of the Sheets API as a judge of requests and answers: every key must be in
//! the schema, every value of its type, every enum one of its words, every method and parameter known.
//!
//! The document is not part of this repository; tests take it from the package
//! `google-api-python-client` ([`super::python::discovery_document`]).
use super::error::canonical_status;
use super::journal::Logged;
use super::mask::Mask;
use serde_json::{Map, Value};

/// Field masks inside requests and the schema that their paths start from.
const MASK_ROOTS: [(&str, &str); 4] = [
    ("UpdateCellsRequest", "CellData"),
    ("RepeatCellRequest", "CellData"),
    ("UpdateSheetPropertiesRequest", "SheetProperties"),
    ("UpdateSpreadsheetPropertiesRequest", "SpreadsheetProperties"),
];

/// The description of the API.
#[derive(Debug, Clone)]
pub struct Discovery {
    document: Value,
}

impl Discovery {
    /// Reads a discovery document.
    ///
    /// # Errors
    /// When it is no JSON or describes something else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Value =
            serde_json::from_str(text).map_err(|error| format!("discovery document: {error}"))?;
        match document.get("id").and_then(Value::as_str) {
            Some("sheets:v4") => Ok(Self { document }),
            other => Err(format!("the discovery document describes {other:?}, not sheets:v4")),
        }
    }

    /// Everything about a request, and about its answer when that was recorded, that the description does not know.
    /// A request that was refused with 400 is not judged, only the refusal is.
    pub fn violations(&self, entry: &Logged) -> Vec<String> {
        let mut found = Vec::new();
        let name = format!("{} {}", entry.method, entry.path);
        let method = entry.operation.discovery_id().and_then(|id| self.method(id));
        let Some(method) = method else { return vec![format!("{name}: no such method")] };
        if entry.status != Some(400) {
            self.check_request(entry, method, &mut found);
        }
        if let Some(answer) = &entry.answer {
            self.check_answer(entry, answer, method, &mut found);
        }
        found.into_iter().map(|violation| format!("{name}: {violation}")).collect()
    }

    /// Whether a schema knows a field: for tests of the judge itself.
    pub fn knows(&self, schema: &str, field: &str) -> bool {
        self.schema(schema).is_some_and(|schema| schema.pointer(&format!("/properties/{field}")).is_some())
    }

    fn schema(&self, name: &str) -> Option<&Value> {
        self.document.get("schemas")?.get(name)
    }

    fn method(&self, id: &str) -> Option<&Value> {
        fn search<'a>(resource: &'a Value, id: &str) -> Option<&'a Value> {
            let methods = resource.get("methods").and_then(Value::as_object).into_iter().flatten();
            let own = methods.map(|(_, method)| method).find(|method| method.get("id") == Some(&id.into()));
            own.or_else(|| {
                let below = resource.get("resources").and_then(Value::as_object).into_iter().flatten();
                below.map(|(_, resource)| search(resource, id)).find(Option::is_some).flatten()
            })
        }
        search(&self.document, id)
    }

    fn check_request(&self, entry: &Logged, method: &Value, found: &mut Vec<String>) {
        self.check_address(entry, method, found);
        self.check_parameters(entry, method, found);
        if let Some(schema) = method.pointer("/request/$ref").and_then(Value::as_str) {
            // No body is an empty message.
            let body = if entry.body.is_empty() { Value::Object(Map::new()) } else { entry.json() };
            self.check_schema(&body, schema, "request", found);
        } else if !entry.body.is_empty() {
            found.push("request: this method takes no body".into());
        }
    }

    fn check_address(&self, entry: &Logged, method: &Value, found: &mut Vec<String>) {
        let expected = method.get("httpMethod").and_then(Value::as_str).unwrap_or_default();
        if entry.method != expected {
            found.push(format!("the method is {expected}"));
        }
        let template = method.get("path").and_then(Value::as_str).unwrap_or_default();
        if !fits(entry.path.trim_start_matches('/'), template) {
            found.push(format!("the path is {template}"));
        }
    }

    fn check_parameters(&self, entry: &Logged, method: &Value, found: &mut Vec<String>) {
        let own = method.get("parameters");
        let standard = self.document.get("parameters");
        let description = |name: &str| {
            let own =
                own.and_then(|own| own.get(name)).filter(|one| one.get("location") == Some(&"query".into()));
            own.or_else(|| standard.and_then(|standard| standard.get(name)))
        };
        for (name, value) in &entry.query {
            let Some(description) = description(name) else {
                found.push(format!("parameter {name} is not known"));
                continue;
            };
            check_enum(value, description, &format!("parameter {name}"), found);
            let boolean = description.get("type") == Some(&"boolean".into());
            if boolean && !matches!(value.to_ascii_lowercase().as_str(), "true" | "false") {
                found.push(format!("parameter {name} is boolean, not {value}"));
            }
            if name == "fields"
                && let Some(root) = method.pointer("/response/$ref").and_then(Value::as_str)
            {
                self.check_mask(value, root, "parameter fields", found);
            }
        }
        let required = own.and_then(Value::as_object).into_iter().flatten().filter(|(_, description)| {
            description.get("required") == Some(&true.into())
                && description.get("location") == Some(&"query".into())
        });
        for (name, _) in required {
            if entry.parameter(name).is_none() {
                found.push(format!("parameter {name} is missing"));
            }
        }
    }

    fn check_answer(&self, entry: &Logged, answer: &str, method: &Value, found: &mut Vec<String>) {
        let Ok(body) = serde_json::from_str::<Value>(answer) else {
            found.push("answer: no JSON".into());
            return;
        };
        let status = entry.status.unwrap_or(0);
        if (200..300).contains(&status) {
            if let Some(schema) = method.pointer("/response/$ref").and_then(Value::as_str) {
                self.check_schema(&body, schema, "answer", found);
            }
            return;
        }
        let error = body.get("error").and_then(Value::as_object).cloned().unwrap_or_default();
        let text = |key: &str| error.get(key).and_then(Value::as_str);
        if error.get("code") != Some(&status.into())
            || text("status") != Some(canonical_status(status))
            || text("message").is_none_or(str::is_empty)
        {
            found.push(format!("answer: {status} does not look like an error of Google's"));
        }
    }

    fn check_schema(&self, value: &Value, name: &str, place: &str, found: &mut Vec<String>) {
        match self.schema(name) {
            Some(schema) => {
                self.check(value, schema, place, found);
                self.check_inner_mask(value, name, place, found);
            }
            None => found.push(format!("{place}: schema {name} is not known")),
        }
    }

    fn check_inner_mask(&self, value: &Value, name: &str, place: &str, found: &mut Vec<String>) {
        let root = MASK_ROOTS.iter().find(|(request, _)| *request == name).map(|(_, root)| *root);
        if let (Some(root), Some(fields)) = (root, value.get("fields").and_then(Value::as_str)) {
            self.check_mask(fields, root, &format!("{place}.fields"), found);
        }
    }

    fn check(&self, value: &Value, schema: &Value, place: &str, found: &mut Vec<String>) {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            self.check_schema(value, name, place, found);
            return;
        }
        let kind = schema.get("type").and_then(Value::as_str).unwrap_or("object");
        let fits = match kind {
            "any" => true,
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "number" => value.is_number(),
            "integer" => value.as_f64().is_some_and(|number| {
                number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number)
            }),
            "array" => value.is_array(),
            _ => value.is_object(),
        };
        if !fits {
            found.push(format!("{place}: not a value of type {kind}"));
            return;
        }
        match value {
            Value::String(text) => check_enum(text, schema, place, found),
            Value::Array(items) => {
                if let Some(item_schema) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.check(item, item_schema, &format!("{place}[{index}]"), found);
                    }
                }
            }
            Value::Object(fields) if kind == "object" => self.check_fields(fields, schema, place, found),
            _ => {}
        }
    }

    fn check_fields(
        &self,
        fields: &Map<String, Value>,
        schema: &Value,
        place: &str,
        found: &mut Vec<String>,
    ) {
        // A field that is null counts as missing.
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            let known = schema.get("properties").and_then(|properties| properties.get(name));
            match known.or_else(|| schema.get("additionalProperties")) {
                Some(schema) => self.check(value, schema, &format!("{place}.{name}"), found),
                None => found.push(format!("{place}.{name}: no such field")),
            }
        }
    }

    fn check_mask(&self, text: &str, root: &str, place: &str, found: &mut Vec<String>) {
        match Mask::parse(Some(text)) {
            Ok(mask) => {
                if let Some(schema) = self.schema(root) {
                    self.check_mask_fields(&mask, schema, place, found);
                }
            }
            Err(error) => found.push(format!("{place}: {}", error.message)),
        }
    }

    fn check_mask_fields(&self, mask: &Mask, schema: &Value, place: &str, found: &mut Vec<String>) {
        let Mask::Only(fields) = mask else { return };
        let schema = self.resolved(schema);
        for (name, below) in fields.iter().filter(|(name, _)| *name != "*") {
            match schema.and_then(|schema| schema.pointer(&format!("/properties/{name}"))) {
                Some(field) => self.check_mask_fields(below, field, &format!("{place}.{name}"), found),
                None => found.push(format!("{place}.{name}: no such field")),
            }
        }
    }

    /// Through arrays and references to the schema of an object.
    fn resolved<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            return self.schema(name).and_then(|schema| self.resolved(schema));
        }
        match schema.get("items") {
            Some(items) => self.resolved(items),
            None => Some(schema),
        }
    }
}

fn check_enum(value: &str, schema: &Value, place: &str, found: &mut Vec<String>) {
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.iter().any(|word| word == value)
    {
        found.push(format!("{place}: {value} is none of the words it may be"));
    }
}

/// Whether a path fits a template such as `v4/spreadsheets/{spreadsheetId}/values/{range}:append`.
fn fits(path: &str, template: &str) -> bool {
    let Some((literal, rest)) = template.split_once('{') else { return path == template };
    let Some(path) = path.strip_prefix(literal) else { return false };
    let Some((_, rest)) = rest.split_once('}') else { return false };
    // A parameter is one segment: it ends before the next slash, or where the rest of the template begins.
    let segment = path.split('/').next().unwrap_or_default();
    if rest.is_empty() {
        return !segment.is_empty() && segment.len() == path.len();
    }
    (1..=segment.len()).filter(|end| path.is_char_boundary(*end)).any(|end| {
        let (_, after) = path.split_at(end);
        fits(after, rest)
    })
}

#[cfg(test)]
mod tests {
    use super::super::journal::Operation;
    use super::*;
    use serde_json::json;

    fn discovery() -> Discovery {
        let document = json!({
            "id": "sheets:v4",
            "parameters": {
                "fields": { "type": "string", "location": "query" },
                "prettyPrint": { "type": "boolean", "location": "query" },
            },
            "schemas": {
                "Batch": { "type": "object", "properties": {
                    "requests": { "type": "array", "items": { "$ref": "UpdateCellsRequest" } },
                } },
                "UpdateCellsRequest": { "type": "object", "properties": {
                    "fields": { "type": "string", "format": "google-fieldmask" },
                    "row": { "type": "integer", "format": "int32" },
                    "major": { "type": "string", "enum": ["ROWS"] },
                } },
                "CellData": { "type": "object", "properties": { "note": { "type": "string" } } },
                "Answer": { "type": "object", "properties": { "id": { "type": "string" } } },
            },
            "resources": { "spreadsheets": { "methods": { "batchUpdate": {
                "id": "sheets.spreadsheets.batchUpdate",
                "httpMethod": "POST",
                "path": "v4/spreadsheets/{spreadsheetId}:batchUpdate",
                "parameters": { "must": { "location": "query", "required": true, "type": "string" } },
                "request": { "$ref": "Batch" },
                "response": { "$ref": "Answer" },
            } } } },
        });
        Discovery::parse(&document.to_string()).unwrap()
    }

    fn entry(body: &Value, query: &[(&str, &str)], answer: &str) -> Logged {
        Logged {
            operation: Operation::BatchUpdate,
            method: "POST".into(),
            path: "/v4/spreadsheets/S1:batchUpdate".into(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.to_string(),
            status: Some(200),
            answer: Some(answer.into()),
        }
    }

    #[test]
    fn what_the_description_knows_passes() {
        let body = json!({ "requests": [{ "fields": "note", "row": 3, "major": "ROWS" }] });
        let query = [("must", "x"), ("fields", "id"), ("prettyPrint", "false")];
        assert_eq!(discovery().violations(&entry(&body, &query, "{\"id\":\"S1\"}")), Vec::<String>::new());
    }

    #[test]
    fn every_stray_thing_is_found() {
        let bad = [
            json!({ "fields": "note,comment" }),
            json!({ "row": 1.5 }),
            json!({ "row": "1" }),
            json!({ "major": "DIAGONAL" }),
            json!({ "extra": 1 }),
            json!({ "fields": ["note"] }),
        ];
        let query = [("must", "x")];
        for one in bad {
            let body = json!({ "requests": [one] });
            assert_eq!(discovery().violations(&entry(&body, &query, "{}")).len(), 1, "{one}");
        }
        let empty = json!({});
        assert_eq!(discovery().violations(&entry(&empty, &[], "{}")).len(), 1);
        assert_eq!(discovery().violations(&entry(&empty, &[("must", "x"), ("stray", "")], "{}")).len(), 1);
        assert_eq!(discovery().violations(&entry(&empty, &[("must", "x"), ("fields", "x")], "{}")).len(), 1);
        assert_eq!(
            discovery().violations(&entry(&empty, &[("must", "x"), ("prettyPrint", "no")], "{}")).len(),
            1
        );
        assert_eq!(discovery().violations(&entry(&empty, &query, "{\"ID\":1}")).len(), 1);
        assert_eq!(discovery().violations(&entry(&empty, &query, "<html>")).len(), 1);
        let elsewhere =
            Logged { path: "/v4/spreadsheets/S1/x:batchUpdate".into(), ..entry(&empty, &query, "{}") };
        assert_eq!(discovery().violations(&elsewhere).len(), 1);
        let stray = json!({ "requests": [{ "extra": 1 }] });
        let error = json!({ "error": { "code": 400, "message": "no", "status": "INVALID_ARGUMENT" } });
        let refused = Logged { status: Some(400), ..entry(&stray, &query, &error.to_string()) };
        assert!(discovery().violations(&refused).is_empty());
        let refused = Logged { status: Some(429), ..entry(&empty, &query, "{\"error\":{\"code\":429}}") };
        assert_eq!(discovery().violations(&refused).len(), 1);
    }
}
