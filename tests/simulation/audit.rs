//! INV-3, watched from outside: what stands under a lease is written only by the worker that took the lease last.
//!
//! The audit knows nothing of fences and versions. It sees which worker has written an epoch, and then who writes
//! what belongs to that spreadsheet.
use crate::simulation::worker::WorkerId;
use flows::ports::{ItemKey, WriteOp};
use flows::window_sync::lease_resource;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What one transaction writes, as far as the audit cares.
pub struct Written {
    keys: Vec<ItemKey>,
    /// It announces a write to the sheet.
    pub is_intent: bool,
}

impl Written {
    pub fn of(writes: &[WriteOp]) -> Self {
        let is_intent = writes.iter().any(|write| match write {
            WriteOp::Put(item, _) => item.key.pk.starts_with("destination#") && !item.body["open"].is_null(),
            WriteOp::Delete(..) => false,
        });
        let key = |write: &WriteOp| match write {
            WriteOp::Put(item, _) => item.key.clone(),
            WriteOp::Delete(key, _) => key.clone(),
        };
        Self { keys: writes.iter().map(key).collect(), is_intent }
    }
}

/// Who took which lease last, and who wrote without it.
pub struct Audit {
    spreadsheets: BTreeMap<String, String>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    holders: BTreeMap<String, WorkerId>,
    violations: Vec<String>,
}

impl Audit {
    /// For accounts and the spreadsheets they write to.
    pub fn new(spreadsheets: BTreeMap<String, String>) -> Self {
        Self { spreadsheets, inner: Mutex::default() }
    }

    /// A worker's transaction took effect.
    pub fn committed(&self, worker: WorkerId, written: &Written) {
        let mut inner = self.inner.lock().unwrap();
        for key in &written.keys {
            if let Some(resource) = key.pk.strip_prefix("lease#")
                && key.sk == "epoch"
            {
                inner.holders.insert(resource.to_owned(), worker);
            }
        }
        for (key, resource) in self.guarded(&written.keys) {
            let holder = inner.holders.get(&resource).copied();
            if holder != Some(worker) {
                let place = format!("{}/{}", key.pk, key.sk);
                inner.violations.push(format!(
                    "INV-3: worker {worker} wrote {place}, but {} took the lease last",
                    holder.map_or_else(|| "nobody".to_owned(), |holder| format!("worker {holder}"))
                ));
            }
        }
    }

    /// The keys that only the holder of a lease may write, with the lease.
    fn guarded<'a>(&self, keys: &'a [ItemKey]) -> Vec<(&'a ItemKey, String)> {
        let ends_a_window = keys.iter().any(|key| key.pk.starts_with("run#"));
        let of_account = |account: &str| self.spreadsheets.get(account).map(|id| lease_resource(id));
        let guard = |key: &ItemKey| {
            let (kind, rest) = key.pk.split_once('#')?;
            let owner = rest.split('#').next()?;
            match kind {
                "destination" => Some(lease_resource(owner)),
                "ledger" => of_account(owner),
                "window" if ends_a_window => of_account(owner),
                _ => None,
            }
        };
        keys.iter().filter_map(|key| Some((key, guard(key)?))).collect()
    }

    /// What was written without the lease, so far.
    pub fn violations(&self) -> Vec<String> {
        self.inner.lock().unwrap().violations.clone()
    }
}
