//! One day onto the sheet, exactly once.
//!
//! ```text
//! settle what is in doubt -> read B, D, own rows -> plan -> nothing to do? done, no write
//!      -> before-image -> read B, D again, unchanged? -> intent (sent_at) -> ONE atomic call
//!      -> answer, or the marker is there -> read back B, D, own rows -> confirm
//!      -> no answer and no marker -> wait until sent_at + settle_after, then look again; never resend first
//! ```
use crate::accounts::{self, Account, AccountError, Stop};
use crate::before_image::BeforeImage;
use crate::day_plan::{DayPlan, MovedRows, candidate_rows, last_used_row, plan_day};
use crate::deps::{Deps, FlowError};
use crate::desired_day::DesiredDay;
use crate::destination::{Destination, OpenWrite, destination_key, marker, put_destination};
use crate::lease::Lease;
use crate::ports::{
    DayWrite, DestinationGrid, ReportSheet, RowBlock, SheetWriteError, WriteOp, WriteOutcome,
};
use crate::read_back::compare;
use crate::reason::Reason;
use crate::setback::{SHEETS, Setback, StepError, unavailable};
use crate::settings::{PLANS_PER_WRITE_MAX, WRITES_PER_WINDOW_MAX};
use crate::typed::{self, Stored};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::cell::Cell;
use domain::row::{check_header, day_hash};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An intent that was not followed by its call within this time is given up: the lease may be somebody else's by now.
const SEND_WITHIN: TimeDelta = TimeDelta::seconds(20);
/// What a call may wait for, rate limit and token, before it leaves.
const LEFT_WITHIN: TimeDelta = TimeDelta::seconds(60);
/// Rows below the last used one that are looked at before they are written to.
const FREE_ROWS_SEARCHES_MAX: u32 = 20;
/// An adopted write is compared with its before-image only while people have had little time to work in the tab.
const COMPARE_ADOPTED_WITHIN: TimeDelta = TimeDelta::minutes(30);

/// What is written, and for whom.
pub struct DayTarget<'a> {
    /// The account.
    pub account: &'a Account,
    /// Its spreadsheets.
    pub sheet: &'a Arc<dyn ReportSheet>,
    /// The day.
    pub day: NaiveDate,
    /// The run that does it.
    pub run: &'a str,
    /// Rows of orders that moved to this day.
    pub moved: &'a MovedRows,
    /// Whether the day may become empty.
    pub allow_empty: bool,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayDone {
    /// The sheet was right.
    Unchanged,
    /// Rows were changed and read back.
    Written {
        /// Rows updated, appended and deleted.
        changed: usize,
        /// The write's generation.
        generation: i32,
    },
}

struct Planned {
    before: DestinationGrid,
    rows: RowBlock,
    plan: DayPlan,
    append_after: u32,
}

fn spread(target: &DayTarget<'_>) -> (String, String) {
    (target.account.destination.spreadsheet.clone(), target.account.destination.tab.clone())
}

async fn load_destination(
    deps: &Deps,
    target: &DayTarget<'_>,
) -> Result<Option<Stored<Destination>>, StepError> {
    let (spreadsheet, tab) = spread(target);
    Ok(typed::load(&*deps.state, &destination_key(&spreadsheet, &tab)).await?)
}

/// Commits under the fence. Refused means that the lease, or the item, is no longer ours.
async fn commit(deps: &Deps, lease: &Lease, write: WriteOp) -> Result<(), StepError> {
    match deps.state.transact(vec![write], vec![lease.fence()]).await? {
        WriteOutcome::Written(_) => Ok(()),
        WriteOutcome::Refused(_) => Err(lease_lost(deps)),
    }
}

fn lease_lost(deps: &Deps) -> StepError {
    Setback::until(Reason::LeaseLost, deps.clock.now()).into()
}

async fn close(
    deps: &Deps,
    lease: &Lease,
    target: &DayTarget<'_>,
    applied: Option<i32>,
) -> Result<(), StepError> {
    let Some(stored) = load_destination(deps, target).await? else { return Ok(()) };
    let generation = applied.unwrap_or(stored.value.generation);
    let state = Destination { generation, open: None };
    let (spreadsheet, tab) = spread(target);
    commit(deps, lease, put_destination(&spreadsheet, &tab, &state, Some(&stored))?).await
}

