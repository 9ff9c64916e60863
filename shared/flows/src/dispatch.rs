//! Sends what is due: at most one window per spreadsheet is on its way, daily windows before backfill windows.
//!
//! The slot of a spreadsheet remembers which window was sent. It expires: a wake-up that is lost, purged or stuck
//! in a dead-letter queue is sent again, since the truth is the window and not the message.
use crate::accounts;
use crate::deps::{Deps, FlowError};
use crate::plan;
use crate::ports::{Expect, Item, ItemKey, Message, NewItem, Range, WriteOp, WriteOutcome};
use crate::settings::WINDOWS_QUEUE;
use crate::typed;
use crate::window::{Priority, Window, due_partition, sortable, window_key};
use crate::window_sync::WindowWake;
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Due windows looked at to find one that really is: the index may lag.
const CANDIDATES_MAX: usize = 25;
/// How many of them are read at once: the first is nearly always due.
const CANDIDATES_AT_ONCE: usize = 3;
/// Plans that were accepted but not yet spread, looked at per tick.
const UNSPREAD_MAX: usize = 25;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    account: String,
    day: NaiveDate,
}

fn slot_key(spreadsheet: &str) -> ItemKey {
    ItemKey::new(format!("slot#{spreadsheet}"), "slot")
}

/// What a tick did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Dispatched {
    /// Windows sent.
    pub sent: usize,
    /// Plans whose windows were asked for, or given up, again.
    pub plans_spread: usize,
}

/// One tick: sends the next window of every spreadsheet, and completes plans that a crash left half-spread or
/// half-cancelled. A plan or spreadsheet that fails keeps none of the others waiting; the tick fails after all the rest.
pub async fn tick(deps: &Deps) -> Result<Dispatched, FlowError> {
    let mut dispatched = Dispatched::default();
    let mut failed: Option<FlowError> = None;
    let accounts = accounts::list(&*deps.state).await?;
    send_to_all(deps, &accounts, &mut dispatched, &mut failed).await;
    let unspread = deps.state.query_index("planning", Range::all(), UNSPREAD_MAX, None).await?;
    for item in unspread.items {
        let key = item.key.sk.clone();
        match spread(deps, &accounts, item).await {
            Ok(spread) => dispatched.plans_spread += usize::from(spread),
            Err(error) => {
                tracing::error!(plan = key, %error, "the plan could not be completed");
                failed = failed.or(Some(error));
            }
        }
    }
    if dispatched.plans_spread > 0 {
        send_to_all(deps, &accounts, &mut dispatched, &mut failed).await;
    }
    failed.map_or(Ok(dispatched), Err)
}

/// Completes one plan; `false` when its account is gone.
async fn spread(deps: &Deps, accounts: &[accounts::Stored], item: Item) -> Result<bool, FlowError> {
    let plan: plan::Plan = typed::decode::<plan::Plan>(item)?.value;
    let Some(stored) = accounts.iter().find(|stored| stored.account.name == plan.account) else {
        return Ok(false);
    };
    plan::spread(deps, &stored.account, &plan.id).await?;
    Ok(true)
}

async fn send_to_all(
    deps: &Deps,
    accounts: &[accounts::Stored],
    dispatched: &mut Dispatched,
    failed: &mut Option<FlowError>,
) {
    let mut by_spreadsheet: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for account in accounts.iter().map(|stored| &stored.account) {
        by_spreadsheet.entry(&account.destination.spreadsheet).or_default().push(&account.name);
    }
    for (spreadsheet, accounts) in by_spreadsheet {
        match send_next(deps, spreadsheet, &accounts).await {
            Ok(sent) => dispatched.sent += usize::from(sent),
            Err(error) => {
                tracing::error!(spreadsheet, %error, "its next window could not be sent");
                *failed = failed.take().or(Some(error));
            }
        }
    }
}

/// Sends the most urgent due window of the accounts that write to a spreadsheet, if none is on its way.
async fn send_next(deps: &Deps, spreadsheet: &str, accounts: &[&str]) -> Result<bool, FlowError> {
    if deps.state.get(&slot_key(spreadsheet)).await?.is_some() {
        return Ok(false);
    }
    match next_due(deps, accounts).await? {
        Some(window) => send(deps, spreadsheet, window, Expect::Absent).await,
        None => Ok(false),
    }
}

