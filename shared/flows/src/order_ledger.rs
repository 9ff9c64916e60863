//! The ledger of the orders behind a day: where each one is, and which ones have moved here from another day.
use crate::day_plan::MovedRows;
use crate::deps::{Deps, FlowError};
use crate::desired_day::DesiredDay;
use crate::lease::Lease;
use crate::ports::{WriteOp, WriteOutcome};
use crate::reason::Reason;
use crate::records::{
    DayRecord, OrderRecord, OrderState, WrittenOrder, day_key, order_key, put_day, put_order, record,
};
use crate::setback::{Setback, StepError};
use crate::typed::{self, Stored};
use chrono::NaiveDate;
use domain::calendar::SerialDay;
use domain::flag::Flag;
use domain::row::hash16;
use std::collections::{BTreeMap, BTreeSet};

/// Writes per transaction; the fence takes one more place.
const WRITES_PER_TRANSACTION: usize = 20;

/// An order that is new to the day, differs from what stands there, or cannot be mapped.
#[derive(Debug)]
pub struct ChangedOrder {
    identity: String,
    code: i64,
    hash: String,
    flags: Vec<Flag>,
    reason: Option<Reason>,
    content: String,
    before: Option<Stored<OrderRecord>>,
}

/// What the ledger says about the orders of a day.
#[derive(Debug, Default)]
pub struct LedgerChanges {
    /// The orders whose ledger entry will change.
    pub orders: Vec<ChangedOrder>,
    /// Identities of the orders that a person has discarded and that say the same as then.
    pub discarded: BTreeSet<String>,
}

type Known<'a> = Option<&'a BTreeMap<String, WrittenOrder>>;

/// The orders whose ledger entry will change, with that entry, and those that are discarded. An order that stands as
/// before is not read at all.
pub async fn changed_orders(
    deps: &Deps,
    account: &str,
    desired: &DesiredDay,
    known: Known<'_>,
) -> Result<LedgerChanges, FlowError> {
    let mut changes = LedgerChanges::default();
    for built in &desired.built {
        let hash = hash16(&built.row.hash()).to_owned();
        let identity = &built.identity.0;
        if known.and_then(|orders| orders.get(identity)).is_some_and(|order| order.hash == hash) {
            continue;
        }
        let before = typed::load(&*deps.state, &order_key(account, identity)).await?;
        let (identity, code, flags) = (identity.clone(), built.row.code, built.flags.clone());
        let (reason, content) = (None, String::new());
        changes.orders.push(ChangedOrder { identity, code, hash, flags, reason, content, before });
    }
    for order in &desired.unmappable {
        let before: Option<Stored<OrderRecord>> =
            typed::load(&*deps.state, &order_key(account, &order.identity)).await?;
        let same = |stored: &Stored<OrderRecord>| {
            stored.value.reason.as_ref() == Some(&order.reason) && stored.value.content == order.content
        };
        let is_discarded = |stored: &Stored<OrderRecord>| stored.value.state == OrderState::Discarded;
        if before.as_ref().is_some_and(|stored| same(stored) && is_discarded(stored)) {
            changes.discarded.insert(order.identity.clone());
            continue;
        }
        changes.orders.push(ChangedOrder {
            identity: order.identity.clone(),
            code: order.code,
            hash: String::new(),
            flags: Vec::new(),
            reason: Some(order.reason.clone()),
            content: order.content.clone(),
            before,
        });
    }
    Ok(changes)
}

/// Rows of these orders that stand under another day: they are taken away in the same batch. An order that comes out of
/// quarantine may have left one on each day that its entry names.
pub fn moved_rows(changed: &[ChangedOrder], day: NaiveDate) -> MovedRows {
    let mut moved = MovedRows::new();
    for order in changed.iter().filter(|order| order.reason.is_none()) {
        let Some(before) = order.before.as_ref().map(|stored| &stored.value) else { continue };
        let elsewhere: Vec<NaiveDate> = match before.state {
            OrderState::Written => vec![before.day],
            OrderState::Quarantined | OrderState::Discarded => before.left_on.iter().copied().collect(),
            OrderState::Removed => Vec::new(),
        };
        let elsewhere = elsewhere.into_iter().filter(|other| *other != day);
        moved.extend(elsewhere.map(|other| (before.code, SerialDay::from_date(other))));
    }
    moved
}

