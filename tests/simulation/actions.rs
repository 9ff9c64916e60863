//! What each action does. None of them knows what the flows make of it.
use crate::simulation::appetite::{Action, System};
use crate::simulation::block_on;
use crate::simulation::machine::{Simulation, VISIBILITY};
use crate::simulation::ports::{APPLIED_WITHIN, LateCopy, generation_of};
use crate::simulation::turnstile::{Port, Stop, Verdict};
use crate::simulation::worker::{Job, Worker, WorkerId};
use crate::world::daily_event;
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use domain::calendar::civil_day;
use flows::plan::{Plan, PlanState};
use flows::ports::{Message, Range, StateStore, WorkQueue};
use flows::settings::{WINDOWS_DEAD_LETTERS, WINDOWS_QUEUE};
use flows::typed;
use flows::window_sync::lease_resource;
use sige_backfill::BackfillEvent;
use sige_daily_sync::DailySyncEvent;

/// Messages that may be delivered a second time.
const REMEMBERED_DELIVERIES: usize = 6;
/// Jumps, and how likely each is: within a lease, over a settle time, over a lease, over slots and visibility, over a
/// back-off, over a day.
const JUMPS: [(i64, u64); 6] = [(30, 6), (210, 9), (330, 5), (1_860, 4), (5_400, 2), (86_400, 1)];
/// Calls that a worker may need to its end when nothing is in its way.
const CALLS_TO_THE_END: usize = 1_000;

impl Simulation {
    pub fn act(&mut self, action: Action) {
        match action {
            Action::Work => self.work(),
            Action::Claim => self.claim(),
            Action::Tick => self.start_if_there_is_room(Job::Dispatch),
            Action::Daily => {
                let job = if self.chance.one_in(3) { self.run_by_hand() } else { self.scheduled_tick() };
                self.start_if_there_is_room(job);
            }
            Action::Backfill => {
                let job = self.backfill();
                self.start_if_there_is_room(job);
            }
            Action::Repeat => {
                if self.workers.len() < self.appetite.workers_max
                    && let Some(job) = self.owed.pop()
                {
                    self.start(job);
                }
            }
            Action::Crash => {
                if let Some(id) = self.somebody() {
                    self.crash(id);
                }
            }
            Action::LateArrival => {
                let may_arrive = self.copies_that_may_arrive();
                if !may_arrive.is_empty() {
                    self.arrive(may_arrive[self.chance.index(may_arrive.len())]);
                }
            }
            Action::Redeliver => self.redeliver(),
            Action::Wake => self.wake(),
            Action::Redrive => self.redrive(),
            Action::Purge => self.purge(),
            Action::Poison => self.poison(),
            Action::Jump => {
                let jump_s = self.chance.pick(&JUMPS);
                self.say(format!("the clock jumps {jump_s} s"));
                self.pass_time(TimeDelta::seconds(jump_s));
            }
            Action::Change => {
                let (now, index) = (self.now(), self.somewhere());
                let branch = &mut self.company.branches[index];
                let said = branch.change_an_order(&self.chance, now);
                let name = branch.account.name.clone();
                self.say(format!("sige of {name}: {said}"));
            }
            Action::Edit => self.edit(),
            Action::MoveRows => self.move_rows(),
            Action::Outage => self.begin_outage(),
            Action::ForceRelease => {
                let spreadsheet = &self.company.branches[self.somewhere()].account.destination.spreadsheet;
                let resource = lease_resource(spreadsheet);
                self.start_if_there_is_room(Job::ForceRelease(resource));
            }
            Action::Restore => self.restore(),
            Action::TurnPlan => self.turn_plan(),
        }
    }

    fn somebody(&self) -> Option<WorkerId> {
        let ids: Vec<_> = self.workers.keys().copied().collect();
        (!ids.is_empty()).then(|| ids[self.chance.index(ids.len())])
    }

    fn somewhere(&self) -> usize {
        self.chance.index(self.company.branches.len())
    }

    fn start_if_there_is_room(&mut self, job: Job) {
        if self.workers.len() < self.appetite.workers_max {
            self.start(job);
        }
    }

    fn work(&mut self) {
        let Some(id) = self.somebody() else { return self.claim() };
        let calls = 1 + self.chance.below(self.appetite.burst);
        self.go_on(id, calls);
    }

    fn claim(&mut self) {
        if self.workers.len() >= self.appetite.workers_max {
            return;
        }
        let received = block_on(self.queue.receive(WINDOWS_QUEUE, 1, VISIBILITY)).unwrap();
        for delivery in received {
            let job = Job::Window { body: delivery.body, receipt: delivery.receipt };
            self.delivered.push(job.clone());
            if self.delivered.len() > REMEMBERED_DELIVERIES {
                self.delivered.remove(0);
            }
            self.start(job);
        }
    }

