//! Conditional items in a sorted map, with an index that lags behind on purpose.
use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use flows::ports::state::Range;
use flows::ports::{
    Check, Clock, Expect, Item, ItemKey, NewItem, Page, StateStore, StoreError, WriteOp, WriteOutcome, rules,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Items that last as long as the value.
pub struct MemoryStateStore {
    clock: Arc<dyn Clock>,
    model: Mutex<Model>,
}

/// Place in the index, then the item that stands there.
type IndexPlace = (String, String, ItemKey);

struct Model {
    /// Every key ever written. `None` instead of an item is a tombstone.
    slots: BTreeMap<ItemKey, Slot>,
    /// The index as its readers see it.
    index: BTreeMap<IndexPlace, Item>,
    /// Where each key stands in that index.
    places: BTreeMap<ItemKey, IndexPlace>,
    /// Changes that have not reached the index, oldest first: one entry per transaction.
    behind: VecDeque<Vec<(ItemKey, Option<Item>)>>,
    lag_writes_max: usize,
    rng: StdRng,
}

struct Slot {
    version: u64,
    item: Option<Item>,
}

impl std::fmt::Debug for MemoryStateStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStateStore").finish_non_exhaustive()
    }
}

impl MemoryStateStore {
    /// A store without items whose index keeps up.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_index_lag(clock, 0, 0)
    }

    /// A store whose index answers, each time by the seed, without up to the last `lag_writes_max`
    /// transactions. It never goes back, and who asks again gets there.
    pub fn with_index_lag(clock: Arc<dyn Clock>, lag_writes_max: usize, seed: u64) -> Self {
        let model = Model {
            slots: BTreeMap::new(),
            index: BTreeMap::new(),
            places: BTreeMap::new(),
            behind: VecDeque::new(),
            lag_writes_max,
            rng: StdRng::seed_from_u64(seed),
        };
        Self { clock, model: Mutex::new(model) }
    }

    /// Every live item, ordered by key; for tests that look at the whole.
    pub fn live_items(&self) -> Vec<Item> {
        let now = self.clock.now();
        self.with(|model| model.slots.values().filter_map(|slot| slot.live(now)).cloned().collect())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Model) -> T) -> T {
        look(&mut self.model.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn is_live(item: &Item, now: DateTime<Utc>) -> bool {
    item.expires_at.is_none_or(|end| now < end)
}

impl Slot {
    fn live(&self, now: DateTime<Utc>) -> Option<&Item> {
        self.item.as_ref().filter(|item| is_live(item, now))
    }
}

impl Model {
    fn live(&self, key: &ItemKey, now: DateTime<Utc>) -> Option<&Item> {
        self.slots.get(key).and_then(|slot| slot.live(now))
    }

    fn holds(&self, key: &ItemKey, expect: Expect, now: DateTime<Utc>) -> bool {
        match (expect, self.live(key, now)) {
            (Expect::Absent, None) => true,
            (Expect::Version(wanted), Some(item)) => item.version == wanted,
            (Expect::Absent, Some(_)) | (Expect::Version(_), None) => false,
        }
    }

    fn set(&mut self, key: &ItemKey, new: Option<NewItem>) -> (u64, Option<Item>) {
        let version = self.slots.get(key).map_or(0, |slot| slot.version) + 1;
        let item = new.map(|new| Item {
            key: new.key,
            version,
            index: new.index,
            expires_at: new.expires_at.map(|end| end.trunc_subsecs(6)),
            body: new.body,
        });
        self.slots.insert(key.clone(), Slot { version, item: item.clone() });
        (version, item)
    }

    fn catch_up(&mut self) {
        let held_back = self.rng.random_range(0..=self.lag_writes_max);
        while self.behind.len() > held_back {
            for (key, item) in self.behind.pop_front().unwrap_or_default() {
                if let Some(place) = self.places.remove(&key) {
                    self.index.remove(&place);
                }
                if let Some(item) = item
                    && let Some(ItemKey { pk, sk }) = item.index.clone()
                {
                    let place = (pk, sk, key.clone());
                    self.index.insert(place.clone(), item);
                    self.places.insert(key, place);
                }
            }
        }
    }
}

fn within(range: &Range, sk: &str) -> bool {
    range.from.as_deref().is_none_or(|from| from <= sk) && range.to.as_deref().is_none_or(|to| sk <= to)
}

/// One more than asked for was collected when there is a next page.
fn page<P>(mut found: Vec<(P, Item)>, limit: usize, cursor: impl Fn(&P) -> String) -> Page {
    let more = found.len() > limit;
    found.truncate(limit);
    let cursor = found.last().filter(|_| more).map(|(place, _)| cursor(place));
    Page { items: found.into_iter().map(|(_, item)| item).collect(), cursor }
}

fn index_cursor((_, sk, key): &IndexPlace) -> String {
    serde_json::json!([sk, key.pk, key.sk]).to_string()
}

#[async_trait]
impl StateStore for MemoryStateStore {
    async fn get(&self, key: &ItemKey) -> Result<Option<Item>, StoreError> {
        rules::item_key(key)?;
        let now = self.clock.now();
        Ok(self.with(|model| model.live(key, now).cloned()))
    }

    async fn query(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        rules::query(pk, limit)?;
        let now = self.clock.now();
        let found = self.with(|model| {
            let partition = model.slots.range(ItemKey::new(pk, "")..).take_while(|(key, _)| key.pk == pk);
            let live = partition.filter_map(|(key, slot)| slot.live(now).map(|item| (key, item)));
            live.filter(|(key, _)| within(&range, &key.sk))
                .filter(|(key, _)| cursor.as_deref().is_none_or(|after| after < key.sk.as_str()))
                .take(limit + 1)
                .map(|(key, item)| (key.clone(), item.clone()))
                .collect()
        });
        Ok(page(found, limit, |key: &ItemKey| key.sk.clone()))
    }

    async fn query_index(
        &self,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        rules::query(pk, limit)?;
        let after: Option<(String, String, String)> = match cursor.as_deref().map(serde_json::from_str) {
            None => None,
            Some(Ok(after)) => Some(after),
            Some(Err(_)) => {
                return Err(StoreError::Invalid("the cursor is not one of this index".to_owned()));
            }
        };
        let now = self.clock.now();
        let found = self.with(|model| {
            model.catch_up();
            let first = (pk.to_owned(), String::new(), ItemKey::new("", ""));
            let partition = model.index.range(first..).take_while(|((index_pk, ..), _)| index_pk == pk);
            let places = partition.filter(|((_, sk, key), item)| {
                let place = || (sk.clone(), key.pk.clone(), key.sk.clone());
                within(&range, sk)
                    && is_live(item, now)
                    && after.as_ref().is_none_or(|after| *after < place())
            });
            places.take(limit + 1).map(|(place, item)| (place.clone(), item.clone())).collect()
        });
        Ok(page(found, limit, index_cursor))
    }

    async fn transact(&self, writes: Vec<WriteOp>, checks: Vec<Check>) -> Result<WriteOutcome, StoreError> {
        rules::transaction(&writes, &checks)?;
        let now = self.clock.now();
        Ok(self.with(|model| {
            let checked = checks.iter().map(|check| (&check.key, check.expect));
            let conditions = writes.iter().map(|write| (write.key(), write.expect())).chain(checked);
            for (key, expect) in conditions {
                if !model.holds(key, expect, now) {
                    return WriteOutcome::Refused(key.clone());
                }
            }
            let mut versions = Vec::with_capacity(writes.len());
            let mut changed = Vec::with_capacity(writes.len());
            for write in writes {
                let (key, new) = match write {
                    WriteOp::Put(new, _) => (new.key.clone(), Some(new)),
                    WriteOp::Delete(key, _) => (key, None),
                };
                let (version, item) = model.set(&key, new);
                versions.push(version);
                changed.push((key, item));
            }
            model.behind.push_back(changed);
            WriteOutcome::Written(versions)
        }))
    }
}
