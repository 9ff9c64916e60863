//! The crates of the workspace and what each one names, as Cargo sees them.
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// For what a crate names another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The crate itself.
    Normal,
    /// Its tests.
    Test,
    /// Its build script.
    Build,
}

/// A crate that is named.
#[derive(Debug, Clone)]
pub struct Dependency {
    pub name: String,
    pub purpose: Purpose,
}

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub struct Member {
    pub name: String,
    /// Its folder below the root of the repository, with `/`.
    pub folder: String,
    pub dependencies: Vec<Dependency>,
    /// Names of the programs that it builds.
    pub binaries: Vec<String>,
}

impl Member {
    /// Whether it is one of the functions.
    pub fn is_function(&self) -> bool {
        self.folder.starts_with("functions/")
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// What a command says, run at the root.
pub fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    let output = output.unwrap_or_else(|error| panic!("{program} {arguments:?}: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {complaint}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What Cargo says, without asking the network.
fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").and_then(|path| path.into_string().ok());
    said(&cargo.unwrap_or_else(|| "cargo".to_owned()), &[arguments, &["--locked", "--offline"]].concat())
}

/// Every member of the workspace.
pub fn members() -> Vec<Member> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    metadata["packages"].as_array().expect("packages").iter().map(member).collect()
}

fn member(package: &Value) -> Member {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let manifest = PathBuf::from(text(&package["manifest_path"]));
    let folder = manifest.parent().expect("a folder").strip_prefix(root()).expect("below the root");
    let dependency = |value: &Value| {
        let purpose = match value["kind"].as_str() {
            None => Purpose::Normal,
            Some("dev") => Purpose::Test,
            Some(_) => Purpose::Build,
        };
        Dependency { name: text(&value["name"]), purpose }
    };
    let targets = package["targets"].as_array().expect("targets").iter();
    let is_program =
        |target: &&Value| target["kind"].as_array().is_some_and(|kinds| kinds.contains(&"bin".into()));
    Member {
        name: text(&package["name"]),
        folder: folder.to_str().expect("UTF-8").replace('\\', "/"),
        dependencies: package["dependencies"]
            .as_array()
            .expect("dependencies")
            .iter()
            .map(dependency)
            .collect(),
        binaries: targets.filter(is_program).map(|target| text(&target["name"])).collect(),
    }
}

/// The name of every crate that is built for the workspace on this machine, tests included.
pub fn built() -> Vec<String> {
    let tree = cargo(&["tree", "--workspace", "--edges", "all", "--prefix", "none", "--format", "{p}"]);
    let mut names: Vec<String> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}
