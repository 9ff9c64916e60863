//! After a write that hit rows it did not mean: what was there, what is gone, and what can be rebuilt.
//!
//! Rows of ours are rebuilt from SIGE, the source of truth, by synchronising their days again. Rows that a person
//! made are known by number, B and D; their content is in the spreadsheet's own version history, at the time named.
use crate::accounts::{self, Account, AccountError};
use crate::before_image::BeforeImage;
use crate::deps::{Deps, FlowError};
use crate::plan::{self, Plan, PlanKind};
use crate::ports::{ReportSheet, SheetReadError, WriteOp};
use crate::read_back::compare;
use crate::reason::Reason;
use crate::records::{DayRecord, day_key};
use crate::setback::SHEETS;
use crate::typed;
use chrono::{DateTime, NaiveDate, Utc};
use domain::calendar::SerialDay;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

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

/// Looks at a stopped account. With an audit item, which is committed together with the change, it lifts the stop
/// and plans the days to rebuild; without one it only says what it would do.
pub async fn restore(
    deps: &Deps,
    account: &Account,
    apply: Option<WriteOp>,
) -> Result<Restoration, FlowError> {
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
    if let Some(audit) = apply {
        lift(deps, account, audit, &mut restoration).await?;
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
        SheetReadError::Credentials { what, detail } => FlowError::Refused(Reason::Credentials {
            system: SHEETS.to_owned(),
            detail: format!("{what}: {detail}"),
        }),
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

async fn lift(
    deps: &Deps,
    account: &Account,
    audit: WriteOp,
    restoration: &mut Restoration,
) -> Result<(), FlowError> {
    // The plan first: a crash before the stop is lifted leaves work that waits, not work that is forgotten.
    if !restoration.days.is_empty() {
        let id = format!("restore-{}", deps.random.unique_id());
        let plan =
            Plan::new(&account.name, id, PlanKind::Restore, deps.clock.now(), restoration.days.clone());
        plan::accept(deps, account, &plan, vec![audit.clone()]).await?;
        restoration.plan = Some(plan.id);
    }
    let also = if restoration.plan.is_some() { Vec::new() } else { vec![audit] };
    match accounts::set_stop(&*deps.state, &account.name, None, also).await {
        Ok(_) => Ok(()),
        Err(AccountError::Store(error)) => Err(error.into()),
        Err(AccountError::Contended(name)) => Err(FlowError::Contended(format!("account/{name}"))),
        Err(AccountError::TabTaken { .. }) => Ok(()),
        Err(AccountError::NotFound(account)) => Err(FlowError::Refused(Reason::AccountUnknown { account })),
    }
}
