//! What a day should look like on the sheet: the billed orders of the day, enriched and attributed.
use crate::accounts::Account;
use crate::day_plan::KeptRows;
use crate::deps::Deps;
use crate::people::{self, Limits};
use crate::ports::{Expect, ItemKey, NewItem, OrderSource, ReportSheet};
use crate::reason::Reason;
use crate::records::ORDERS_PER_DAY_MAX;
use crate::setback::{Next, Setback, StepError};
use crate::typed;
use chrono::{DateTime, NaiveDate, Utc};
use domain::booking::BookingIndex;
use domain::flag::Flag;
use domain::order::{Order, unique_orders};
use domain::row::{BuiltRow, FaturamentoRow, build_row, hash16};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many times `erp_max_rows` a truncated block is widened for a sale day older than it.
const WIDEN_FACTOR: u32 = 4;

/// An order that cannot become a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Unmappable {
    /// Its identity.
    pub identity: String,
    /// `Codigo`.
    pub code: i64,
    /// What it says, as a hash: an order that was discarded comes back when this changes.
    pub content: String,
    /// Why.
    pub reason: Reason,
}

/// The rows of a day and what was left out of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DesiredDay {
    /// One row per order, by code, then id.
    pub built: Vec<BuiltRow>,
    /// The rows alone, in the same order.
    pub rows: Vec<FaturamentoRow>,
    /// Orders in quarantine.
    pub unmappable: Vec<Unmappable>,
    /// Orders that a person has discarded and that say the same as then.
    pub discarded: Vec<Unmappable>,
    /// Orders listed.
    pub seen: usize,
    /// Orders listed that are not this day's business, by reason code.
    pub skipped: BTreeMap<String, usize>,
    /// Some contacts could not be looked up.
    pub unfinished: bool,
}

impl DesiredDay {
    /// How many rows of which code are left alone: those of the orders that cannot become a row.
    pub fn kept_rows(&self) -> KeptRows {
        let mut kept = KeptRows::new();
        for order in self.unmappable.iter().chain(&self.discarded) {
            *kept.entry(order.code).or_default() += 1;
        }
        kept
    }

    /// Whether no order of the day is left, whatever can be made of it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.unmappable.is_empty() && self.discarded.is_empty()
    }

    /// Takes the orders that a person has discarded out of the quarantine.
    pub fn set_aside(&mut self, discarded: &BTreeSet<String>) {
        let is_discarded = |order: &mut Unmappable| discarded.contains(&order.identity);
        self.discarded = self.unmappable.extract_if(.., is_discarded).collect();
        if !self.discarded.is_empty() {
            self.skipped.insert("discarded".to_owned(), self.discarded.len());
        }
    }
}

/// The orders of a day as the source lists them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListedDay {
    /// The day's own, one per identity.
    pub orders: Vec<Order>,
    /// Orders listed.
    pub seen: usize,
    /// Orders listed that are not this day's business, by reason code.
    pub skipped: BTreeMap<String, usize>,
}

/// Asks for the orders of a day and leaves out what is not the day's.
pub async fn list(source: &Arc<dyn OrderSource>, day: NaiveDate) -> Result<ListedDay, StepError> {
    let listed = source.billed_orders(day).await?;
    let mut of_day = ListedDay { seen: listed.len(), ..ListedDay::default() };
    let mut orders = Vec::with_capacity(listed.len());
    for order in listed {
        match belongs(&order, day) {
            Ok(()) => orders.push(order),
            Err(why) => *of_day.skipped.entry(why.to_owned()).or_default() += 1,
        }
    }
    let listed = orders.len();
    of_day.orders = unique_orders(orders);
    if of_day.orders.len() < listed {
        of_day.skipped.insert("listed_twice".to_owned(), listed - of_day.orders.len());
    }
    Ok(of_day)
}

