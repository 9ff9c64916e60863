//! Settings of `erp-sync.toml` in the place of the parameters that stand for the same thing.
//!
//! Which setting stands for which parameter is not written down here: the template says it where it hands its parameters to
//! the functions, `ERP_SYNC_FLOWS_VISIBILITY_S: !Ref WindowVisibilitySeconds`. What only this machine decides (when the
//! schedules tick, how many workers run) has no such variable and is named below.
use super::TEMPLATE_TEXT;
use super::document::Document;
use super::wiring::Wiring;
use crate::problem::Problem;
use crate::settings::Settings;
use flows::config::SectionRow;
use serde_json::Value;
use std::collections::BTreeMap;

/// Settings of the section `up`, and the parameter that each stands for.
const OF_THIS_MACHINE: [(&str, &str); 4] = [
    ("daily_schedule", "DailyScheduleExpression"),
    ("dispatch_schedule", "DispatchScheduleExpression"),
    ("schedule_zone", "ScheduleTimezone"),
    ("window_workers_max", "WindowConcurrencyMax"),
];

/// The wiring that this binary was built with, as the configuration has it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn configured(settings: &Settings) -> Result<Wiring, Vec<Problem>> {
    let mut document = Document::parse(TEMPLATE_TEXT)?;
    for (parameter, value) in overridden_parameters(&document, settings) {
        document.set_default(&parameter, value);
    }
    Wiring::read(&document)
}

/// Every parameter that a setting stands for, with the value of the setting.
pub fn overridden_parameters(document: &Document, settings: &Settings) -> Vec<(String, Value)> {
    let mut found: Vec<_> = settings
        .rows()
        .iter()
        .filter(|section| section.name == "up")
        .flat_map(|section| &section.keys)
        .filter_map(|key| {
            let (_, parameter) = OF_THIS_MACHINE.iter().find(|(name, _)| *name == key.name)?;
            Some(((*parameter).to_owned(), key.json.clone()))
        })
        .collect();
    let values = variables(settings.rows());
    for (variable, value) in handed_over(document) {
        if let (Some(parameter), Some(setting)) =
            (value.get("Ref").and_then(Value::as_str), values.get(variable))
        {
            found.push((parameter.to_owned(), setting.clone()));
        }
    }
    found
}

/// The environment variables that the template gives to its functions.
fn handed_over(document: &Document) -> impl Iterator<Item = (&str, &Value)> {
    let shared = document.root().get("Globals").and_then(|globals| globals.get("Function")).into_iter();
    let own =
        document.of_type("AWS::Serverless::Function").filter_map(|function| function.body.get("Properties"));
    let environments =
        shared.chain(own).filter_map(|function| function.get("Environment")?.get("Variables")?.as_object());
    environments.flatten().map(|(name, value)| (name.as_str(), value))
}

/// Current values by the name of their environment variable.
fn variables(rows: Vec<SectionRow>) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for section in rows {
        let prefix = if section.name.is_empty() { String::new() } else { format!("{}_", section.name) };
        for key in section.keys {
            values.insert(format!("ERP_SYNC_{prefix}{}", key.name).to_uppercase(), key.json);
        }
    }
    values
}
