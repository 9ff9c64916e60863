//! A cell as it was read from a spreadsheet, and a cell as we want it written.
use crate::calendar::SerialDay;
use crate::money::Cents;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::borrow::Cow;

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

impl Cell {
    /// The text as the spreadsheet would show it without a format: numbers in their shortest form.
    pub fn as_text(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.normalize().to_string()),
            Self::Bool(true) => Cow::Borrowed("TRUE"),
            Self::Bool(false) => Cow::Borrowed("FALSE"),
        }
    }

    /// Whether there is nothing in the cell.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.is_empty(),
            Self::Number(_) | Self::Bool(_) => false,
        }
    }

    /// The value of a number cell without a fraction, when it fits.
    pub fn whole_number(&self) -> Option<i64> {
        match self {
            Self::Number(number) if number.is_integer() => number.to_i64(),
            _ => None,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(Decimal::from(number))
    }
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

impl TypedCell {
    /// Whether a cell read back holds exactly this value. Numbers are compared by value, amounts to the cent, texts
    /// character by character; an empty text equals an empty cell.
    pub fn matches(&self, read: &Cell) -> bool {
        match (self, read) {
            (Self::Text(text), cell) if text.is_empty() => cell.is_empty(),
            (Self::Text(text), Cell::Text(other)) => text == other,
            (Self::Text(_), _) => false,
            (Self::Integer(number), Cell::Number(other)) => Decimal::from(*number) == *other,
            (Self::Money(cents), Cell::Number(other)) => cents.to_decimal() == *other,
            (Self::Date(day) | Self::Month(day), Cell::Number(other)) => Decimal::from(day.0) == *other,
            (Self::Integer(_) | Self::Money(_) | Self::Date(_) | Self::Month(_), _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value_and_money_to_the_cent() {
        let number = |text: &str| Cell::Number(text.parse().unwrap());
        assert!(TypedCell::Money(Cents(5_001)).matches(&number("50.01")));
        assert!(TypedCell::Money(Cents(5_000)).matches(&number("50")));
        assert!(TypedCell::Money(Cents(5_000)).matches(&number("50.000")));
        assert!(!TypedCell::Money(Cents(5_001)).matches(&number("50.005")));
        assert!(TypedCell::Date(SerialDay(46_106)).matches(&number("46106.0")));
        assert!(!TypedCell::Date(SerialDay(46_106)).matches(&number("46106.5")));
        assert!(!TypedCell::Integer(0).matches(&Cell::Empty));
        assert!(!TypedCell::Integer(7).matches(&Cell::Text("7".into())));
    }

    #[test]
    fn an_empty_text_equals_an_empty_cell_and_a_text_is_not_a_number() {
        assert!(TypedCell::Text(String::new()).matches(&Cell::Empty));
        assert!(TypedCell::Text(String::new()).matches(&Cell::Text(String::new())));
        assert!(!TypedCell::Text(String::new()).matches(&Cell::from(0)));
        assert!(!TypedCell::Text("52998224725".into()).matches(&Cell::from(52_998_224_725)));
        assert!(!TypedCell::Text("TRUE".into()).matches(&Cell::Bool(true)));
    }

    #[test]
    fn a_number_is_shown_in_its_shortest_form() {
        assert_eq!(Cell::Number("46106.00".parse().unwrap()).as_text(), "46106");
        assert_eq!(Cell::Number("0.50".parse().unwrap()).as_text(), "0.5");
    }
}
