//! Worlds in which one rule does not hold. A simulation that does not see them sees nothing.
use crate::simulation::company::Company;
use crate::simulation::machine::Simulation;
use crate::world::World;
use async_trait::async_trait;
use flows::ports::*;
use std::sync::Arc;
use std::time::Duration;
use testkit::reference::MemoryStateStore;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    Nothing,
    /// The spreadsheet takes a batch whose marker id exists.
    KnownIdsAreTaken,
    /// The store ignores the checks of a transaction: fences do not fence.
    FencesAreIgnored,
    /// The store ignores the versions of what it writes: the last one wins.
    VersionsAreIgnored,
    /// The store says that a plan is accepted and forgets it.
    PlansAreLost,
    /// The store never lets go of what has expired: a wake-up that is lost is never sent again.
    NothingExpires,
    /// Absence of a marker counts at once: the flows do not wait for a write in doubt.
    DoubtIsShort,
}

impl Flaw {
    /// The store of that world.
    pub fn store(self, sound: &Arc<MemoryStateStore>) -> Arc<dyn StateStore> {
        match self {
            Self::FencesAreIgnored | Self::VersionsAreIgnored | Self::PlansAreLost | Self::NothingExpires => {
                Arc::new(BrokenStore { sound: sound.clone(), flaw: self })
            }
            Self::Nothing | Self::KnownIdsAreTaken | Self::DoubtIsShort => sound.clone(),
        }
    }

    /// What else is broken there.
    pub fn spoil(self, world: &mut World, company: &Company) {
        match self {
            Self::KnownIdsAreTaken => {
                company.branches.iter().for_each(|branch| branch.sheet.take_known_ids())
            }
            Self::DoubtIsShort => world.settings.settle_after = Duration::ZERO,
            _ => {}
        }
    }
}

struct BrokenStore {
    sound: Arc<MemoryStateStore>,
    flaw: Flaw,
}

impl BrokenStore {
    /// The same write with a condition that holds.
    async fn forced(&self, write: WriteOp) -> Result<WriteOp, StoreError> {
        let key = match &write {
            WriteOp::Put(item, _) => &item.key,
            WriteOp::Delete(key, _) => key,
        };
        let now = self.sound.get(key).await?.map_or(Expect::Absent, |item| Expect::Version(item.version));
        Ok(match write {
            WriteOp::Put(item, Expect::Version(_)) => WriteOp::Put(item, now),
            WriteOp::Delete(key, Expect::Version(_)) => WriteOp::Delete(key, now),
            absent => absent,
        })
    }
}

fn is_plan(write: &WriteOp) -> bool {
    matches!(write, WriteOp::Put(item, Expect::Absent) if item.key.pk.starts_with("plan#"))
}

#[async_trait]
impl StateStore for BrokenStore {
    async fn get(&self, key: &ItemKey) -> Result<Option<Item>, StoreError> {
        self.sound.get(key).await
    }
    async fn query(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        self.sound.query(pk, range, limit, cursor).await
    }
    async fn query_index(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        self.sound.query_index(pk, range, limit, cursor).await
    }
    async fn transact(
        &self,
        mut writes: Vec<WriteOp>,
        mut checks: Vec<Check>,
    ) -> Result<WriteOutcome, StoreError> {
        match self.flaw {
            Flaw::FencesAreIgnored => checks.clear(),
            Flaw::VersionsAreIgnored => {
                let mut forced = Vec::new();
                for write in writes {
                    forced.push(self.forced(write).await?);
                }
                writes = forced;
            }
            Flaw::PlansAreLost if writes.len() == 1 && writes.iter().all(is_plan) => {
                return Ok(WriteOutcome::Written(vec![1]));
            }
            Flaw::NothingExpires => {
                for write in &mut writes {
                    if let WriteOp::Put(item, _) = write {
                        item.expires_at = None;
                    }
                }
            }
            _ => {}
        }
        self.sound.transact(writes, checks).await
    }
}

/// Seeds within which a flaw has to be seen.
const SEEDS_TO_SEE: u64 = 130;

/// Some seed sees the flaw, as a violation of that invariant.
#[track_caller]
fn is_seen(flaw: Flaw, invariant: &str) {
    for seed in 0..SEEDS_TO_SEE {
        let violations = Simulation::new(seed, flaw).run().violations;
        if violations.iter().any(|violation| violation.starts_with(invariant)) {
            return;
        }
    }
    panic!("no seed below {SEEDS_TO_SEE} sees {flaw:?} as a violation of {invariant}");
}

#[test]
fn the_simulation_sees_a_spreadsheet_that_takes_known_ids() {
    is_seen(Flaw::KnownIdsAreTaken, "INV-1");
}

#[test]
fn the_simulation_sees_a_store_that_ignores_fences() {
    is_seen(Flaw::FencesAreIgnored, "INV-3");
}

#[test]
fn the_simulation_sees_a_store_that_ignores_versions() {
    is_seen(Flaw::VersionsAreIgnored, "INV-2");
}

#[test]
fn the_simulation_sees_a_store_that_loses_plans() {
    is_seen(Flaw::PlansAreLost, "INV-2");
}

#[test]
fn the_simulation_sees_a_store_in_which_nothing_expires() {
    is_seen(Flaw::NothingExpires, "INV-2");
}

#[test]
fn the_simulation_sees_a_doubt_that_is_too_short() {
    is_seen(Flaw::DoubtIsShort, "INV-1");
}
