//! The state machine: what may happen next to the queue, the workers, the clock and the outside systems.
use crate::simulation::appetite::{Appetite, System};
use crate::simulation::audit::Audit;
use crate::simulation::broken::Flaw;
use crate::simulation::chance::Chance;
use crate::simulation::company::Company;
use crate::simulation::ports::Shared;
use crate::simulation::tabs::TabWatch;
use crate::simulation::turnstile::{Port, Stop, Verdict};
use crate::simulation::worker::{Done, Job, Worker, WorkerId};
use crate::simulation::{block_on, limits};
use crate::world::World;
use chrono::{DateTime, TimeDelta, Utc};
use flows::deps::FlowError;
use flows::ports::{Clock, ItemKey, StateStore};
use flows::settings::queues;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::clock::SeededRandomness;
use testkit::reference::{MemoryStateStore, MemoryWorkQueue};

/// Actions of one seed.
const STEPS: usize = 600;
/// Actions that an outage lasts, more or less.
const OUTAGE_STEPS: u64 = 12;
/// Deliveries without an acknowledgement before a message lies in the dead letters.
const RECEIVES_MAX: u32 = 5;
/// For how long a delivery is hidden.
pub const VISIBILITY: Duration = Duration::from_secs(1_800);
/// The platform ends an invocation after this time.
const INVOCATION_MAX: TimeDelta = TimeDelta::seconds(300);
/// Transactions by which the index may lag.
const INDEX_LAG: [usize; 3] = [0, 3, 20];

/// One seed under way.
pub struct Simulation {
    pub world: World,
    pub state: Arc<MemoryStateStore>,
    pub queue: Arc<MemoryWorkQueue>,
    pub company: Company,
    pub shared: Arc<Shared>,
    pub chance: Chance,
    pub appetite: Appetite,
    pub workers: BTreeMap<WorkerId, Worker>,
    pub started_at: BTreeMap<WorkerId, DateTime<Utc>>,
    /// Jobs of the schedule that have not succeeded yet.
    pub owed: Vec<Job>,
    /// Plans that somebody was told about.
    pub accepted: BTreeSet<(String, String)>,
    /// The last messages that were delivered.
    pub delivered: Vec<Job>,
    pub outages: BTreeSet<System>,
    pub watches: Vec<TabWatch>,
    /// What has happened, one line each.
    pub trace: Vec<String>,
    /// How often what has happened.
    pub tally: BTreeMap<String, usize>,
    /// What should not have happened.
    pub violations: Vec<String>,
    pub last_worker: WorkerId,
    pub last_request: u64,
}

impl Simulation {
    /// The world of a seed, with whatever is broken in it.
    pub fn new(seed: u64, flaw: Flaw) -> Self {
        let chance = Chance::new(seed);
        let mut world = block_on(World::new(seed));
        let time = world.clock.clone() as Arc<dyn Clock>;
        let lag = INDEX_LAG[chance.index(INDEX_LAG.len())];
        let state = Arc::new(MemoryStateStore::with_index_lag(time.clone(), lag, seed));
        let queue = Arc::new(MemoryWorkQueue::new(time.clone(), &queues(VISIBILITY, RECEIVES_MAX)));
        let company = Company::new(&chance, time.now(), flaw);
        world.state = flaw.store(&state);
        world.queue = queue.clone();
        world.random = Arc::new(SeededRandomness::with_clock(seed, time));
        world.takeover = flows::lease::Takeover::Never;
        flaw.spoil(&mut world, &company);
        for branch in &company.branches {
            block_on(world.save(&branch.account));
        }
        let audit = Audit::new(company.spreadsheets());
        let shared = Arc::new(Shared { clock: world.clock.clone(), audit, late: Mutex::default() });
        let watches = company.branches.iter().map(|_| TabWatch::default()).collect();
        Self {
            appetite: Appetite::of(&chance),
            world,
            state,
            queue,
            company,
            shared,
            chance,
            workers: BTreeMap::new(),
            started_at: BTreeMap::new(),
            owed: Vec::new(),
            accepted: BTreeSet::new(),
            delivered: Vec::new(),
            outages: BTreeSet::new(),
            watches,
            trace: Vec::new(),
            tally: BTreeMap::new(),
            violations: Vec::new(),
            last_worker: 0,
            last_request: 0,
        }
    }

