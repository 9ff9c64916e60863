//! Accounts in the state store: read, compare, compare-and-set.
use super::{ACCOUNT_V, Account, Stop};
use crate::ports::state::{
    Expect, Item, ItemKey, NewItem, Range, StateStore, StoreError, WriteOp, WriteOutcome,
};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Partition of all accounts.
const ACCOUNT_PK: &str = "account";
/// How often a compare-and-set is tried again when somebody else was faster.
const SAVE_ATTEMPTS_MAX: usize = 5;
const LIST_PAGE: usize = 200;

/// An account and the version under which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The account.
    pub account: Account,
    /// Version for the next conditional write.
    pub version: u64,
}

/// One field that differs between the stored and the desired account, both as JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Path of the field (`erp.tab`).
    pub field: String,
    /// Value now, `null` when there is none.
    pub from: Value,
    /// Value wanted.
    pub to: Value,
}

/// What applying an account does, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "changes", rename_all = "snake_case")]
pub enum Applied {
    /// It was not there.
    Created,
    /// It stands exactly so; nothing is written.
    Unchanged,
    /// These fields differ.
    Changed(Vec<Change>),
}

/// Why an account could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Others keep changing it.
    #[error(
        "account {0} is being changed by somebody else: look at it with `erp-sync accounts show` and try again"
    )]
    Contended(String),
    /// Another account writes to the same tab: each would take the other's rows away.
    #[error(
        "account {account} would write to the tab of account {other}; give each account a tab of its own"
    )]
    TabTaken {
        /// The account to be saved.
        account: String,
        /// The account that has the tab.
        other: String,
    },
    /// No such account.
    #[error("there is no account named {0}: see `erp-sync accounts list`")]
    NotFound(String),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where an account stands.
pub fn account_key(name: &str) -> ItemKey {
    ItemKey::new(ACCOUNT_PK, name)
}

/// Compares the stored account with the desired one. What only the product sets is not compared.
pub fn compare(stored: Option<&Account>, desired: &Account) -> Applied {
    let Some(stored) = stored else { return Applied::Created };
    let flat = |account: &Account| {
        let mut fields = BTreeMap::new();
        let account = Account { stopped: None, v: ACCOUNT_V, ..account.clone() };
        flatten("", &serde_json::to_value(account).unwrap_or_default(), &mut fields);
        fields
    };
    let (before, mut after) = (flat(stored), flat(desired));
    let mut changes = Vec::new();
    for (field, from) in before {
        let to = after.remove(&field).unwrap_or_default();
        if from != to {
            changes.push(Change { field, from, to });
        }
    }
    let added = after.into_iter().filter(|(_, to)| !to.is_null());
    changes.extend(added.map(|(field, to)| Change { field, from: Value::Null, to }));
    if changes.is_empty() { Applied::Unchanged } else { Applied::Changed(changes) }
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    match value.as_object() {
        Some(object) => {
            for (name, inner) in object {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, inner, into);
            }
        }
        None => {
            into.insert(path.to_owned(), value.clone());
        }
    }
}

/// The account of that name.
///
/// # Errors
/// The store's; an account written by a release that is too new is [`StoreError::Unreadable`].
pub async fn load(store: &dyn StateStore, name: &str) -> Result<Option<Stored>, StoreError> {
    store.get(&account_key(name)).await?.map(read).transpose()
}

/// Every account, by name.
///
/// # Errors
/// As [`load`].
pub async fn list(store: &dyn StateStore) -> Result<Vec<Stored>, StoreError> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.query(ACCOUNT_PK, Range::all(), LIST_PAGE, cursor).await?;
        for item in page.items {
            found.push(read(item)?);
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

fn read(item: Item) -> Result<Stored, StoreError> {
    let Item { key, body, version, .. } = item;
    let unreadable = |reason| StoreError::Unreadable { key: format!("{}/{}", key.pk, key.sk), reason };
    let account: Account = serde_json::from_value(body).map_err(|error| unreadable(error.to_string()))?;
    if account.v > ACCOUNT_V {
        return Err(unreadable(format!("it has version {} and this release knows {ACCOUNT_V}", account.v)));
    }
    Ok(Stored { account, version })
}

/// Another account that writes to the same tab.
pub fn tab_taken(all: &[Stored], desired: &Account) -> Option<String> {
    let same_tab = |other: &Account| {
        other.name != desired.name
            && other.destination.spreadsheet == desired.destination.spreadsheet
            && other.destination.tab.to_lowercase() == desired.destination.tab.to_lowercase()
    };
    all.iter().find(|stored| same_tab(&stored.account)).map(|stored| stored.account.name.clone())
}

/// Brings the stored account to the desired state, keeping [`Account::stopped`]. `also` is committed with it (an audit
/// item) and dropped when nothing changes. Call [`Account::validate`] first.
///
/// # Errors
/// [`AccountError::Contended`] when others kept writing, else the store's.
pub async fn save(
    store: &dyn StateStore,
    desired: &Account,
    also: Vec<WriteOp>,
) -> Result<Applied, AccountError> {
    if let Some(other) = tab_taken(&list(store).await?, desired) {
        return Err(AccountError::TabTaken { account: desired.name.clone(), other });
    }
    for _ in 0..SAVE_ATTEMPTS_MAX {
        let stored = load(store, &desired.name).await?;
        let applied = compare(stored.as_ref().map(|stored| &stored.account), desired);
        if applied == Applied::Unchanged {
            return Ok(applied);
        }
        let (stopped, expect) = match stored {
            Some(stored) => (stored.account.stopped, Expect::Version(stored.version)),
            None => (None, Expect::Absent),
        };
        let account = Account { v: ACCOUNT_V, stopped, ..desired.clone() };
        if put(store, &account, expect, also.clone()).await? {
            return Ok(applied);
        }
    }
    Err(AccountError::Contended(desired.name.clone()))
}

/// Sets or lifts the stop of an account; says whether anything changed. An account that is already stopped keeps its
/// first reason. `also` is committed with the change.
///
/// # Errors
/// [`AccountError::NotFound`], [`AccountError::Contended`], else the store's.
pub async fn set_stop(
    store: &dyn StateStore,
    name: &str,
    stop: Option<&Stop>,
    also: Vec<WriteOp>,
) -> Result<bool, AccountError> {
    for _ in 0..SAVE_ATTEMPTS_MAX {
        let stored = load(store, name).await?.ok_or_else(|| AccountError::NotFound(name.to_owned()))?;
        if stored.account.stopped.is_some() == stop.is_some() {
            return Ok(false);
        }
        let account = Account { stopped: stop.cloned(), ..stored.account };
        if put(store, &account, Expect::Version(stored.version), also.clone()).await? {
            return Ok(true);
        }
    }
    Err(AccountError::Contended(name.to_owned()))
}

async fn put(
    store: &dyn StateStore,
    account: &Account,
    expect: Expect,
    also: Vec<WriteOp>,
) -> Result<bool, StoreError> {
    let mut writes = vec![WriteOp::Put(to_item(account)?, expect)];
    writes.extend(also);
    Ok(matches!(store.transact(writes, Vec::new()).await?, WriteOutcome::Written(_)))
}

fn to_item(account: &Account) -> Result<NewItem, StoreError> {
    let body = serde_json::to_value(account).map_err(|error| StoreError::Invalid(error.to_string()))?;
    Ok(NewItem { key: account_key(&account.name), index: None, expires_at: None, body })
}
