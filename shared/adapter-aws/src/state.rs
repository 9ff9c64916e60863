//! The state port on DynamoDB.
//!
//! Answers can be lost: a transaction that is sent again carries the token of its first sending, and DynamoDB says
//! for ten minutes what became of that one instead of applying it again.
use crate::failure::{self, Failure};
use crate::item;
use crate::query::{Asking, Place};
use crate::retry::Retrying;
use crate::transaction::{Write, check_item};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use chrono::{DateTime, Utc};
use flows::ports::state::Range;
use flows::ports::{
    Check, Expect, Item, ItemKey, Page, StateStore, StoreError, WriteOp, WriteOutcome, rules,
};

/// How often a transaction is put together anew because a dead item in its way became another dead item.
const TRIES_MAX: usize = 5;
const REFUSED: &str = "ConditionalCheckFailed";
/// Why DynamoDB cancels a transaction that may succeed when it is sent again.
const CONTENTION: [&str; 3] = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
const TRANSACT: &str = "dynamodb TransactWriteItems";

/// Items in the table of a stack.
pub(crate) struct DynamoStateStore {
    client: Client,
    table: String,
    retrying: Retrying,
}

/// What became of one transaction.
enum Sent {
    Written,
    /// One reason for each item, in order.
    Cancelled(Vec<CancellationReason>),
}

fn reasons(error: &SdkError<TransactWriteItemsError>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons()
        }
        _ => &[],
    }
}

fn says(reason: &CancellationReason, codes: &[&str]) -> bool {
    reason.code().is_some_and(|code| codes.contains(&code))
}

/// A transaction that met another one, and no condition that does not hold.
fn passes(error: &SdkError<TransactWriteItemsError>) -> bool {
    let reasons = reasons(error);
    let contended = reasons.iter().any(|reason| says(reason, &CONTENTION));
    failure::passes(error) || (contended && !reasons.iter().any(|reason| says(reason, &[REFUSED])))
}

impl DynamoStateStore {
    pub(crate) fn new(config: &SdkConfig, table: String, retrying: Retrying) -> Self {
        Self { client: Client::new(config), table, retrying }
    }

    fn now(&self) -> DateTime<Utc> {
        self.retrying.clock().now()
    }

    fn asking(&self) -> Asking<'_> {
        Asking { client: &self.client, table: &self.table, retrying: &self.retrying }
    }

    async fn send(&self, items: Vec<TransactWriteItem>) -> Result<Sent, StoreError> {
        let token = self.retrying.unique_id();
        let request =
            self.client.transact_write_items().set_transact_items(Some(items)).client_request_token(token);
        let Err(error) = self.retrying.call(passes, || request.clone().send()).await else {
            return Ok(Sent::Written);
        };
        let reasons = reasons(&error);
        if reasons.iter().any(|reason| says(reason, &[REFUSED])) {
            return Ok(Sent::Cancelled(reasons.to_vec()));
        }
        let failure = Failure::of(TRANSACT, &error);
        let invalid = reasons.iter().any(|reason| says(reason, &["ValidationError"]));
        if invalid || failure.code == "ValidationException" {
            return Err(StoreError::Invalid(failure.text));
        }
        Err(StoreError::Unavailable(failure.text))
    }

    /// The first condition that really does not hold. `None` when only dead items stood in the way of `Absent`;
    /// their versions are noted for the next try.
    fn judge(
        reasons: &[CancellationReason],
        writes: &mut [Write],
        checks: &[Check],
        now: DateTime<Utc>,
    ) -> Option<ItemKey> {
        let keys = writes.len();
        for (place, reason) in reasons.iter().enumerate().filter(|(_, reason)| says(reason, &[REFUSED])) {
            let Some(write) = writes.get_mut(place) else {
                let check = checks.get(place.saturating_sub(keys))?;
                return Some(check.key.clone());
            };
            let standing = reason.item().filter(|standing| item::is_dead(standing, now));
            match (write.op.expect(), standing.and_then(item::version_of)) {
                (Expect::Absent, Some(version)) => write.dead_version = Some(version),
                _ => return Some(write.op.key().clone()),
            }
        }
        None
    }
}

#[async_trait]
impl StateStore for DynamoStateStore {
    async fn get(&self, key: &ItemKey) -> Result<Option<Item>, StoreError> {
        rules::item_key(key)?;
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(item::key_attributes(key)))
            .consistent_read(true);
        let answer = self.retrying.call(failure::passes, || request.clone().send()).await;
        let answer =
            answer.map_err(|error| StoreError::Unavailable(Failure::of("dynamodb GetItem", &error).text))?;
        let now = self.now();
        answer.item().filter(|standing| !item::is_dead(standing, now)).map(item::item).transpose()
    }

    async fn query(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        rules::query(pk, limit)?;
        self.asking().page(Place::Table, pk, range, limit, cursor).await
    }

    async fn query_index(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        rules::query(pk, limit)?;
        self.asking().page(Place::Index, pk, range, limit, cursor).await
    }

    async fn transact(&self, writes: Vec<WriteOp>, checks: Vec<Check>) -> Result<WriteOutcome, StoreError> {
        let bodies = rules::transaction(&writes, &checks)?;
        let now = self.now();
        let mut writes: Vec<Write> =
            writes.into_iter().zip(bodies).map(|(op, body)| Write { op, body, dead_version: None }).collect();
        for _ in 0..TRIES_MAX {
            let items = writes.iter().map(|write| write.item(&self.table, now));
            let items = items.chain(checks.iter().map(|check| check_item(check, &self.table, now)));
            let items = items.collect::<Result<Vec<_>, _>>();
            let items = items.map_err(|error| StoreError::Invalid(error.to_string()))?;
            match self.send(items).await? {
                Sent::Written => {
                    return Ok(WriteOutcome::Written(writes.iter().map(Write::version).collect()));
                }
                Sent::Cancelled(reasons) => {
                    if let Some(key) = Self::judge(&reasons, &mut writes, &checks, now) {
                        return Ok(WriteOutcome::Refused(key));
                    }
                }
            }
        }
        Err(StoreError::Unavailable(format!(
            "{TRANSACT}: what stands there changed {TRIES_MAX} times meanwhile"
        )))
    }
}
