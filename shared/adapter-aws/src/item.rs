//! Items as DynamoDB holds them.
//!
//! ```text
//! pk, sk               the key
//! version              grows with every write, also with the one that deletes
//! index_pk, index_sk   the place in the index, when it has one
//! expires_at_ms        from when it is hidden, in milliseconds with microseconds behind the point
//! ttl                  when DynamoDB may remove it, in seconds; a day later, so that no clock is early
//! body                 JSON text
//! deleted              true on a tombstone, which has no body and no place in the index
//! ```
//! What is dead, a tombstone or expired, is hidden but still knows its version.
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use flows::ports::{Item, ItemKey, NewItem, StoreError};
use std::collections::HashMap;

pub(crate) const PK: &str = "pk";
pub(crate) const SK: &str = "sk";
pub(crate) const VERSION: &str = "version";
pub(crate) const INDEX_PK: &str = "index_pk";
pub(crate) const INDEX_SK: &str = "index_sk";
pub(crate) const EXPIRES_AT: &str = "expires_at_ms";
pub(crate) const TTL: &str = "ttl";
pub(crate) const BODY: &str = "body";
pub(crate) const DELETED: &str = "deleted";

/// What is hidden stays for a day before DynamoDB may remove it.
const TTL_AFTER_EXPIRY_S: i64 = 24 * 3600;

/// An item in DynamoDB's terms.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn key_attributes(key: &ItemKey) -> Attributes {
    HashMap::from([(PK.to_owned(), text(&key.pk)), (SK.to_owned(), text(&key.sk))])
}

/// A time as a number that DynamoDB compares like the time, to the microsecond.
pub(crate) fn millis(at: DateTime<Utc>) -> AttributeValue {
    let micros = at.timestamp_micros();
    let (sign, micros) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
    number(format!("{sign}{}.{:03}", micros / 1000, micros % 1000))
}

fn from_millis(number: &str) -> Option<DateTime<Utc>> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let micros = format!("{whole}{fraction:0<3}");
    (fraction.len() <= 3).then(|| micros.parse().ok().and_then(DateTime::from_timestamp_micros))?
}

/// What is put at a key, with the version it gets.
pub(crate) fn attributes(new: NewItem, body: String, version: u64) -> Attributes {
    let mut attributes = key_attributes(&new.key);
    let mut set = |name: &str, value| attributes.insert(name.to_owned(), value);
    set(VERSION, number(version));
    set(BODY, text(body));
    if let Some(index) = new.index {
        set(INDEX_PK, text(index.pk));
        set(INDEX_SK, text(index.sk));
    }
    if let Some(end) = new.expires_at {
        set(EXPIRES_AT, millis(end));
        set(TTL, number(end.timestamp().saturating_add(TTL_AFTER_EXPIRY_S)));
    }
    attributes
}

fn text_of<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a String> {
    attributes.get(name)?.as_s().ok()
}

/// The key of an item, or of the place where a page ended.
pub(crate) fn key_of(attributes: &Attributes) -> Option<ItemKey> {
    Some(ItemKey::new(text_of(attributes, PK)?, text_of(attributes, SK)?))
}

/// Its place in the index.
pub(crate) fn index_of(attributes: &Attributes) -> Option<ItemKey> {
    Some(ItemKey::new(text_of(attributes, INDEX_PK)?, text_of(attributes, INDEX_SK)?))
}

/// The version of what stands at a key, seen or hidden.
pub(crate) fn version_of(attributes: &Attributes) -> Option<u64> {
    attributes.get(VERSION)?.as_n().ok()?.parse().ok()
}

/// Whether reads do not see it.
pub(crate) fn is_dead(attributes: &Attributes, now: DateTime<Utc>) -> bool {
    attributes.contains_key(DELETED) || expiry_of(attributes).flatten().is_some_and(|end| end <= now)
}

/// `None` is no expiry, `Some(None)` one that cannot be read.
#[expect(clippy::option_option, reason = "no expiry and an unreadable one are not the same")]
fn expiry_of(attributes: &Attributes) -> Option<Option<DateTime<Utc>>> {
    let value = attributes.get(EXPIRES_AT)?;
    Some(value.as_n().ok().and_then(|number| from_millis(number)))
}

/// A live item. Its body stays out of every message.
pub(crate) fn item(attributes: &Attributes) -> Result<Item, StoreError> {
    let key = key_of(attributes).unwrap_or_else(|| ItemKey::new("?", "?"));
    let unreadable = |reason: &str| StoreError::Unreadable {
        key: format!("{}/{}", key.pk, key.sk),
        reason: reason.to_owned(),
    };
    let version = version_of(attributes).ok_or_else(|| unreadable("its version is not a number"))?;
    let body = text_of(attributes, BODY).ok_or_else(|| unreadable("it has no body"))?;
    let body = serde_json::from_str(body).map_err(|_| unreadable("its body is not JSON"))?;
    let expires_at = match expiry_of(attributes) {
        None => None,
        Some(Some(end)) => Some(end),
        Some(None) => return Err(unreadable("its expiry is not a time")),
    };
    Ok(Item { key, version, index: index_of(attributes), expires_at, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(micros).unwrap()
    }

    #[test]
    fn an_expiry_comes_back_to_the_microsecond_however_dynamodb_writes_the_number() {
        for micros in [0, 1, 999, 1_000, 1_710_504_000_123_456, 1_710_504_000_120_000, -1_500] {
            let AttributeValue::N(number) = millis(at(micros)) else { panic!("a number") };
            assert_eq!(from_millis(&number), Some(at(micros)), "{number}");
            let shortest = number.trim_end_matches('0').trim_end_matches('.');
            assert!(micros == 0 || from_millis(shortest) == Some(at(micros)), "{shortest}");
        }
        assert_eq!(from_millis("1710504000123.4567"), None);
        assert_eq!(from_millis("soon"), None);
    }

    #[test]
    fn what_is_damaged_is_told_by_its_key_and_without_its_body() {
        let mut attributes = key_attributes(&ItemKey::new("p", "s"));
        for (name, value, reason) in [
            (VERSION, number(3), "it has no body"),
            (BODY, text("{secret"), "its body is not JSON"),
            (BODY, text(r#"{"v":1}"#), ""),
            (EXPIRES_AT, number("9e99"), "its expiry is not a time"),
            (VERSION, text("3"), "its version is not a number"),
        ] {
            attributes.insert(name.to_owned(), value);
            let told = item(&attributes).map_err(|error| error.to_string());
            match reason {
                "" => assert!(told.is_ok(), "{told:?}"),
                _ => assert_eq!(told.unwrap_err(), format!("state store item p/s cannot be read: {reason}")),
            }
        }
    }

    #[test]
    fn an_item_is_dead_from_its_expiry_on_and_when_deleted() {
        let new = NewItem {
            key: ItemKey::new("p", "s"),
            index: None,
            expires_at: Some(at(2_000_000)),
            body: serde_json::json!({ "v": 1 }),
        };
        let mut standing = attributes(new, r#"{"v":1}"#.to_owned(), 1);
        assert_eq!(standing.get(TTL), Some(&number(2 + TTL_AFTER_EXPIRY_S)));
        assert!(!is_dead(&standing, at(1_999_999)) && is_dead(&standing, at(2_000_000)));
        standing.insert(DELETED.to_owned(), AttributeValue::Bool(true));
        assert!(is_dead(&standing, at(0)));
    }
}
