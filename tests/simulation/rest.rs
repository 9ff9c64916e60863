//! The end of a seed: the trouble stops, what is under way ends, what is due is done, and time passes until nothing is.
use crate::simulation::appetite::Appetite;
use crate::simulation::block_on;
use crate::simulation::machine::{Simulation, VISIBILITY};
use crate::simulation::worker::{Done, Job, Links, WorkerId, run};
use chrono::{NaiveTime, TimeDelta};
use flows::deps::{Deps, FlowError};
use flows::plan::{Plan, PlanState};
use flows::ports::{Range, StateStore, WorkQueue};
use flows::settings::WINDOWS_QUEUE;
use flows::typed;
use flows::window::Window;
use std::sync::Arc;

/// Rounds after which a world that still has work never comes to rest.
const ROUNDS_MAX: usize = 600;
/// Calls after which an invocation without trouble never ends.
const CALLS_MAX: u64 = 2_000;
/// Questions after which an index has caught up, however it lags.
const QUESTIONS: usize = 60;
/// A failing seed is judged after so many ticks of the schedule.
const LAST_TICKS: usize = 1;
/// Times that the stop of an account is lifted.
const RESTORES_MAX: usize = 2;
/// For how long nothing happens before somebody looks again.
const PAUSE: TimeDelta = TimeDelta::minutes(5);

impl Simulation {
    /// No more trouble, until nothing is left to do. Then everything is judged.
    pub fn come_to_rest(&mut self) {
        self.say("the trouble stops");
        self.appetite = Appetite::calm();
        self.outages.clear();
        self.end_what_is_under_way();
        self.pass_time(TimeDelta::minutes(5));
        self.look();
        for job in std::mem::take(&mut self.owed) {
            self.at_once(job);
        }
        self.until_nothing_is_due();
        if !self.violations.is_empty() {
            return;
        }
        self.resume_cancelled_plans();
        self.judge_plans();
        self.start_stopped_accounts();
        if self.chance.one_in(2) {
            let now = self.now();
            self.company.branches.iter_mut().for_each(|branch| branch.repair_orders(now));
            self.say("somebody puts the orders right that could not be mapped");
        }
        for _ in 0..LAST_TICKS {
            self.wait_for_the_next_tick();
            self.catch_up();
            let tick = self.scheduled_tick();
            self.at_once(tick);
            self.until_nothing_is_due();
        }
        self.calm_down();
        self.look();
        self.judge_plans();
        self.judge_end();
    }

    fn end_what_is_under_way(&mut self) {
        let under_way: Vec<WorkerId> = self.workers.keys().copied().collect();
        for id in under_way {
            if self.chance.one_in(3) && self.workers.contains_key(&id) {
                self.crash(id);
            }
            let mut stops = 0;
            while self.step(id, None) {
                stops += 1;
                if stops > 2 * CALLS_MAX {
                    self.violations.push(format!("INV-6: worker {id} never ends"));
                    return;
                }
            }
            self.look();
        }
    }

    fn deps(&self) -> Deps {
        let connections = Arc::new(Links { of: self.company.links(), view: None });
        Deps { connections, ..self.world.deps() }
    }

    /// A job from its beginning to its end, with nobody else in the way.
    pub fn at_once(&mut self, job: Job) {
        let done = block_on(run(job.clone(), self.deps()));
        self.say(format!("{job:?}: {done:?}"));
        let for_good = |error: &FlowError| matches!(error, FlowError::Refused(_) | FlowError::BadRequest(_));
        if let Done::Failed(error) = &done
            && !for_good(error)
        {
            self.violations.push(format!("INV-2: {job:?} fails in a world without trouble: {error}"));
        }
        self.conclude(job, done);
    }

    fn until_nothing_is_due(&mut self) {
        let mut sent_nothing = false;
        for _ in 0..ROUNDS_MAX {
            let received = block_on(self.queue.receive(WINDOWS_QUEUE, 1, VISIBILITY)).unwrap().pop();
            if let Some(delivery) = received {
                self.at_once(Job::Window { body: delivery.body, receipt: delivery.receipt });
                self.look();
            } else if self.what_is_left().is_empty() {
                return;
            } else if sent_nothing {
                self.pass_time(PAUSE);
                sent_nothing = false;
            } else {
                self.at_once(Job::Dispatch);
                sent_nothing = true;
            }
            if !self.violations.is_empty() {
                return;
            }
        }
        for left in self.what_is_left() {
            self.violations.push(format!("INV-2: it is never done: {left}"));
        }
    }

    /// Windows that are due some time and plans that are not finished.
    fn what_is_left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for item in self.state.live_items() {
            if item.key.pk.starts_with("window#") {
                let window: Window = typed::decode::<Window>(item).unwrap().value;
                if window.due_at.is_some() {
                    left.push(format!("{window:?}"));
                }
            } else if item.key.pk.starts_with("plan#") {
                let plan: Plan = typed::decode::<Plan>(item).unwrap().value;
                if !matches!(plan.state, PlanState::Finished | PlanState::Cancelled) {
                    left.push(format!("{plan:?}"));
                }
            }
        }
        left
    }

    /// What people caused by moving rows is repaired, except on a day that waits for a person.
    fn calm_down(&mut self) {
        let failed: Vec<Window> =
            self.windows().into_iter().filter(|window| window.failed.is_some()).collect();
        for branch in &mut self.company.branches {
            branch.is_upset &= failed.iter().any(|window| window.account == branch.account.name);
        }
    }

    /// Nothing that was cancelled is forgotten: all of it can go on.
    fn resume_cancelled_plans(&mut self) {
        let names: Vec<String> = self.company.branches.iter().map(|of| of.account.name.clone()).collect();
        for account in names {
            for plan in self.plans(&account) {
                if plan.state == PlanState::Cancelled {
                    self.at_once(Job::Resume { account: account.clone(), plan: plan.id });
                }
            }
        }
        self.until_nothing_is_due();
    }

    /// An operator lifts every stop. A worker that stopped the account and lost its lease before it could note what became
    /// of its write leaves a write in doubt; whoever adopts it sees the same damage and stops the account once more.
    fn start_stopped_accounts(&mut self) {
        for _ in 0..RESTORES_MAX {
            for stored in block_on(flows::accounts::list(&*self.state)).unwrap() {
                if stored.account.stopped.is_some() {
                    self.at_once(Job::Restore(stored.account.name));
                }
            }
            self.until_nothing_is_due();
        }
    }

    fn wait_for_the_next_tick(&mut self) {
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
        let today = self.now().date_naive().and_time(nine).and_utc();
        let next = if today > self.now() { today } else { today + TimeDelta::days(1) };
        self.pass_time(next - self.now());
    }

    fn catch_up(&self) {
        for _ in 0..QUESTIONS {
            block_on(self.state.query_index("nothing", Range::all(), 1, None)).unwrap();
        }
    }
}
