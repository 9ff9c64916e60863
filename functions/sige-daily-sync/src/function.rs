//! The function around its handler, and what its report measures.
use crate::{DailySyncReport, handle};
use flows::deps::Deps;
use shared::function::{Direct, Function};
use shared::metrics::{Measure, Measured, Metrics};
use std::sync::Arc;

/// The function, for the cloud and for one machine alike.
pub fn function(deps: Deps, metrics: Arc<Metrics>) -> Arc<dyn Function> {
    Arc::new(Direct::new("sige-daily-sync", deps, metrics, |event, deps| Box::pin(handle(event, deps))))
}

impl Measured for DailySyncReport {
    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::count("plans_accepted", self.plans.len()),
            Measure::count("accounts_skipped", self.skipped.len()),
        ]
    }

    fn is_success(&self) -> bool {
        self.paused.is_none() && !self.plans.is_empty()
    }
}
