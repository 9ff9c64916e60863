//! Runs the built command line `erp-sync` in a directory of its own, with an environment of its own.
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};

/// The binary: the one that `ERP_SYNC_BIN` names, else built now.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("ERP_SYNC_BIN") {
        Some(path) => PathBuf::from(path),
        None => build(),
    })
}

fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--locked", "-p", "local", "--bin", "erp-sync", "--message-format", "json"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let executable = lines
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.expect("cargo names the binary")
}

/// A directory to run in. Clones share it; it goes with the last one.
#[derive(Clone)]
pub struct Place {
    dir: Arc<tempfile::TempDir>,
}

impl Place {
    pub fn new() -> Self {
        Self { dir: Arc::new(tempfile::tempdir().expect("a temporary directory")) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("the file is written");
        path
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.current_dir(self.dir.path()).env_clear().env("HOME", self.dir.path()).env("USER", "tester");
        command
    }

    /// Runs to the end without input.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        Finished::of(self.command().args(arguments).stdin(Stdio::null()).output().expect("erp-sync runs"))
    }

    /// Runs to the end with this text on standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Finished {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("erp-sync runs");
        // A command that does not read its input closes it; that is for the test to judge by the outcome.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        Finished::of(child.wait_with_output().expect("erp-sync ends"))
    }

    /// Every file below, relative to the directory.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.dir.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a directory") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let relative = path.strip_prefix(self.dir.path()).expect("below");
                    found.push(relative.to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        found
    }
}

/// How a command ended.
#[derive(Debug)]
pub struct Finished {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
        }
    }

    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// Ended with the code, and told each of these on standard error.
    #[track_caller]
    pub fn refused(self, code: i32, told: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for part in told {
            assert!(self.stderr.contains(part), "{part:?} is not in {}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// The one JSON value on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}
