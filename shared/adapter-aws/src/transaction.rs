//! Conditional writes as one transaction of DynamoDB.
//!
//! ```text
//! Expect::Version(n)   version = n, and alive                              writes n + 1
//! Expect::Absent       nothing stands there                                writes 1
//!                      a dead item of version n stands there: once more,
//!                      on the condition that it still does                 writes n + 1
//! ```
//! The second try is how versions never restart. A delete is an update that leaves a tombstone; the tombstone
//! keeps the `ttl` of what stood there, so that kinds which expire do not leave tombstones for ever.
use crate::item::{
    self, Attributes, BODY, DELETED, EXPIRES_AT, INDEX_PK, INDEX_SK, VERSION, key_attributes, millis, number,
};
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use chrono::{DateTime, Utc};
use flows::ports::{Check, Expect, WriteOp};
use std::collections::HashMap;

const ALIVE: &str =
    "attribute_not_exists(#deleted) AND (attribute_not_exists(#expires_at) OR #expires_at > :now)";
const DEAD: &str = "(attribute_exists(#deleted) OR #expires_at <= :now)";
/// Turns what stands at a key, or nothing, into a tombstone.
const BURY: &str = "SET #version = :next, #deleted = :true REMOVE #body, #index_pk, #index_sk, #expires_at";

/// A condition with what its placeholders stand for. DynamoDB refuses placeholders that are not used.
struct Condition {
    text: String,
    names: HashMap<String, String>,
    values: Attributes,
}

impl Condition {
    fn new(text: String) -> Self {
        Self { text, names: HashMap::new(), values: HashMap::new() }
    }

    fn name(mut self, placeholder: &str, name: &str) -> Self {
        self.names.insert(placeholder.to_owned(), name.to_owned());
        self
    }

    fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    fn with_life(self, now: DateTime<Utc>) -> Self {
        self.name("#deleted", DELETED).name("#expires_at", EXPIRES_AT).value(":now", millis(now))
    }

    fn with_version(self, version: u64) -> Self {
        self.name("#version", VERSION).value(":version", number(version))
    }

    fn never_written() -> Self {
        Self::new("attribute_not_exists(pk)".to_owned())
    }

    fn absent(now: DateTime<Utc>) -> Self {
        Self::new(format!("attribute_not_exists(pk) OR {DEAD}")).with_life(now)
    }

    /// What was found dead is still what it was; or DynamoDB has removed it meanwhile, which is as good.
    fn dead_at(version: u64, now: DateTime<Utc>) -> Self {
        let text = format!("attribute_not_exists(pk) OR (#version = :version AND {DEAD})");
        Self::new(text).with_life(now).with_version(version)
    }

    fn alive_at(version: u64, now: DateTime<Utc>) -> Self {
        Self::new(format!("#version = :version AND {ALIVE}")).with_life(now).with_version(version)
    }

    fn of_write(expect: Expect, dead_version: Option<u64>, now: DateTime<Utc>) -> Self {
        match (expect, dead_version) {
            (Expect::Version(version), _) => Self::alive_at(version, now),
            (Expect::Absent, None) => Self::never_written(),
            (Expect::Absent, Some(version)) => Self::dead_at(version, now),
        }
    }
}

/// The version that a write leaves. No live item has the largest number, so the bound is never met.
fn next_version(expect: Expect, dead_version: Option<u64>) -> u64 {
    match expect {
        Expect::Version(version) => version.saturating_add(1),
        Expect::Absent => dead_version.unwrap_or(0).saturating_add(1),
    }
}

/// A write with everything that does not change from one try to the next.
pub(crate) struct Write {
    pub(crate) op: WriteOp,
    /// JSON text of what is put; `None` deletes.
    pub(crate) body: Option<String>,
    /// The version of the dead item that an earlier try found at the key.
    pub(crate) dead_version: Option<u64>,
}

impl Write {
    /// The version that stands when it is applied.
    pub(crate) fn version(&self) -> u64 {
        next_version(self.op.expect(), self.dead_version)
    }

    pub(crate) fn item(&self, table: &str, now: DateTime<Utc>) -> Result<TransactWriteItem, BuildError> {
        let condition = Condition::of_write(self.op.expect(), self.dead_version, now);
        let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
        match (&self.op, &self.body) {
            (WriteOp::Put(new, _), Some(body)) => {
                let put = Put::builder()
                    .table_name(table)
                    .set_item(Some(item::attributes(new.clone(), body.clone(), self.version())))
                    .condition_expression(condition.text)
                    .set_expression_attribute_names(some(condition.names))
                    .set_expression_attribute_values(some(condition.values))
                    .return_values_on_condition_check_failure(all_old);
                Ok(TransactWriteItem::builder().put(put.build()?).build())
            }
            (op, _) => {
                let bury = condition
                    .name("#version", VERSION)
                    .name("#deleted", DELETED)
                    .name("#body", BODY)
                    .name("#index_pk", INDEX_PK)
                    .name("#index_sk", INDEX_SK)
                    .name("#expires_at", EXPIRES_AT)
                    .value(":next", number(self.version()))
                    .value(":true", AttributeValue::Bool(true));
                let update = Update::builder()
                    .table_name(table)
                    .set_key(Some(key_attributes(op.key())))
                    .update_expression(BURY)
                    .condition_expression(bury.text)
                    .set_expression_attribute_names(some(bury.names))
                    .set_expression_attribute_values(some(bury.values))
                    .return_values_on_condition_check_failure(all_old);
                Ok(TransactWriteItem::builder().update(update.build()?).build())
            }
        }
    }
}

/// DynamoDB refuses an empty map.
fn some<T>(map: HashMap<String, T>) -> Option<HashMap<String, T>> {
    (!map.is_empty()).then_some(map)
}

/// A condition on an item that stays as it is.
pub(crate) fn check_item(
    check: &Check,
    table: &str,
    now: DateTime<Utc>,
) -> Result<TransactWriteItem, BuildError> {
    let condition = match check.expect {
        Expect::Version(version) => Condition::alive_at(version, now),
        Expect::Absent => Condition::absent(now),
    };
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(key_attributes(&check.key)))
        .condition_expression(condition.text)
        .set_expression_attribute_names(some(condition.names))
        .set_expression_attribute_values(some(condition.values));
    Ok(TransactWriteItem::builder().condition_check(check.build()?).build())
}
