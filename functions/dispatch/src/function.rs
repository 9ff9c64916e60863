//! The function around its handler, and what its report measures.
use crate::{DispatchReport, handle};
use flows::deps::Deps;
use shared::function::{Direct, Function};
use shared::metrics::{Measure, Measured, Metrics};
use std::sync::Arc;

/// The function, for the cloud and for one machine alike.
pub fn function(deps: Deps, metrics: Arc<Metrics>) -> Arc<dyn Function> {
    Arc::new(Direct::new("dispatch", deps, metrics, |event, deps| Box::pin(handle(event, deps))))
}

impl Measured for DispatchReport {
    fn measures(&self) -> Vec<Measure> {
        vec![Measure::count("windows_sent", self.sent), Measure::count("plans_spread", self.plans_spread)]
    }

    fn is_success(&self) -> bool {
        self.skipped.is_none()
    }
}
