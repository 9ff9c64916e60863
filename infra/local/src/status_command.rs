//! `erp-sync status`: is everything there that the work needs, how quickly does it answer, and if not, what to do.
//!
//! Probes read. A call to an outside system takes its place in the rate limit like any other.
use crate::cli::StatusArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::probe::{Finding, Probe, of_account, of_stores};
use crate::runtime::some_account;
use flows::accounts;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::time::Duration;

/// The longest a single probe may take.
const PROBE_MAX: Duration = Duration::from_secs(60);

/// What one probe came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Probed {
    system: String,
    of: String,
    ok: bool,
    latency_ms: i64,
    told: String,
    remedy: Option<String>,
}

/// `status`.
///
/// # Errors
/// There is no such account, or something does not answer as it should.
pub async fn run(context: &Context, args: &StatusArgs) -> Result<(), Failure> {
    let accounts = match &args.account {
        Some(name) => some_account(context, Some(name)).await?,
        None => {
            let stored = accounts::list(&*context.state).await.map_err(Failure::failed)?;
            stored.into_iter().map(|stored| stored.account).filter(|account| account.enabled).collect()
        }
    };
    if !accounts.is_empty() {
        context.note_own_settings();
    }
    let mut probes = of_stores(context)?;
    for account in &accounts {
        probes.extend(of_account(context, account));
    }
    let spinner = spinner(&context.output);
    let mut probed = Vec::new();
    for probe in probes {
        spinner.set_message(format!("{} {}", probe.system, probe.of));
        probed.push(ask(context, probe).await);
    }
    spinner.finish_and_clear();
    context.output.result(&probed, |output| {
        let rows = probed.iter().map(|probed| {
            let outcome = if probed.ok { "ok" } else { "FAILED" };
            let told = match &probed.remedy {
                Some(remedy) => format!("{}; {remedy}", probed.told),
                None => probed.told.clone(),
            };
            let latency = format!("{} ms", probed.latency_ms);
            [probed.system.clone(), probed.of.clone(), outcome.to_owned(), latency, told]
        });
        output.table(["system", "of", "outcome", "answered in", "what"], rows.collect::<Vec<_>>());
        if accounts.is_empty() {
            output.line("no account is switched on: see `erp-sync accounts list`");
        }
    });
    let failed: Vec<_> = probed.iter().filter(|probed| !probed.ok).collect();
    match failed.first() {
        None => Ok(()),
        Some(first) => {
            let (count, all) = (failed.len(), probed.len());
            let told =
                format!("{count} of {all} probes failed: {} {}: {}", first.system, first.of, first.told);
            Err(Failure::Failed(told))
        }
    }
}

async fn ask(context: &Context, probe: Probe) -> Probed {
    let started_at = context.clock.now();
    let finding = match tokio::time::timeout(PROBE_MAX, probe.asking).await {
        Ok(finding) => finding,
        Err(_) => Finding::failed(
            format!("no answer within {} s", PROBE_MAX.as_secs()),
            "look at the network between here and there, and try again",
        ),
    };
    let latency_ms = (context.clock.now() - started_at).num_milliseconds();
    let Finding { ok, told, remedy } = finding;
    Probed { system: probe.system.to_owned(), of: probe.of, ok, latency_ms, told, remedy }
}

/// Something that moves while an answer is awaited, on a terminal.
fn spinner(output: &Output) -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    let target =
        if output.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    spinner.set_draw_target(target);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}  {msg}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(Duration::from_millis(200));
    spinner
}
