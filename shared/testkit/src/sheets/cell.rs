//! Cells of a simulated grid: small, because a hundred thousand rows of them are kept.
use std::sync::Arc;

/// What a cell holds. A text is never a formula; a formula only comes from `formulaValue` or from
/// something typed with a leading `=`.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum CellValue {
    /// Nothing.
    #[default]
    Empty,
    /// A number; dates are serial numbers with a date format.
    Number(f64),
    /// Text.
    Text(Arc<str>),
    /// A tick box.
    Bool(bool),
    /// A formula with its `=`; it is kept, not calculated.
    Formula(Arc<str>),
}

impl CellValue {
    /// Whether `values.get` leaves it out at the end of a row.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The number in the cell, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The text in the cell, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&str> for CellValue {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.into()) }
    }
}

impl From<String> for CellValue {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Arc<str>> for CellValue {
    fn from(text: Arc<str>) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }
}

impl From<f64> for CellValue {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for CellValue {
    fn from(number: i32) -> Self {
        Self::Number(f64::from(number))
    }
}

impl From<u32> for CellValue {
    fn from(number: u32) -> Self {
        Self::Number(f64::from(number))
    }
}

impl From<bool> for CellValue {
    fn from(tick: bool) -> Self {
        Self::Bool(tick)
    }
}

/// A cell: its value and the number of its format in the workbook's table of formats (0 is none).
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Cell {
    pub(crate) value: CellValue,
    pub(crate) format: u16,
}

/// The blank cell that stands for everything a row does not store.
pub(crate) static BLANK: Cell = Cell { value: CellValue::Empty, format: 0 };
