//! Cells as JSON, as CSV fields and as text, amounts exact in each.
use domain::calendar::SerialDay;
use domain::cell::TypedCell;
use domain::csv::CsvField;
use domain::flag::Flag;
use domain::legacy::{LegacyCell, ScriptRow};
use domain::row::BuiltRow;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// A cell of either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// A text.
    Text(String),
    /// A number, as its literal.
    Number(String),
}

/// A row of either side as a JSON object: `A` to `R`, then `flags`.
#[derive(Debug)]
pub(super) struct RowObject {
    cells: Vec<Shown>,
    flags: Vec<Flag>,
}

impl Shown {
    fn of_typed(cell: TypedCell) -> Self {
        match cell {
            TypedCell::Text(text) => Self::Text(text),
            TypedCell::Integer(number) => Self::Number(number.to_string()),
            TypedCell::Money(cents) => Self::Number(cents.to_decimal_text()),
            TypedCell::Date(day) | TypedCell::Month(day) => Self::Number(day.0.to_string()),
        }
    }

    fn of_legacy(cell: &LegacyCell) -> Self {
        match cell {
            LegacyCell::Text(text) => Self::Text(text.clone()),
            LegacyCell::Number(_) => Self::Number(cell.to_string()),
        }
    }

    /// As a field of a file; what came from outside is guarded there.
    pub(super) fn field(self) -> CsvField {
        match self {
            Self::Text(text) => CsvField::Text(text),
            Self::Number(number) => CsvField::Number(number),
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            // The literal goes out as it is: no amount passes through a float.
            Self::Number(literal) => match RawValue::from_string(literal.clone()) {
                Ok(number) => number.serialize(serializer),
                Err(error) => Err(serde::ser::Error::custom(error)),
            },
        }
    }
}

impl RowObject {
    pub(super) fn of_built(built: &BuiltRow) -> Self {
        Self {
            cells: built.row.cells().into_iter().map(Shown::of_typed).collect(),
            flags: built.flags.clone(),
        }
    }

    /// The old script had no remarks.
    pub(super) fn of_script(row: &ScriptRow) -> Self {
        Self { cells: row.cells.iter().map(Shown::of_legacy).collect(), flags: Vec::new() }
    }

    /// The 18 cells and the flags as fields of a file.
    pub(super) fn record(self) -> Vec<CsvField> {
        let flags = self.flags.iter().map(Flag::code).collect::<Vec<_>>().join(" ");
        self.cells.into_iter().map(Shown::field).chain([CsvField::Text(flags)]).collect()
    }

    /// The cells of some columns and the flags, as a person reads them.
    pub(super) fn columns<const N: usize>(&self, columns: [char; N]) -> [String; N] {
        columns.map(|column| match ('A'..='R').zip(&self.cells).find(|(letter, _)| *letter == column) {
            Some((_, Shown::Text(text))) => text.clone(),
            Some((_, Shown::Number(number))) if "DLO".contains(column) => {
                day_text(number).unwrap_or(number.clone())
            }
            Some((_, Shown::Number(number))) => number.clone(),
            None => self.flags.iter().map(Flag::code).collect::<Vec<_>>().join(" "),
        })
    }
}

impl Serialize for RowObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.cells.len() + 1))?;
        for (letter, cell) in ('A'..='R').zip(&self.cells) {
            object.serialize_entry(&letter, cell)?;
        }
        object.serialize_entry("flags", &self.flags)?;
        object.end()
    }
}

/// `46106` as `25/03/2026`; `0` is no day.
pub(super) fn day_text(serial: &str) -> Option<String> {
    let serial: i32 = serial.parse().ok().filter(|serial| *serial > 0)?;
    SerialDay(serial).to_date().map(|day| day.format("%d/%m/%Y").to_string())
}
