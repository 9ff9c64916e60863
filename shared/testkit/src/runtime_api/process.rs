//! The process of a function: its start, its memory, its log lines, its end.
use super::{Answer, Program, RuntimeApi, now};
use serde_json::Value;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Time a process may take to ask for its first event. Lambda gives 10 s as well.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// Time beyond its deadline after which a function without an answer counts as stuck.
const GRACE: Duration = Duration::from_secs(5);
/// Log lines that are kept; older ones are dropped.
const LINES_MAX: usize = 10_000;
/// Log lines told with an error.
const LINES_TOLD: usize = 10;

/// What a process holds in memory, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Resident: every page it has, those it shares with other processes included.
    pub rss_kib: u64,
    /// Proportional: a page shared with others counts in part.
    pub pss_kib: u64,
}

/// A running function; killed when dropped.
pub struct FunctionProcess {
    api: RuntimeApi,
    child: Child,
    spawned_at: Instant,
    ended: watch::Receiver<usize>,
    lines: Arc<Mutex<VecDeque<String>>>,
}

impl Drop for FunctionProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl FunctionProcess {
    /// Spawns the program and waits until it asks for its first event; how long that took.
    ///
    /// # Errors
    /// It cannot be spawned, says that it cannot start, ends, or takes longer than Lambda would wait.
    pub async fn start(program: &Program) -> Result<(Self, Duration), String> {
        let api = RuntimeApi::start().await.map_err(|error| format!("no runtime api: {error}"))?;
        let mut command = program.command(&api.address);
        let lines = Arc::default();
        let (ends, ended) = watch::channel(0);
        let ends = Arc::new(ends);
        let spawned_at = now();
        let mut child =
            command.spawn().map_err(|error| format!("{} cannot be run: {error}", program.path()))?;
        if let Some(stdout) = child.stdout.take() {
            keep_lines(stdout, &lines, &ends);
        }
        if let Some(stderr) = child.stderr.take() {
            keep_lines(stderr, &lines, &ends);
        }
        let mut process = Self { api, child, spawned_at, ended, lines };
        let asked_at = tokio::select! {
            asked = process.api.first_asked() => asked,
            () = end_of(process.ended.clone()) => Err(process.how_it_ended()),
            () = tokio::time::sleep(START_TIMEOUT) => Err(format!("it has not asked for an event within {START_TIMEOUT:?}")),
        };
        match asked_at {
            Ok(asked_at) => {
                let took = asked_at.saturating_duration_since(process.spawned_at);
                Ok((process, took))
            }
            Err(why) => Err(format!("{} did not start: {why}; {}", program.path(), process.last_lines())),
        }
    }

    /// Hands over one event, and waits for what becomes of it.
    ///
    /// # Errors
    /// It ended without an answer, or is stuck beyond its deadline.
    pub async fn invoke(&mut self, event: &Value, timeout: Duration) -> Result<Answer, String> {
        let ended = self.ended.clone();
        let answer = tokio::select! {
            answer = self.api.invoke(event, timeout) => answer.map(Some),
            () = end_of(ended) => Ok(None),
            () = tokio::time::sleep(timeout + GRACE) => Err(format!("no answer within {timeout:?}")),
        };
        match answer {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(format!("no answer: {}; {}", self.how_it_ended(), self.last_lines())),
            Err(why) => Err(format!("{why}; {}", self.last_lines())),
        }
    }

    /// What it holds now.
    ///
    /// # Errors
    /// It has ended, or the system does not tell.
    pub fn memory(&self) -> Result<Memory, String> {
        let pid = self.child.id();
        let read = |file: &str, name: &str| {
            let path = format!("/proc/{pid}/{file}");
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let number = value.and_then(|value| value.split_whitespace().next()?.parse().ok());
            number.ok_or_else(|| format!("{path} has no {name}"))
        };
        Ok(Memory { rss_kib: read("status", "VmRSS")?, pss_kib: read("smaps_rollup", "Pss")? })
    }

    /// Its id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as the loss of its machine would (SIGKILL).
    ///
    /// # Errors
    /// The system refuses.
    pub fn kill(&mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(|_| ())
    }

    /// The lines it has logged so far, on either stream.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn how_it_ended(&mut self) -> String {
        match self.child.wait() {
            Ok(status) => format!("it ended ({status})"),
            Err(error) => format!("it ended, nobody knows how ({error})"),
        }
    }

    fn last_lines(&self) -> String {
        let lines = self.lines();
        let told = lines.get(lines.len().saturating_sub(LINES_TOLD)..).unwrap_or_default();
        if told.is_empty() {
            "it logged nothing".to_owned()
        } else {
            format!("it logged:\n{}", told.join("\n"))
        }
    }
}

/// Waits until both streams of the process are at their end, which is when it has ended.
async fn end_of(mut ended: watch::Receiver<usize>) {
    // An error means that both writers are gone, which says the same.
    let _ = ended.wait_for(|streams| *streams == 2).await;
}

fn keep_lines(
    stream: impl Read + Send + 'static,
    lines: &Arc<Mutex<VecDeque<String>>>,
    ends: &Arc<watch::Sender<usize>>,
) {
    let (lines, ends) = (Arc::clone(lines), Arc::clone(ends));
    // A thread: a process whose output nobody reads stops at its next line.
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(String::from_utf8_lossy(&line).into_owned());
        }
        ends.send_modify(|streams| *streams += 1);
    });
}
