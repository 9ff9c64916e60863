//! Parameters: documented, with defaults that are allowed; and handed to the functions as settings that they read.
use super::{FUNCTION, Rule, folder, root};
use adapter_sheets::SheetsSection;
use adapter_sige::SigeSection;
use flows::config::Transport;
use flows::settings::FlowSection;
use local::template::Document;
use serde_json::Value;
use shared::environment::Environment;
use std::collections::BTreeMap;

type Reads = fn(&mut Environment);

/// The settings that a function reads, as its `main.rs` does.
const READS: [(&str, Reads); 4] = [
    ("dispatch", flows_alone),
    ("sige-backfill", flows_alone),
    ("sige-daily-sync", |environment| {
        let (transport, sige): (Transport, SigeSection) = (environment.section(), environment.section());
        let flows: FlowSection = environment.section();
        environment.conflicts(flows.conflicts(&sige.timings(), &[]));
        environment.conflicts(sige.conflicts(&transport));
    }),
    ("sige-window-sync", |environment| {
        let (transport, sige): (Transport, SigeSection) = (environment.section(), environment.section());
        let (sheets, flows): (SheetsSection, FlowSection) = (environment.section(), environment.section());
        let calls = [sige.timings(), sheets.timings()].concat();
        environment.conflicts(flows.conflicts(&calls, &sheets.timings()));
        environment.conflicts([sige.conflicts(&transport), sheets.conflicts(&transport)].concat());
    }),
];

pub const RULES: [Rule; 4] = [
    Rule {
        promise: "every parameter says what it is, has a default that is allowed, and stands in a group of the console",
        broken: documented,
        changes: &[
            ("    Description: Days that log lines are kept.\n", ""),
            ("    Default: America/Sao_Paulo\n", ""),
            ("Default: 900\n", "Default: 0\n"),
            ("Default: x86_64\n", "Default: mips\n"),
            ("          - BackfillDaysMax\n", ""),
        ],
    },
    Rule {
        promise: "infra/guide/deploy.md lists every parameter with its default and what it does, and no other",
        broken: listed,
        changes: &[
            ("Default: 900\n", "Default: 901\n"),
            ("Description: Days that log lines are kept.", "Description: Days."),
            ("  LogRetentionDays:\n    Type: Number\n", "  RetentionDays:\n    Type: Number\n"),
        ],
    },
    Rule {
        promise: "every parameter is used",
        broken: used,
        changes: &[("!Equals [!Ref SavedQueries, \"true\"]", "!Equals [\"true\", \"true\"]")],
    },
    Rule {
        promise: "a function is handed the names of its stack and settings that it reads, whose defaults go together",
        broken: settings,
        changes: &[
            ("ERP_SYNC_SIGE_BURST: !Ref SigeBurst", "ERP_SYNC_SIGE_BURSTS: !Ref SigeBurst"),
            ("ERP_SYNC_SIGE_BURST: !Ref SigeBurst", "ERP_SYNC_SHEETS_READ_TIMEOUT_S: !Ref SigeBurst"),
            ("ERP_SYNC_SIGE_BURST: !Ref SigeBurst", "SIGE_BURST: !Ref SigeBurst"),
            ("        ERP_SYNC_STATE_TABLE: !Ref StateTable\n", ""),
            (
                "Default: 240\n    MinValue: 1\n    MaxValue: 280",
                "Default: 100\n    MinValue: 1\n    MaxValue: 280",
            ),
        ],
    },
];

fn flows_alone(environment: &mut Environment) {
    let flows: FlowSection = environment.section();
    environment.conflicts(flows.conflicts(&[], &[]));
}

/// A literal as the text that a variable or a document has of it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What is wrong with a default.
fn default_problem(definition: &Value) -> Option<String> {
    let Some(default) = definition.get("Default") else { return Some("has no default".to_owned()) };
    if let Some(allowed) = definition["AllowedValues"].as_array() {
        return (!allowed.contains(default)).then(|| format!("{default} is not one of {allowed:?}"));
    }
    if definition["Type"] == "Number" {
        let (number, min, max) =
            (default.as_u64(), definition["MinValue"].as_u64(), definition["MaxValue"].as_u64());
        let is_within =
            number.zip(min).zip(max).is_some_and(|((number, min), max)| (min..=max).contains(&number));
        return (!is_within).then(|| format!("{default} is not within {min:?} to {max:?}"));
    }
    (!definition["AllowedPattern"].is_string()).then(|| "nothing says which texts are allowed".to_owned())
}