    fn redeliver(&mut self) {
        if !self.delivered.is_empty() && self.workers.len() < self.appetite.workers_max {
            let job = self.delivered[self.chance.index(self.delivered.len())].clone();
            self.count("redeliveries");
            self.start(job);
        }
    }

    /// A due window is looked at although no message says so, as the runtime of one machine does with a lost wake-up.
    fn wake(&mut self) {
        let account = self.company.branches[self.somewhere()].account.name.clone();
        let windows =
            block_on(self.state.query(&format!("window#{account}"), Range::all(), 100, None)).unwrap();
        let due = windows.items.iter().filter(|item| !item.body["due_at"].is_null());
        let days: Vec<&str> = due.map(|item| item.key.sk.as_str()).collect();
        if !days.is_empty() {
            let day = days[self.chance.index(days.len())];
            let body = format!("{{\"v\":1,\"account\":\"{account}\",\"day\":\"{day}\"}}");
            self.start_if_there_is_room(Job::Window { body, receipt: "no message".to_owned() });
        }
    }

    fn redrive(&mut self) {
        let dead = block_on(self.queue.receive(WINDOWS_DEAD_LETTERS, 10, VISIBILITY)).unwrap();
        for letter in dead {
            self.say(format!("redrive of {}", letter.body));
            self.count("redriven");
            let deduplication_id = Some(format!("redrive/{}", letter.message_id));
            let message = Message { group: letter.group, deduplication_id, body: letter.body };
            block_on(self.queue.send(WINDOWS_QUEUE, message)).unwrap();
            // The one who redrives may be gone before the letter is taken out: then it is sent twice.
            if !self.chance.one_in(4) {
                block_on(self.queue.acknowledge(WINDOWS_DEAD_LETTERS, &letter.receipt)).unwrap();
            }
        }
    }

    fn purge(&mut self) {
        let mut purged = 0;
        loop {
            let received = block_on(self.queue.receive(WINDOWS_QUEUE, 10, VISIBILITY)).unwrap();
            if received.is_empty() {
                break;
            }
            for delivery in received {
                block_on(self.queue.acknowledge(WINDOWS_QUEUE, &delivery.receipt)).unwrap();
                purged += 1;
            }
        }
        if purged > 0 {
            self.say(format!("{purged} messages are purged"));
            self.count("purges");
        }
    }

    fn poison(&mut self) {
        let group = self.company.branches[self.somewhere()].account.destination.spreadsheet.clone();
        let body = ["", "{\"v\":1}", "{\"v\":1,\"account\":\"nobody\",\"day\":\"2026-03-20\"}"];
        let body = body[1 + self.chance.index(2)].to_owned();
        self.say(format!("somebody sends {body}"));
        let message = Message { group: Some(group), deduplication_id: None, body };
        block_on(self.queue.send(WINDOWS_QUEUE, message)).unwrap();
    }

    /// The tick of the schedule that came last.
    pub fn scheduled_tick(&self) -> Job {
        let now = self.now();
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
        let today = now.date_naive().and_time(nine).and_utc();
        let at: DateTime<Utc> = if today > now { today - TimeDelta::days(1) } else { today };
        Job::Daily(DailySyncEvent { scheduled_at: Some(at), ..daily_event() })
    }

    fn run_by_hand(&mut self) -> Job {
        self.last_request += 1;
        Job::Daily(DailySyncEvent { request: Some(format!("hand-{}", self.last_request)), ..daily_event() })
    }

    fn backfill(&mut self) -> Job {
        self.last_request += 1;
        let account = self.company.branches[self.somewhere()].account.name.clone();
        let yesterday = civil_day(self.now()) - Days::new(1);
        let to = yesterday - Days::new(self.chance.below(5));
        let from = to - Days::new(self.chance.below(4));
        Job::Backfill(BackfillEvent {
            v: 1,
            account,
            from,
            to,
            dry_run: false,
            allow_empty: self.chance.one_in(3),
            request: Some(format!("range-{}", self.last_request)),
        })
    }