/// Sends a window, if the slot is as expected: free, or still the caller's. `false`: it is somebody else's.
async fn send(deps: &Deps, spreadsheet: &str, window: Window, slot_is: Expect) -> Result<bool, FlowError> {
    let now = deps.clock.now();
    let slot = Slot { account: window.account.clone(), day: window.day };
    let requeue_after = TimeDelta::from_std(deps.settings.requeue_after).unwrap_or(TimeDelta::MAX);
    let item = NewItem {
        key: slot_key(spreadsheet),
        index: None,
        expires_at: now.checked_add_signed(requeue_after),
        body: typed::encode(&slot)?,
    };
    if let WriteOutcome::Refused(_) = deps.state.write(item, slot_is).await? {
        return Ok(false);
    }
    let wake = WindowWake { v: 1, account: window.account, day: window.day };
    let message = Message {
        group: Some(spreadsheet.to_owned()),
        deduplication_id: Some(format!("wake/{}", deps.random.unique_id())),
        body: serde_json::to_string(&wake).map_err(|error| FlowError::BadRequest(error.to_string()))?,
    };
    deps.queue.send(WINDOWS_QUEUE, message).await?;
    Ok(true)
}

/// The most urgent window of these accounts that is due now, if any.
pub async fn next_due(deps: &Deps, accounts: &[&str]) -> Result<Option<Window>, FlowError> {
    for priority in [Priority::Daily, Priority::Backfill] {
        let mut found: Option<Window> = None;
        for account in accounts {
            let window = first_due(deps, account, priority).await?;
            found = match (found, window) {
                (Some(one), Some(two)) => Some(if two.due_at < one.due_at { two } else { one }),
                (one, two) => one.or(two),
            };
        }
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The first window of an account that is due now with that urgency. The index may lag, so each is read again.
async fn first_due(deps: &Deps, account: &str, priority: Priority) -> Result<Option<Window>, FlowError> {
    let now = deps.clock.now();
    let rank = priority.rank();
    let range = Range { from: Some(format!("{rank}#")), to: Some(format!("{rank}#{}~", sortable(now))) };
    let mut cursor = None;
    for _ in 0..CANDIDATES_MAX.div_ceil(CANDIDATES_AT_ONCE) {
        let partition = due_partition(account);
        let page = deps.state.query_index(&partition, range.clone(), CANDIDATES_AT_ONCE, cursor).await?;
        for item in page.items {
            let listed: Window = typed::decode::<Window>(item)?.value;
            let key = window_key(&listed.account, listed.day);
            let current = typed::load::<Window>(&*deps.state, &key).await?.map(|stored| stored.value);
            if let Some(window) = current.filter(|window| window.due_at.is_some_and(|due| due <= now)) {
                return Ok(Some(window));
            }
        }
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(None)
}

/// Sends the next window in the slot of the wake-up that has been answered, or frees it.
pub async fn hand_back(deps: &Deps, wake: &WindowWake) -> Result<(), FlowError> {
    let accounts = accounts::list(&*deps.state).await?;
    let Some(own) = accounts.iter().find(|stored| stored.account.name == wake.account) else { return Ok(()) };
    let spreadsheet = &own.account.destination.spreadsheet;
    let neighbours = accounts.iter().filter(|stored| stored.account.destination.spreadsheet == *spreadsheet);
    let neighbours: Vec<&str> = neighbours.map(|stored| stored.account.name.as_str()).collect();
    if let Some(slot) = typed::load::<Slot>(&*deps.state, &slot_key(spreadsheet)).await?
        && slot.value.account == wake.account
        && slot.value.day == wake.day
    {
        let ours = Expect::Version(slot.version);
        match next_due(deps, &neighbours).await? {
            Some(window) => {
                if send(deps, spreadsheet, window, ours).await? {
                    return Ok(());
                }
            }
            // Refused, here as there: somebody else has freed or renewed it since; the slot is theirs.
            None => {
                deps.state.transact(vec![WriteOp::Delete(slot_key(spreadsheet), ours)], Vec::new()).await?;
            }
        }
    }
    // Whoever asked for a window meanwhile found the slot taken: it is looked for once more.
    send_next(deps, spreadsheet, &neighbours).await?;
    Ok(())
}
