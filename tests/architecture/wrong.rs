//! Houses that are built wrongly, one rule at a time: each is seen, and the message names culprit and rule.
use super::directions::{banned, broken_directions, broken_names};
use super::functions::{Source, wrong_function};
use super::graph::{Dependency, Member, Purpose};
use super::manifests::{inexact_versions, own_versions};
use super::top_level::strangers;

/// A crate in its usual folder.
fn member(folder: &str) -> Member {
    let name = folder.rsplit('/').next().unwrap().to_owned();
    let folder = folder.to_owned();
    let binaries = if folder.starts_with("functions/") { vec![name.clone()] } else { Vec::new() };
    Member { name, folder, dependencies: Vec::new(), binaries }
}

/// A house as it should be.
fn house() -> Vec<Member> {
    let mut members: Vec<Member> = [
        "shared",
        "shared/domain",
        "shared/flows",
        "shared/adapter-aws",
        "shared/adapter-sige",
        "shared/testkit",
        "functions/dispatch",
        "functions/sige-backfill",
        "infra/local",
        "infra/connector",
        "tests",
    ]
    .map(member)
    .into();
    for (who, names) in [
        ("flows", "domain"),
        ("adapter-sige", "flows"),
        ("adapter-aws", "aws-sdk-sqs"),
        ("shared", "lambda_runtime"),
        ("dispatch", "shared"),
        ("dispatch", "adapter-aws"),
        ("local", "dispatch"),
        ("local", "testkit"),
        ("connector", "tiberius"),
    ] {
        name(&mut members, who, names, Purpose::Normal);
    }
    name(&mut members, "adapter-sige", "testkit", Purpose::Test);
    members
}

fn name(members: &mut [Member], who: &str, names: &str, purpose: Purpose) {
    let member = members.iter_mut().find(|member| member.name == who).unwrap();
    member.dependencies.push(Dependency { name: names.to_owned(), purpose });
}

/// With one more dependency the house is wrong, and only that is said.
#[track_caller]
fn refused(who: &str, names: &str, purpose: Purpose) {
    let mut members = house();
    name(&mut members, who, names, purpose);
    let broken = broken_directions(&members);
    let [said] = broken.as_slice() else { panic!("{who} -> {names}: {broken:?}") };
    assert!(said.starts_with(&format!("{who} names {names}, but ")), "{said}");
}

#[test]
fn a_house_as_it_should_be_breaks_nothing() {
    assert_eq!(broken_directions(&house()), Vec::<String>::new());
    assert_eq!(broken_names(&house()), Vec::<String>::new());
}

#[test]
fn an_arrow_against_the_direction_is_seen() {
    for (who, names) in [
        ("domain", "flows"),
        ("flows", "adapter-sige"),
        ("flows", "shared"),
        ("adapter-sige", "adapter-aws"),
        ("adapter-aws", "shared"),
        ("adapter-sige", "dispatch"),
        ("shared", "adapter-aws"),
        ("shared", "testkit"),
        ("dispatch", "sige-backfill"),
        ("dispatch", "local"),
        ("dispatch", "testkit"),
        ("adapter-sige", "testkit"),
        ("testkit", "adapter-sige"),
        ("local", "connector"),
        ("connector", "adapter-aws"),
    ] {
        refused(who, names, Purpose::Normal);
        refused(who, names, Purpose::Build);
    }
}

#[test]
fn tests_of_a_crate_may_use_the_testkit_and_nothing_else_they_may_not() {
    let mut members = house();
    for who in ["shared", "dispatch", "adapter-aws", "flows"] {
        name(&mut members, who, "testkit", Purpose::Test);
    }
    assert_eq!(broken_directions(&members), Vec::<String>::new());
    refused("adapter-sige", "adapter-aws", Purpose::Test);
    refused("dispatch", "sige-backfill", Purpose::Test);
    refused("flows", "adapter-aws", Purpose::Test);
}

#[test]
fn an_outside_system_has_one_crate_that_names_it() {
    for (who, names) in [
        ("shared", "aws-sdk-dynamodb"),
        ("local", "aws-sdk-s3"),
        ("tests", "aws-config"),
        ("flows", "aws-smithy-types"),
        ("adapter-aws", "rusqlite"),
        ("local", "tiberius"),
        ("dispatch", "lambda_runtime"),
        ("flows", "anyhow"),
    ] {
        refused(who, names, Purpose::Normal);
        refused(who, names, Purpose::Test);
    }
}

