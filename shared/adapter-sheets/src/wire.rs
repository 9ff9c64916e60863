//! Cells between the wire and the rules.
//!
//! On the wire a number is a double. An amount crosses as text on both sides (`"150.01"` is parsed into
//! the double nearest to it, a double is read by its shortest text), and no arithmetic is done on it.
//! Cells are written as typed `CellData`: an empty one is `{}` and clears its cell, and nothing that a
//! customer typed can become a formula, because there is no such value.
use crate::request::{CellData, CellFormat, ExtendedValue, NumberFormat};
use chrono::NaiveDate;
use domain::calendar::erp_day;
use domain::cell::{Cell, TypedCell};
use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Visitor};
use std::fmt;
use std::str::FromStr;

/// Whole numbers beyond this are not exact as doubles.
const WHOLE_MAX: u64 = 1 << 53;

/// The fields of a cell that a write sets; the rest of its look stays.
pub(crate) const CELL_FIELDS: &str = "userEnteredValue,userEnteredFormat.numberFormat";

/// A cell as it comes off the wire, without a tree of JSON values in between.
#[derive(Debug, PartialEq)]
pub(crate) struct Wire(pub(crate) Cell);

impl<'de> Deserialize<'de> for Wire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WireVisitor)
    }
}

struct WireVisitor;

