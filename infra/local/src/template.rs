//! The wiring diagram `template.yaml`, as the one-machine runtime and the template's own tests read it.
//!
//! ```text
//! template.yaml ── Document (CloudFormation's JSON form, any resource) ── Wiring (functions, schedules, event sources, queues)
//! ```
//! The file is embedded, so that one binary holds the program and its wiring. Fields of the wiring are literals, `!Ref` of a
//! parameter with a default, or `!GetAtt X.Arn`: whatever else stands there cannot be known before a deployment, and is
//! refused with the name of the resource and the field. Everything that is wrong is told at once.
mod document;
mod fields;
mod functions;
mod names;
mod overrides;
mod queues;
mod wiring;

pub use document::{Document, Resource};
pub use names::{kebab, pascal};
pub use overrides::{configured, overridden_parameters};
pub use wiring::{EventSource, FunctionWiring, InvokeConfig, Retry, Schedule, Wiring};

use crate::problem::Problem;

/// Name of the file in messages.
pub const TEMPLATE_FILE: &str = "template.yaml";
/// The text of the file at the top of the repository.
pub const TEMPLATE_TEXT: &str = include_str!("../../../template.yaml");

/// The wiring that this binary was built with.
///
/// # Errors
/// Everything that is wrong with it; the tests see to it that there is nothing.
pub fn embedded() -> Result<Wiring, Vec<Problem>> {
    Wiring::read(&Document::parse(TEMPLATE_TEXT)?)
}

#[cfg(test)]
mod tests;
