//! What is measured: our four functions, packaged as they are shipped, and the handler of `tests/node`.
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use testkit::runtime_api::Program;

/// A program with an event for it.
pub struct Subject {
    /// What the table calls it.
    pub name: String,
    /// How it is run.
    pub program: Program,
    /// What is deployed: a file, or folders and files.
    pub shipped: Vec<PathBuf>,
    /// An event that it can work on with an empty store.
    pub event: Value,
}

/// Each function with the sample event that it is invoked with.
const FUNCTIONS: [(&str, &str); 4] = [
    ("dispatch", "schedule.json"),
    ("sige-backfill", "month.json"),
    ("sige-daily-sync", "schedule.json"),
    ("sige-window-sync", "one-window.json"),
];

fn root() -> Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace")
}

fn event(function: &str, file: &str) -> Result<Value> {
    let path = root()?.join("events").join(function).join(file);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

/// What the template hands to every function, and the empty store.
fn variables(endpoint: &str) -> [(&'static str, &str); 5] {
    [
        ("ERP_SYNC_STACK", "erp-sync-bench"),
        ("ERP_SYNC_STATE_TABLE", "erp-sync-bench-state"),
        ("ERP_SYNC_EVIDENCE_BUCKET", "erp-sync-bench-evidence"),
        ("ERP_SYNC_QUEUE_PREFIX", "erp-sync-bench-"),
        ("AWS_ENDPOINT_URL", endpoint),
    ]
}

/// Runs a script of the repository to its end; what it says goes where our errors go.
fn run(script: &str) -> Result<()> {
    let done = Command::new(root()?.join(script)).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    ensure!(done.success(), "{script} failed ({done})");
    Ok(())
}

/// Our functions, from a folder with `<function>/bootstrap` in it; packaged now when none is given.
pub fn functions(packaged: Option<&Path>, endpoint: &str) -> Result<Vec<Subject>> {
    let folder = match packaged {
        Some(folder) => folder.to_owned(),
        None => {
            run("infra/package")?;
            root()?.join("target/lambda-dist")
        }
    };
    let subject = |(name, file): (&str, &str)| {
        let binary = folder.join(name).join("bootstrap");
        ensure!(binary.is_file(), "there is no {}; infra/package makes it", binary.display());
        let program = Program::new(name, &binary).variables(variables(endpoint));
        Ok(Subject { name: name.to_owned(), program, shipped: vec![binary], event: event(name, file)? })
    };
    FUNCTIONS.into_iter().map(subject).collect()
}

/// The handler in Node.js: with its packages beside it, and bundled into one file.
pub fn node(endpoint: &str) -> Result<Vec<Subject>> {
    run("tests/node/prepare")?;
    let folder = root()?.join("tests/node");
    let told =
        Command::new("node").args(["-p", "JSON.stringify([process.execPath, process.version])"]).output()?;
    let found: (PathBuf, String) =
        serde_json::from_slice(&told.stdout).context("node does not say where it is")?;
    let (node, version) = found;
    let subject = |kind: &str, script: &str, shipped: Vec<PathBuf>| -> Result<Subject> {
        let program = Program::new("window-worker-in-node", &node)
            .argument(folder.join(script))
            .variables(variables(endpoint));
        let event = event("sige-window-sync", "one-window.json")?;
        Ok(Subject { name: format!("Node.js {version}, {kind}"), program, shipped, event })
    };
    let files =
        ["bootstrap.mjs", "window-worker.mjs", "package.json", "node_modules"].map(|name| folder.join(name));
    Ok(vec![
        subject("node_modules", "bootstrap.mjs", files.to_vec())?,
        subject("one bundled file", "dist/bootstrap.cjs", vec![folder.join("dist/bootstrap.cjs")])?,
    ])
}

/// An event is worked on when it is answered; one that names nobody known is refused, which is an answer too.
pub fn is_worked_on(answer: &Value) -> bool {
    if let Some(failures) = answer.get("batchItemFailures") {
        return *failures == json!([]);
    }
    answer.get("errorType").is_none_or(|kind| kind == "Refused")
}
