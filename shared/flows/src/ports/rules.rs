//! What every implementation of a storage port refuses, whatever it stands on.
//!
//! The limits are those of the narrowest service behind a port, so that what runs on one machine runs on the
//! other too. An implementation calls these before it does anything; the contract suites hold it to that.
use super::queue::{ID_BYTES_MAX, MESSAGE_BODY_BYTES_MAX, RECEIVE_MESSAGES_MAX, VISIBILITY_MAX};
use super::state::{
    BODY_BYTES_MAX, PAGE_ITEMS_MAX, PK_BYTES_MAX, SK_BYTES_MAX, TRANSACTION_BYTES_MAX, TRANSACTION_ITEMS_MAX,
};
use super::{BlobError, Check, ItemKey, Message, NewItem, QueueError, SecretError, StoreError, WriteOp};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashSet;
use std::time::Duration;

/// The longest key of a blob, in bytes.
pub const BLOB_KEY_BYTES_MAX: usize = 900;
/// The longest name of a secret, in bytes.
pub const SECRET_NAME_BYTES_MAX: usize = 512;
/// The longest segment of the name of a secret, in bytes.
pub const SECRET_SEGMENT_BYTES_MAX: usize = 200;
/// The largest value of a secret, in bytes.
pub const SECRET_BYTES_MAX: usize = 64 * 1024;

fn invalid<T>(reason: impl Into<String>) -> Result<T, StoreError> {
    Err(StoreError::Invalid(reason.into()))
}

/// A key has two parts, neither empty nor too long.
pub fn item_key(key: &ItemKey) -> Result<(), StoreError> {
    if key.pk.is_empty() || key.sk.is_empty() {
        return invalid("a key has an empty part");
    }
    if key.pk.len() > PK_BYTES_MAX || key.sk.len() > SK_BYTES_MAX {
        return invalid(format!("a key is longer than {PK_BYTES_MAX} and {SK_BYTES_MAX} bytes"));
    }
    Ok(())
}

/// A query names a partition and asks for a page of a sensible size.
pub fn query(pk: &str, limit: usize) -> Result<(), StoreError> {
    if pk.is_empty() || pk.len() > PK_BYTES_MAX {
        return invalid(format!("the partition key of a query is empty or longer than {PK_BYTES_MAX} bytes"));
    }
    if !(1..=PAGE_ITEMS_MAX).contains(&limit) {
        return invalid(format!("limit {limit} is not 1 to {PAGE_ITEMS_MAX}"));
    }
    Ok(())
}

fn body_text(new: &NewItem) -> Result<String, StoreError> {
    new.index.as_ref().map_or(Ok(()), item_key)?;
    if new.body.get("v").is_none() {
        return invalid("a body is a JSON object with a field v");
    }
    let text = serde_json::to_string(&new.body).or_else(|error| invalid(error.to_string()))?;
    if text.len() > BODY_BYTES_MAX {
        return invalid(format!("a body is longer than {BODY_BYTES_MAX} bytes"));
    }
    Ok(text)
}

/// A transaction has some items but not too many, each key once, and bodies that fit. The answer is, for each
/// write in order, the JSON text of what it puts.
pub fn transaction(writes: &[WriteOp], checks: &[Check]) -> Result<Vec<Option<String>>, StoreError> {
    let count = writes.len() + checks.len();
    if count == 0 || count > TRANSACTION_ITEMS_MAX {
        return invalid(format!("{count} writes and checks, at least 1 and at most {TRANSACTION_ITEMS_MAX}"));
    }
    let mut keys = HashSet::with_capacity(count);
    for key in writes.iter().map(WriteOp::key).chain(checks.iter().map(|check| &check.key)) {
        item_key(key)?;
        if !keys.insert(key) {
            return invalid(format!("key {}/{} is named twice", key.pk, key.sk));
        }
    }
    let mut texts = Vec::with_capacity(writes.len());
    let mut bytes = 0;
    for write in writes {
        let text = match write {
            WriteOp::Put(new, _) => Some(body_text(new)?),
            WriteOp::Delete(..) => None,
        };
        bytes += text.as_ref().map_or(0, String::len);
        texts.push(text);
    }
    if bytes > TRANSACTION_BYTES_MAX {
        return invalid(format!(
            "bodies of {bytes} bytes in one transaction, at most {TRANSACTION_BYTES_MAX}: split it"
        ));
    }
    Ok(texts)
}

