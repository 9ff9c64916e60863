//! MiniStack, an emulator of AWS nobody here wrote: one process on a free port of the loopback interface, all in
//! memory, that ends with the test process. Its clocks can be moved, which is how a test gets past a retention of
//! an hour without waiting for it.
//!
//! ```text
//! let aws = Emulator::start()?;              // endpoint for AWS_ENDPOINT_URL: aws.endpoint()
//! aws.shift(hour)?;                          // the running clock, for everybody
//! let clock = aws.account("100000000001");   // or a world of one's own: whoever signs with these twelve digits
//! clock.sleep(hour).await;                   // has its own resources, and a clock that moves only here
//! aws.run_script("deploy.py", arguments)?;   // a script of `tests/python`, for instance one that deploys a stack
//! ```
//! Functions of a stack run as processes of the emulator.
use crate::clock::SimulatedClock;
use crate::python::{AWS, script};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use flows::ports::Clock;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const SCRIPT: &str = "ministack_with_clock.py";

/// A running emulator; it ends when this goes, or when the process does.
#[derive(Debug)]
pub struct Emulator {
    endpoint: String,
    process: Mutex<Process>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    /// Until it is dropped; the emulator ends with it.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Process {
    fn read_line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line).map_err(|error| error.to_string())?;
        if read == 0 {
            return Err("its output is at its end".to_owned());
        }
        Ok(line.trim().to_owned())
    }

    fn command(&mut self, command: &str) -> Result<(), String> {
        let ended = |why: String| format!("the emulator has ended: {why}");
        let Some(commands) = &mut self.commands else { return Err(ended("it was stopped".to_owned())) };
        writeln!(commands, "{command}").map_err(|error| ended(error.to_string()))?;
        match self.read_line().map_err(ended)?.as_str() {
            "ok" => Ok(()),
            complaint => Err(format!("the emulator refused {command:?}: {complaint}")),
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner);
        // It ends when its input does, and takes with it what it started itself: functions that run in it.
        drop(process.commands.take());
        let _status = process.child.wait();
    }
}

impl Emulator {
    /// Starts an emulator with nothing in it.
    ///
    /// # Errors
    /// When there is no interpreter for it, or with what it said instead of starting.
    pub fn start() -> Result<Self, String> {
        Self::start_with(&[])
    }

    /// The same with further variables in its environment.
    ///
    /// # Errors
    /// When there is no interpreter for it, or with what it said instead of starting.
    pub fn start_with(environment: &[(&str, &str)]) -> Result<Self, String> {
        let mut child = Command::new(AWS.interpreter()?)
            .arg(script(SCRIPT))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(environment.iter().copied())
            // It kills its whole group when its input ends, so the group must be its own.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("python cannot be run: {error}"))?;
        let (Some(commands), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the emulator has no pipes".to_owned());
        };
        let mut process = Process { child, commands: Some(commands), answers: BufReader::new(answers) };
        let line = match process.read_line() {
            Ok(line) => line,
            Err(ended) => {
                let status =
                    process.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                return Err(format!(
                    "the emulator did not start: {ended} ({status}); if a module is missing run `{}`",
                    AWS.setup()
                ));
            }
        };
        let port = serde_json::from_str::<serde_json::Value>(&line)
            .ok()
            .and_then(|line| line.get("port")?.as_u64())
            .ok_or_else(|| format!("the emulator said {line:?} instead of its port"))?;
        Ok(Self { endpoint: format!("http://127.0.0.1:{port}"), process: Mutex::new(process) })
    }

    /// Its address, for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Moves its running clock forward.
    ///
    /// # Errors
    /// When the emulator has ended.
    pub fn shift(&self, by: Duration) -> Result<(), String> {
        self.with(|process| process.command(&format!("shift {}", by.as_secs_f64())))
    }

    /// A clock that stands, here and there alike, at noon of an ordinary Friday until somebody sleeps on it: that
    /// of an account, which is twelve digits used as access key.
    ///
    /// # Errors
    /// When the emulator has ended.
    pub fn account(self: &Arc<Self>, account: &str) -> Result<AccountClock, String> {
        let clock = AccountClock {
            face: SimulatedClock::default(),
            account: account.to_owned(),
            emulator: self.clone(),
        };
        clock.align()?;
        Ok(clock)
    }

    /// Lets the running clock of one account be that much ahead of everybody else's.
    ///
    /// # Errors
    /// When the emulator has ended.
    pub fn shift_account(&self, account: &str, by: Duration) -> Result<(), String> {
        self.with(|process| process.command(&format!("ahead {account} {}", by.as_secs_f64())))
    }

    /// Lets the time of a schedule come, once.
    ///
    /// # Errors
    /// When there is no such schedule, or the emulator has ended.
    pub fn fire(&self, account: &str, region: &str, schedule: &str) -> Result<(), String> {
        self.with(|process| process.command(&format!("fire {account} {region} {schedule}")))
    }

    /// Runs a script of `tests/python` with the emulator's interpreter, which has the SDK; what it printed.
    ///
    /// # Errors
    /// With what the script wrote to its error stream.
    pub fn run_script(&self, name: &str, arguments: &[String]) -> Result<String, String> {
        let mut command = Command::new(AWS.interpreter()?);
        command.arg(script(name)).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
        let done = command.output().map_err(|error| format!("python cannot be run: {error}"))?;
        AWS.judged(name, &done)
    }

    /// Ids of the processes that run a function of a stack in it now, by the function's name.
    pub fn workers(&self, function: &str) -> Vec<u32> {
        let wanted =
            [format!("AWS_LAMBDA_FUNCTION_NAME={function}"), format!("AWS_ENDPOINT_URL={}", self.endpoint)];
        let is_worker = |pid: &u32| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let variables: Vec<_> = environment.split(|byte| *byte == 0).collect();
            wanted.iter().all(|wanted| variables.contains(&wanted.as_bytes()))
        };
        let entries = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(is_worker).collect()
    }

    fn with<T>(&self, talk: impl FnOnce(&mut Process) -> T) -> T {
        talk(&mut self.process.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The clock of an account, which moves the emulator's along.
#[derive(Debug, Clone)]
pub struct AccountClock {
    face: SimulatedClock,
    account: String,
    emulator: Arc<Emulator>,
}

impl AccountClock {
    /// Sets the emulator's clock to this one. Read under the lock, so that sleepers side by side only move it forward.
    fn align(&self) -> Result<(), String> {
        self.emulator.with(|process| {
            let micros = self.face.now().timestamp_micros();
            process.command(&format!("stand {} {micros}", self.account))
        })
    }
}

#[async_trait]
impl Clock for AccountClock {
    fn now(&self) -> DateTime<Utc> {
        self.face.now()
    }

    #[expect(clippy::panic, reason = "a test whose emulator has ended is over")]
    async fn sleep(&self, duration: Duration) {
        self.face.sleep(duration).await;
        if let Err(complaint) = self.align() {
            panic!("{complaint}");
        }
    }
}
