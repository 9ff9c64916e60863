//! A state store that breaks one of its promises.
use super::Flaw;
use async_trait::async_trait;
use flows::ports::*;
use std::sync::Arc;
use testkit::reference::MemoryStateStore;

/// The reference model, less the promise that the flaw names.
pub struct BrokenStore {
    pub sound: Arc<MemoryStateStore>,
    pub flaw: Flaw,
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

/// Whether it puts an item of a kind for the first time.
fn is_new(write: &WriteOp, kind: &str) -> bool {
    matches!(write, WriteOp::Put(item, Expect::Absent) if item.key.pk.starts_with(kind))
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
            Flaw::PlansAreLost if writes.len() == 1 && writes.iter().all(|write| is_new(write, "plan#")) => {
                return Ok(WriteOutcome::Written(vec![1]));
            }
            Flaw::JournalIsLost => writes.retain(|write| !is_new(write, "run#")),
            Flaw::NothingExpires => {
                for write in &mut writes {
                    if let WriteOp::Put(item, _) = write {
                        item.expires_at = None;
                    }
                }
            }
            _ => {}
        }
        if writes.is_empty() && checks.is_empty() {
            return Ok(WriteOutcome::Written(Vec::new()));
        }
        self.sound.transact(writes, checks).await
    }
}