/// Brings the ledger of the orders up to date, under the fence, in transactions that may be repeated. `spared` are the
/// codes of orders in quarantine whose row was found on this day.
#[expect(clippy::too_many_arguments, reason = "one day's facts, each from another place")]
pub async fn settle(
    deps: &Deps,
    lease: &Lease,
    account: &str,
    day: NaiveDate,
    run: &str,
    desired: &DesiredDay,
    changed: Vec<ChangedOrder>,
    spared: &BTreeSet<i64>,
    known: Known<'_>,
) -> Result<(), StepError> {
    let now = deps.clock.now();
    let mut writes = Vec::new();
    let moved_from: BTreeSet<NaiveDate> = changed
        .iter()
        .filter(|order| order.reason.is_none())
        .filter_map(|order| Some(order.before.as_ref()?.value.day))
        .filter(|before| *before != day)
        .collect();
    for other in moved_from {
        writes.extend(forget(deps, account, other, &changed).await?);
    }
    for order in changed {
        let state = if order.reason.is_some() { OrderState::Quarantined } else { OrderState::Written };
        let before = order.before.as_ref().map(|stored| &stored.value);
        let mut transitions = before.map(|before| before.transitions.clone()).unwrap_or_default();
        // In quarantine for the same reason, only its text is another: it has been there all the time.
        let stays = before.is_some_and(|before| before.state == state && before.reason == order.reason);
        let mut left_on = before.map(|before| before.left_on.clone()).unwrap_or_default();
        if order.reason.is_some() {
            let was_written = before.filter(|before| before.state == OrderState::Written);
            left_on.extend(was_written.map(|before| before.day));
            left_on.extend(spared.contains(&order.code).then_some(day));
        }
        let as_before = |before: &OrderRecord| before.left_on == left_on && before.content == order.content;
        if order.reason.is_some() && stays && before.is_some_and(as_before) {
            continue;
        }
        if state == OrderState::Written || !stays {
            record(
                &mut transitions,
                now,
                run,
                if order.reason.is_some() { "quarantined" } else { "written" },
            );
        }
        let record = OrderRecord {
            code: order.code,
            // An order without a usable date stays where it was last seen.
            day: if order.reason.is_some() { before.map_or(day, |before| before.day) } else { day },
            state,
            hash: order.hash,
            flags: order.flags,
            reason: order.reason,
            content: order.content,
            transitions,
            left_on,
        };
        writes.push(put_order(account, &order.identity, &record, order.before.as_ref())?);
    }
    writes.extend(removed(deps, account, day, run, desired, known).await?);
    for chunk in writes.chunks(WRITES_PER_TRANSACTION) {
        if let WriteOutcome::Refused(_) = deps.state.transact(chunk.to_vec(), vec![lease.fence()]).await? {
            return Err(Setback::until(Reason::LeaseLost, now).into());
        }
    }
    Ok(())
}

/// Takes orders that have moved away out of the record of their old day, so that one that comes back is seen to.
async fn forget(
    deps: &Deps,
    account: &str,
    old_day: NaiveDate,
    moved: &[ChangedOrder],
) -> Result<Option<WriteOp>, StepError> {
    let Some(stored) = typed::load::<DayRecord>(&*deps.state, &day_key(account, old_day)).await? else {
        return Ok(None);
    };
    let mut record = stored.value.clone();
    let known = record.orders.len();
    for order in moved.iter().filter(|order| order.reason.is_none()) {
        record.orders.remove(&order.identity);
    }
    Ok(if record.orders.len() < known {
        Some(put_day(account, old_day, &record, Some(&stored))?)
    } else {
        None
    })
}

/// Orders that stood under this day and are no longer billed on it.
async fn removed(
    deps: &Deps,
    account: &str,
    day: NaiveDate,
    run: &str,
    desired: &DesiredDay,
    known: Known<'_>,
) -> Result<Vec<WriteOp>, StepError> {
    let current: BTreeSet<&str> = desired
        .built
        .iter()
        .map(|built| built.identity.0.as_str())
        .chain(desired.unmappable.iter().chain(&desired.discarded).map(|order| order.identity.as_str()))
        .collect();
    let mut writes = Vec::new();
    for identity in known.into_iter().flatten().map(|(identity, _)| identity) {
        if current.contains(identity.as_str()) {
            continue;
        }
        let Some(stored) = typed::load::<OrderRecord>(&*deps.state, &order_key(account, identity)).await?
        else {
            continue;
        };
        if stored.value.day != day || stored.value.state != OrderState::Written {
            continue;
        }
        let mut gone = stored.value.clone();
        gone.state = OrderState::Removed;
        record(&mut gone.transitions, deps.clock.now(), run, "removed");
        writes.push(put_order(account, identity, &gone, Some(&stored))?);
    }
    Ok(writes)
}
