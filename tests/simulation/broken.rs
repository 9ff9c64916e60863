//! Worlds in which one rule does not hold. A simulation that does not see them sees nothing.
mod outside;
mod store;

use crate::simulation::company::Company;
use crate::simulation::machine::Simulation;
use crate::world::World;
use crate::world::orders::MemoryOrders;
use crate::world::sheet::MemorySheet;
use flows::ports::{OrderSource, ReportSheet, StateStore};
use outside::{OldAnswers, RoundedAmounts, SilentChanges};
use std::sync::Arc;
use std::time::Duration;
use store::BrokenStore;
use testkit::reference::MemoryStateStore;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    Nothing,
    /// The spreadsheet takes a batch whose marker id exists.
    KnownIdsAreTaken,
    /// The spreadsheet rounds amounts.
    AmountsAreRounded,
    /// SIGE now and then repeats what it once said about a day.
    AnswersAreOld,
    /// SIGE names only some of the orders that have changed.
    ChangesAreSilent,
    /// The store ignores the checks of a transaction: fences do not fence.
    FencesAreIgnored,
    /// The store ignores the versions of what it writes: the last one wins.
    VersionsAreIgnored,
    /// The store says that a plan is accepted and forgets it.
    PlansAreLost,
    /// The store forgets the run journal.
    JournalIsLost,
    /// The store never lets go of what has expired: a wake-up that is lost is never sent again.
    NothingExpires,
    /// Absence of a marker counts at once: the flows do not wait for a write in doubt.
    DoubtIsShort,
}

impl Flaw {
    /// The store of that world.
    pub fn store(self, sound: &Arc<MemoryStateStore>) -> Arc<dyn StateStore> {
        Arc::new(BrokenStore { sound: sound.clone(), flaw: self })
    }

    /// The orders of that world.
    pub fn orders(self, sound: &Arc<MemoryOrders>) -> Arc<dyn OrderSource> {
        match self {
            Self::AnswersAreOld => Arc::new(OldAnswers::new(sound)),
            Self::ChangesAreSilent => Arc::new(SilentChanges(sound.clone())),
            _ => sound.clone(),
        }
    }

    /// The sheets of that world.
    pub fn sheet(self, sound: &Arc<MemorySheet>) -> Arc<dyn ReportSheet> {
        match self {
            Self::AmountsAreRounded => Arc::new(RoundedAmounts(sound.clone())),
            _ => sound.clone(),
        }
    }

    /// What else is broken there.
    pub fn spoil(self, world: &mut World, company: &Company) {
        match self {
            Self::KnownIdsAreTaken => {
                company.branches.iter().for_each(|branch| branch.sheet.take_known_ids())
            }
            Self::DoubtIsShort => world.settings.settle_after = Duration::ZERO,
            _ => {}
        }
    }
}

/// Seeds within which a flaw has to be seen.
const SEEDS_TO_SEE: u64 = 260;

/// Some seed sees the flaw, as a violation of that invariant.
#[track_caller]
fn is_seen(flaw: Flaw, invariant: &str) {
    for seed in 0..SEEDS_TO_SEE {
        let violations = Simulation::new(seed, flaw).run().violations;
        if violations.iter().any(|violation| violation.starts_with(invariant)) {
            println!("seed {seed} sees {flaw:?}: {violations:#?}");
            return;
        }
    }
    panic!("no seed below {SEEDS_TO_SEE} sees {flaw:?} as a violation of {invariant}");
}

#[test]
fn the_simulation_sees_a_spreadsheet_that_takes_known_ids() {
    is_seen(Flaw::KnownIdsAreTaken, "INV-1");
}

#[test]
fn the_simulation_sees_a_store_that_ignores_versions() {
    is_seen(Flaw::VersionsAreIgnored, "INV-2");
}

#[test]
fn the_simulation_sees_a_store_that_loses_plans() {
    is_seen(Flaw::PlansAreLost, "INV-2");
}

#[test]
fn the_simulation_sees_a_store_in_which_nothing_expires() {
    is_seen(Flaw::NothingExpires, "INV-2");
}

#[test]
fn the_simulation_sees_a_source_that_names_only_some_changes() {
    is_seen(Flaw::ChangesAreSilent, "INV-2");
}

#[test]
fn the_simulation_sees_a_store_that_ignores_fences() {
    is_seen(Flaw::FencesAreIgnored, "INV-3");
}

#[test]
fn the_simulation_sees_a_source_that_answers_with_what_was_true_before() {
    is_seen(Flaw::AnswersAreOld, "INV-4");
}

#[test]
fn the_simulation_sees_a_journal_that_is_lost() {
    is_seen(Flaw::JournalIsLost, "INV-5");
}

#[test]
fn the_simulation_sees_amounts_that_do_not_add_up() {
    is_seen(Flaw::AmountsAreRounded, "INV-7");
}

#[test]
fn the_simulation_sees_a_doubt_that_is_too_short() {
    is_seen(Flaw::DoubtIsShort, "INV-1");
}
