//! A whole installation in memory: reference stores, a simulated clock, a company and its sheet as plain values.
//! Fast enough to be killed at every call.
pub mod orders;
pub mod sheet;

use crate::kill_points::switch::{At, Switch, Switched};
use async_trait::async_trait;
use chrono::NaiveDate;
use flows::accounts::{self, Account};
use flows::deps::{Connections, Deps, FlowError};
use flows::lease::Takeover;
use flows::ports::{BlobStore, Clock, OrderSource, Randomness, ReportSheet, StateStore, WorkQueue};
use flows::pseudonym::Pseudonym;
use flows::reason::Reason;
use flows::settings::{FlowSettings, queues};
use flows::window_sync::WindowReport;
use local::drain::{Ended, Observer, Patience, PlanRef, drain};
use orders::MemoryOrders;
use sheet::MemorySheet;
use sige_daily_sync::DailySyncEvent;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::clock::{SeededRandomness, SimulatedClock};
use testkit::reference::{MemoryBlobStore, MemoryStateStore, MemoryWorkQueue};

pub const ACCOUNT: &str = "matriz";

pub struct World {
    pub clock: Arc<SimulatedClock>,
    pub state: Arc<dyn StateStore>,
    pub queue: Arc<dyn WorkQueue>,
    pub blobs: Arc<dyn BlobStore>,
    pub random: Arc<dyn Randomness>,
    pub orders: Arc<MemoryOrders>,
    pub sheet: Arc<MemorySheet>,
    pub settings: FlowSettings,
    pub takeover: Takeover,
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl World {
    /// 26 March 2026, 06:00 in São Paulo: the last completed day is the 25th.
    pub async fn new(seed: u64) -> Self {
        let clock = Arc::new(SimulatedClock::at(2026, 3, 26, 9, 0));
        let time = clock.clone() as Arc<dyn Clock>;
        let world = Self {
            state: Arc::new(MemoryStateStore::new(time.clone())),
            queue: Arc::new(MemoryWorkQueue::new(time.clone(), &queues(Duration::from_secs(1_800), 5))),
            blobs: Arc::new(MemoryBlobStore::new()),
            random: Arc::new(SeededRandomness::new(seed)),
            orders: Arc::new(MemoryOrders::default()),
            sheet: Arc::new(MemorySheet::new()),
            settings: FlowSettings::default(),
            takeover: Takeover::OwnerIsGone,
            clock,
        };
        world.save(&Self::account()).await;
        world
    }

    pub fn account() -> Account {
        Account::with_defaults(ACCOUNT, "erp-spreadsheet-0001", "faturamento-spreadsheet-0001")
    }

    pub async fn save(&self, account: &Account) {
        accounts::save(&*self.state, account, Vec::new()).await.unwrap();
    }

    pub async fn stored_account(&self) -> Account {
        accounts::load(&*self.state, ACCOUNT).await.unwrap().unwrap().account
    }

    pub fn deps(&self) -> Deps {
        self.deps_behind(&Switch::new(At::Never))
    }

    /// The same installation, seen by a process that the switch may kill.
    pub fn deps_behind(&self, switch: &Arc<Switch>) -> Deps {
        let orders = self.orders.clone() as Arc<dyn OrderSource>;
        let sheet = self.sheet.clone() as Arc<dyn ReportSheet>;
        Deps {
            state: Switched::new(switch, &self.state),
            queue: Switched::new(switch, &self.queue),
            blobs: Switched::new(switch, &self.blobs),
            clock: self.clock.clone(),
            random: self.random.clone(),
            connections: Arc::new(Fixed {
                orders: Switched::new(switch, &orders),
                sheet: Switched::new(switch, &sheet),
            }),
            pseudonym: Pseudonym::new(vec![7; 32].into()),
            settings: self.settings.clone(),
            takeover: self.takeover,
        }
    }

    /// The daily run as the command line does it, to its end.
    pub async fn daily(&self) -> Ran {
        run_daily(&self.deps(), None).await.unwrap()
    }

    /// One day alone, as a backfill of it.
    pub async fn one_day(&self, text: &str) {
        let deps = self.deps();
        let event = sige_backfill::BackfillEvent {
            v: 1,
            account: ACCOUNT.into(),
            from: day(text),
            to: day(text),
            dry_run: false,
            allow_empty: false,
            request: None,
        };
        let plan = sige_backfill::handle(event, &deps).await.unwrap().plan.unwrap();
        drain_plans(&deps, &[PlanRef { account: plan.account, plan: plan.plan }]).await.unwrap();
    }

    /// The daily run with another last day.
    pub async fn daily_until(&self, last_day: &str) -> Ran {
        run_daily(&self.deps(), Some(day(last_day))).await.unwrap()
    }
}

pub struct Fixed {
    pub orders: Arc<dyn OrderSource>,
    pub sheet: Arc<dyn ReportSheet>,
}

#[async_trait]
impl Connections for Fixed {
    async fn orders(&self, _account: &Account) -> Result<Arc<dyn OrderSource>, Reason> {
        Ok(self.orders.clone())
    }
    async fn sheet(&self, _account: &Account) -> Result<Arc<dyn ReportSheet>, Reason> {
        Ok(self.sheet.clone())
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub ended: Ended,
    pub reports: Vec<WindowReport>,
    pub waits: Vec<Reason>,
}

impl Ran {
    /// The last thing that was reported about a day.
    pub fn of(&self, text: &str) -> &WindowReport {
        let day = day(text);
        self.reports.iter().rfind(|report| report.day == day).expect("a report of the day")
    }
}

#[derive(Default)]
pub struct Notes {
    reports: Mutex<Vec<WindowReport>>,
    waits: Mutex<Vec<Reason>>,
}

impl Observer for Notes {
    fn window(&self, report: &WindowReport) {
        self.reports.lock().unwrap().push(report.clone());
    }
    fn waiting(&self, reason: &Reason, _until: chrono::DateTime<chrono::Utc>) {
        self.waits.lock().unwrap().push(reason.clone());
    }
    fn stop_requested(&self) -> bool {
        false
    }
}

pub async fn drain_plans(deps: &Deps, plans: &[PlanRef]) -> Result<Ran, FlowError> {
    let notes = Notes::default();
    let ended = drain(deps, plans, &notes, Patience::UntilOutage).await?;
    Ok(Ran { ended, reports: notes.reports.into_inner().unwrap(), waits: notes.waits.into_inner().unwrap() })
}

/// A daily run of every account, asked for by hand.
pub fn daily_event() -> DailySyncEvent {
    DailySyncEvent {
        v: 1,
        scheduled_at: None,
        request: None,
        account: None,
        last_day: None,
        allow_empty: false,
    }
}

pub async fn run_daily(deps: &Deps, last_day: Option<NaiveDate>) -> Result<Ran, FlowError> {
    let event = DailySyncEvent {
        v: 1,
        scheduled_at: None,
        request: None,
        account: None,
        last_day,
        allow_empty: false,
    };
    let planned = sige_daily_sync::handle(event, deps).await?;
    let plans: Vec<_> = planned
        .plans
        .iter()
        .map(|plan| PlanRef { account: plan.account.clone(), plan: plan.plan.clone() })
        .collect();
    drain_plans(deps, &plans).await
}

/// Longer than any lease, settle time or hidden message: after it nothing of a dead process is in the way.
pub const LONG_ENOUGH: Duration = Duration::from_secs(3_600);