fn settled_at(deps: &Deps, open: &OpenWrite) -> DateTime<Utc> {
    let settle = TimeDelta::from_std(deps.settings.settle_after).unwrap_or(TimeDelta::MAX);
    open.sent_at.checked_add_signed(settle).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The call may have left some time after its intent (it waits for the rate limit and for a token): the doubt lasts from
/// the latest moment at which it can have left.
async fn sent_later(
    deps: &Deps,
    lease: &Lease,
    target: &DayTarget<'_>,
    open: OpenWrite,
) -> Result<OpenWrite, StepError> {
    let sent_at = deps.clock.now().min(open.sent_at + LEFT_WITHIN);
    let open = OpenWrite { sent_at, ..open };
    if let Some(stored) = load_destination(deps, target).await? {
        let state = Destination { generation: stored.value.generation, open: Some(open.clone()) };
        let (spreadsheet, tab) = spread(target);
        commit(deps, lease, put_destination(&spreadsheet, &tab, &state, Some(&stored))?).await?;
    }
    Ok(open)
}

/// Ends the doubt about an earlier write of this tab, or says until when there is doubt.
pub async fn settle(deps: &Deps, lease: &Lease, target: &DayTarget<'_>) -> Result<(), StepError> {
    let Some(open) = load_destination(deps, target).await?.and_then(|stored| stored.value.open) else {
        return Ok(());
    };
    let (spreadsheet, tab) = spread(target);
    let expected = open.marker(&spreadsheet, &tab);
    // The time is taken before the read: a marker that comes after it would not be seen by it.
    let asked_at = deps.clock.now();
    let grid = target.sheet.read_grid().await?;
    if grid.markers.contains(&expected) {
        tracing::info!(account = open.account, day = %open.day, generation = open.generation, "adopted a write in doubt");
        if asked_at < open.sent_at + COMPARE_ADOPTED_WITHIN
            && let Some(image) = BeforeImage::load(deps, &open.before_image).await?
        {
            let (before, write) = image.replay();
            let lost = compare(&before, &write, &grid).damage();
            if lost > 0 {
                return Err(stop_account(deps, lease, target, &open, lost).await?.into());
            }
        }
        return close(deps, lease, target, Some(open.generation)).await;
    }
    let until = settled_at(deps, &open);
    if asked_at < until {
        return Err(Setback::until(Reason::Settling { sent_at: open.sent_at, until }, until).into());
    }
    tracing::info!(account = open.account, day = %open.day, generation = open.generation, "a write in doubt was not applied");
    close(deps, lease, target, None).await
}

/// Brings the day about. Zero write requests when the sheet is right. Says also which orders in quarantine have a row
/// on this day, which was left alone.
pub async fn bring_about(
    deps: &Deps,
    lease: &mut Lease,
    target: &DayTarget<'_>,
    desired: &DesiredDay,
) -> Result<(DayDone, BTreeSet<i64>), StepError> {
    let mut changed = 0;
    let mut generation = 0;
    let mut spared;
    for _ in 0..=WRITES_PER_WINDOW_MAX {
        let mut plans = 0;
        let planned = loop {
            let (planned, spares) = plan(target, desired).await?;
            spared = spares;
            let Some(planned) = planned else {
                let done = match changed {
                    0 => DayDone::Unchanged,
                    changed => DayDone::Written { changed, generation },
                };
                return Ok((done, spared));
            };
            match write_once(deps, lease, target, desired, planned).await? {
                Some(done) => break done,
                None if plans + 1 >= PLANS_PER_WRITE_MAX => {
                    let reason = Reason::SheetBusy { attempts: plans + 1 };
                    return Err(Setback { reason, next: crate::setback::Next::BackOff }.into());
                }
                None => plans += 1,
            }
        };
        changed += planned.0;
        generation = planned.1;
        if planned.2 {
            return Ok((DayDone::Written { changed, generation }, spared));
        }
    }
    let reason = Reason::ReadBackDiffers { day: target.day, rows: changed };
    Err(Setback { reason, next: crate::setback::Next::BackOff }.into())
}

/// Reads and plans; `None`: the sheet is right. Then the codes of the rows that are left alone.
async fn plan(
    target: &DayTarget<'_>,
    desired: &DesiredDay,
) -> Result<(Option<Planned>, BTreeSet<i64>), StepError> {
    let before = target.sheet.read_grid().await?;
    check_header(&before.header).map_err(|mismatch| {
        let SheetNames { spreadsheet, tab } = names(target);
        let detail = format!("tab {tab} of spreadsheet {spreadsheet}: {mismatch}; nothing was written");
        StepError::from(Setback::for_good(Reason::SheetShape { detail }))
    })?;
    let moved = unambiguous(&before, target.moved);
    let numbers = candidate_rows(&before, target.day, &moved);
    let rows =
        if numbers.is_empty() { RowBlock::default() } else { target.sheet.read_rows(&numbers).await? };
    let mut plan = plan_day(&rows, &desired.rows, &desired.kept_rows());
    let spared = std::mem::take(&mut plan.spared);
    if plan.is_empty() {
        return Ok((None, spared));
    }
    if desired.is_empty() && !target.allow_empty {
        let reason = Reason::WouldEmptyFilledDay { day: target.day, rows: plan.owned };
        return Err(Setback::for_good(reason).into());
    }
    let append_after = free_place(target, &before, plan.append.len()).await?;
    Ok((Some(Planned { before, rows, plan, append_after }), spared))
}

struct SheetNames<'a> {
    spreadsheet: &'a str,
    tab: &'a str,
}

