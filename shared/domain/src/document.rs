//! CPF and CNPJ as one canonical key (rule N1).
//!
//! Exports spell the same document with and without a mask, as text or as a number that has lost its leading
//! zeros. The key undoes that and nothing more: letters are never stripped (alphanumeric CNPJ, IN RFB 2.229/2024),
//! and zeros are put back only when the check digits prove that they were there.
//!
//! A CPF has digits only and the two check digits of a CNPJ are digits, so a text such as `NÃO INFORMADO` is no key:
//! otherwise it would be one that every anonymous customer shares.
use crate::cell::Cell;
use crate::flag::Flag;
use serde::{Deserialize, Serialize};

mod key;

pub(crate) use key::Key;

/// A canonical document: 11 digits (CPF) or 14 characters `[0-9A-Z]` (CNPJ, alphanumeric since July 2026).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentKey(String);

impl DocumentKey {
    /// Reads a key that is already canonical; anything else, a masked document too, is `None`.
    pub fn parse(canonical: &str) -> Option<Self> {
        let key = Key::of_characters(canonical.bytes())?;
        (key.is_canonical() && key.as_str() == canonical).then(|| Self(canonical.to_owned()))
    }

    /// The characters of the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A document as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Normalised {
    /// The key, unless nothing usable is written there.
    pub key: Option<DocumentKey>,
    /// What is odd about it: at most one of `sem_documento`, `documento_ilegivel`, `documento_invalido`,
    /// `documento_ambiguo`.
    pub flags: Vec<Flag>,
}

/// Normalises a document typed by a person or sent by the API.
pub fn normalise_text(text: &str) -> Normalised {
    Reading::of_text(text).named()
}

/// Normalises a cell. A number must be a non-negative integer.
pub fn normalise_cell(cell: &Cell) -> Normalised {
    Reading::of_cell(cell).named()
}

/// Whether the text is 11 digits with the check digits of a CPF. All-equal digits pass the sum but are refused.
pub fn is_valid_cpf(digits: &str) -> bool {
    Key::of_characters(digits.bytes()).is_some_and(|key| key.as_str() == digits && key.is_valid_cpf())
}

/// Whether the text is 14 characters `[0-9A-Z]` with the check digits of a CNPJ. All-equal ones are refused.
pub fn is_valid_cnpj(characters: &str) -> bool {
    Key::of_characters(characters.bytes())
        .is_some_and(|key| key.as_str() == characters && key.is_valid_cnpj())
}

/// What was read, before anything is put on the heap: the index of bookings reads thousands of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) key: Option<Key>,
    pub(crate) flag: Option<Flag>,
}

impl Reading {
    pub(crate) fn of_text(text: &str) -> Self {
        if text.trim().is_empty() {
            return Self { key: None, flag: Some(Flag::NoDocument) };
        }
        Key::of_characters(text.bytes()).map_or(Self::UNREADABLE, Self::of_key)
    }

    pub(crate) fn of_cell(cell: &Cell) -> Self {
        match cell {
            Cell::Empty => Self { key: None, flag: Some(Flag::NoDocument) },
            Cell::Text(text) => Self::of_text(text),
            Cell::Number(_) => {
                cell.whole_number().and_then(Key::of_number).map_or(Self::UNREADABLE, Self::of_key)
            }
            Cell::Bool(_) => Self::UNREADABLE,
        }
    }

    const UNREADABLE: Self = Self { key: None, flag: Some(Flag::UnreadableDocument) };

    fn of_key(written: Key) -> Self {
        if written.is_canonical() {
            return Self::of_canonical(written);
        }
        let zeros_restored = match written.digits_without_letters() {
            Some(0..=10) => written.padded_to(Key::CPF_LENGTH).filter(Key::is_valid_cpf),
            Some(12..=13) => written.padded_to(Key::CNPJ_LENGTH).filter(Key::is_valid_cnpj),
            _ => None,
        };
        let Some(key) = zeros_restored else { return Self::UNREADABLE };
        let both_ways =
            key.is_valid_cpf() && key.padded_to(Key::CNPJ_LENGTH).is_some_and(|cnpj| cnpj.is_valid_cnpj());
        Self { key: Some(key), flag: both_ways.then_some(Flag::AmbiguousDocument) }
    }

    /// 11 digits or 14 characters as they stand; an 11-digit CNPJ without its zeros is the one exception.
    fn of_canonical(key: Key) -> Self {
        if key.is_valid_cpf() || key.is_valid_cnpj() {
            return Self { key: Some(key), flag: None };
        }
        match key.padded_to(Key::CNPJ_LENGTH).filter(Key::is_valid_cnpj) {
            Some(cnpj) => Self { key: Some(cnpj), flag: None },
            None => Self { key: Some(key), flag: Some(Flag::InvalidDocument) },
        }
    }

    fn named(self) -> Normalised {
        Normalised {
            key: self.key.map(|key| DocumentKey(key.as_str().to_owned())),
            flags: self.flag.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests;
