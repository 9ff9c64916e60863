//! One invocation of a function, as a future that is taken from stop to stop.
use crate::simulation::company::Company;
use crate::simulation::ports::{Behind, Shared, View};
use crate::simulation::turnstile::Stop;
use crate::world::World;
use async_trait::async_trait;
use dispatch::{DispatchEvent, DispatchReport};
use flows::accounts::Account;
use flows::deps::{Connections, Deps, FlowError};
use flows::plan::{PlanChange, cancel, resume};
use flows::ports::{Expect, ItemKey, NewItem, OrderSource, ReportSheet, WriteOp};
use flows::reason::Reason;
use flows::restore::Restoration;
use flows::settings::WINDOWS_QUEUE;
use flows::window_sync::{WindowReport, WindowWake};
use sige_backfill::{BackfillEvent, BackfillReport};
use sige_daily_sync::{DailySyncEvent, DailySyncReport};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Number of an invocation.
pub type WorkerId = usize;

/// After a failure that was handled, the message comes again soon.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// What an invocation is asked to do.
#[derive(Debug, Clone)]
pub enum Job {
    /// A message of the queue.
    Window { body: String, receipt: String },
    /// A tick of the dispatcher.
    Dispatch,
    /// A tick of the schedule, or a run by hand.
    Daily(DailySyncEvent),
    /// A range of days.
    Backfill(BackfillEvent),
    /// An operator lifts the stop of an account.
    Restore(String),
    /// An operator ends a lease by force.
    ForceRelease(String),
    /// An operator cancels a plan of an account.
    Cancel { account: String, plan: String },
    /// An operator lets a cancelled plan go on.
    Resume { account: String, plan: String },
}

/// What an invocation came to.
#[derive(Debug)]
pub enum Done {
    Window(WindowReport),
    Unreadable,
    Dispatch(DispatchReport),
    Daily(DailySyncReport),
    Backfill(BackfillReport),
    Restore(Restoration),
    ForceRelease,
    Turned(PlanChange),
    Failed(FlowError),
}

/// An invocation under way.
pub struct Worker {
    pub id: WorkerId,
    pub job: Job,
    pub view: Arc<View>,
    future: Pin<Box<dyn Future<Output = Done>>>,
}

impl Worker {
    pub fn new(id: WorkerId, job: Job, world: &World, company: &Company, shared: &Arc<Shared>) -> Self {
        let view = View::new(id, shared);
        let deps = Deps {
            state: Behind::new(&view, &world.state),
            queue: Behind::new(&view, &world.queue),
            blobs: Behind::new(&view, &world.blobs),
            connections: Arc::new(Links { of: company.links(), view: Some(view.clone()) }),
            ..world.deps()
        };
        let future = Box::pin(run(job.clone(), deps));
        Self { id, job, view, future }
    }

    /// Where it stands.
    pub fn stop(&self) -> Stop {
        self.view.turnstile.stop()
    }

    /// Takes it to its next stop, or to its end.
    pub fn go_on(&mut self) -> Option<Done> {
        match self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }
}

/// The outside systems of each account, behind a worker's turnstile or, without one, directly.
pub struct Links {
    pub of: Vec<Link>,
    pub view: Option<Arc<View>>,
}

/// The outside systems of one account.
#[derive(Clone)]
pub struct Link {
    pub account: String,
    pub orders: Arc<dyn OrderSource>,
    pub sheet: Arc<dyn ReportSheet>,
}

impl Links {
    fn of(&self, account: &Account) -> (usize, &Link) {
        let known = |(_, link): &(usize, &Link)| link.account == account.name;
        self.of.iter().enumerate().find(known).expect("an account of the simulation")
    }
}