fn names<'a>(target: &'a DayTarget<'_>) -> SheetNames<'a> {
    SheetNames { spreadsheet: &target.account.destination.spreadsheet, tab: &target.account.destination.tab }
}

/// Moved rows that can be told apart: two rows with the same code and day may belong to two companies.
fn unambiguous(grid: &DestinationGrid, moved: &MovedRows) -> MovedRows {
    let count = |(code, day): &(i64, domain::calendar::SerialDay)| {
        grid.codes.iter().zip(&grid.days).filter(|(c, d)| **c == Some(*code) && **d == Some(day.0)).count()
    };
    moved.iter().filter(|key| count(key) == 1).copied().collect()
}

/// The last row, before the change, below which `rows` rows are free in all of A to R.
async fn free_place(target: &DayTarget<'_>, grid: &DestinationGrid, rows: usize) -> Result<u32, StepError> {
    let mut after = last_used_row(grid);
    let rows = u32::try_from(rows).unwrap_or(u32::MAX);
    for _ in 0..FREE_ROWS_SEARCHES_MAX {
        let last = after.saturating_add(rows).min(grid.row_count);
        if rows == 0 || after >= last {
            return Ok(after);
        }
        let wanted: Vec<u32> = (after + 1..=last).collect();
        let block = target.sheet.read_rows(&wanted).await?;
        let in_use = |(_, cells): &&(u32, Vec<Cell>)| {
            cells.iter().any(|cell| !matches!(cell, Cell::Empty) && *cell != Cell::Text(String::new()))
        };
        match block.rows.iter().rfind(in_use) {
            Some((row, _)) => after = *row,
            None => return Ok(after),
        }
    }
    Ok(grid.row_count)
}

fn same_tab(one: &DestinationGrid, two: &DestinationGrid) -> bool {
    one.header == two.header
        && one.sheet_id == two.sheet_id
        && one.row_count == two.row_count
        && one.codes == two.codes
        && one.days == two.days
        && one.other == two.other
        && one.markers == two.markers
}

/// Sends one batch. `None`: the tab changed since it was planned, plan again. Else rows changed, generation, and
/// whether everything reads as written.
async fn write_once(
    deps: &Deps,
    lease: &mut Lease,
    target: &DayTarget<'_>,
    desired: &DesiredDay,
    planned: Planned,
) -> Result<Option<(usize, i32, bool)>, StepError> {
    let (spreadsheet, tab) = spread(target);
    let destination = load_destination(deps, target).await?;
    let last = destination.as_ref().map_or(0, |stored| stored.value.generation);
    let generation = last.max(generation_of(&planned.before)) + 1;
    let hash = day_hash(&desired.rows);
    let write = to_write(target, desired, &planned, generation, &hash);
    let now = deps.clock.now();
    let image = BeforeImage::new(
        &target.account.name,
        target.day,
        generation,
        now,
        &planned.before,
        &planned.rows,
        &write,
    );
    let before_image = image.store(deps, target.run).await?;
    if !lease.renew(&*deps.state, &*deps.clock).await? {
        return Err(lease_lost(deps));
    }
    if !same_tab(&planned.before, &target.sheet.read_grid().await?) {
        return Ok(None);
    }
    let open = OpenWrite {
        generation,
        account: target.account.name.clone(),
        day: target.day,
        hash,
        sent_at: deps.clock.now(),
        before_image: before_image.clone(),
        run: target.run.to_owned(),
    };
    let intent = Destination { generation: last, open: Some(open.clone()) };
    commit(deps, lease, put_destination(&spreadsheet, &tab, &intent, destination.as_ref())?).await?;
    if deps.clock.now() > open.sent_at + SEND_WITHIN {
        close(deps, lease, target, None).await?;
        return Ok(None);
    }
    match target.sheet.write_day(&write).await {
        Ok(()) => {}
        Err(SheetWriteError::NotSent { detail, retry_at }) => {
            close(deps, lease, target, None).await?;
            return Err(unavailable(SHEETS, detail, retry_at).into());
        }
        Err(SheetWriteError::Credentials(detail)) => {
            close(deps, lease, target, None).await?;
            return Err(Setback::for_good(Reason::Credentials { system: SHEETS.to_owned(), detail }).into());
        }
        Err(SheetWriteError::Rejected(detail)) => {
            let grid = target.sheet.read_grid().await?;
            let ours = |marker: &&crate::ports::Marker| marker.metadata_id == write.marker.metadata_id;
            let taken = grid.markers.iter().find(ours).map(|_| generation);
            close(deps, lease, target, taken).await?;
            // The id is taken: a copy of an earlier attempt, long in doubt, was applied after all. Look again.
            if taken.is_some() {
                return Ok(None);
            }
            return Err(Setback::for_good(Reason::Rejected { system: SHEETS.to_owned(), detail }).into());
        }
        Err(SheetWriteError::Unknown(detail)) => {
            tracing::warn!(account = target.account.name, day = %target.day, generation, detail, "write without an answer");
            // First: should the look at the marker fail as well, the next run must not count from before the call.
            let open = sent_later(deps, lease, target, open.clone()).await?;
            if !target.sheet.read_grid().await?.markers.contains(&write.marker) {
                let until = settled_at(deps, &open);
                return Err(Setback::until(Reason::Settling { sent_at: open.sent_at, until }, until).into());
            }
        }
    }
    confirm(deps, lease, target, desired, &planned.before, &write, &open).await.map(Some)
}

