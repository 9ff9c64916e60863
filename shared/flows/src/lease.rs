//! One worker at a time per resource, and proof of it at every commit.
//!
//! ```text
//! epoch      lease#R / epoch      changes only on acquire and force release; never deleted, never expires
//! heartbeat  lease#R / heartbeat  says who works and until when; renewed while the work goes on
//!
//! A acquires (epoch 7) ── works ── stalls ............................ A commits: epoch is 8, refused (INV-3)
//!                                  heartbeat ends ── B acquires (epoch 8) ── works ── commits
//! ```
//! Every claim, completion, failure and release made under a lease is a transaction with [`Lease::fence`]
//! among its checks, so a worker that lost the lease cannot change anything, however late it wakes.
use crate::ports::{Check, Clock, Expect, ItemKey, NewItem, StateStore, StoreError, WriteOp, WriteOutcome};
use crate::settings::RACES_MAX;
use crate::typed::{self, Stored};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The counter that fences: its item version is what commits check.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Epoch {
    epoch: u64,
}

/// Who works, and until when that is believed without a renewal.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Heartbeat {
    owner: String,
    epoch: u64,
    until: DateTime<Utc>,
}

/// The right to work on a resource, held by one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    resource: String,
    owner: String,
    epoch: u64,
    epoch_version: u64,
    heartbeat_version: u64,
    until: DateTime<Utc>,
    ttl: Duration,
    abandoned_by: Option<String>,
}

/// The answer to an attempt to acquire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquired {
    /// Ours now.
    Yes(Lease),
    /// Somebody else's until then, unless renewed.
    Held {
        /// End of the current heartbeat.
        until: DateTime<Utc>,
    },
}

/// How to treat a heartbeat that has not ended yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takeover {
    /// Wait for its end.
    Never,
    /// Its owner is known to be gone (the caller holds the machine's instance lock): take it at once.
    OwnerIsGone,
}

fn epoch_key(resource: &str) -> ItemKey {
    ItemKey::new(format!("lease#{resource}"), "epoch")
}

fn heartbeat_key(resource: &str) -> ItemKey {
    ItemKey::new(format!("lease#{resource}"), "heartbeat")
}

fn expect<T>(stored: Option<&Stored<T>>) -> Expect {
    stored.map_or(Expect::Absent, |item| Expect::Version(item.version))
}

fn put<T: Serialize>(key: ItemKey, value: &T, expect: Expect) -> Result<WriteOp, StoreError> {
    Ok(WriteOp::Put(NewItem { key, index: None, expires_at: None, body: typed::encode(value)? }, expect))
}

fn until(clock: &dyn Clock, ttl: Duration) -> DateTime<Utc> {
    clock.now() + chrono::Duration::from_std(ttl).unwrap_or(chrono::Duration::MAX)
}

/// Takes the lease if it is free.
pub async fn acquire(
    store: &dyn StateStore,
    clock: &dyn Clock,
    resource: &str,
    owner: &str,
    ttl: Duration,
    takeover: Takeover,
) -> Result<Acquired, StoreError> {
    let heartbeat = typed::load::<Heartbeat>(store, &heartbeat_key(resource)).await?;
    if let Some(current) = &heartbeat
        && current.value.until > clock.now()
        && takeover == Takeover::Never
    {
        return Ok(Acquired::Held { until: current.value.until });
    }
    let epoch = typed::load::<Epoch>(store, &epoch_key(resource)).await?;
    let next = epoch.as_ref().map_or(1, |stored| stored.value.epoch + 1);
    let beat = Heartbeat { owner: owner.to_owned(), epoch: next, until: until(clock, ttl) };
    let writes = vec![
        put(epoch_key(resource), &Epoch { epoch: next }, expect(epoch.as_ref()))?,
        put(heartbeat_key(resource), &beat, expect(heartbeat.as_ref()))?,
    ];
    match store.transact(writes, Vec::new()).await? {
        WriteOutcome::Written(versions) => {
            let (Some(&epoch_version), Some(&heartbeat_version)) = (versions.first(), versions.get(1)) else {
                return Err(StoreError::Invalid(
                    "a transaction of two writes must answer two versions".into(),
                ));
            };
            Ok(Acquired::Yes(Lease {
                resource: resource.to_owned(),
                owner: owner.to_owned(),
                epoch: next,
                epoch_version,
                heartbeat_version,
                until: beat.until,
                ttl,
                abandoned_by: heartbeat.map(|stored| stored.value.owner),
            }))
        }
        // Somebody was quicker. Their heartbeat, if it can be read, says how long to stay away.
        WriteOutcome::Refused(_) => {
            let winner = typed::load::<Heartbeat>(store, &heartbeat_key(resource)).await?;
            Ok(Acquired::Held { until: winner.map_or_else(|| clock.now(), |stored| stored.value.until) })
        }
    }
}

