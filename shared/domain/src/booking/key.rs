//! The key by which orders and bookings meet, in one machine word.
use crate::cell::Cell;
use crate::document::{DocumentKey, Key, Reading};
use crate::rules::Profile;

/// A document as the index looks it up. Keys of two profiles are never compared: an index has one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BookingKey(u128);

/// More digits than this are not a document; a decimal number of 32 digits still fits the word.
const DIGITS_MAX: u32 = 32;

impl BookingKey {
    /// The key of a canonical document, for the profile `strict`.
    pub fn of_document(document: &DocumentKey) -> Option<Self> {
        Key::of_characters(document.as_str().bytes()).map(|key| Self(key.packed()))
    }

    /// The digits of a document as received, for the profile `legacy`; none is no key.
    pub fn of_digits(text: &str) -> Option<Self> {
        let mut digits = 0;
        // The leading one keeps `0123` apart from `123`.
        let mut packed: u128 = 1;
        for byte in text.bytes().filter(u8::is_ascii_digit) {
            digits += 1;
            if digits > DIGITS_MAX {
                return None;
            }
            packed = packed * 10 + u128::from(byte - b'0');
        }
        (digits > 0).then_some(Self(packed))
    }

    /// The key of a document as an order carries it.
    pub fn of_order(document: &str, profile: Profile) -> Option<Self> {
        match profile {
            Profile::Strict => Reading::of_text(document).key.map(|key| Self(key.packed())),
            Profile::Legacy => Self::of_digits(document),
        }
    }

    /// The key of column D.
    pub(super) fn of_cell(cell: &Cell, profile: Profile) -> Option<Self> {
        match (profile, cell) {
            (Profile::Strict, _) => Reading::of_cell(cell).key.map(|key| Self(key.packed())),
            (Profile::Legacy, Cell::Text(text)) => Self::of_digits(text),
            (Profile::Legacy, Cell::Number(_)) => Self::of_digits(&cell.as_text()),
            (Profile::Legacy, Cell::Empty | Cell::Bool(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::normalise_text;

    #[test]
    fn the_same_document_has_the_same_key_however_it_is_spelled() {
        let strict = |text: &str| BookingKey::of_order(text, Profile::Strict);
        assert_eq!(strict("529.982.247-25"), strict("52998224725"));
        assert_eq!(strict("1234567890"), strict("01234567890"));
        assert_ne!(strict("12ABC34501DE35"), strict("12XYZ34501WK35"));
        assert_eq!(strict("NÃO INFORMADO"), None);
        let key = normalise_text("12ABC34501DE35").key.unwrap();
        assert_eq!(BookingKey::of_document(&key), strict("12.abc.345/01de-35"));
        assert_eq!(BookingKey::of_cell(&Cell::from(1_234_567_890), Profile::Strict), strict("01234567890"));
    }

    #[test]
    fn the_legacy_key_is_every_digit_and_nothing_else() {
        let legacy = |text: &str| BookingKey::of_order(text, Profile::Legacy);
        assert_eq!(legacy("529.982.247-25"), legacy("52998224725"));
        assert_ne!(legacy("1234567890"), legacy("01234567890"));
        assert_eq!(legacy("12ABC34501DE35"), legacy("12XYZ34501WK35"));
        assert_eq!(legacy(""), None);
        assert_eq!(legacy("sem documento"), None);
        assert_eq!(legacy(&"1".repeat(33)), None);
        assert!(legacy(&"9".repeat(32)).is_some());
    }
}