fn refused_call<T>(reason: impl Into<String>) -> Result<T, QueueError> {
    Err(QueueError::Invalid(reason.into()))
}

/// A message fits its queue: a FIFO queue needs groups, a standard one has none.
pub fn message(queue: &str, fifo: bool, message: &Message) -> Result<(), QueueError> {
    let length = message.body.len();
    if length == 0 || length > MESSAGE_BODY_BYTES_MAX {
        return refused_call(format!(
            "a body of {length} bytes, at least 1 and at most {MESSAGE_BODY_BYTES_MAX}"
        ));
    }
    for id in [&message.group, &message.deduplication_id].into_iter().flatten() {
        if id.is_empty() || id.len() > ID_BYTES_MAX {
            return refused_call(format!("a group or deduplication id is 1 to {ID_BYTES_MAX} bytes long"));
        }
    }
    if fifo && message.group.is_none() {
        return refused_call(format!("{queue} is a FIFO queue, the message has no group"));
    }
    if !fifo && (message.group.is_some() || message.deduplication_id.is_some()) {
        return refused_call(format!("{queue} is a standard queue, without groups and deduplication"));
    }
    Ok(())
}

/// A receive call asks for one to ten messages.
pub fn receive(max: usize, hidden_for: Duration) -> Result<(), QueueError> {
    if !(1..=RECEIVE_MESSAGES_MAX).contains(&max) {
        return refused_call(format!(
            "{max} messages at once, at least 1 and at most {RECEIVE_MESSAGES_MAX}"
        ));
    }
    visibility(hidden_for)
}

/// A delivery is hidden for at most twelve hours.
pub fn visibility(hidden_for: Duration) -> Result<(), QueueError> {
    if hidden_for > VISIBILITY_MAX { refused_call("visibility is longer than 12 hours") } else { Ok(()) }
}

/// A key of a blob is a relative path of plain segments.
pub fn blob_key(key: &str) -> Result<(), BlobError> {
    let plain = |segment: &str| !matches!(segment, "" | "." | "..");
    if key.len() <= BLOB_KEY_BYTES_MAX && key.split('/').all(plain) && !key.contains(['\\', '\0']) {
        return Ok(());
    }
    Err(BlobError::BadKey(key.to_owned()))
}

/// The name of a secret is a path of segments of ASCII letters, digits, `-`, `_` and `.`, none of which starts
/// with a dot. What is refused is told escaped, because it may be anything.
pub fn secret_name(name: &str) -> Result<(), SecretError> {
    let plain = |segment: &str| {
        (1..=SECRET_SEGMENT_BYTES_MAX).contains(&segment.len())
            && !segment.starts_with('.')
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    if name.len() <= SECRET_NAME_BYTES_MAX && name.split('/').all(plain) {
        return Ok(());
    }
    let reason = "a name is made of letters, digits, - _ . and /, as in erp-sync/local/sige/matriz";
    Err(SecretError::Refused { name: name.escape_default().to_string(), reason: reason.to_owned() })
}

/// A secret has a value, and one that is not a file.
pub fn secret_value(name: &str, value: &SecretString) -> Result<(), SecretError> {
    let reason = match value.expose_secret().len() {
        0 => "its value is empty".to_owned(),
        1..=SECRET_BYTES_MAX => return Ok(()),
        _ => format!("its value is longer than {SECRET_BYTES_MAX} bytes"),
    };
    Err(SecretError::Refused { name: name.to_owned(), reason })
}
