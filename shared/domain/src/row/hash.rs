//! What a row or a day says, as one short text: equal hashes mean that nothing has to be written.
//!
//! The canonical form of a row is `row/1`, then for each of the 18 cells its kind (`t` text, `i` integer, `m` cents,
//! `d` day, `n` month), the length of its value in bytes, `:` and the value. A length in front of every value keeps
//! `ab|c` apart from `a|bc` whatever the texts contain. A day is `day/1`, the number of rows, and its rows in order.
use super::FaturamentoRow;
use crate::cell::TypedCell;
use sha2::{Digest, Sha256};

impl FaturamentoRow {
    /// SHA-256 of the row's canonical form, 64 hexadecimal digits.
    pub fn hash(&self) -> String {
        let mut canonical = String::new();
        append(&mut canonical, self);
        sha256(&canonical)
    }
}

/// SHA-256 of a day's rows, in the order given, 64 hexadecimal digits.
pub fn day_hash(rows: &[FaturamentoRow]) -> String {
    let mut canonical = format!("day/1 {}\n", rows.len());
    for row in rows {
        append(&mut canonical, row);
    }
    sha256(&canonical)
}

/// The first 16 digits of a hash: what fits into the marker on the sheet.
pub fn hash16(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

fn append(canonical: &mut String, row: &FaturamentoRow) {
    canonical.push_str("row/1\n");
    for cell in row.cells() {
        let (kind, value) = match cell {
            TypedCell::Text(text) => ('t', text),
            TypedCell::Integer(number) => ('i', number.to_string()),
            TypedCell::Money(cents) => ('m', cents.0.to_string()),
            TypedCell::Date(day) => ('d', day.0.to_string()),
            TypedCell::Month(day) => ('n', day.0.to_string()),
        };
        canonical.push_str(&format!("{kind}{}:{value}\n", value.len()));
    }
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