/// Looks up people and bookings and builds the rows.
pub async fn build(
    deps: &Deps,
    account: &Account,
    source: &Arc<dyn OrderSource>,
    sheet: &Arc<dyn ReportSheet>,
    day: NaiveDate,
    listed: &ListedDay,
    limits: Limits,
) -> Result<DesiredDay, StepError> {
    let orders = &listed.orders;
    let mut desired =
        DesiredDay { seen: listed.seen, skipped: listed.skipped.clone(), ..DesiredDay::default() };
    if orders.len() > ORDERS_PER_DAY_MAX {
        let reason = Reason::DayTooLarge { orders: orders.len(), max: ORDERS_PER_DAY_MAX };
        return Err(Setback::for_good(reason).into());
    }
    if orders.is_empty() {
        return Ok(desired);
    }
    let people = people::look_up(deps, account, source, orders, limits).await?;
    desired.unfinished = people.unfinished;
    let bookings = bookings(deps, account, sheet, day).await?;
    for order in orders {
        match build_row(order, &people.of(order), &bookings, &account.rules) {
            Ok(mut built) => {
                if people.is_stale(order) && !built.flags.contains(&Flag::PersonUnavailable) {
                    built.flags.push(Flag::PersonUnavailable);
                }
                desired.rows.push(built.row.clone());
                desired.built.push(built);
            }
            Err(problem) => desired.unmappable.push(Unmappable {
                identity: order.identity().0,
                code: order.code,
                content: content(order),
                reason: Reason::Unmappable { order: order.code, problem },
            }),
        }
    }
    Ok(desired)
}

/// What an order says, as one short text; equal texts mean that nothing about it has changed.
fn content(order: &Order) -> String {
    let canonical = serde_json::to_vec(order).unwrap_or_default();
    hash16(&hex::encode(Sha256::digest(canonical))).to_owned()
}

/// The client-side filter. An order without any usable date stays in, to be quarantined by name.
fn belongs(order: &Order, day: NaiveDate) -> Result<(), &'static str> {
    if !order.is_billed() {
        return Err("not_billed");
    }
    match order.sale_day() {
        Some(sale_day) if sale_day != day => Err("other_day"),
        _ => Ok(()),
    }
}

/// The bookings, read far enough back for the sale day: never a silent classification with a cut-off history.
async fn bookings(
    deps: &Deps,
    account: &Account,
    sheet: &Arc<dyn ReportSheet>,
    day: NaiveDate,
) -> Result<BookingIndex, StepError> {
    let mut max_rows = account.erp_max_rows;
    let widest = account.erp_max_rows.saturating_mul(WIDEN_FACTOR);
    loop {
        let block = sheet.read_bookings(Some(max_rows)).await?;
        if block.rows.is_empty() && had_bookings(deps, account).await? {
            let tab = format!("tab {} of spreadsheet {}", account.erp.tab, account.erp.spreadsheet);
            let reason = Reason::NoBookings { tab };
            return Err(Setback { reason, next: Next::BackOff }.into());
        }
        // A block that is cut off and does not say how old it is may be too short as well as one that does.
        let reaches_back = !block.truncated || block.oldest_form_day.is_some_and(|oldest| oldest <= day);
        if reaches_back {
            if !block.rows.is_empty() {
                note_bookings(deps, account).await?;
            }
            return Ok(BookingIndex::build(&block.rows, &account.rules));
        }
        if max_rows >= widest {
            let reason = Reason::BookingsTooShort { day, oldest: block.oldest_form_day, rows: max_rows };
            return Err(Setback::for_good(reason).into());
        }
        max_rows = max_rows.saturating_mul(2).min(widest);
    }
}

/// The account's ERP tab has held bookings: from then on an empty one is a tab that is being rewritten.
#[derive(Debug, Serialize, Deserialize)]
struct SeenBookings {
    since: DateTime<Utc>,
}

fn seen_bookings_key(account: &Account) -> ItemKey {
    ItemKey::new(format!("cursor#{}", account.name), format!("bookings#{}", account.erp.spreadsheet))
}

async fn had_bookings(deps: &Deps, account: &Account) -> Result<bool, StepError> {
    let seen = typed::load::<SeenBookings>(&*deps.state, &seen_bookings_key(account)).await?;
    if seen.is_none() {
        tracing::warn!(
            account = account.name,
            "the ERP tab holds no booking, every order goes without attribution"
        );
    }
    Ok(seen.is_some())
}

async fn note_bookings(deps: &Deps, account: &Account) -> Result<(), StepError> {
    let key = seen_bookings_key(account);
    if deps.state.get(&key).await?.is_none() {
        let body = typed::encode(&SeenBookings { since: deps.clock.now() })?;
        // Refused: somebody else has just noted it.
        deps.state.write(NewItem { key, index: None, expires_at: None, body }, Expect::Absent).await?;
    }
    Ok(())
}
