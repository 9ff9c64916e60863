//! Which crate may name which: a table, and a check that says who breaks which line of it.
use super::graph::{Member, Purpose};

/// What the crates of a kind may name of the workspace.
struct Direction {
    /// Which crates: a name, or a folder or prefix that ends in `*`.
    who: &'static str,
    may_name: &'static [&'static str],
}

/// The first line that fits a crate counts. Within its tests a crate may also name itself and the testkit.
const DIRECTIONS: [Direction; 9] = [
    Direction { who: "domain", may_name: &[] },
    Direction { who: "flows", may_name: &["domain"] },
    Direction { who: "adapter-*", may_name: &["domain", "flows"] },
    Direction { who: "shared", may_name: &["domain", "flows"] },
    Direction { who: "testkit", may_name: &["domain", "flows"] },
    Direction { who: "functions/*", may_name: &["domain", "flows", "shared", "adapter-*"] },
    Direction {
        who: "local",
        may_name: &["domain", "flows", "shared", "adapter-*", "functions/*", "testkit"],
    },
    Direction { who: "connector", may_name: &["domain", "flows", "shared", "connector-protocol"] },
    Direction { who: "tests", may_name: &["*"] },
];

/// Crates of others that only some of ours may name, in their tests too.
const RESERVED: [(&str, &[&str]); 8] = [
    ("aws-config", &["adapter-aws"]),
    ("aws-credential-types", &["adapter-aws"]),
    ("aws-sdk-*", &["adapter-aws"]),
    ("aws-smithy-*", &["adapter-aws"]),
    ("lambda_runtime", &["shared"]),
    ("rusqlite", &["adapter-local"]),
    ("tiberius", &["connector"]),
    ("anyhow", &["local", "connector", "tests"]),
];

/// Crates that are part of nothing we build: there is one TLS stack, rustls with aws-lc-rs.
const BANNED: [&str; 4] = ["native-tls", "openssl", "openssl-sys", "ring"];

fn fits(pattern: &str, name: &str, folder: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) if prefix.ends_with('/') => folder.starts_with(prefix),
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

/// Every line of the tables that a member breaks, with its culprit.
pub fn broken_directions(members: &[Member]) -> Vec<String> {
    let mut broken = Vec::new();
    for member in members {
        let name = &member.name;
        let Some(line) = DIRECTIONS.iter().find(|line| fits(line.who, name, &member.folder)) else {
            broken.push(format!("{name} is in no line of the directions: say what it may name"));
            continue;
        };
        for dependency in &member.dependencies {
            let other = members.iter().find(|other| other.name == dependency.name);
            let Some(other) = other else { continue };
            let for_tests =
                dependency.purpose == Purpose::Test && (other.name == "testkit" || other.name == *name);
            let allowed = line.may_name.iter().any(|pattern| fits(pattern, &other.name, &other.folder));
            if !allowed && !for_tests {
                broken.push(format!(
                    "{name} names {}, but {} may name only {:?}",
                    other.name, line.who, line.may_name
                ));
            }
        }
        for dependency in &member.dependencies {
            let reserved = RESERVED.iter().find(|(pattern, _)| fits(pattern, &dependency.name, ""));
            if let Some((pattern, owners)) = reserved
                && !owners.contains(&name.as_str())
            {
                broken
                    .push(format!("{name} names {}, but {pattern} is for {owners:?} only", dependency.name));
            }
        }
    }
    broken
}

/// A folder, a package and, where there is one, a function's program have one name.
pub fn broken_names(members: &[Member]) -> Vec<String> {
    let mut broken = Vec::new();
    for member in members {
        let (name, folder) = (&member.name, &member.folder);
        if folder.rsplit('/').next() != Some(name) {
            broken.push(format!("{name} lives in {folder}, but a folder is called like its package"));
        }
        if member.is_function() && member.binaries != [name.clone()] {
            let binaries = &member.binaries;
            broken.push(format!("{name} builds {binaries:?}, but a function builds one program of its name"));
        }
    }
    broken
}

/// What is built and must not be.
pub fn banned(built: &[String]) -> Vec<String> {
    let is_banned = |name: &&String| BANNED.contains(&name.as_str());
    let banned = built.iter().filter(is_banned);
    banned.map(|name| format!("{name} is built, but TLS is rustls with aws-lc-rs")).collect()
}