/// Who works on a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The run that took the lease.
    pub owner: String,
    /// The number of its tenure.
    pub epoch: u64,
    /// Until when that is believed without a renewal; past, when its owner is gone and nobody has come since.
    pub until: DateTime<Utc>,
}

/// The lease of a resource as it stands; `None` while nobody holds it.
///
/// # Errors
/// The store's.
pub async fn inspect(store: &dyn StateStore, resource: &str) -> Result<Option<Holder>, StoreError> {
    let beat = typed::load::<Heartbeat>(store, &heartbeat_key(resource)).await?.map(|stored| stored.value);
    Ok(beat.map(|beat| Holder { owner: beat.owner, epoch: beat.epoch, until: beat.until }))
}

/// Ends whatever lease stands on the resource; the old holder's commits are refused from now on. Says whether one was
/// ended. `audit` is committed with the change.
///
/// # Errors
/// The store's; [`StoreError::Unavailable`] when others keep taking the lease meanwhile.
pub async fn force_release(
    store: &dyn StateStore,
    resource: &str,
    audit: Option<WriteOp>,
) -> Result<bool, StoreError> {
    for _ in 0..RACES_MAX {
        let epoch = typed::load::<Epoch>(store, &epoch_key(resource)).await?;
        let heartbeat = typed::load::<Heartbeat>(store, &heartbeat_key(resource)).await?;
        let (Some(epoch), Some(beat)) = (epoch, heartbeat) else { return Ok(false) };
        let next = Epoch { epoch: epoch.value.epoch + 1 };
        let mut writes = vec![
            put(epoch_key(resource), &next, Expect::Version(epoch.version))?,
            WriteOp::Delete(heartbeat_key(resource), Expect::Version(beat.version)),
        ];
        writes.extend(audit.clone());
        if let WriteOutcome::Written(_) = store.transact(writes, Vec::new()).await? {
            return Ok(true);
        }
    }
    Err(StoreError::Unavailable(format!("the lease of {resource} changes hands all the time; try again")))
}

impl Lease {
    /// The check that belongs into every transaction made under this lease.
    pub fn fence(&self) -> Check {
        Check { key: epoch_key(&self.resource), expect: Expect::Version(self.epoch_version) }
    }

    /// The number of this tenure; grows with each one.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Extends the heartbeat. `false`: the lease is lost, stop working.
    pub async fn renew(&mut self, store: &dyn StateStore, clock: &dyn Clock) -> Result<bool, StoreError> {
        let beat = Heartbeat { owner: self.owner.clone(), epoch: self.epoch, until: until(clock, self.ttl) };
        let write = put(heartbeat_key(&self.resource), &beat, Expect::Version(self.heartbeat_version))?;
        match store.transact(vec![write], vec![self.fence()]).await? {
            WriteOutcome::Written(versions) => {
                self.heartbeat_version = versions.first().copied().unwrap_or(self.heartbeat_version);
                self.until = beat.until;
                Ok(true)
            }
            WriteOutcome::Refused(_) => Ok(false),
        }
    }

    /// The owner before, if it never gave the lease back: it crashed, or its time was cut off.
    pub fn abandoned_by(&self) -> Option<&str> {
        self.abandoned_by.as_deref()
    }

    /// Extends the heartbeat once half of its time is gone; before that there is nothing to write. `false`: the lease is
    /// lost, stop working.
    ///
    /// # Errors
    /// The store's.
    pub async fn keep(&mut self, store: &dyn StateStore, clock: &dyn Clock) -> Result<bool, StoreError> {
        let left = (self.until - clock.now()).to_std().unwrap_or_default();
        if left > self.ttl / 2 { Ok(true) } else { self.renew(store, clock).await }
    }

    /// The write that gives the lease back, to be committed with the last change made under it.
    pub fn giving_back(&self) -> WriteOp {
        WriteOp::Delete(heartbeat_key(&self.resource), Expect::Version(self.heartbeat_version))
    }

    /// Gives the lease back. Losing it before is no error: then it is somebody else's to give back.
    pub async fn release(self, store: &dyn StateStore) -> Result<(), StoreError> {
        store.transact(vec![self.giving_back()], vec![self.fence()]).await?;
        Ok(())
    }
}
