//! What a function costs before it does anything: size of the binary, time from its start to its first `GET /next`,
//! memory while it waits, and what its first event and the ones after it take. Beside ours, a Node.js 20 handler that
//! does the same (`tests/node`), as it is and bundled into one file.
//!
//! ```text
//! cargo bench -p tests --bench cold_start                          packages the functions first (infra/package)
//!     -- --json                                                    one JSON object instead of a table
//!     -- --starts 30                                               starts of each program (20 at least)
//!     -- --packaged DIR                                            DIR/<function>/bootstrap is there already
//!     -- --without-node                                            ours alone
//! ```
//! Everything runs on this machine against stand-ins on the loopback interface: the figures compare programs, and are
//! not what AWS would measure. What is over a limit is said below the table; with `ERP_SYNC_BENCH_STRICT` it ends with
//! exit code 1.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(unreachable_pub, reason = "modules of a benchmark are shared within it")]
mod empty_store;
mod measure;
mod programs;
mod table;

use anyhow::{Context, Result, bail};
use empty_store::EmptyStore;
use measure::Figures;
use std::path::PathBuf;

/// Fewest starts whose median says anything.
const STARTS_MIN: usize = 20;
/// Limits of one of our functions.
const SIZE_BYTES_MAX: u64 = 8_000_000;
const START_MS_MAX: f64 = 20.0;
const IDLE_RSS_KIB_MAX: u64 = 16 * 1024;

struct Asked {
    json: bool,
    starts: usize,
    packaged: Option<PathBuf>,
    node: bool,
}

fn asked() -> Result<Asked> {
    let mut asked = Asked { json: false, starts: 30, packaged: None, node: true };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // Cargo says so to every benchmark.
            "--bench" => {}
            "--json" => asked.json = true,
            "--without-node" => asked.node = false,
            "--starts" => asked.starts = arguments.next().context("--starts needs a number")?.parse()?,
            "--packaged" => {
                asked.packaged = Some(arguments.next().context("--packaged needs a folder")?.into());
            }
            other => bail!("unknown option {other}"),
        }
    }
    asked.starts = asked.starts.max(STARTS_MIN);
    Ok(asked)
}

/// What is over a limit, in words.
fn over(figures: &Figures) -> Vec<String> {
    let mut over = Vec::new();
    if figures.size_bytes > SIZE_BYTES_MAX {
        over.push(format!("{}: {} bytes, at most {SIZE_BYTES_MAX}", figures.name, figures.size_bytes));
    }
    if figures.start_ms > START_MS_MAX {
        over.push(format!("{}: {:.1} ms to start, at most {START_MS_MAX}", figures.name, figures.start_ms));
    }
    if figures.idle.rss_kib > IDLE_RSS_KIB_MAX {
        let rss = figures.idle.rss_kib;
        over.push(format!("{}: {rss} KiB while it waits, at most {IDLE_RSS_KIB_MAX}", figures.name));
    }
    over
}

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return Ok(());
    }
    let asked = asked()?;
    let store = EmptyStore::start().await?;
    let ours = programs::functions(asked.packaged.as_deref(), store.endpoint())?;
    let mut figures = Vec::new();
    for subject in &ours {
        figures.push(measure::measure(subject, asked.starts).await?);
    }
    let over: Vec<String> = figures.iter().flat_map(over).collect();
    if asked.node {
        for subject in &programs::node(store.endpoint())? {
            figures.push(measure::measure(subject, asked.starts).await?);
        }
    }
    if asked.json {
        println!("{}", table::json(&figures, asked.starts, &over));
    } else {
        println!("{}", table::text(&figures, asked.starts));
        over.iter().for_each(|line| println!("over the limit: {line}"));
    }
    if !over.is_empty() && std::env::var_os("ERP_SYNC_BENCH_STRICT").is_some() {
        bail!("over the limit: {}", over.join("; "));
    }
    Ok(())
}
