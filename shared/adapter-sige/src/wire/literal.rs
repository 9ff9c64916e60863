//! JSON literals as texts and whole numbers, without a float in between.
use serde::de::{Deserializer, Visitor};
use std::fmt;

/// The text of a JSON string literal. A half surrogate pair (a name cut in the middle of an emoji by the sender)
/// becomes U+FFFD instead of an error: one odd name must not hide a day of orders.
pub(super) fn string_text(literal: &str) -> Option<String> {
    let mut deserializer = serde_json::Deserializer::from_str(literal);
    let bytes = deserializer.deserialize_bytes(Bytes).ok()?;
    Some(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// The digits of a number literal without a fraction of zeros: `1234.0` is `1234`, `-7` stays, `1.5` and `1e3` are none.
pub(super) fn whole_digits(literal: &str) -> Option<&str> {
    let (whole, fraction) = literal.split_once('.').unwrap_or((literal, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_whole = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && fraction.bytes().all(|b| b == b'0');
    is_whole.then_some(whole)
}

pub(super) struct Bytes;

impl<'de> Visitor<'de> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_str<E>(self, text: &str) -> Result<Vec<u8>, E> {
        Ok(text.as_bytes().to_vec())
    }
}
