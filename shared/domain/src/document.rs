//! CPF and CNPJ as one canonical key (rule N1).
use serde::{Deserialize, Serialize};

/// A canonical document: 11 digits (CPF) or 14 characters `[0-9A-Z]` (CNPJ, alphanumeric since July 2026).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentKey(String);

impl DocumentKey {
    /// The characters of the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
