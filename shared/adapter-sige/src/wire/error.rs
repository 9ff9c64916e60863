//! What can be wrong with an answer, told without repeating anything of its content.
use std::fmt;

/// Which kind of record a document holds; only for the wording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    Order,
    Person,
}

impl Record {
    fn plural(self) -> &'static str {
        match self {
            Self::Order => "orders",
            Self::Person => "people",
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Order => "order",
            Self::Person => "person",
        })
    }
}

/// What stands where something else was expected, recognised by its first character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// No bytes, or nothing but white space.
    Nothing,
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A text.
    Text,
    /// `[...]`.
    Array,
    /// `{...}`.
    Object,
    /// A page: HTML or XML.
    Markup,
    /// Something that is not JSON at all.
    Other,
}

impl Found {
    /// Judges by the first byte that is not white space; good enough for a message, and for values that are known to
    /// be valid JSON it is exact.
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Self::Nothing,
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'-' | b'0'..=b'9') => Self::Number,
            Some(b'"') => Self::Text,
            Some(b'[') => Self::Array,
            Some(b'{') => Self::Object,
            Some(b'<') => Self::Markup,
            Some(_) => Self::Other,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Array => "an array",
            Self::Object => "an object",
            Self::Markup => "an HTML or XML page",
            Self::Other => "something that is not JSON",
        })
    }
}

/// What is wrong. Positions and kinds only, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The document is not an array.
    #[error("found {0}")]
    NotAnArray(Found),
    /// The document is not UTF-8.
    #[error("it is not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// The document ends in the middle: a connection was cut or a file is incomplete.
    #[error("it is cut off at line {line} column {column}")]
    CutOff {
        /// 1-based line of the end.
        line: usize,
        /// 1-based column of the end.
        column: usize,
    },
    /// The document starts as JSON but is not.
    #[error("it is not valid JSON at line {line} column {column}")]
    Syntax {
        /// 1-based line of the fault.
        line: usize,
        /// 1-based column of the fault.
        column: usize,
    },
    /// An element is not an object.
    #[error("expected an object, found {0}")]
    NotAnObject(Found),
    /// A field that every record has is missing or null.
    #[error("is missing")]
    Missing,
    /// A field holds another kind of value.
    #[error("expected {expected}, found {found}")]
    WrongKind {
        /// What was expected, with its article.
        expected: &'static str,
        /// What is there.
        found: Found,
    },
    /// A field that must be a whole number of at most 64 bits is a number, but not that.
    #[error("is not a whole number")]
    NotWhole,
}

/// Why a document is not a list of orders or people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireError {
    pub(super) record: Record,
    /// Which element, counted from 0; `None` when the document itself is at fault.
    pub index: Option<usize>,
    /// Which field, as the API spells it.
    pub field: Option<&'static str>,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, index, field, problem } = self;
        let records = record.plural();
        match (index, field) {
            (None, _) if matches!(problem, Problem::NotAnArray(_)) => {
                write!(f, "expected a JSON array of {records}, {problem}")
            }
            (None, _) => write!(f, "expected a JSON array of {records}, but {problem}"),
            (Some(index), None) => write!(f, "{record} {index} (counted from 0): {problem}"),
            (Some(index), Some(field)) => write!(f, "{record} {index} (counted from 0): {field} {problem}"),
        }
    }
}

impl std::error::Error for WireError {}