impl Visitor<'_> for WireVisitor {
    type Value = Wire;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, a tick box or nothing")
    }

    fn visit_str<E>(self, text: &str) -> Result<Wire, E> {
        Ok(Wire(Cell::from(text)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Wire, E> {
        Ok(Wire(Cell::from(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Wire, E> {
        Ok(Wire(Cell::Number(Decimal::from(number))))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Wire, E> {
        let cell = match Decimal::from_str(&number.to_string()) {
            Ok(decimal) => Cell::Number(decimal),
            // Beyond 28 digits: no amount, no day, no code.
            Err(_) => Cell::Text(format!("{number:e}")),
        };
        Ok(Wire(cell))
    }

    fn visit_bool<E>(self, tick: bool) -> Result<Wire, E> {
        Ok(Wire(Cell::Bool(tick)))
    }

    fn visit_unit<E>(self) -> Result<Wire, E> {
        Ok(Wire(Cell::Empty))
    }
}

/// The value of a cell that holds a whole number.
pub(crate) fn whole(cell: &Cell) -> Option<i64> {
    match cell {
        // Nearly every cell of a column of codes or days, and there are many.
        Cell::Number(number) if number.scale() == 0 => i64::try_from(number.mantissa()).ok(),
        other => other.whole_number(),
    }
}

/// The value of a cell that holds a number, what is behind its point dropped.
pub(crate) fn floor(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Number(number) if number.scale() > 0 => i64::try_from(number.floor()).ok(),
        other => whole(other),
    }
}

/// A cell of the bookings as a day, if it is one.
pub(crate) fn day(cell: &Cell) -> Option<NaiveDate> {
    erp_day(cell).ok()?.to_date()
}

/// A number that a double cannot hold exactly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not exact as a spreadsheet number")]
pub(crate) struct Inexact(String);

/// A cell to be written.
pub(crate) fn cell_data(cell: &TypedCell) -> Result<CellData<'_>, Inexact> {
    let (value, format) = match cell {
        TypedCell::Text(text) if text.is_empty() => return Ok(CellData::default()),
        TypedCell::Text(text) => (ExtendedValue::StringValue(text), None),
        TypedCell::Integer(number) => (whole_value(*number)?, None),
        TypedCell::Money(cents) => {
            // As many digits as an amount may have are exact to the cent; more would not be.
            if cents.0.unsigned_abs() > WHOLE_MAX {
                return Err(Inexact(cents.to_decimal_text()));
            }
            (double(&cents.to_decimal_text())?, Some(("NUMBER", "#,##0.00")))
        }
        TypedCell::Date(day) => (whole_value(i64::from(day.0))?, Some(("DATE", "dd/MM/yyyy"))),
        TypedCell::Month(day) => (whole_value(i64::from(day.0))?, Some(("DATE", "m/yyyy"))),
    };
    let format = format.map(|(kind, pattern)| CellFormat { number_format: NumberFormat { kind, pattern } });
    Ok(CellData { user_entered_value: Some(value), user_entered_format: format })
}

fn whole_value(number: i64) -> Result<ExtendedValue<'static>, Inexact> {
    if number.unsigned_abs() > WHOLE_MAX {
        return Err(Inexact(number.to_string()));
    }
    double(&number.to_string())
}

fn double(text: &str) -> Result<ExtendedValue<'static>, Inexact> {
    let number = text.parse::<f64>().map_err(|_| Inexact(text.to_owned()))?;
    Ok(ExtendedValue::NumberValue(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::calendar::SerialDay;
    use domain::money::Cents;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn cell(json: Value) -> Cell {
        serde_json::from_str::<Wire>(&json.to_string()).unwrap().0
    }

    fn number(text: &str) -> Cell {
        Cell::Number(text.parse().unwrap())
    }

    #[test]
    fn every_kind_of_cell_is_read() {
        assert_eq!(cell(json!("")), Cell::Empty);
        assert_eq!(cell(Value::Null), Cell::Empty);
        assert_eq!(cell(json!("=1+1")), Cell::Text("=1+1".into()));
        assert_eq!(cell(json!(true)), Cell::Bool(true));
        assert_eq!(cell(json!(52998224725_i64)), number("52998224725"));
        assert_eq!(cell(json!(150.01)), number("150.01"));
        assert_eq!(cell(json!(46106.0)), number("46106"));
        assert_eq!(cell(json!(1e-7)), number("0.0000001"));
        assert_eq!(cell(json!(1e300)), Cell::Text("1e300".into()));
    }

    #[test]
    fn whole_numbers_are_read_from_every_form_of_a_number() {
        let table = [
            (json!(70001), Some(70001), Some(70001)),
            (json!(46106.0), Some(46106), Some(46106)),
            (json!(46106.75), None, Some(46106)),
            (json!(-0.5), None, Some(-1)),
            (json!(1e25), None, None),
            (json!("7"), None, None),
            (json!(""), None, None),
            (json!(true), None, None),
        ];
        for (json, exact, cut) in table {
            assert_eq!((whole(&cell(json.clone())), floor(&cell(json.clone()))), (exact, cut), "{json}");
        }
        assert_eq!(whole(&number("5.00")), Some(5));
    }

    #[test]
    fn cells_are_written_typed_with_their_format() {
        let sent = |cell: TypedCell| serde_json::to_value(cell_data(&cell).unwrap()).unwrap();
        let format =
            |kind: &str, pattern: &str| json!({ "numberFormat": { "type": kind, "pattern": pattern } });
        assert_eq!(sent(TypedCell::Text(String::new())), json!({}));
        assert_eq!(
            sent(TypedCell::Text("=1".into())),
            json!({ "userEnteredValue": { "stringValue": "=1" } })
        );
        assert_eq!(sent(TypedCell::Integer(0)), json!({ "userEnteredValue": { "numberValue": 0.0 } }));
        assert_eq!(
            sent(TypedCell::Money(Cents(5001))),
            json!({ "userEnteredValue": { "numberValue": 50.01 }, "userEnteredFormat": format("NUMBER", "#,##0.00") })
        );
        assert_eq!(
            sent(TypedCell::Date(SerialDay(46106))),
            json!({ "userEnteredValue": { "numberValue": 46106.0 }, "userEnteredFormat": format("DATE", "dd/MM/yyyy") })
        );
        assert_eq!(
            sent(TypedCell::Month(SerialDay(46082))),
            json!({ "userEnteredValue": { "numberValue": 46082.0 }, "userEnteredFormat": format("DATE", "m/yyyy") })
        );
    }

    #[test]
    fn a_number_that_a_double_would_change_is_refused() {
        let limit = 1_i64 << 53;
        assert!(cell_data(&TypedCell::Integer(limit)).is_ok());
        assert!(cell_data(&TypedCell::Integer(-limit)).is_ok());
        assert!(cell_data(&TypedCell::Integer(limit + 1)).is_err());
        assert!(cell_data(&TypedCell::Integer(i64::MIN)).is_err());
        assert!(cell_data(&TypedCell::Money(Cents(i64::MAX))).is_err());
    }

    proptest! {
        #[test]
        fn an_amount_comes_back_to_the_cent(cents in -999_999_999_999_999_i64..=999_999_999_999_999) {
            let written = TypedCell::Money(Cents(cents));
            let data = cell_data(&written).unwrap();
            let Some(ExtendedValue::NumberValue(number)) = data.user_entered_value else { panic!("no number") };
            let text = serde_json::to_string(&number).unwrap();
            let Wire(read) = serde_json::from_str(&text).unwrap();
            prop_assert!(written.matches(&read), "{text} {read:?}");
        }
    }
}