    /// Trouble, then rest, then judgement.
    pub fn run(mut self) -> Self {
        self.say("the schedule ticks for the first time");
        let first = self.scheduled_tick();
        self.at_once(first);
        for _ in 0..STEPS {
            if self.chance.one_in(OUTAGE_STEPS) {
                self.outages.clear();
            }
            let action = self.chance.pick(&self.appetite.actions);
            self.act(action);
            self.look();
            if !self.violations.is_empty() {
                return self;
            }
        }
        self.come_to_rest();
        self
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.world.clock.now()
    }

    /// One line of the trace.
    pub fn say(&mut self, what: impl AsRef<str>) {
        let now = self.now().format("%d %H:%M:%S%.3f");
        self.trace.push(format!("{now}  {}", what.as_ref()));
    }

    pub fn count(&mut self, what: impl Into<String>) {
        *self.tally.entry(what.into()).or_default() += 1;
    }

    /// A new invocation.
    pub fn start(&mut self, job: Job) -> WorkerId {
        self.last_worker += 1;
        let id = self.last_worker;
        self.say(format!("worker {id} starts: {job:?}"));
        let worker = Worker::new(id, job, &self.world, &self.company, &self.shared);
        self.started_at.insert(id, self.now());
        self.workers.insert(id, worker);
        id
    }

    /// A worker goes on for so many calls, or until it stops for longer.
    pub fn go_on(&mut self, id: WorkerId, calls: u64) {
        for _ in 0..calls {
            let took_ms = self.chance.below(self.appetite.call_ms_max);
            self.pass_time(TimeDelta::milliseconds(i64::try_from(took_ms).unwrap()));
            // Now and then it stands behind a call, and often in front of a write: that is where it gets interesting.
            if !self.step(id, None) || self.chance.one_in(12) || !self.step(id, None) {
                return;
            }
            if self.workers[&id].stop() == Stop::Before(Port::Write) && self.chance.one_in(3) {
                return;
            }
        }
    }

    /// Takes a worker to its next stop. Says whether it is still there.
    pub fn step(&mut self, id: WorkerId, verdict: Option<Verdict>) -> bool {
        let Some(stop) = self.workers.get(&id).map(Worker::stop) else { return false };
        if let Stop::Before(port) = stop {
            let verdict = verdict.unwrap_or_else(|| self.verdict(port));
            if verdict != Verdict::Works || port == Port::Write {
                self.say(format!("worker {id}: {port:?} {verdict:?}"));
                self.count(format!("{port:?} {verdict:?}"));
            }
            self.workers[&id].view.turnstile.decide(verdict);
        }
        let Some(worker) = self.workers.get_mut(&id) else { return false };
        let Some(done) = worker.go_on() else { return true };
        self.end(id, done);
        false
    }

    fn verdict(&self, port: Port) -> Verdict {
        if self.outages.contains(&System::of(port)) {
            return Verdict::Down;
        }
        let bookings_known = port == Port::Bookings && self.bookings_are_known();
        self.appetite.verdict(&self.chance, port, bookings_known)
    }

    /// Whether every account has noted that its ERP tab holds bookings.
    fn bookings_are_known(&self) -> bool {
        self.company.branches.iter().all(|branch| {
            let account = &branch.account;
            let key = ItemKey::new(
                format!("cursor#{}", account.name),
                format!("bookings#{}", account.erp.spreadsheet),
            );
            block_on(self.state.get(&key)).unwrap().is_some()
        })
    }

    /// An invocation has come to its end.
    fn end(&mut self, id: WorkerId, done: Done) {
        let worker = self.workers.remove(&id).unwrap();
        self.started_at.remove(&id);
        let calls = worker.view.turnstile.calls();
        self.say(format!("worker {id} ends after {calls} calls: {done:?}"));
        let (name, calls_max) = limits(&worker.job);
        let most = self.tally.entry(format!("most calls of {name}")).or_default();
        *most = calls.max(*most);
        if calls > calls_max {
            self.violations.push(format!("INV-6: {name} made {calls} calls, more than {calls_max}"));
        }
        self.conclude(worker.job, done);
    }

