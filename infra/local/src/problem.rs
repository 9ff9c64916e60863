//! One thing that is wrong with an input, and where: file, line, key, and what to do.
use serde_json::{Value, json};
use std::fmt;

/// One thing that is wrong. Never holds a secret's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File or other input as the user named it.
    pub file: String,
    /// Line, from 1, when known.
    pub line: Option<usize>,
    /// Key or item; empty when the whole input is meant.
    pub key: String,
    /// What is wrong and what is expected.
    pub message: String,
}

impl Problem {
    /// A problem without a line.
    pub fn new(file: impl Into<String>, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, key: key.into(), message: message.into() }
    }

    /// The same problem at a line, counted from 1.
    #[must_use]
    pub fn at_line(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    /// `{"file", "line", "key", "message"}`.
    pub fn to_json(&self) -> Value {
        json!({ "file": self.file, "line": self.line, "key": self.key, "message": self.message })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}
