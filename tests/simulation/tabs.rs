//! What must hold on a destination tab after every single step.
use crate::simulation::company::Branch;
use domain::cell::Cell;
use domain::row::owned_code;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// What has been seen of a tab so far.
#[derive(Default)]
pub struct TabWatch {
    /// The newest state of an order that has stood under a day: `(code, day)` to the number of its revision.
    newest: BTreeMap<(i64, i64), u64>,
    applied: usize,
    last_generation: i64,
}

/// One of our rows.
pub struct OurRow<'a> {
    pub code: i64,
    pub day: i64,
    pub cells: &'a [Cell],
}

/// Our rows of a tab.
pub fn our_rows(rows: &[Vec<Cell>]) -> Vec<OurRow<'_>> {
    let ours =
        |cells: &Vec<Cell>| Some((owned_code(cells.get(1)?, cells.get(9)?)?, cells.get(3)?.whole_number()?));
    rows.iter().filter_map(|cells| ours(cells).map(|(code, day)| OurRow { code, day, cells })).collect()
}

fn amount(cells: &[Cell], column: usize) -> Decimal {
    match cells.get(column) {
        Some(Cell::Number(number)) => *number,
        _ => Decimal::ZERO,
    }
}

fn revision(cells: &[Cell]) -> u64 {
    match cells.get(8) {
        Some(Cell::Text(seller)) => seller.trim_start_matches("Loja r").parse().unwrap_or(0),
        _ => 0,
    }
}

impl TabWatch {
    /// What is wrong with the tab now.
    pub fn look(&mut self, branch: &Branch) -> Vec<String> {
        let mut wrong = Vec::new();
        let name = &branch.account.name;
        self.generations(branch, &mut wrong);
        if branch.is_upset {
            return wrong;
        }
        let rows = branch.sheet.rows();
        let mut seen = BTreeSet::new();
        for OurRow { code, day, cells } in our_rows(&rows) {
            if !seen.insert((code, day)) {
                wrong.push(format!("INV-1: order {code} stands twice under day {day} in the tab of {name}"));
            }
            let (value, novo, retirada) = (amount(cells, 7), amount(cells, 13), amount(cells, 16));
            if novo + retirada != value {
                wrong.push(format!(
                    "INV-7: order {code} in the tab of {name}: {novo} + {retirada} is not {value}"
                ));
            }
            let now = revision(cells);
            let newest = self.newest.entry((code, day)).or_default();
            if now < *newest {
                wrong.push(format!(
                    "INV-4: order {code} of day {day} in the tab of {name} went back from revision {newest} to {now}"
                ));
            }
            *newest = now.max(*newest);
        }
        let found: BTreeMap<String, String> =
            rows.iter().filter_map(|cells| row_of_a_person(cells)).collect();
        if found != branch.foreign {
            wrong.push(format!(
                "INV-1: rows of people in the tab of {name} are {found:?} and should be {:?}",
                branch.foreign
            ));
        }
        wrong
    }

    /// Each generation takes effect once, and none after a later one.
    fn generations(&mut self, branch: &Branch, wrong: &mut Vec<String>) {
        let history = branch.sheet.history();
        for marker in history.iter().skip(self.applied) {
            let generation = marker.value.split(':').next().and_then(|text| text.parse().ok()).unwrap_or(-1);
            if generation <= self.last_generation {
                wrong.push(format!(
                    "INV-1: generation {generation} took effect in the tab of {} after generation {}",
                    branch.account.name, self.last_generation
                ));
            }
            self.last_generation = generation;
        }
        self.applied = history.len();
    }
}

/// The name and text of a row that somebody made by hand.
pub fn row_of_a_person(cells: &[Cell]) -> Option<(String, String)> {
    match (cells.get(1), cells.get(4)) {
        (Some(Cell::Text(name)), Some(Cell::Text(text))) => Some((name.clone(), text.clone())),
        _ => None,
    }
}