fn documented(document: &Document) -> Vec<String> {
    let groups = document.root().pointer("/Metadata/AWS::CloudFormation::Interface/ParameterGroups");
    let groups = groups.and_then(Value::as_array).into_iter().flatten();
    let grouped: Vec<&Value> = groups.filter_map(|group| group["Parameters"].as_array()).flatten().collect();
    let mut broken = Vec::new();
    for (name, definition) in document.parameters() {
        if !definition["Description"].as_str().is_some_and(|said| said.ends_with('.')) {
            broken.push(format!("{name} does not say what it is"));
        }
        if grouped.iter().filter(|grouped| ***grouped == *name).count() != 1 {
            broken.push(format!("{name} is not in one group"));
        }
        broken.extend(default_problem(definition).map(|problem| format!("{name}: {problem}")));
    }
    let known: Vec<&str> = document.parameters().map(|(name, _)| name).collect();
    let strangers = grouped.iter().filter_map(|name| name.as_str()).filter(|name| !known.contains(name));
    broken.extend(strangers.map(|name| format!("{name} is grouped and not there")));
    broken
}

fn listed(document: &Document) -> Vec<String> {
    let guide = std::fs::read_to_string(root().join("infra/guide/deploy.md")).unwrap();
    // Rows of the tables of parameters: name, default, allowed, what it does.
    let rows: BTreeMap<&str, Vec<&str>> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .filter(|cells| cells.len() == 4)
        .filter_map(|cells| Some((cells[0].strip_suffix('`')?, cells)))
        .collect();
    let mut broken = Vec::new();
    for (name, definition) in document.parameters() {
        let Some(cells) = rows.get(name) else {
            broken.push(format!("{name} is not listed"));
            continue;
        };
        let default = definition.get("Default").map(text).unwrap_or_default();
        let default = if default.is_empty() { "(empty)".to_owned() } else { format!("`{default}`") };
        if cells[1] != default {
            broken.push(format!("{name} is listed with {} for {default}", cells[1]));
        }
        if definition["Description"] != *cells[3] {
            broken.push(format!("{name} is listed as {:?}", cells[3]));
        }
    }
    let known: Vec<&str> = document.parameters().map(|(name, _)| name).collect();
    let strangers = rows.keys().filter(|name| !known.contains(name) && name.starts_with(char::is_uppercase));
    broken.extend(strangers.map(|name| format!("{name} is listed and not there")));
    broken
}

fn used(document: &Document) -> Vec<String> {
    let mut whole = document.root().clone();
    if let Some(root) = whole.as_object_mut() {
        root.remove("Parameters");
        root.remove("Metadata");
    }
    let whole = whole.to_string();
    let is_used = |name: &str| {
        whole.contains(&format!("{{\"Ref\":\"{name}\"}}")) || whole.contains(&format!("${{{name}}}"))
    };
    document.parameters().filter(|(name, _)| !is_used(name)).map(|(name, _)| name.to_owned()).collect()
}

/// The variables of a function as a deployment with every default would set them.
fn variables(document: &Document, function: &Value) -> BTreeMap<String, String> {
    let globals = document.root().pointer("/Globals/Function/Environment/Variables");
    let own = function.pointer("/Properties/Environment/Variables");
    let all = [globals, own].into_iter().flatten().filter_map(Value::as_object).flatten();
    let value = |value: &Value| match value["Ref"].as_str() {
        Some(parameter) => document.default_of(parameter).map_or_else(|| format!("of-{parameter}"), text),
        None => value["Fn::Sub"].as_str().map_or_else(|| text(value), str::to_owned),
    };
    all.map(|(name, given)| (name.clone(), value(given))).collect()
}

fn settings(document: &Document) -> Vec<String> {
    let mut broken = Vec::new();
    for function in document.of_type(FUNCTION) {
        let name = folder(&function);
        let Some((_, read)) = READS.iter().find(|(known, _)| *known == name) else {
            broken.push(format!("nobody knows which settings {name} reads"));
            continue;
        };
        let variables = variables(document, function.body);
        let strangers = variables.keys().filter(|variable| !variable.starts_with("ERP_SYNC_"));
        broken.extend(strangers.map(|variable| format!("{name}: {variable} is not ours")));
        let mut environment = Environment::from_variables(variables);
        environment.stack();
        read(&mut environment);
        let problems = environment.finish().err().unwrap_or_default();
        broken.extend(problems.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    broken
}
