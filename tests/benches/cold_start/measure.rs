//! One program measured: started again and again, then handed a few events.
use crate::programs::{Subject, is_worked_on};
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::runtime_api::{Answer, FunctionProcess, Memory};

/// What is waited before memory is read: its own threads have nothing to do any more by then.
const SETTLE: Duration = Duration::from_millis(50);
/// Events after the first, of which the median is told.
const WARM_EVENTS: usize = 20;
const TIMEOUT: Duration = Duration::from_secs(30);

/// What came out.
pub struct Figures {
    pub name: String,
    /// Bytes of what is deployed.
    pub size_bytes: u64,
    /// Start to first `GET /next`: median, fastest and slowest.
    pub start_ms: f64,
    pub start_ms_min: f64,
    pub start_ms_max: f64,
    /// Memory while it waits for its first event: the median process.
    pub idle: Memory,
    /// Memory while it waits after its events.
    pub worked: Memory,
    /// Its first event, connections made on the way: median.
    pub first_event_ms: f64,
    /// The events after it: median.
    pub next_event_ms: f64,
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn median(values: &mut [f64]) -> Result<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().context("nothing was measured")
}

fn median_of(mut memories: Vec<Memory>) -> Result<Memory> {
    memories.sort_by_key(|memory| memory.rss_kib);
    memories.get(memories.len() / 2).copied().context("no memory was measured")
}

fn size(path: &Path) -> Result<u64> {
    let found = std::fs::symlink_metadata(path).with_context(|| path.display().to_string())?;
    if !found.is_dir() {
        return Ok(found.len());
    }
    // What only the bundler needs is not deployed.
    let entries = std::fs::read_dir(path)?.filter_map(Result::ok).map(|entry| entry.path());
    entries
        .filter(|path| !path.ends_with("esbuild") && !path.ends_with("@esbuild"))
        .map(|path| size(&path))
        .sum()
}

async fn work(process: &mut FunctionProcess, event: &Value) -> Result<f64> {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures by the clock of the system")]
    let began = Instant::now();
    let answer = process.invoke(event, TIMEOUT).await.map_err(|why| anyhow!(why))?;
    let took = milliseconds(began.elapsed());
    let (Answer::Response(told) | Answer::Error(told)) = answer;
    ensure!(is_worked_on(&told), "the event was not worked on: {told}");
    Ok(took)
}

pub async fn measure(subject: &Subject, starts: usize) -> Result<Figures> {
    let start = || async { FunctionProcess::start(&subject.program).await.map_err(|why| anyhow!(why)) };
    let (mut times, mut idle, mut worked) = (Vec::new(), Vec::new(), Vec::new());
    let (mut first, mut next) = (Vec::new(), Vec::new());
    // Once more than is counted: the first start reads the file from the disk.
    for round in 0..=starts {
        let (mut process, took) = start().await?;
        if round == 0 {
            continue;
        }
        times.push(milliseconds(took));
        tokio::time::sleep(SETTLE).await;
        idle.push(process.memory().map_err(|why| anyhow!(why))?);
        first.push(work(&mut process, &subject.event).await?);
        if round == starts {
            for _ in 0..WARM_EVENTS {
                next.push(work(&mut process, &subject.event).await?);
            }
            tokio::time::sleep(SETTLE).await;
            worked.push(process.memory().map_err(|why| anyhow!(why))?);
        }
    }
    let start_ms = median(&mut times)?;
    Ok(Figures {
        name: subject.name.clone(),
        size_bytes: subject.shipped.iter().map(|path| size(path)).sum::<Result<u64>>()?,
        start_ms,
        start_ms_min: times.first().copied().unwrap_or(start_ms),
        start_ms_max: times.last().copied().unwrap_or(start_ms),
        idle: median_of(idle)?,
        worked: median_of(worked)?,
        first_event_ms: median(&mut first)?,
        next_event_ms: median(&mut next)?,
    })
}