#[test]
fn a_crate_that_no_rule_speaks_of_is_seen() {
    let mut members = house();
    members.push(member("shared/helpers"));
    let broken = broken_directions(&members);
    assert_eq!(broken, ["helpers is in no line of the directions: say what it may name"]);
}

#[test]
fn a_second_tls_stack_is_seen() {
    let built = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(banned(&built(&["rustls", "aws-lc-rs"])), Vec::<String>::new());
    for name in ["openssl", "openssl-sys", "native-tls", "ring"] {
        assert_eq!(banned(&built(&["rustls", name])).len(), 1, "{name}");
    }
}

#[test]
fn a_folder_that_is_called_otherwise_is_seen() {
    let mut members = house();
    members[1].folder = "shared/rules".to_owned();
    members[6].binaries = vec!["bootstrap".to_owned()];
    let broken = broken_names(&members);
    assert_eq!(broken.len(), 2);
    assert!(broken[0].starts_with("domain lives in shared/rules"), "{broken:?}");
    assert!(broken[1].starts_with("dispatch builds [\"bootstrap\"]"), "{broken:?}");
}

#[test]
fn a_version_that_is_not_exact_is_seen() {
    let root = "
        [workspace.dependencies]
        domain = { path = \"shared/domain\" }
        exact = \"=1.2.3\"
        build = { version = \"=1.2.3+4.5\" }
        caret = \"1.2.3\"
        short = { version = \"=1.2\" }
        star = \"*\"
        none = { git = \"https://example.com/none\" }
    ";
    let wrong = inexact_versions(&root.parse().unwrap());
    let names: Vec<&str> = wrong.iter().filter_map(|said| said.split(' ').next()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["caret", "none", "short", "star"], "{wrong:?}");
    assert_eq!(inexact_versions(&toml::Table::new()).len(), 1);
}

#[test]
fn a_version_of_ones_own_is_seen_in_every_table() {
    let manifest = "
        [dependencies]
        fine.workspace = true
        featured = { workspace = true, features = [\"x\"] }
        one = \"=1.0.0\"
        [dev-dependencies]
        two = { version = \"=1.0.0\" }
        [build-dependencies]
        three = { path = \"../three\" }
        [target.'cfg(windows)'.dependencies]
        four = \"=1.0.0\"
        [target.'cfg(unix)'.dev-dependencies]
        five = { workspace = false, version = \"=1.0.0\" }
    ";
    let wrong = own_versions("local", &manifest.parse().unwrap());
    assert_eq!(wrong.len(), 5, "{wrong:?}");
    for name in ["one", "two", "three", "four", "five"] {
        let said = format!("what {name} is");
        assert!(wrong.iter().any(|wrong| wrong.contains(&said)), "{name}: {wrong:?}");
    }
}

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn a_function_that_is_built_wrongly_is_seen() {
    let handle = "//! adapter_aws is wired in main.rs.\npub async fn handle(event: Event, deps: &Deps) {}\n";
    let main = "use adapter_aws::Connection;\nfn main() {}\n";
    let right = [source("main.rs", main), source("lib.rs", handle)];
    assert_eq!(wrong_function("dispatch", &right), Vec::<String>::new());
    for (wrong, said) in [
        (vec![source("lib.rs", handle)], "no main.rs"),
        (vec![source("main.rs", &"\n".repeat(41)), source("lib.rs", handle)], "41 lines"),
        (vec![source("main.rs", main), source("lib.rs", "fn handle() {}")], "no `pub async fn handle(`"),
        (vec![source("main.rs", main)], "no `pub async fn handle(`"),
        (
            vec![
                source("main.rs", main),
                source("lib.rs", handle),
                source("a/b.rs", "\nuse adapter_sige::X;"),
            ],
            "a/b.rs:2 of dispatch names an adapter",
        ),
    ] {
        let found = wrong_function("dispatch", &wrong);
        let [found] = found.as_slice() else { panic!("{said}: {found:?}") };
        assert!(found.contains(said), "{found}");
    }
}

#[test]
fn a_stranger_on_the_top_level_is_seen() {
    let files = ["README.md", ".ci/run", "shared/src/lib.rs", "scripts/run", "notes.txt", "scripts/other"];
    let strangers = strangers(files.into_iter());
    assert_eq!(strangers.len(), 2);
    assert!(strangers[0].starts_with("notes.txt does not belong"), "{strangers:?}");
    assert!(strangers[1].starts_with("scripts does not belong"), "{strangers:?}");
}
