//! The function around its handler.
use crate::handle;
use flows::deps::Deps;
use flows::settings::WINDOWS_QUEUE;
use shared::function::Function;
use shared::metrics::Metrics;
use shared::sqs::Worker;
use std::sync::Arc;

/// The function, for the cloud and for one machine alike.
pub fn function(deps: Deps, metrics: Arc<Metrics>) -> Arc<dyn Function> {
    Arc::new(Worker::new("sige-window-sync", WINDOWS_QUEUE, deps, metrics, |event, deps| {
        Box::pin(handle(event, deps))
    }))
}
