//! What one daily run costs: processor time and peak memory of the process `erp-sync run sige-daily-sync`, as the kernel
//! counts them, with the simulators in another process. 100 orders a day, 25,000 bookings, 100,000 rows in the destination.
//!
//! `cargo bench -p tests --bench daily_run`; a budget that is exceeded ends with exit code 1 when `ERP_SYNC_BENCH_STRICT` is set.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
use anyhow::{Context, Result, bail, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const CPU_MS_MAX: i64 = 100;
const PEAK_MIB_MAX: u64 = 48;
const ROUNDS: usize = 5;

struct Simulators {
    child: Child,
    facts: Value,
}

impl Drop for Simulators {
    fn drop(&mut self) {
        // It serves until it is told to stop; nothing is lost with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn binary() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace")?.to_owned();
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--locked",
            "-p",
            "local",
            "--bin",
            "erp-sync",
            "--message-format",
            "json",
        ])
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(built.status.success(), "erp-sync does not build");
    let executable = String::from_utf8(built.stdout)?
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .next_back();
    executable.context("cargo named no executable")
}

fn simulators(erp_sync: &Path) -> Result<Simulators> {
    let mut child = Command::new(erp_sync)
        .args(["--quiet", "--json", "simulate", "--orders-per-day", "100", "--erp-rows", "25000"])
        .args(["--destination-rows", "100000"])
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().context("stdout of the simulators")?;
    let facts = serde_json::Deserializer::from_reader(stdout).into_iter::<Value>().next();
    let facts = facts.context("the simulators said nothing")??;
    Ok(Simulators { child, facts })
}

/// What a command printed, and the most memory it had at once.
fn run(erp_sync: &Path, folder: &Path, arguments: &[&str], input: &str) -> Result<(Value, u64)> {
    let mut child = Command::new(erp_sync)
        .args(["--json", "--quiet"])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("stdin")?.write_all(input.as_bytes())?;
    let mut peak_kib = 0;
    while child.try_wait()?.is_none() {
        peak_kib = high_water_kib(child.id()).unwrap_or(peak_kib);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{arguments:?} failed: {}", String::from_utf8_lossy(&output.stdout));
    Ok((serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), peak_kib))
}

/// The high-water mark of a process that still runs; it only grows, so the last reading is the peak.
fn high_water_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

fn text<'v>(facts: &'v Value, name: &str) -> Result<&'v str> {
    facts.get(name).and_then(Value::as_str).with_context(|| format!("no {name} in the simulators' answer"))
}

fn set_up(erp_sync: &Path, folder: &Path, facts: &Value, resync_days: u32) -> Result<()> {
    std::fs::write(folder.join("erp-sync.toml"), text(facts, "config")?)?;
    let accounts = format!("{}resync_days = {resync_days}\n", text(facts, "accounts")?);
    std::fs::write(folder.join("accounts.toml"), accounts)?;
    run(erp_sync, folder, &["accounts", "apply", "--apply"], "")?;
    let account = text(facts, "account")?;
    for scope in ["sige", "google"] {
        let value = facts.get(format!("{scope}_secret")).context("a secret")?.to_string();
        run(erp_sync, folder, &["secrets", "set", &format!("{scope}/{account}")], &value)?;
    }
    Ok(())
}

fn children_cpu_ms() -> Result<i64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let ms = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000 + time.tv_usec() / 1_000;
    Ok(ms(usage.user_time()) + ms(usage.system_time()))
}

fn measure(erp_sync: &Path, resync_days: u32) -> Result<(i64, u64, Value)> {
    // Fresh simulators and a fresh folder: every round does all of the work.
    let simulators = simulators(erp_sync)?;
    let folder = tempfile::tempdir()?;
    set_up(erp_sync, folder.path(), &simulators.facts, resync_days)?;
    let before = children_cpu_ms()?;
    let (report, peak_kib) = run(erp_sync, folder.path(), &["run", "sige-daily-sync"], "")?;
    Ok((children_cpu_ms()? - before, peak_kib, report))
}

fn rows(report: &Value) -> u64 {
    let days =
        report["accounts"].as_array().into_iter().flatten().flat_map(|account| account["days"].as_array());
    days.flatten().filter_map(|day| day["rows"].as_u64()).sum()
}

fn main() -> Result<()> {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return Ok(());
    }
    let erp_sync = binary()?;
    let mut over = Vec::new();
    for (name, resync_days) in [("one day", 1), ("five days (the default)", 5)] {
        let mut costs = Vec::new();
        let mut peak_mib = 0;
        let mut last = Value::Null;
        for _ in 0..ROUNDS {
            let (cpu_ms, peak_kib, report) = measure(&erp_sync, resync_days)?;
            costs.push(cpu_ms);
            peak_mib = peak_mib.max(peak_kib / 1024);
            last = report;
        }
        costs.sort_unstable();
        let median = costs.get(ROUNDS / 2).copied().context("no round was run")?;
        println!(
            "daily run of {name}: {} rows, {} write requests, median {median} ms of processor time ({costs:?}), \
             peak {peak_mib} MiB",
            rows(&last),
            last.get("write_requests").unwrap_or(&Value::Null)
        );
        if resync_days == 1 && (median > CPU_MS_MAX || peak_mib > PEAK_MIB_MAX) {
            over.push(format!("{name}: {median} ms of {CPU_MS_MAX}, {peak_mib} MiB of {PEAK_MIB_MAX}"));
        }
    }
    if !over.is_empty() && std::env::var_os("ERP_SYNC_BENCH_STRICT").is_some() {
        bail!("over budget: {}", over.join("; "));
    }
    Ok(())
}
