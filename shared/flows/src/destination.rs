//! The destination tab as one thing that is written by one hand: its generation, and the write that may be in doubt.
//!
//! ```text
//! settled(g) ── intent g+1 (sent_at) ── call ──┬── answer / marker seen ───────────── settled(g+1)
//!                                              ├── certainly not taken ────────────── settled(g)
//!                                              └── no answer ── marker absent after settle_after ── settled(g)
//! ```
//! The marker's `metadataId` is `base + generation`. A number is used up only by a write that was applied: an attempt
//! that follows one in doubt carries the same id, so that of the two copies Google can apply only one. Until
//! `settle_after` has passed since the sending, absence of the marker proves nothing.
use crate::ports::{Expect, ItemKey, Marker, NewItem, StoreError, WriteOp};
use crate::typed::{self, Stored};
use chrono::{DateTime, NaiveDate, Utc};
use domain::row::hash16;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Key of the developer metadata that marks a tab's last write.
pub const MARKER_KEY: &str = "sige.write";
/// Ids per tab: far more than the daily writes of a lifetime.
const GENERATIONS_MAX: i32 = 1_000_000;
/// Tabs of one spreadsheet get different id ranges.
const RANGES: u32 = 2_146;

/// A write whose outcome is not yet confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWrite {
    /// Its generation.
    pub generation: i32,
    /// The account it belongs to.
    pub account: String,
    /// The day it writes.
    pub day: NaiveDate,
    /// Hash of the day's rows.
    pub hash: String,
    /// Just before the call left.
    pub sent_at: DateTime<Utc>,
    /// Blob with what was there.
    pub before_image: String,
    /// The run that sent it.
    pub run: String,
}

/// The state of a destination tab.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Destination {
    /// The last generation that was applied.
    pub generation: i32,
    /// The write under way or in doubt.
    pub open: Option<OpenWrite>,
}

/// Key of a destination's state.
pub fn destination_key(spreadsheet: &str, tab: &str) -> ItemKey {
    ItemKey::new(format!("destination#{spreadsheet}#{tab}"), "generation")
}

/// The write of a destination's state.
pub fn put_destination(
    spreadsheet: &str,
    tab: &str,
    state: &Destination,
    before: Option<&Stored<Destination>>,
) -> Result<WriteOp, StoreError> {
    let expect = before.map_or(Expect::Absent, |stored| Expect::Version(stored.version));
    let key = destination_key(spreadsheet, tab);
    Ok(WriteOp::Put(NewItem { key, index: None, expires_at: None, body: typed::encode(state)? }, expect))
}

/// First id of a tab's range.
fn id_base(spreadsheet: &str, tab: &str) -> i32 {
    let digest = Sha256::digest(format!("{spreadsheet}#{tab}"));
    let start = digest.iter().take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    i32::try_from(start % RANGES).unwrap_or(0) * GENERATIONS_MAX
}

/// The marker of a write.
pub fn marker(spreadsheet: &str, tab: &str, generation: i32, day: NaiveDate, hash: &str) -> Marker {
    Marker {
        metadata_id: id_base(spreadsheet, tab) + 1 + generation % (GENERATIONS_MAX - 1),
        value: format!("{generation}:{day}:{}", hash16(hash)),
    }
}

impl OpenWrite {
    /// The marker that this write leaves when it is applied.
    pub fn marker(&self, spreadsheet: &str, tab: &str) -> Marker {
        marker(spreadsheet, tab, self.generation, self.day, &self.hash)
    }
}
