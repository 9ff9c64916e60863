//! The rules that `template.yaml` must keep, each with changes of the file that break it: a rule that nothing breaks
//! would prove nothing.
//!
//! ```text
//! queues.rs       visibility, concurrency, deliveries, dead letters
//! schedules.rs    retries, dead letters, the scheduled time; failed events
//! keeping.rs      what outlives the stack, encryption, logs
//! permissions.rs  one role per function, with what its ports need
//! alarms.rs       silence, dead letters, runbooks
//! parameters.rs   documentation; the settings that a function is handed
//! ```
mod alarms;
mod keeping;
mod parameters;
mod permissions;
mod queues;
mod schedules;

use local::template::{Document, Resource, TEMPLATE_TEXT, Wiring, kebab};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// One rule.
pub struct Rule {
    /// What always holds.
    pub promise: &'static str,
    /// Everything that breaks it.
    pub broken: fn(&Document) -> Vec<String>,
    /// Parts of the file, each with another text that breaks the rule in its place.
    pub changes: &'static [(&'static str, &'static str)],
}

const RULES: [&[Rule]; 6] = [
    &queues::RULES,
    &schedules::RULES,
    &keeping::RULES,
    &permissions::RULES,
    &alarms::RULES,
    &parameters::RULES,
];

pub const FUNCTION: &str = "AWS::Serverless::Function";
pub const QUEUE: &str = "AWS::SQS::Queue";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The functions, by the folders there are.
fn functions() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("functions")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn parsed(text: &str) -> Document {
    Document::parse(text).unwrap()
}

/// The wiring, which does not exist where a field of it cannot be read.
fn wiring(document: &Document) -> Result<Wiring, Vec<String>> {
    Wiring::read(document).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// What breaks a rule on the wiring.
fn broken_wiring(document: &Document, rule: impl Fn(&Wiring) -> Vec<String>) -> Vec<String> {
    wiring(document).map_or_else(|problems| problems, |wiring| rule(&wiring))
}

/// The name of a function's resource: its folder.
fn folder(resource: &Resource<'_>) -> String {
    kebab(resource.id)
}

/// The logical id behind `!GetAtt X.Arn`.
fn arn_of(value: Option<&Value>) -> Option<&str> {
    match value?.get("Fn::GetAtt")?.as_array()?.as_slice() {
        [Value::String(id), Value::String(attribute)] if attribute == "Arn" => Some(id),
        _ => None,
    }
}

/// The name behind `!Ref X`.
fn referred(value: Option<&Value>) -> Option<&str> {
    value?.get("Ref")?.as_str()
}

#[test]
fn the_template_keeps_every_rule() {
    let document = parsed(TEMPLATE_TEXT);
    let rules = RULES.iter().flat_map(|rules| rules.iter());
    let broken: Vec<_> = rules
        .flat_map(|rule| (rule.broken)(&document).into_iter().map(|what| format!("{}: {what}", rule.promise)))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn each_rule_is_broken_by_the_changes_it_forbids() {
    let mut unbroken = Vec::new();
    for rule in RULES.iter().flat_map(|rules| rules.iter()) {
        assert!(!rule.changes.is_empty(), "nothing breaks {:?}", rule.promise);
        for (part, by) in rule.changes {
            assert!(TEMPLATE_TEXT.contains(part), "{:?}: {part:?} is not in the template", rule.promise);
            let changed = parsed(&TEMPLATE_TEXT.replacen(part, by, 1));
            if (rule.broken)(&changed).is_empty() {
                unbroken.push(format!("{:?} holds with {by:?} for {part:?}", rule.promise));
            }
        }
    }
    assert!(unbroken.is_empty(), "{unbroken:#?}");
}
