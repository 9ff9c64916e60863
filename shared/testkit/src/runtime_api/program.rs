//! What is to be run, and with which environment: the variables that Lambda sets, and the function's own.
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A program that is a function.
#[derive(Debug, Clone)]
pub struct Program {
    executable: PathBuf,
    arguments: Vec<OsString>,
    name: String,
    memory_mb: u32,
    variables: Vec<(String, String)>,
}

impl Program {
    /// A binary, by the name the function has in Lambda.
    pub fn new(name: &str, executable: impl Into<PathBuf>) -> Self {
        let executable = executable.into();
        Self {
            executable,
            arguments: Vec::new(),
            name: name.to_owned(),
            memory_mb: 256,
            variables: Vec::new(),
        }
    }

    /// Adds an argument: the script of an interpreter.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds variables, or replaces those that Lambda sets.
    #[must_use]
    pub fn variables<N: Into<String>, V: Into<String>>(
        mut self,
        more: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.variables.extend(more.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// The command that starts it against a Runtime API, with nothing of our own environment.
    pub(super) fn command(&self, runtime_api: &str) -> Command {
        let mut command = Command::new(&self.executable);
        command.args(&self.arguments).env_clear().stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let (name, memory) = (self.name.as_str(), self.memory_mb.to_string());
        command.envs([
            ("AWS_LAMBDA_RUNTIME_API", runtime_api),
            ("AWS_LAMBDA_FUNCTION_NAME", name),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{name}")),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/03/26/[$LATEST]00000000000000000000000000000000"),
            ("AWS_REGION", "sa-east-1"),
            ("AWS_DEFAULT_REGION", "sa-east-1"),
            ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "example"),
            ("AWS_SESSION_TOKEN", "example"),
            ("LAMBDA_TASK_ROOT", "/var/task"),
            ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
            ("_HANDLER", "bootstrap"),
            ("LANG", "en_US.UTF-8"),
            ("TZ", ":UTC"),
            ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
        ]);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(super) fn path(&self) -> std::path::Display<'_> {
        self.executable.display()
    }
}
