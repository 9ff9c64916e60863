//! Configuration from the environment: every variable that begins with `ERP_SYNC_`, typed by the sections of
//! settings, and everything that is wrong with them at once.
//!
//! ```text
//! ERP_SYNC_SIGE_BASE_URL       [sige] base_url           sections and keys are those of erp-sync.toml
//! ERP_SYNC_ALLOW_PLAIN_HTTP    allow_plain_http          keys at the top have no section
//! ERP_SYNC_STACK               the stack's name; _STATE_TABLE, _EVIDENCE_BUCKET, _QUEUE_PREFIX what it is made of
//! AWS_LAMBDA_LOG_LEVEL         TRACE, DEBUG, INFO, WARN, ERROR, FATAL
//! ```
use flows::config::{Found, Keys, Level, Section};
use flows::stack::StackNames;
use std::collections::{BTreeMap, BTreeSet};

const PREFIX: &str = "ERP_SYNC_";
const LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
/// Most problems that are told; the rest would be more of the same.
const PROBLEMS_MAX: usize = 50;

/// The variables, and what is wrong with them so far.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    known: BTreeSet<String>,
    problems: Vec<String>,
}

impl Environment {
    /// The environment of this process. Its one reader.
    pub fn of_process() -> Self {
        let text = |name: std::ffi::OsString, value: std::ffi::OsString| {
            let name = name.into_string().ok()?;
            Some((name, value.to_string_lossy().into_owned()))
        };
        Self::from_variables(std::env::vars_os().filter_map(|(name, value)| text(name, value)))
    }

    /// From given variables.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |(name, value): &(String, String)| {
            (name.starts_with(PREFIX) || name == LOG_LEVEL) && !value.trim().is_empty()
        };
        Self { variables: variables.into_iter().filter(ours).collect(), ..Self::default() }
    }

    /// A section of settings; an empty variable counts as unset.
    pub fn section<S: Section>(&mut self) -> S {
        S::read(self)
    }

    /// The names of the stack, all four required.
    pub fn stack(&mut self) -> StackNames {
        StackNames {
            stage: self.required("STACK"),
            table: self.required("STATE_TABLE"),
            bucket: self.required("EVIDENCE_BUCKET"),
            queue_prefix: self.required("QUEUE_PREFIX"),
        }
    }

    /// Notes values that are right alone and wrong together, by dotted key.
    pub fn conflicts(&mut self, found: Vec<(&'static str, String)>) {
        let told = found.into_iter().map(|(key, message)| {
            let (section, key) = key.split_once('.').unwrap_or(("", key));
            format!("{} {message}", variable(section, key))
        });
        self.problems.extend(told);
    }

    /// The level that Lambda's logging configuration asks for; `info` without one.
    pub fn log_level(&mut self) -> Level {
        let Some(text) = self.variables.get(LOG_LEVEL) else { return Level::Info };
        let name = text.trim().to_ascii_lowercase();
        // Lambda knows one level above ours.
        let name = if name == "fatal" { "error" } else { &name };
        Level::named(name).unwrap_or_else(|| {
            self.problems
                .push(format!("{LOG_LEVEL} is {text:?}; it must be one of {}, fatal", Level::names()));
            Level::Info
        })
    }

    /// Everything that is wrong, variables that nobody asked for included.
    ///
    /// # Errors
    /// One line for each problem.
    pub fn finish(mut self) -> Result<(), Vec<String>> {
        let unknown = self.variables.keys().filter(|name| *name != LOG_LEVEL && !self.known.contains(*name));
        let told: Vec<_> =
            unknown.map(|name| format!("{name} is not a setting of this function; remove it")).collect();
        self.problems.extend(told);
        self.problems.truncate(PROBLEMS_MAX);
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }

    fn required(&mut self, key: &str) -> String {
        let name = format!("{PREFIX}{key}");
        self.known.insert(name.clone());
        self.variables.get(&name).cloned().unwrap_or_else(|| {
            self.problems.push(format!("{name} is not set"));
            String::new()
        })
    }
}

