//! The few wanted fields of one JSON object, as undecoded literals.
//!
//! Unwanted values are skipped by the parser without being decoded or stored, however deep they nest. Each wanted
//! value is kept as the literal it is in the document; the accessors turn it into a text or a number and know how
//! to complain.
use super::error::{Found, Problem, Record, WireError};
use super::literal;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::fmt;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The elements of a document that must be an array.
pub(super) fn array(body: &[u8], record: Record) -> Result<Vec<&RawValue>, WireError> {
    let fault = |problem| WireError { record, index: None, field: None, problem };
    let bytes = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let found = Found::of(bytes);
    if found != Found::Array {
        return Err(fault(Problem::NotAnArray(found)));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| fault(Problem::NotUtf8(error.valid_up_to())))?;
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        fault(match error.classify() {
            Category::Eof => Problem::CutOff { line, column },
            _ => Problem::Syntax { line, column },
        })
    })
}

/// The names of the wanted fields, as the API spells them.
pub(super) struct FieldNames<const N: usize>(pub(super) [&'static str; N]);

impl<const N: usize> FieldNames<N> {
    /// The slot of a key and whether it is spelt exactly as the API does. Other capitalisations and missing
    /// underscores are accepted: `clienteCNPJ`, `clienteCnpj`, `cnpJ_CPF`.
    fn slot(&self, key: &[u8]) -> Option<(usize, bool)> {
        self.0.iter().position(|name| is_same_name(name, key)).map(|slot| {
            let is_exact = self.0.get(slot).is_some_and(|name| name.as_bytes() == key);
            (slot, is_exact)
        })
    }
}

fn is_same_name(name: &str, key: &[u8]) -> bool {
    let letters = |byte: &u8| *byte != b'_';
    let wanted = name.as_bytes().iter().copied().filter(letters);
    let given = key.iter().copied().filter(letters);
    wanted.map(|b| b.to_ascii_lowercase()).eq(given.map(|b| b.to_ascii_lowercase()))
}

/// The wanted fields of one element.
pub(super) struct Fields<'a, const N: usize> {
    names: &'a FieldNames<N>,
    values: [Option<&'a RawValue>; N],
    record: Record,
    index: usize,
}

impl<'a, const N: usize> Fields<'a, N> {
    /// Reads one element. The API's own spelling wins over another one; of two equal spellings the last wins, as in
    /// every JavaScript client.
    pub(super) fn read(
        names: &'a FieldNames<N>,
        element: &'a RawValue,
        record: Record,
        index: usize,
    ) -> Result<Self, WireError> {
        let not_an_object = || WireError {
            record,
            index: Some(index),
            field: None,
            problem: Problem::NotAnObject(Found::of(element.get().as_bytes())),
        };
        let mut deserializer = serde_json::Deserializer::from_str(element.get());
        let values = deserializer.deserialize_map(Slots(names)).map_err(|_| not_an_object())?;
        Ok(Self { names, values, record, index })
    }

    /// The literal of a field; `None` when it is missing. `null` is a literal.
    pub(super) fn raw(&self, field: &'static str) -> Option<&'a RawValue> {
        let slot = self.names.0.iter().position(|name| *name == field)?;
        self.values.get(slot).copied().flatten()
    }

    /// A text; null and missing are the empty text, a number is its literal.
    pub(super) fn text(&self, field: &'static str) -> Result<String, WireError> {
        Ok(self.optional_text(field)?.unwrap_or_default())
    }

    /// A text or number literal; null and missing are `None`.
    pub(super) fn optional_text(&self, field: &'static str) -> Result<Option<String>, WireError> {
        let Some(value) = self.raw(field).map(RawValue::get) else { return Ok(None) };
        match Found::of(value.as_bytes()) {
            Found::Null => Ok(None),
            Found::Number => Ok(Some(value.to_owned())),
            Found::Text => Ok(literal::string_text(value)),
            found => Err(self.fault(field, Problem::WrongKind { expected: "a text", found })),
        }
    }

    /// An identifier; the empty text and the database's null id (only zeros) are `None`, or unrelated orders would
    /// share one identity.
    pub(super) fn identifier(&self, field: &'static str) -> Result<Option<String>, WireError> {
        let text = self.optional_text(field)?;
        Ok(text.filter(|id| id.bytes().any(|b| b != b'0' && b != b'-' && !b.is_ascii_whitespace())))
    }

    /// A whole number that must be there. Digits in a text are accepted, a fraction of zeros as well.
    pub(super) fn required_integer(&self, field: &'static str) -> Result<i64, WireError> {
        let value = self.raw(field).map_or("null", RawValue::get);
        let digits = match Found::of(value.as_bytes()) {
            Found::Null => return Err(self.fault(field, Problem::Missing)),
            Found::Number => value.to_owned(),
            Found::Text => literal::string_text(value).unwrap_or_default().trim().to_owned(),
            found => return Err(self.fault(field, Problem::WrongKind { expected: "a whole number", found })),
        };
        if digits.is_empty() {
            return Err(self.fault(field, Problem::Missing));
        }
        let number = literal::whole_digits(&digits).and_then(|whole| whole.parse().ok());
        number.ok_or_else(|| self.fault(field, Problem::NotWhole))
    }

    /// An invoice number: text or number. Null, blank and the number 0 (a null invoice of the .NET side) are `None`.
    pub(super) fn invoice_number(&self, field: &'static str) -> Result<Option<String>, WireError> {
        let is_number =
            self.raw(field).is_some_and(|value| Found::of(value.get().as_bytes()) == Found::Number);
        let text = self.optional_text(field)?.unwrap_or_default();
        if !is_number {
            return Ok(Some(text).filter(|text| !text.trim().is_empty()));
        }
        let digits = literal::whole_digits(&text).map_or(text.clone(), str::to_owned);
        Ok(Some(digits).filter(|digits| digits.bytes().any(|b| matches!(b, b'1'..=b'9'))))
    }

    fn fault(&self, field: &'static str, problem: Problem) -> WireError {
        WireError { record: self.record, index: Some(self.index), field: Some(field), problem }
    }
}

struct Slots<'n, const N: usize>(&'n FieldNames<N>);

impl<'de, const N: usize> Visitor<'de> for Slots<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = [None; N];
        let mut exact = [false; N];
        while let Some(slot) = map.next_key_seed(KeySlot(self.0))? {
            let Some((slot, is_exact)) = slot else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value: &RawValue = map.next_value()?;
            if let (Some(kept), Some(kept_is_exact)) = (values.get_mut(slot), exact.get_mut(slot))
                && (is_exact || !*kept_is_exact)
            {
                *kept = Some(value);
                *kept_is_exact = is_exact;
            }
        }
        Ok(values)
    }
}

/// Decides a key's slot without allocating.
struct KeySlot<'n, const N: usize>(&'n FieldNames<N>);

impl<'de, const N: usize> DeserializeSeed<'de> for KeySlot<'_, N> {
    type Value = Option<(usize, bool)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<const N: usize> Visitor<'_> for KeySlot<'_, N> {
    type Value = Option<(usize, bool)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.slot(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.slot(key.as_bytes()))
    }
}