/// The generation that the tab's own marker claims: a state store that was set back must not reuse an id.
fn generation_of(grid: &DestinationGrid) -> i32 {
    let claims = grid.markers.iter().filter_map(|marker| marker.value.split(':').next()?.parse::<i32>().ok());
    // A claim beyond any real one is somebody's jest, not a generation.
    claims.filter(|claim| *claim < i32::MAX / 2).max().unwrap_or(0)
}

fn to_write(
    target: &DayTarget<'_>,
    desired: &DesiredDay,
    planned: &Planned,
    generation: i32,
    hash: &str,
) -> DayWrite {
    let (spreadsheet, tab) = spread(target);
    let cells = |index: &usize| desired.rows.get(*index).map(|row| row.cells().to_vec());
    let plan = &planned.plan;
    let deleted_above = plan.delete.iter().filter(|row| **row <= planned.append_after).count();
    DayWrite {
        sheet_id: planned.before.sheet_id,
        update: plan.update.iter().filter_map(|(row, index)| Some((*row, cells(index)?))).collect(),
        delete: plan.delete.clone(),
        append: plan.append.iter().filter_map(cells).collect(),
        append_after: planned.append_after - u32::try_from(deleted_above).unwrap_or(0),
        row_count: planned.before.row_count,
        replace_markers: planned.before.markers.iter().map(|marker| marker.metadata_id).collect(),
        marker: marker(&spreadsheet, &tab, generation, target.day, hash),
    }
}

/// Reads back. Rows that are not ours must be as they were; our rows must be as written.
async fn confirm(
    deps: &Deps,
    lease: &Lease,
    target: &DayTarget<'_>,
    desired: &DesiredDay,
    before: &DestinationGrid,
    write: &DayWrite,
    open: &OpenWrite,
) -> Result<(usize, i32, bool), StepError> {
    let after = target.sheet.read_grid().await?;
    let comparison = compare(before, write, &after);
    if comparison.gained > 0 {
        tracing::warn!(account = target.account.name, day = %target.day, rows = comparison.gained, "rows were added meanwhile");
    }
    if comparison.damage() > 0 {
        return Err(stop_account(deps, lease, target, open, comparison.damage()).await?.into());
    }
    let numbers = candidate_rows(&after, target.day, &MovedRows::new());
    let rows =
        if numbers.is_empty() { RowBlock::default() } else { target.sheet.read_rows(&numbers).await? };
    let as_written =
        comparison.missing == 0 && plan_day(&rows, &desired.rows, &desired.kept_rows()).is_empty();
    close(deps, lease, target, Some(open.generation)).await?;
    let changed = write.update.len() + write.delete.len() + write.append.len();
    Ok((changed, open.generation, as_written))
}

/// Stops the account: a person has to look before anything else is written. Gives the setback that ends the window.
async fn stop_account(
    deps: &Deps,
    lease: &Lease,
    target: &DayTarget<'_>,
    open: &OpenWrite,
    rows: usize,
) -> Result<Setback, StepError> {
    let reason = Reason::ForeignRowsChanged { day: open.day, rows };
    let image = &open.before_image;
    tracing::error!(account = target.account.name, day = %open.day, rows, image, "rows that are not ours changed, account stopped");
    let stop = Stop { reason: reason.code(), at: deps.clock.now(), before_image: Some(image.clone()) };
    match accounts::set_stop(&*deps.state, &target.account.name, Some(&stop), Vec::new()).await {
        Ok(_) | Err(AccountError::NotFound(_) | AccountError::TabTaken { .. }) => {}
        Err(AccountError::Contended(name)) => {
            return Err(FlowError::Contended(format!("account/{name}")).into());
        }
        Err(AccountError::Store(error)) => return Err(error.into()),
    }
    close(deps, lease, target, Some(open.generation)).await?;
    Ok(Setback::for_good(reason))
}