/// Name of the variable of a setting.
pub fn variable(section: &str, key: &str) -> String {
    let joint = if section.is_empty() { "" } else { "_" };
    format!("{PREFIX}{section}{joint}{key}").to_ascii_uppercase()
}

impl Keys for Environment {
    fn find(&mut self, section: &'static str, key: &'static str) -> Option<Found> {
        let name = variable(section, key);
        let found = self.variables.get(&name).cloned().map(Found::Untyped);
        self.known.insert(name);
        found
    }

    fn problem(&mut self, section: &'static str, key: &'static str, message: String) {
        self.problems.push(format!("{} {message}", variable(section, key)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flows::config::Transport;
    use flows::settings::FlowSection;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Environment::from_variables(variables.iter().map(owned))
    }

    const STACK: [(&str, &str); 4] = [
        ("ERP_SYNC_STACK", "prod"),
        ("ERP_SYNC_STATE_TABLE", "prod-state"),
        ("ERP_SYNC_EVIDENCE_BUCKET", "prod-evidence"),
        ("ERP_SYNC_QUEUE_PREFIX", "prod-"),
    ];

    #[test]
    fn settings_are_read_by_type() {
        let mut read = environment(&[
            ("ERP_SYNC_FLOWS_WINDOW_BUDGET_S", " 120 "),
            ("ERP_SYNC_FLOWS_RETRY_DELAYS_S", "1, 2,3"),
            ("ERP_SYNC_ALLOW_PLAIN_HTTP", "true"),
            ("ERP_SYNC_FLOWS_LEASE_TTL_S", ""),
            ("PATH", "/bin"),
        ]);
        let (flows, transport): (FlowSection, Transport) = (read.section(), read.section());
        assert_eq!((flows.window_budget_s, &*flows.retry_delays_s), (120, &[1, 2, 3][..]));
        assert_eq!((flows.lease_ttl_s, transport.allow_plain_http), (300, true));
        assert_eq!(read.finish(), Ok(()));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let mut read = environment(&[
            ("ERP_SYNC_STACK", "prod"),
            ("ERP_SYNC_FLOWS_WINDOW_BUDGET_S", "soon"),
            ("ERP_SYNC_FLOWS_RETRY_DELAYS_S", "1,-2"),
            ("ERP_SYNC_FLOWS_WINDOW_BUDGETS", "1"),
            ("AWS_LAMBDA_LOG_LEVEL", "LOUD"),
        ]);
        read.stack();
        read.log_level();
        let flows: FlowSection = read.section();
        read.conflicts(flows.conflicts(&[], &[flows::config::Timing::new("sheets.write_timeout_s", 400)]));
        let told = read.finish().unwrap_err();
        let expected = [
            "ERP_SYNC_STATE_TABLE is not set",
            "ERP_SYNC_EVIDENCE_BUCKET is not set",
            "ERP_SYNC_QUEUE_PREFIX is not set",
            "AWS_LAMBDA_LOG_LEVEL is \"LOUD\"; it must be one of error, warn, info, debug, trace, fatal",
            "ERP_SYNC_FLOWS_WINDOW_BUDGET_S expected a whole number, found a string",
            "ERP_SYNC_FLOWS_RETRY_DELAYS_S is -2; it must be 1 to 86400",
            "ERP_SYNC_SHEETS_WRITE_TIMEOUT_S is 400; it must be less than flows.lease_ttl_s, which is 300",
            "ERP_SYNC_FLOWS_WINDOW_BUDGETS is not a setting of this function; remove it",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn the_levels_of_lambda_are_ours() {
        for (text, level) in
            [("TRACE", Level::Trace), ("INFO", Level::Info), ("WARN", Level::Warn), ("FATAL", Level::Error)]
        {
            assert_eq!(environment(&[("AWS_LAMBDA_LOG_LEVEL", text)]).log_level(), level);
        }
        assert_eq!(environment(&STACK).log_level(), Level::Info);
    }

    #[test]
    fn a_stack_is_named_by_four_variables() {
        let mut read = environment(&STACK);
        assert_eq!(read.stack().queue_prefix, "prod-");
        assert_eq!(read.finish(), Ok(()));
    }
}
