//! Items as Rust types: the JSON body of an item, with its format version `v`, to and from a struct.
use crate::ports::{Item, ItemKey, StateStore, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The format version this release writes. A release reads the items of the one before and the one after.
pub const BODY_VERSION: u64 = 1;

/// A value with the version it has in the store, to be named in the next conditional write.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored<T> {
    /// The decoded body.
    pub value: T,
    /// Version of the item.
    pub version: u64,
}

/// Decodes an item.
pub fn decode<T: DeserializeOwned>(item: Item) -> Result<Stored<T>, StoreError> {
    let key = format!("{}/{}", item.key.pk, item.key.sk);
    let mut body = item.body;
    if let Value::Object(fields) = &mut body {
        let version = fields.remove("v").and_then(|v| v.as_u64()).unwrap_or(0);
        if version == 0 || version > BODY_VERSION + 1 {
            let reason = format!("format version {version} is not one of 1 to {}", BODY_VERSION + 1);
            return Err(StoreError::Unreadable { key, reason });
        }
    }
    let value = serde_json::from_value(body)
        .map_err(|error| StoreError::Unreadable { key, reason: error.to_string() })?;
    Ok(Stored { value, version: item.version })
}

/// Encodes a body, adding `v`.
pub fn encode<T: Serialize>(value: &T) -> Result<Value, StoreError> {
    let mut body = serde_json::to_value(value).map_err(|error| StoreError::Invalid(error.to_string()))?;
    match &mut body {
        Value::Object(fields) => {
            fields.insert("v".to_owned(), Value::from(BODY_VERSION));
            Ok(body)
        }
        _ => Err(StoreError::Invalid("an item body must be a JSON object".to_owned())),
    }
}

/// The typed value at a key.
pub async fn load<T: DeserializeOwned>(
    store: &dyn StateStore,
    key: &ItemKey,
) -> Result<Option<Stored<T>>, StoreError> {
    store.get(key).await?.map(decode).transpose()
}