#[async_trait]
impl Connections for Links {
    async fn orders(&self, account: &Account) -> Result<Arc<dyn OrderSource>, Reason> {
        let (branch, link) = self.of(account);
        Ok(match &self.view {
            Some(view) => Behind::of_branch(view, &link.orders, branch),
            None => link.orders.clone(),
        })
    }
    async fn sheet(&self, account: &Account) -> Result<Arc<dyn ReportSheet>, Reason> {
        let (branch, link) = self.of(account);
        Ok(match &self.view {
            Some(view) => Behind::of_branch(view, &link.sheet, branch),
            None => link.sheet.clone(),
        })
    }
}

/// The work itself: what the runtime does around each handler.
pub async fn run(job: Job, deps: Deps) -> Done {
    let failed = Done::Failed;
    match job {
        Job::Window { body, receipt } => window(&body, &receipt, &deps).await,
        Job::Dispatch => dispatch::handle(DispatchEvent { v: 1, scheduled_at: None }, &deps)
            .await
            .map_or_else(failed, Done::Dispatch),
        Job::Daily(event) => sige_daily_sync::handle(event, &deps).await.map_or_else(failed, Done::Daily),
        Job::Backfill(event) => sige_backfill::handle(event, &deps).await.map_or_else(failed, Done::Backfill),
        Job::Restore(account) => restore(&account, &deps).await.map_or_else(failed, Done::Restore),
        Job::ForceRelease(resource) => match flows::lease::force_release(&*deps.state, &resource, None).await
        {
            Ok(_) => Done::ForceRelease,
            Err(error) => failed(error.into()),
        },
        job @ (Job::Cancel { .. } | Job::Resume { .. }) => {
            turn(&job, &deps).await.map_or_else(failed, Done::Turned)
        }
    }
}

async fn account_of(name: &str, deps: &Deps) -> Result<Account, FlowError> {
    let stored = flows::accounts::load(&*deps.state, name).await?;
    Ok(stored.expect("an account of the simulation").account)
}

/// What an operator leaves behind with a change.
fn audit(deps: &Deps) -> WriteOp {
    let item = NewItem {
        key: ItemKey::new("audit", deps.random.unique_id()),
        index: None,
        expires_at: None,
        body: serde_json::json!({ "v": 1 }),
    };
    WriteOp::Put(item, Expect::Absent)
}

async fn restore(account: &str, deps: &Deps) -> Result<Restoration, FlowError> {
    let account = account_of(account, deps).await?;
    flows::restore::restore(deps, &account, Some(audit(deps))).await
}

async fn turn(job: &Job, deps: &Deps) -> Result<PlanChange, FlowError> {
    match job {
        Job::Cancel { account, plan } => {
            cancel(deps, &account_of(account, deps).await?, plan, Some(audit(deps))).await
        }
        Job::Resume { account, plan } => {
            resume(deps, &account_of(account, deps).await?, plan, Some(audit(deps))).await
        }
        _ => unreachable!("only plans are turned"),
    }
}

async fn window(body: &str, receipt: &str, deps: &Deps) -> Done {
    let Ok(wake) = serde_json::from_str::<WindowWake>(body) else {
        // Handed back at once: a few deliveries later it lies in the dead letters, to be looked at.
        drop(deps.queue.change_visibility(WINDOWS_QUEUE, receipt, Duration::ZERO).await);
        return Done::Unreadable;
    };
    match sige_window_sync::handle(wake, deps).await {
        Ok(report) => {
            // A receipt that is stale, or an answer that is lost: the message comes again and finds nothing due.
            drop(deps.queue.acknowledge(WINDOWS_QUEUE, receipt).await);
            Done::Window(report)
        }
        Err(error @ (FlowError::Refused(_) | FlowError::BadRequest(_))) => {
            // There is nothing to come back for.
            drop(deps.queue.acknowledge(WINDOWS_QUEUE, receipt).await);
            Done::Failed(error)
        }
        Err(error) => {
            drop(deps.queue.change_visibility(WINDOWS_QUEUE, receipt, AGAIN_AFTER).await);
            Done::Failed(error)
        }
    }
}
