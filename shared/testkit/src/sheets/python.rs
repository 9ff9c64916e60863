//! Clients of Sheets that nobody here wrote, in Python.
use crate::python::{CLIENTS, script};
use std::process::{Command, Stdio};

/// Runs a script of `tests/python` with arguments; what it printed.
///
/// Blocks: call it from `spawn_blocking` while a simulator runs.
///
/// # Errors
/// When there is no interpreter, or with what the script wrote to its error stream.
pub fn run_script(name: &str, arguments: &[String], input: &str) -> Result<String, String> {
    use std::io::Write;
    let mut child = Command::new(CLIENTS.interpreter()?)
        .arg(script(name))
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
    CLIENTS.judged(name, &done)
}

/// Google's discovery document of the Sheets API, from the package `google-api-python-client`.
///
/// # Errors
/// When there is no interpreter or no such package.
pub fn discovery_document() -> Result<String, String> {
    let program = "import importlib.resources as r; \
                   print((r.files('googleapiclient') / 'discovery_cache/documents/sheets.v4.json').read_text('utf-8'))";
    let mut command = Command::new(CLIENTS.interpreter()?);
    let done = command.args(["-c", program]).env("PYTHONIOENCODING", "utf-8").output();
    CLIENTS.judged(
        "reading the discovery document",
        &done.map_err(|error| format!("python cannot be run: {error}"))?,
    )
}
