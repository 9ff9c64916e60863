//! The run-level cases of the SIGE sync, each with the name it has in the domain page, on the world in memory.
mod backfill;
mod cancel;
mod crashing;
mod doubt;
mod journal;
mod ledger;
mod overlap;
mod quarantine;
mod refusals;
mod rerun;
mod schedule;
mod side_by_side;