    /// What the one who asked makes of the answer.
    pub fn conclude(&mut self, job: Job, done: Done) {
        match done {
            Done::Daily(report) => {
                self.count("plans accepted");
                let plans = report.plans.into_iter().map(|plan| (plan.account, plan.plan));
                self.accepted.extend(plans);
            }
            Done::Backfill(report) => {
                self.count("plans accepted");
                self.accepted.extend(report.plan.map(|plan| (plan.account, plan.plan)));
            }
            Done::Window(report) => self.judge_window(&report),
            Done::Failed(error) => {
                let for_good = matches!(error, FlowError::Refused(_) | FlowError::BadRequest(_));
                self.count("invocations failed");
                if matches!(job, Job::Daily(_) | Job::Backfill(_)) && !for_good {
                    self.owed.push(job);
                }
            }
            Done::Restore(restored) if restored.stopped.is_some() => self.count("restores"),
            Done::Dispatch(report) if report.plans_spread > 0 => self.count("plans spread by the dispatcher"),
            Done::Turned(turned) if turned.changed => self.count("plans turned"),
            Done::Unreadable
            | Done::Restore(_)
            | Done::Dispatch(_)
            | Done::ForceRelease
            | Done::Turned(_) => {}
        }
    }

    /// A worker is gone, wherever it stood.
    pub fn crash(&mut self, id: WorkerId) {
        // A write may be on its way while its sender dies.
        let stop = self.workers[&id].stop();
        if stop == Stop::Before(Port::Write) && self.chance.one_in(2) {
            self.step(id, Some(Verdict::Late));
        }
        let Some(worker) = self.workers.remove(&id) else { return };
        self.started_at.remove(&id);
        self.say(format!("worker {id} crashes at {:?}", worker.stop()));
        self.count("crashes");
        if matches!(worker.job, Job::Daily(_) | Job::Backfill(_)) {
            self.owed.push(worker.job);
        }
    }

    /// Time passes. Calls leave and late copies arrive when they have to.
    pub fn pass_time(&mut self, by: TimeDelta) {
        let target = self.now() + by;
        loop {
            let waiting = self.workers.values().filter(|worker| worker.stop() == Stop::Before(Port::Write));
            let leaving = waiting.map(|worker| (worker.view.leaves_by(), worker.id)).min();
            let late = self.shared.late.lock().unwrap();
            let in_time = late.iter().enumerate().filter(|(_, copy)| !copy.is_overdue);
            let arriving = in_time.map(|(index, copy)| (copy.until, index)).min();
            drop(late);
            match (leaving, arriving) {
                (Some((at, id)), other) if at < target && other.is_none_or(|(until, _)| at <= until) => {
                    self.world.clock.set(at.max(self.now()));
                    if self.chance.one_in(3) {
                        self.crash(id);
                    } else {
                        self.step(id, None);
                    }
                }
                (_, Some((at, index))) if at < target => {
                    self.world.clock.set(at.max(self.now()));
                    if self.chance.one_in(2) {
                        self.arrive(index);
                    } else {
                        self.shared.late.lock().unwrap()[index].is_overdue = true;
                    }
                }
                _ => break,
            }
        }
        self.world.clock.set(target.max(self.now()));
        if self.appetite.times_out {
            let started = self.started_at.iter();
            let over: Vec<_> =
                started.filter(|(_, at)| target - **at > INVOCATION_MAX).map(|(id, _)| *id).collect();
            for id in over {
                self.crash(id);
            }
        }
    }

    /// A write that had no answer reaches the spreadsheet.
    pub fn arrive(&mut self, index: usize) {
        let copy = self.shared.late.lock().unwrap().remove(index);
        let branch = &self.company.branches[copy.branch];
        let name = branch.account.name.clone();
        let sheet = branch.sheet.clone();
        let answer = block_on(flows::ports::ReportSheet::write_day(&*sheet, &copy.write));
        let marker = &copy.write.marker.value;
        self.say(format!("a late write of {name} arrives ({marker}): {answer:?}"));
        self.count(if answer.is_ok() { "late writes applied" } else { "late writes refused" });
    }
}
