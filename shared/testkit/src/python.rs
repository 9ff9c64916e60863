//! The Python interpreters of the tests: foreign clients and emulators live in virtual environments, one for
//! each purpose. A missing one is an error that names the command to run; tests never skip.
use std::path::{Path, PathBuf};
use std::process::Output;

/// A virtual environment of the tests.
pub(crate) struct Venv {
    /// The variable that names another interpreter.
    variable: &'static str,
    folder: &'static str,
    requirements: &'static str,
}

/// Clients of Sheets that nobody here wrote.
pub(crate) const CLIENTS: Venv =
    Venv { variable: "ERP_SYNC_PYTHON", folder: "tests/.venv", requirements: "requirements.txt" };

/// The emulator of AWS.
pub(crate) const AWS: Venv =
    Venv { variable: "ERP_SYNC_PYTHON_AWS", folder: "tests/.venv-aws", requirements: "requirements-aws.txt" };

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A script of `tests/python`.
pub(crate) fn script(name: &str) -> PathBuf {
    workspace().join("tests/python").join(name)
}

impl Venv {
    /// The command that makes it.
    pub(crate) fn setup(&self) -> String {
        let (folder, requirements) = (self.folder, self.requirements);
        format!("python3 -m venv {folder} && {folder}/bin/pip install -r tests/python/{requirements}")
    }

    pub(crate) fn interpreter(&self) -> Result<PathBuf, String> {
        #[expect(clippy::disallowed_methods, reason = "this is the configuration of the tests' own tools")]
        let named = std::env::var(self.variable);
        let path = named.map_or_else(|_| workspace().join(self.folder).join("bin/python"), PathBuf::from);
        if path.is_file() {
            return Ok(path);
        }
        Err(format!(
            "no Python at {}: at the top of the repository run `{}`, or name an interpreter in {}",
            path.display(),
            self.setup(),
            self.variable
        ))
    }

    /// What a finished interpreter printed, or what it complained about.
    pub(crate) fn judged(&self, what: &str, done: &Output) -> Result<String, String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if done.status.success() {
            return Ok(text(&done.stdout));
        }
        Err(format!(
            "{what} failed ({}); if a module is missing run `{}`\n{}",
            done.status,
            self.setup(),
            text(&done.stderr)
        ))
    }
}
