//! The ERP tab as JSON: the array of rows of `values.get`, or its whole answer.
use super::{COLUMNS, ErpTab, place};
use crate::problem::Problem;
use domain::cell::Cell;
use rust_decimal::Decimal;
use serde_json::Value;

pub(super) fn parse(text: &str, file: &str) -> Result<ErpTab, Problem> {
    let document: Value = serde_json::from_str(text).map_err(|error| {
        let what = if error.is_eof() { "is cut off" } else { "is not valid JSON" };
        Problem::new(file, "", format!("{what} at column {}", error.column())).at_line(error.line())
    })?;
    let problem = |key: String, message: String| Problem::new(file, key, message);
    let rows = match document {
        Value::Array(rows) => rows,
        Value::Object(mut answer) => {
            if answer.get("majorDimension").is_some_and(|dimension| dimension != "ROWS") {
                return Err(problem("majorDimension".to_owned(), "must be ROWS".to_owned()));
            }
            match answer.remove("values") {
                Some(Value::Array(rows)) => rows,
                // Google leaves `values` out of the answer when the range is empty.
                None if answer.contains_key("range") => Vec::new(),
                _ => return Err(problem("values".to_owned(), "must be the array of rows".to_owned())),
            }
        }
        _ => {
            return Err(problem(
                String::new(),
                "must be the array of rows, or an object with values".to_owned(),
            ));
        }
    };
    let mut tab = ErpTab::default();
    for (number, row) in (1..).zip(rows) {
        let key = format!("row {number}");
        let Value::Array(cells) = row else {
            return Err(problem(key, format!("expected an array of cells, found {}", kind(&row))));
        };
        if cells.len() > COLUMNS {
            return Err(problem(
                key,
                format!("has {} columns; the ERP tab has {COLUMNS} (A to AH)", cells.len()),
            ));
        }
        let read = |(column, value): (usize, Value)| {
            let expected =
                |value: &Value| format!("expected a text, a number or a boolean, found {}", kind(value));
            cell(value).map_err(|value| problem(place(number, column), expected(&value)))
        };
        let cells = cells.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        tab.push(u32::try_from(number).unwrap_or(u32::MAX), cells);
    }
    Ok(tab)
}

fn cell(value: Value) -> Result<Cell, Value> {
    match value {
        Value::Null => Ok(Cell::Empty),
        Value::Bool(ticked) => Ok(Cell::Bool(ticked)),
        Value::String(text) => Ok(Cell::from(text.as_str())),
        Value::Number(number) => {
            let literal = number.to_string();
            let decimal = literal.parse().or_else(|_| Decimal::from_scientific(&literal));
            // A number that no decimal holds is neither a document nor a date; as a text it is counted as unreadable.
            Ok(decimal.map_or(Cell::Text(literal), Cell::Number))
        }
        other @ (Value::Array(_) | Value::Object(_)) => Err(other),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