    /// Copies of writes that had no answer. In the time that Google takes at most one may arrive whenever it likes. After
    /// that it is harmless only while its generation is the last one: the copy sent instead of it has arrived, or is just
    /// about to (and nobody has moved rows meanwhile). What is older than that never comes.
    fn copies_that_may_arrive(&self) -> Vec<usize> {
        let may_arrive = |copy: &LateCopy| {
            let generation = generation_of(&copy.write.marker);
            let branch = &self.company.branches[copy.branch];
            let is_as_it_was = branch.moved_at.is_none_or(|at| at < copy.until - APPLIED_WITHIN);
            let sends = |worker: &Worker| worker.view.is_about_to_send(copy.branch, generation);
            !copy.is_overdue
                || branch.sheet.history().last().is_some_and(|last| generation_of(last) == generation)
                || is_as_it_was && self.workers.values().any(sends)
        };
        let late = self.shared.late.lock().unwrap();
        late.iter().enumerate().filter(|(_, copy)| may_arrive(copy)).map(|(index, _)| index).collect()
    }

    fn edit(&mut self) {
        let index = self.somewhere();
        // A row added where a write is about to append, or may still append, is lost without a trace: no read of the
        // tab comes between. People are assumed to be that quick or that unlucky in no seed.
        let is_calm = !self.may_append(index);
        let now = self.now();
        let branch = &mut self.company.branches[index];
        if self.chance.one_in(2) && is_calm {
            branch.moved_at = Some(now);
            let name = branch.add_row();
            self.say(format!("somebody adds the row {name}"));
        } else if let Some(name) = branch.edit_row(&self.chance) {
            self.say(format!("somebody edits the row {name}"));
        }
    }

    fn may_append(&self, index: usize) -> bool {
        self.workers.values().any(|worker| worker.view.is_about_to_write()) || self.is_in_doubt(index)
    }

    fn is_in_doubt(&self, index: usize) -> bool {
        let late = self.shared.late.lock().unwrap();
        late.iter().any(|copy| copy.branch == index && !copy.is_overdue)
    }

    /// Rows are moved: harmless between two looks of a worker, and the worst there is just before its write.
    fn move_rows(&mut self) {
        let in_front_of_its_write = |id: &WorkerId| self.workers[id].stop() == Stop::Before(Port::Write);
        let writer = self.workers.keys().copied().find(in_front_of_its_write);
        let Some(writer) = writer else {
            let index = self.somewhere();
            if !self.may_append(index) {
                self.company.branches[index].moved_at = Some(self.now());
                let moved = self.company.branches[index].move_rows(&self.chance);
                self.say(format!("somebody moves rows: {moved}"));
                self.count("rows moved between two looks");
            }
            return;
        };
        let Some(index) = self.branch_of(writer) else { return };
        if self.is_in_doubt(index) {
            return;
        }
        let before = self.company.branches[index].sheet.rows();
        self.company.branches[index].moved_at = Some(self.now());
        let moved = self.company.branches[index].move_rows(&self.chance);
        self.say(format!("rows are moved in front of the write of worker {writer}: {moved}"));
        self.count("rows moved before a write");
        for _ in 0..CALLS_TO_THE_END {
            if !self.step(writer, Some(Verdict::Works)) {
                break;
            }
        }
        self.judge_damage(index, &before);
    }

    /// The branch whose day a worker works on.
    fn branch_of(&self, id: WorkerId) -> Option<usize> {
        let Job::Window { body, .. } = &self.workers[&id].job else { return None };
        let wake: flows::window_sync::WindowWake = serde_json::from_str(body).ok()?;
        self.company.branches.iter().position(|branch| branch.account.name == wake.account)
    }

    fn begin_outage(&mut self) {
        let system = [System::Stores, System::Sige, System::Sheets][self.chance.index(3)];
        if self.outages.insert(system) {
            self.say(format!("{system:?} is down"));
            self.count("outages");
        }
    }

    fn restore(&mut self) {
        let accounts = block_on(flows::accounts::list(&*self.state)).unwrap();
        let stopped = accounts.into_iter().find(|stored| stored.account.stopped.is_some());
        if let Some(stored) = stopped {
            self.start_if_there_is_room(Job::Restore(stored.account.name));
        }
    }

    fn turn_plan(&mut self) {
        let account = self.company.branches[self.somewhere()].account.name.clone();
        let plans = self.plans(&account);
        if plans.is_empty() {
            return;
        }
        let plan = &plans[self.chance.index(plans.len())];
        let id = plan.id.clone();
        if plan.state == PlanState::Cancelled {
            self.start_if_there_is_room(Job::Resume { account, plan: id });
        } else if plan.state != PlanState::Finished {
            self.count("plans cancelled");
            self.start_if_there_is_room(Job::Cancel { account, plan: id });
        }
    }

    /// The plans of an account.
    pub fn plans(&self, account: &str) -> Vec<Plan> {
        let page = block_on(self.state.query(&format!("plan#{account}"), Range::all(), 1_000, None)).unwrap();
        page.items.into_iter().map(|item| typed::decode::<Plan>(item).unwrap().value).collect()
    }
}
