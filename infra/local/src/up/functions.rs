//! The functions that this program holds, as the template names them.
use crate::failure::Failure;
use crate::problem::Problem;
use crate::template::{TEMPLATE_FILE, Wiring};
use flows::deps::Deps;
use shared::function::Function;
use shared::metrics::Metrics;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The functions by name.
pub type Functions = BTreeMap<String, Arc<dyn Function>>;

/// Every function of this program.
pub fn functions(deps: &Deps, metrics: &Arc<Metrics>) -> Functions {
    let all = [
        dispatch::function(deps.clone(), metrics.clone()),
        sige_backfill::function(deps.clone(), metrics.clone()),
        sige_daily_sync::function(deps.clone(), metrics.clone()),
        sige_window_sync::function(deps.clone(), metrics.clone()),
    ];
    all.into_iter().map(|function| (function.name().to_owned(), function)).collect()
}

/// Refuses a wiring that names a function which is not here.
///
/// # Errors
/// [`Failure::BadConfig`] with every such name.
pub(super) fn check(wiring: &Wiring, functions: &Functions) -> Result<(), Failure> {
    let missing = wiring.functions.iter().filter(|function| !functions.contains_key(&function.name));
    let problems: Vec<_> = missing
        .map(|function| {
            Problem::new(TEMPLATE_FILE, &function.name, "this program does not hold such a function")
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Failure::BadConfig(problems)) }
}
