//! A cell as it was read from a spreadsheet, and a cell as we want it written.
use crate::calendar::SerialDay;
use crate::money::Cents;
use rust_decimal::Decimal;

/// A cell value as read (`UNFORMATTED_VALUE`, dates as serial numbers), or as found in an exported file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell {
    /// Nothing there, or the empty string: the API does not tell them apart.
    #[default]
    Empty,
    /// A text cell.
    Text(String),
    /// A number cell; dates are serial numbers.
    Number(Decimal),
    /// A tick box.
    Bool(bool),
}

/// A cell to be written. Typed, so that nothing a customer typed can become a formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedCell {
    /// A string value; the empty string clears the cell.
    Text(String),
    /// A whole number without a format of its own.
    Integer(i64),
    /// An amount with two decimals.
    Money(Cents),
    /// A day, shown as `dd/MM/yyyy`.
    Date(SerialDay),
    /// The first day of a month, shown as `m/yyyy`.
    Month(SerialDay),
}
