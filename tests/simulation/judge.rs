//! What must hold: after every step, after every answer, and when everything has come to rest.
use crate::simulation::block_on;
use crate::simulation::machine::Simulation;
use crate::simulation::oracle::{Expected, Rows, expected};
use crate::simulation::tabs::{our_rows, row_of_a_person};
use chrono::NaiveDate;
use domain::calendar::SerialDay;
use domain::cell::Cell;
use flows::accounts::Account;
use flows::before_image::cell_text;
use flows::destination::{Destination, destination_key};
use flows::journal::Run;
use flows::plan::{DayState, Plan, PlanState};
use flows::ports::{Item, Range, StateStore};
use flows::reason::Reason;
use flows::records::{OrderRecord, OrderState};
use flows::typed;
use flows::window::{Window, window_key};
use flows::window_sync::{WindowOutcome, WindowReport};
use std::collections::{BTreeMap, BTreeSet};

impl Simulation {
    /// After every step.
    pub fn look(&mut self) {
        let mut found = self.shared.audit.violations();
        for (branch, watch) in self.company.branches.iter().zip(&mut self.watches) {
            found.extend(watch.look(branch));
        }
        self.violations.extend(found);
    }

    /// INV-5: a window that failed says so where an operator looks.
    pub fn judge_window(&mut self, report: &WindowReport) {
        let kind = match &report.outcome {
            WindowOutcome::Written { .. } => "written".to_owned(),
            WindowOutcome::Unchanged { .. } => "unchanged".to_owned(),
            WindowOutcome::NotDue => "not due".to_owned(),
            WindowOutcome::Waiting { reason, .. } => format!("waiting {}", reason.code()),
            WindowOutcome::Failed { reason } => format!("failed {}", reason.code()),
        };
        self.count(format!("window {kind}"));
        let WindowOutcome::Failed { reason } = &report.outcome else { return };
        let told = |run: &Run| {
            run.day == Some(report.day) && run.outcome == "failed" && run.reason.as_ref() == Some(reason)
        };
        if !self.runs(&report.account).iter().any(told) {
            let (account, day) = (&report.account, report.day);
            self.violations
                .push(format!("INV-5: the journal does not say that {account}/{day} failed: {reason}"));
        }
    }

    fn runs(&self, account: &str) -> Vec<Run> {
        let page = block_on(self.state.query(&format!("run#{account}"), Range::all(), 1_000, None)).unwrap();
        page.items.into_iter().map(|item| typed::decode::<Run>(item).unwrap().value).collect()
    }

    fn window(&self, account: &str, day: NaiveDate) -> Option<Window> {
        block_on(typed::load::<Window>(&*self.state, &window_key(account, day)))
            .unwrap()
            .map(|stored| stored.value)
    }

    fn stored_account(&self, name: &str) -> Account {
        block_on(flows::accounts::load(&*self.state, name)).unwrap().unwrap().account
    }

    /// Rows were moved in front of a write. What it hit is either nothing, or the account is stopped.
    pub fn judge_damage(&mut self, index: usize, before: &[Vec<Cell>]) {
        let branch = &mut self.company.branches[index];
        let rows = branch.sheet.rows();
        let found: BTreeMap<String, String> =
            rows.iter().filter_map(|cells| row_of_a_person(cells)).collect();
        let key = |cells: &[Vec<Cell>]| -> BTreeSet<(i64, i64)> {
            our_rows(cells).iter().map(|row| (row.code, row.day)).collect()
        };
        let doubled = our_rows(&rows).len() > key(&rows).len();
        let hit_people = found != branch.foreign;
        let name = branch.account.name.clone();
        let days_lost = {
            let days =
                |cells: &[Vec<Cell>]| key(cells).into_iter().map(|(_, day)| day).collect::<BTreeSet<_>>();
            days(before).difference(&days(&rows)).count()
        };
        branch.foreign = found;
        let stopped = self.stored_account(&name).stopped.is_some();
        if stopped {
            self.count("accounts stopped");
            self.company.branches[index].is_upset = true;
        } else if hit_people || doubled {
            self.violations.push(format!(
                "INV-5: a write hit rows that were moved in the tab of {name} and nobody was told \
                 (rows of people: {hit_people}, doubled: {doubled}, days gone: {days_lost})"
            ));
        }
    }

    /// INV-2: every plan that was accepted has come to an end, with a reason for every day that has not.
    pub fn judge_plans(&mut self) {
        let mut wrong = Vec::new();
        let plans: Vec<Plan> = self.items("plan#").into_iter().map(decoded).collect();
        for (account, id) in &self.accepted {
            if !plans.iter().any(|plan| plan.account == *account && plan.id == *id) {
                wrong.push(format!("INV-2: plan {id} of {account} was accepted and is gone"));
            }
        }
        for plan in &plans {
            if plan.state != PlanState::Finished {
                wrong.push(format!("INV-2: plan {} of {} is {:?}", plan.id, plan.account, plan.state));
            }
            for planned in plan.days.iter().filter(|planned| planned.state == DayState::Pending) {
                wrong.push(format!("INV-2: day {} of the finished plan {} is pending", planned.day, plan.id));
            }
        }
        for window in self.windows() {
            if window.waiting_for.is_some() || window.due_at.is_some() || !window.plans.is_empty() {
                wrong.push(format!("INV-2: a window is not settled: {window:?}"));
            }
        }
        self.violations.extend(wrong);
    }

