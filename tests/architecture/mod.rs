//! The house keeps its shape: who may name whom, one version of everything, functions that only wire, a top level that
//! a newcomer can read. Each rule is a line of a table; what breaks one is named together with it.
mod directions;
mod functions;
mod graph;
mod manifests;
mod top_level;
mod wrong;

use graph::{members, root, said};
use toml::Table;

#[track_caller]
fn nothing_wrong(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} broken:\n{}", wrong.len(), wrong.join("\n"));
}

fn manifest(folder: &str) -> Table {
    let path = root().join(folder).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_crate_names_only_what_it_may() {
    nothing_wrong(&directions::broken_directions(&members()));
}

#[test]
fn a_folder_a_package_and_a_program_have_one_name() {
    nothing_wrong(&directions::broken_names(&members()));
}

#[test]
fn there_is_one_tls_stack() {
    let built = graph::built();
    assert!(built.iter().any(|name| name == "rustls"), "the list of what is built is not what it should be");
    nothing_wrong(&directions::banned(&built));
}

#[test]
fn every_dependency_has_one_exact_version_in_the_workspace_table() {
    let mut wrong = manifests::inexact_versions(&manifest(""));
    for member in members() {
        wrong.extend(manifests::own_versions(&member.name, &manifest(&member.folder)));
    }
    nothing_wrong(&wrong);
}

#[test]
fn a_function_is_a_short_main_and_a_handle_that_knows_no_adapter() {
    let members = members();
    let functions: Vec<_> = members.iter().filter(|member| member.is_function()).collect();
    assert!(functions.len() >= 4, "only {} functions were found", functions.len());
    let wrong: Vec<String> = functions
        .iter()
        .flat_map(|member| {
            let sources = functions::sources(&root().join(&member.folder).join("src"));
            functions::wrong_function(&member.name, &sources)
        })
        .collect();
    nothing_wrong(&wrong);
}

#[test]
fn every_function_folder_is_a_member_of_the_workspace() {
    let members = members();
    let files = said("git", &["ls-files", "functions"]);
    let mut folders: Vec<&str> = files.lines().filter_map(|path| path.split('/').nth(1)).collect();
    folders.dedup();
    let forgotten = folders.iter().filter(|folder| !members.iter().any(|member| member.name == **folder));
    let forgotten: Vec<String> = forgotten.map(|folder| format!("functions/{folder} is no member")).collect();
    nothing_wrong(&forgotten);
}

#[test]
fn the_top_level_holds_nothing_else() {
    let files = said("git", &["ls-files"]);
    assert!(files.lines().any(|path| path == "Cargo.toml"), "git does not list the repository");
    nothing_wrong(&top_level::strangers(files.lines()));
}
