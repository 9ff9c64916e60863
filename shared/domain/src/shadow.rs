//! The shadow run: the new row beside the row of the old script, and a reason for every difference.
//!
//! Finance reads this before the cut-over, so no difference is left without a cause: each one is traced to the booking
//! or the field where the two readings part. `unexplained` exists as a code and is never expected.
use crate::attribution::{Attribution, attribute};
use crate::booking::{BookingIndex, BookingKey, ErpRow};
use crate::legacy::{Defects, Script, ScriptFailure, ScriptRow};
use crate::order::Order;
use crate::person::{Contact, Enrichment};
use crate::row::{BuiltRow, QuarantineReason, build_row};
use crate::rules::{Profile, Rules};
use std::collections::{HashMap, HashSet};

mod cause;
mod columns;
mod reason;

pub use reason::Reason;

/// One column in which the two rows differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The column, `A` to `R`; `*` when the old script wrote no row at all.
    pub column: char,
    /// The new value as text.
    pub strict: String,
    /// The old value as text.
    pub legacy: String,
    /// Why they differ.
    pub reason: Reason,
}

/// Both rows of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The new row, or why the order is quarantined.
    pub strict: Result<BuiltRow, QuarantineReason>,
    /// The old row, or why there was none.
    pub legacy: Result<ScriptRow, ScriptFailure>,
    /// Every difference, by column. Empty when there is no new row to compare.
    pub differences: Vec<Difference>,
}

/// Both selections over the same ERP tab.
#[derive(Debug)]
pub struct Shadow<'rows> {
    rules: Rules,
    defects: Defects,
    rows: HashMap<u32, &'rows ErpRow>,
    index: BookingIndex,
    script: Script<'rows>,
}

/// What is known about an order when its columns are explained.
struct Compared<'a> {
    order: &'a Order,
    strict: &'a BuiltRow,
    legacy: &'a ScriptRow,
    same_person: bool,
    picks: Attribution<'a>,
}

impl<'rows> Shadow<'rows> {
    /// Reads the ERP tab for both. The new side is always `strict`; `short_rows` as in [`Script::new`].
    pub fn new(rows: &'rows [ErpRow], short_rows: HashSet<u32>, rules: &Rules, defects: Defects) -> Self {
        let rules = Rules { profile: Profile::Strict, ..*rules };
        Self {
            rules,
            defects,
            rows: rows.iter().map(|row| (row.row, row)).collect(),
            index: BookingIndex::build(rows, &rules),
            script: Script::new(rows, short_rows, defects),
        }
    }

    /// The index behind the new rows.
    pub fn bookings(&self) -> &BookingIndex {
        &self.index
    }

    /// The old script.
    pub fn script(&self) -> &Script<'rows> {
        &self.script
    }

    /// Builds and compares both rows of an order. `first_person` is the first element of what the person look-up
    /// returned, which the old script took unseen.
    pub fn compare(&self, order: &Order, person: &Enrichment, first_person: Option<&Contact>) -> Comparison {
        let strict = build_row(order, person, &self.index, &self.rules);
        let legacy = self.script.row(order, first_person);
        let differences = match (&strict, &legacy) {
            (Ok(strict), Ok(legacy)) => {
                let nobody = Contact::default();
                let found = match person {
                    Enrichment::Found { contact, .. } => contact,
                    Enrichment::NotAsked | Enrichment::NotFound | Enrichment::Failed => &nobody,
                };
                let key = BookingKey::of_order(&order.document, Profile::Strict);
                let compared = Compared {
                    order,
                    strict,
                    legacy,
                    same_person: found == first_person.unwrap_or(&nobody),
                    picks: attribute(strict.row.day, key, &self.index, &self.rules),
                };
                self.explain(&compared)
            }
            (Ok(_), Err(failure)) => vec![Difference {
                column: '*',
                strict: "a row".to_owned(),
                legacy: "nothing".to_owned(),
                reason: match failure {
                    ScriptFailure::ShortRow { .. } => Reason::ShortRow,
                    // What is no amount to the script is none to the rules: there is no new row either.
                    ScriptFailure::AmountNotANumber => Reason::Unexplained,
                },
            }],
            (Err(_), _) => Vec::new(),
        };
        Comparison { strict, legacy, differences }
    }
}

#[cfg(test)]
mod tests;
