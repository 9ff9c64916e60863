//! After a write that hit rows it did not mean: what was there, what is gone, and what can be rebuilt.
//!
//! Rows of ours are rebuilt from SIGE, the source of truth, by synchronising their days again. Rows that a person
//! made are known by number, B and D; their content is in the spreadsheet's own version history, at the time named.
use crate::accounts::{self, Account, AccountError};
use crate::before_image::BeforeImage;
use crate::deps::{Deps, FlowError};
use crate::plan::{self, Plan, PlanKind};
use crate::ports::{Expect, ItemKey, NewItem, ReportSheet, SheetReadError, WriteOp};
use crate::read_back::compare;
use crate::reason::Reason;
use crate::records::{DayRecord, day_key};
use crate::setback::SHEETS;
use crate::typed;
use crate::window::sortable;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::calendar::SerialDay;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How long an operator's action is remembered.
pub const AUDIT_DAYS: i64 = 3_650;

/// One row that is no longer as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LostRow {
    /// Its number before the write.
    pub row: u32,
    /// Column B, where it is a number.
    pub code: Option<i64>,
    /// Column D, where it is a day.
    pub day: Option<NaiveDate>,
    /// B or D where they are text.
    pub text: Option<String>,
    /// It is one of our rows and will be rebuilt.
    pub ours: bool,
}

/// What a restore does, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restoration {
    /// The account.
    pub account: String,
    /// Why and since when it was stopped; `None` when it is not stopped.
    pub stopped: Option<accounts::Stop>,
    /// The write it is about: its day.
    pub day: Option<NaiveDate>,
    /// When the before-image was taken: look for this time in the version history.
    pub taken_at: Option<DateTime<Utc>>,
    /// Rows that are gone or changed.
    pub lost: Vec<LostRow>,
    /// The days that are synchronised again.
    pub days: Vec<NaiveDate>,
    /// The plan that does it, once applied.
    pub plan: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Audit {
    at: DateTime<Utc>,
    action: String,
    account: String,
    detail: String,
}

/// The write of an audit item: who did what is kept for ten years.
pub fn audit(deps: &Deps, action: &str, account: &str, detail: String) -> Result<WriteOp, FlowError> {
    let at = deps.clock.now();
    let key = ItemKey::new("audit", format!("{}#{}", sortable(at), deps.random.unique_id()));
    let entry = Audit { at, action: action.to_owned(), account: account.to_owned(), detail };
    let expires_at = at.checked_add_signed(TimeDelta::days(AUDIT_DAYS));
    Ok(WriteOp::Put(NewItem { key, index: None, expires_at, body: typed::encode(&entry)? }, Expect::Absent))
}

/// Looks at a stopped account; with `apply` lifts the stop and plans the days to rebuild.
pub async fn restore(deps: &Deps, account: &Account, apply: bool) -> Result<Restoration, FlowError> {
    let mut restoration = Restoration {
        account: account.name.clone(),
        stopped: account.stopped.clone(),
        day: None,
        taken_at: None,
        lost: Vec::new(),
        days: Vec::new(),
        plan: None,
    };
    let Some(stop) = &account.stopped else { return Ok(restoration) };
    if let Some(key) = &stop.before_image
        && let Some(image) = BeforeImage::load(deps, key).await?
    {
        let sheet = deps.connections.sheet(account).await.map_err(FlowError::Refused)?;
        examine(deps, account, &sheet, &image, &mut restoration).await?;
    }
    if apply {
        lift(deps, account, &mut restoration).await?;
    }
    Ok(restoration)
}

async fn examine(
    deps: &Deps,
    account: &Account,
    sheet: &Arc<dyn ReportSheet>,
    image: &BeforeImage,
    restoration: &mut Restoration,
) -> Result<(), FlowError> {
    let after = sheet.read_grid().await.map_err(|error| match error {
        SheetReadError::Shape(detail) => FlowError::Refused(Reason::SheetShape { detail }),
        SheetReadError::Credentials { what, detail } => {
            FlowError::Refused(Reason::Credentials { system: SHEETS.to_owned(), detail: format!("{what}: {detail}") })
        }
        SheetReadError::Unavailable { detail, .. } => {
            FlowError::Refused(Reason::Unavailable { system: SHEETS.to_owned(), detail })
        }
    })?;
    let (before, write) = image.replay();
    let comparison = compare(&before, &write, &after);
    let mut days = BTreeSet::from([image.day]);
    for (row, key) in comparison.lost {
        let day = key.day.and_then(|day| SerialDay(day).to_date());
        let mut ours = false;
        if let (Some(code), Some(day)) = (key.code, day) {
            let record = typed::load::<DayRecord>(&*deps.state, &day_key(&account.name, day)).await?;
            ours = record.is_some_and(|stored| stored.value.orders.values().any(|order| order.code == code));
            days.extend(ours.then_some(day));
        }
        restoration.lost.push(LostRow { row, code: key.code, day, text: key.other.map(str::to_owned), ours });
    }
    restoration.day = Some(image.day);
    restoration.taken_at = Some(image.taken_at);
    restoration.days = days.into_iter().collect();
    Ok(())
}

async fn lift(deps: &Deps, account: &Account, restoration: &mut Restoration) -> Result<(), FlowError> {
    let detail = format!("{} rows lost, {} days planned", restoration.lost.len(), restoration.days.len());
    let entry = audit(deps, "sige restore", &account.name, detail)?;
    // The plan first: a crash before the stop is lifted leaves work that waits, not work that is forgotten.
    if !restoration.days.is_empty() {
        let id = format!("restore-{}", deps.random.unique_id());
        let plan = Plan::new(&account.name, id, PlanKind::Restore, deps.clock.now(), restoration.days.clone());
        plan::accept(deps, account, &plan, vec![entry.clone()]).await?;
        restoration.plan = Some(plan.id);
    }
    let also = if restoration.plan.is_some() { Vec::new() } else { vec![entry] };
    match accounts::set_stop(&*deps.state, &account.name, None, also).await {
        Ok(_) => Ok(()),
        Err(AccountError::Store(error)) => Err(error.into()),
        Err(AccountError::Contended(name)) => Err(FlowError::Contended(format!("account/{name}"))),
        Err(AccountError::NotFound(account)) => Err(FlowError::Refused(Reason::AccountUnknown { account })),
    }
}
