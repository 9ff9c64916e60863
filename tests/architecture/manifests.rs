//! One exact version of each dependency, named once: in the table of the workspace.
use toml::{Table, Value};

/// The kinds of dependencies in a manifest.
const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// What is wrong with the table of the workspace.
pub fn inexact_versions(root: &Table) -> Vec<String> {
    let table = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let Some(table) = table.and_then(Value::as_table) else {
        return vec!["the root manifest has no [workspace.dependencies]".to_owned()];
    };
    let mut wrong = Vec::new();
    for (name, value) in table {
        let version = value.as_str().or_else(|| value.get("version")?.as_str());
        let is_ours = value.get("path").is_some();
        match version {
            None if is_ours => {}
            Some(version) if is_exact(version) => {}
            Some(version) => {
                wrong.push(format!("{name} is {version:?} in the workspace table: write =x.y.z"))
            }
            None => wrong.push(format!("{name} has no version in the workspace table: write =x.y.z")),
        }
    }
    wrong
}

/// `=1.2.3`, perhaps with a pre-release or build after it.
fn is_exact(version: &str) -> bool {
    let Some(numbers) = version.strip_prefix('=') else { return false };
    let core = numbers.split(['-', '+']).next().unwrap_or_default();
    core.split('.').count() == 3 && core.split('.').all(|part| part.parse::<u64>().is_ok())
}

/// Every dependency of a member that does not come from that table.
pub fn own_versions(member: &str, manifest: &Table) -> Vec<String> {
    let of_targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let of_targets = of_targets.filter_map(|(_, target)| target.as_table());
    let mut wrong = Vec::new();
    for part in std::iter::once(manifest).chain(of_targets) {
        for (kind, table) in KINDS.iter().filter_map(|kind| Some((kind, part.get(*kind)?.as_table()?))) {
            let own = |value: &Value| value.get("workspace").and_then(Value::as_bool) != Some(true);
            let own = table.iter().filter(|(_, value)| own(value));
            wrong.extend(own.map(|(name, _)| {
                format!("{member} says itself what {name} is in [{kind}]: write {name}.workspace = true")
            }));
        }
    }
    wrong
}