    /// When everything has come to rest.
    pub fn judge_end(&mut self) {
        let mut wrong = Vec::new();
        for index in 0..self.company.branches.len() {
            self.judge_days(index, &mut wrong);
            self.judge_destination(index, &mut wrong);
            let name = &self.company.branches[index].account.name;
            if let Some(stop) = self.stored_account(name).stopped {
                wrong.push(format!("INV-2: account {name} is stopped without trouble: {stop:?}"));
            }
            for run in self.runs(name) {
                if run.inconsistent || !run.counts.add_up() {
                    wrong
                        .push(format!("INV-5: the counts of run {} do not add up: {:?}", run.id, run.counts));
                }
            }
        }
        self.violations.extend(wrong);
    }

    fn judge_days(&self, index: usize, wrong: &mut Vec<String>) {
        let branch = &self.company.branches[index];
        let name = &branch.account.name;
        let plans = self.items(&format!("plan#{name}")).into_iter().map(decoded::<Plan>);
        let planned: BTreeSet<NaiveDate> =
            plans.flat_map(|plan| plan.days).map(|planned| planned.day).collect();
        let rows = branch.sheet.rows();
        let mut on_sheet: BTreeMap<i64, Vec<(i64, Vec<String>)>> = BTreeMap::new();
        for row in our_rows(&rows) {
            let text = row.cells.iter().map(cell_text).collect();
            on_sheet.entry(row.day).or_default().push((row.code, text));
        }
        for day in planned {
            let Expected { rows, unmappable } = expected(branch, day);
            let serial = i64::from(SerialDay::from_date(day).0);
            let mut found: Rows = on_sheet
                .remove(&serial)
                .unwrap_or_default()
                .into_iter()
                .filter(|(code, _)| !unmappable.contains(code))
                .map(|(_, text)| text)
                .collect();
            found.sort();
            let failed = self.window(name, day).and_then(|window| window.failed);
            match failed {
                Some(Reason::WouldEmptyFilledDay { .. }) if rows.is_empty() && unmappable.is_empty() => {}
                Some(reason) => wrong.push(format!("INV-2: {name}/{day} fails without trouble: {reason}")),
                None if found != rows => {
                    wrong.push(format!("INV-2: {name}/{day} holds {found:#?} and should hold {rows:#?}"));
                }
                None => {}
            }
            self.judge_quarantine(name, &unmappable, wrong);
        }
        for (day, rows) in on_sheet {
            wrong.push(format!("INV-1: nobody asked for day {day} of {name}, and it holds {rows:?}"));
        }
    }

    /// INV-5: an order that cannot become a row is in quarantine with its reason.
    fn judge_quarantine(&self, account: &str, unmappable: &BTreeSet<i64>, wrong: &mut Vec<String>) {
        if unmappable.is_empty() {
            return;
        }
        let records =
            self.items(&format!("ledger#{account}#sige-order")).into_iter().map(decoded::<OrderRecord>);
        let quarantined =
            records.filter(|record| record.state == OrderState::Quarantined && record.reason.is_some());
        let quarantined: BTreeSet<i64> = quarantined.map(|record| record.code).collect();
        for code in unmappable.difference(&quarantined) {
            wrong.push(format!("INV-5: order {code} of {account} cannot be mapped and is not in quarantine"));
        }
    }

    fn judge_destination(&self, index: usize, wrong: &mut Vec<String>) {
        let branch = &self.company.branches[index];
        let to = &branch.account.destination;
        let key = destination_key(&to.spreadsheet, &to.tab);
        let state = block_on(typed::load::<Destination>(&*self.state, &key)).unwrap();
        let state = state.map(|stored| stored.value).unwrap_or_default();
        if state.open.is_some() {
            wrong.push(format!(
                "INV-2: a write of {} is in doubt for ever: {:?}",
                branch.account.name, state.open
            ));
        }
        let markers = branch.sheet.markers();
        let claimed = branch.sheet.history().last().map(|marker| marker.value.clone());
        if markers.iter().map(|marker| Some(&marker.value)).ne(claimed.iter().map(Some)) {
            wrong.push(format!(
                "INV-1: the markers of {} are {markers:?}, not {claimed:?}",
                branch.account.name
            ));
        }
    }

    /// Every window.
    pub fn windows(&self) -> Vec<Window> {
        self.items("window#").into_iter().map(decoded).collect()
    }

    fn items(&self, prefix: &str) -> Vec<Item> {
        let mut items = self.state.live_items();
        items.retain(|item| item.key.pk.starts_with(prefix));
        items
    }
}

fn decoded<T: serde::de::DeserializeOwned>(item: Item) -> T {
    typed::decode(item).unwrap().value
}
