//! What must change on the sheet so that a day reads as it should: the smallest set of row changes. Pure.
//!
//! A row is ours when B is a whole number and J begins with `Pedido {B}`; no other row is touched. Rows that agree
//! stay, rows of the same order are updated in place, surplus rows are deleted, missing ones appended.
use crate::ports::{DestinationGrid, RowBlock};
use chrono::NaiveDate;
use domain::calendar::SerialDay;
use domain::cell::Cell;
use domain::row::{FaturamentoRow, owned_code};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of an order that stand under another day than the one they belong to now: `(code, day on the sheet)`.
pub type MovedRows = BTreeSet<(i64, SerialDay)>;

/// The change of one day.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DayPlan {
    /// Rows that keep their place and get the values of `desired[index]`: `(row number, index)`.
    pub update: Vec<(u32, usize)>,
    /// Rows to delete, ascending.
    pub delete: Vec<u32>,
    /// Indexes of `desired` to append.
    pub append: Vec<usize>,
    /// Rows that already read as desired.
    pub unchanged: usize,
    /// Our rows of that day before the change.
    pub owned: usize,
    /// Codes of the rows that are left alone because an order of that code is in quarantine.
    pub spared: BTreeSet<i64>,
}

impl DayPlan {
    /// Nothing to do.
    pub fn is_empty(&self) -> bool {
        self.update.is_empty() && self.delete.is_empty() && self.append.is_empty()
    }
}

/// Row numbers that may hold rows of the day, or of an order that moved to it.
pub fn candidate_rows(grid: &DestinationGrid, day: NaiveDate, moved: &MovedRows) -> Vec<u32> {
    let day = SerialDay::from_date(day);
    let is_candidate = |code: &Option<i64>, on: &Option<i32>| match (code, on) {
        (Some(code), Some(on)) => SerialDay(*on) == day || moved.contains(&(*code, SerialDay(*on))),
        _ => false,
    };
    grid.codes
        .iter()
        .zip(&grid.days)
        .zip(2_u32..)
        .filter(|((code, on), _)| is_candidate(code, on))
        .map(|(_, row)| row)
        .collect()
}

/// How many rows of a code stay as they are, because that many orders of it are in quarantine.
pub type KeptRows = BTreeMap<i64, usize>;

/// Plans the change of a day. Two companies of an account may use the same code, so rows that agree are settled first,
/// and of what is left only as many rows are spared as there are orders in quarantine.
pub fn plan_day(candidates: &RowBlock, desired: &[FaturamentoRow], kept: &KeptRows) -> DayPlan {
    let mut owned: BTreeMap<i64, Vec<(u32, &[Cell])>> = BTreeMap::new();
    let mut plan = DayPlan::default();
    for (row, cells) in &candidates.rows {
        let (Some(code_cell), Some(label_cell)) = (cells.get(1), cells.get(9)) else { continue };
        let Some(code) = owned_code(code_cell, label_cell) else { continue };
        plan.owned += 1;
        owned.entry(code).or_default().push((*row, cells.as_slice()));
    }
    let mut missing = Vec::new();
    for (index, row) in desired.iter().enumerate() {
        let Some(same_code) = owned.get_mut(&row.code).filter(|rows| !rows.is_empty()) else {
            missing.push(index);
            continue;
        };
        match same_code.iter().position(|(_, cells)| row.matches(cells)) {
            Some(position) => {
                same_code.swap_remove(position);
                plan.unchanged += 1;
            }
            None => missing.push(index),
        }
    }
    // Spared: as many of the leftovers as orders of that code are in quarantine, but never one that a good order needs.
    for (code, spared) in kept {
        let wanted =
            missing.iter().filter(|index| desired.get(**index).is_some_and(|row| row.code == *code)).count();
        if let Some(rows) = owned.get_mut(code) {
            let surplus = rows.len().saturating_sub(wanted).min(*spared);
            rows.truncate(rows.len() - surplus);
            plan.spared.extend((surplus > 0).then_some(*code));
        }
    }
    // What agrees is settled; what is left over is paired by code first, so that an edited order keeps its row.
    let mut unpaired = Vec::new();
    for index in missing {
        let same_code = desired.get(index).and_then(|row| owned.get_mut(&row.code));
        match same_code.filter(|rows| !rows.is_empty()).map(|rows| rows.remove(0)) {
            Some((row, _)) => plan.update.push((row, index)),
            None => unpaired.push(index),
        }
    }
    let mut free: Vec<u32> = owned.into_values().flatten().map(|(row, _)| row).collect();
    free.sort_unstable();
    let reused = free.len().min(unpaired.len());
    plan.update.extend(free.iter().copied().zip(unpaired.iter().copied()));
    plan.delete = free.split_off(reused);
    plan.append = unpaired.split_off(reused);
    plan.update.sort_unstable();
    plan
}

/// The last row in which B or D says anything; 1 when only the header does.
pub fn last_used_row(grid: &DestinationGrid) -> u32 {
    let last_number =
        grid.codes.iter().zip(&grid.days).rposition(|(code, day)| code.is_some() || day.is_some());
    let last_number = last_number.and_then(|index| u32::try_from(index).ok()).map_or(1, |index| index + 2);
    let last_other = grid.other.iter().map(|(index, _)| index + 2).max().unwrap_or(1);
    last_number.max(last_other)
}
