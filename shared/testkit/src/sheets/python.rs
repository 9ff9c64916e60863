//! The Python interpreter of the tests, with clients of Sheets that nobody here wrote.
//!
//! It is looked for in `ERP_SYNC_PYTHON`, else in the virtual environment `tests/.venv` of the
//! workspace. A missing one is an error that names the command to run; tests never skip.
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The variable that names another interpreter.
const VARIABLE: &str = "ERP_SYNC_PYTHON";
const SETUP: &str =
    "python3 -m venv tests/.venv && tests/.venv/bin/pip install -r tests/python/requirements.txt";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn interpreter() -> Result<PathBuf, String> {
    #[expect(clippy::disallowed_methods, reason = "this is the configuration of the tests' own tools")]
    let named = std::env::var(VARIABLE);
    let path = named.map_or_else(|_| workspace().join("tests/.venv/bin/python"), PathBuf::from);
    if path.is_file() {
        return Ok(path);
    }
    Err(format!(
        "no Python at {}: at the top of the repository run `{SETUP}`, or name an interpreter in {VARIABLE}",
        path.display()
    ))
}

/// What a finished interpreter printed, or what it complained about.
fn judged(what: &str, done: &Output) -> Result<String, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if done.status.success() {
        return Ok(text(&done.stdout));
    }
    Err(format!(
        "{what} failed ({}); if a module is missing run `{SETUP}`\n{}",
        done.status,
        text(&done.stderr)
    ))
}

/// Runs a script of `tests/python` with arguments; what it printed.
///
/// Blocks: call it from `spawn_blocking` while a simulator runs.
///
/// # Errors
/// When there is no interpreter, or with what the script wrote to its error stream.
pub fn run_script(script: &str, arguments: &[String], input: &str) -> Result<String, String> {
    use std::io::Write;
    let mut child = Command::new(interpreter()?)
        .arg(workspace().join("tests/python").join(script))
        .args(arguments)
        .env("NO_PROXY", "*")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("python cannot be run: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(|error| format!("python does not listen: {error}"))?;
    }
    let done = child.wait_with_output().map_err(|error| format!("python cannot be waited for: {error}"))?;
    judged(script, &done)
}

/// Google's discovery document of the Sheets API, from the package `google-api-python-client`.
///
/// # Errors
/// When there is no interpreter or no such package.
pub fn discovery_document() -> Result<String, String> {
    let program = "import importlib.resources as r; \
                   print((r.files('googleapiclient') / 'discovery_cache/documents/sheets.v4.json').read_text('utf-8'))";
    let mut command = Command::new(interpreter()?);
    let done = command.args(["-c", program]).env("PYTHONIOENCODING", "utf-8").output();
    judged("reading the discovery document", &done.map_err(|error| format!("python cannot be run: {error}"))?)
}
