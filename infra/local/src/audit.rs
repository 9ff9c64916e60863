//! What operators did: one item for each change made from the command line, committed together with the change.
use chrono::TimeDelta;
use flows::ports::{Clock, Expect, ItemKey, NewItem, Randomness, WriteOp};
use serde_json::{Value, json};

/// How long an audit item is kept.
const RETENTION_DAYS: i64 = 5 * 366;

/// Writes audit items.
pub struct Audit<'c> {
    clock: &'c dyn Clock,
    random: &'c dyn Randomness,
    operator: String,
}

impl<'c> Audit<'c> {
    /// On behalf of the person at the keyboard.
    pub fn new(clock: &'c dyn Clock, random: &'c dyn Randomness, operator: String) -> Self {
        Self { clock, random, operator }
    }

    /// The write of one item. `detail` holds names of what changed, never a secret's value.
    pub fn entry(&self, action: &str, target: &str, detail: Value) -> WriteOp {
        let at = self.clock.now();
        let item = NewItem {
            key: ItemKey::new("audit", self.random.unique_id()),
            index: None,
            expires_at: at.checked_add_signed(TimeDelta::days(RETENTION_DAYS)),
            body: json!({
                "v": 1, "at": at, "operator": self.operator, "action": action, "target": target, "detail": detail,
            }),
        };
        WriteOp::Put(item, Expect::Absent)
    }
}
