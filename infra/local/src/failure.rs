//! How a command ends when it does not end well: the message a person reads and the exit code a script reads.
//!
//! ```text
//! 0  done
//! 1  failed                        Failure::Failed
//! 2  bad usage or configuration    Failure::BadUsage, Failure::BadConfig (and clap's own errors)
//! ```
use crate::problem::Problem;
use serde_json::{Value, json};
use std::fmt;

/// Why a command did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The command line asks for something that cannot be: exit 2.
    BadUsage(String),
    /// A configuration file, account, secret or input is wrong: exit 2. Everything that is wrong, at once.
    BadConfig(Vec<Problem>),
    /// The command was right and could not be completed: exit 1.
    Failed(String),
}

impl Failure {
    /// A single problem of configuration or input.
    pub fn config(problem: Problem) -> Self {
        Self::BadConfig(vec![problem])
    }

    /// A failure from anything that explains itself.
    pub fn failed(why: impl fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// The process exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::BadUsage(_) | Self::BadConfig(_) => 2,
        }
    }

    /// The object printed on standard output with `--json`: `{"error": {"kind", "message", "problems", "exit_code"}}`.
    pub fn to_json(&self) -> Value {
        let (kind, problems) = match self {
            Self::BadUsage(_) => ("bad_usage", Vec::new()),
            Self::BadConfig(problems) => ("bad_config", problems.iter().map(Problem::to_json).collect()),
            Self::Failed(_) => ("failed", Vec::new()),
        };
        json!({ "error": {
            "kind": kind,
            "message": self.to_string(),
            "problems": problems,
            "exit_code": self.exit_code(),
        } })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadUsage(message) | Self::Failed(message) => f.write_str(message),
            Self::BadConfig(problems) => match problems.as_slice() {
                [only] => only.fmt(f),
                many => {
                    write!(f, "{} problems", many.len())?;
                    many.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
                }
            },
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_the_exit_code_of_its_kind() {
        assert_eq!(Failure::Failed(String::new()).exit_code(), 1);
        assert_eq!(Failure::BadUsage(String::new()).exit_code(), 2);
        assert_eq!(Failure::BadConfig(Vec::new()).exit_code(), 2);
    }

    #[test]
    fn several_problems_are_listed_one_a_line() {
        let one = Problem::new("erp-sync.toml", "sige.burst", "is 0; it must be 1 to 1000").at_line(7);
        assert_eq!(
            Failure::config(one.clone()).to_string(),
            "erp-sync.toml:7: sige.burst: is 0; it must be 1 to 1000"
        );
        let both = Failure::BadConfig(vec![one, Problem::new("accounts.toml", "", "is empty")]);
        assert_eq!(
            both.to_string(),
            "2 problems\n  erp-sync.toml:7: sige.burst: is 0; it must be 1 to 1000\n  accounts.toml: is empty"
        );
        assert_eq!(both.to_json()["error"]["problems"][0]["line"], 7);
    }
}
