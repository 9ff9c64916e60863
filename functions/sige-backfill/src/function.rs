//! The function around its handler, and what its report measures.
use crate::{BackfillReport, handle};
use flows::deps::Deps;
use shared::function::{Direct, Function};
use shared::metrics::{Measure, Measured, Metrics};
use std::sync::Arc;

/// The function, for the cloud and for one machine alike.
pub fn function(deps: Deps, metrics: Arc<Metrics>) -> Arc<dyn Function> {
    Arc::new(Direct::new("sige-backfill", deps, metrics, |event, deps| Box::pin(handle(event, deps))))
}

impl Measured for BackfillReport {
    fn measures(&self) -> Vec<Measure> {
        vec![Measure::count("plans_accepted", usize::from(self.plan.is_some()))]
    }
}
