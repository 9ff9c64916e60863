//! `erp-sync demo`: the daily sync at work against simulators, twice.
use crate::cli::DemoArgs;
use crate::config::Config;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{DayOutcome, RunReport};
use crate::runtime::Pace;
use crate::sample_installation::{
    ACCOUNT, DESTINATION_SPREADSHEET, ERP_SPREADSHEET, SampleInstallation, Scale,
};
use crate::settings::{DataDir, Settings};
use crate::turn::Turn;
use crate::{credentials, runtime, wiring};
use domain::calendar::SerialDay;
use domain::row::HEADER;
use flows::accounts::{self, Account, secret_name};
use flows::config::BaseUrl;
use flows::ports::Clock;
use serde::Serialize;
use shared::system::SystemClock;
use std::sync::Arc;
use std::time::Duration;
use testkit::sample::SampleSize;
use testkit::sheets::CellValue;

/// Rows of the excerpt.
const EXCERPT_ROWS: usize = 8;

/// What the demo shows.
#[derive(Debug, Serialize)]
struct DemoReport {
    sige: SigeDemo,
}

#[derive(Debug, Serialize)]
struct SigeDemo {
    first: RunFacts,
    second: RunFacts,
    spreadsheet: String,
    tab: String,
    rows_in_tab: usize,
    excerpt: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Serialize)]
struct RunFacts {
    rows: usize,
    days: usize,
    days_written: usize,
    days_unchanged: usize,
    days_failed: usize,
    quarantined: usize,
    write_requests: u64,
    read_requests: u64,
    sige_requests: u64,
    duration_ms: i64,
}

/// `demo`; prints its own result.
///
/// # Errors
/// The simulators could not be started, or the run failed.
pub async fn run(output: &Arc<Output>, _args: &DemoArgs) -> Result<(), Failure> {
    let scale = Scale { company: SampleSize::FULL, destination_rows: 0 };
    output.note(format!(
        "starting simulators of SIGE and Google Sheets with a sample company: {} orders, {} bookings",
        scale.company.orders, scale.company.erp_rows
    ));
    let installation = SampleInstallation::start(Arc::new(SystemClock), scale).await?;
    let folder =
        tempfile::tempdir().map_err(|error| Failure::failed(format!("no temporary folder: {error}")))?;
    let settings = settings(&installation, folder.path())?;
    let config = Config { file: None, settings, data_dir: folder.path().join("data") };
    let context = wiring::open(config, output)?;
    register(&context, &installation).await?;

    output.note("first run: the last five completed days");
    let (first, first_report) = sync(&context, &installation).await?;
    output.note("second run: the same days again");
    let (second, _) = sync(&context, &installation).await?;

    let rows = installation.sheets.rows(DESTINATION_SPREADSHEET, "Faturamento");
    let excerpt = rows.iter().skip(1).rev().take(EXCERPT_ROWS).rev().map(|row| texts(row)).collect();
    let report = DemoReport {
        sige: SigeDemo {
            first,
            second,
            spreadsheet: DESTINATION_SPREADSHEET.to_owned(),
            tab: "Faturamento".to_owned(),
            rows_in_tab: rows.len().saturating_sub(1),
            excerpt,
        },
    };
    output.result(&report, |output| print(output, &report.sige, &first_report, &installation));
    Ok(())
}

/// Every outside system is a simulator, and rate limits that protect real accounts do not slow it down.
pub(crate) fn settings(
    installation: &SampleInstallation,
    folder: &std::path::Path,
) -> Result<Settings, Failure> {
    let url =
        |text: &str| BaseUrl::parse(text).map_err(|problem| Failure::failed(format!("simulator: {problem}")));
    let mut settings = Settings::default();
    settings.general.data_dir = DataDir::given(&folder.join("data"));
    settings.sige.base_url = url(installation.sige.base_url())?;
    settings.sige.requests_per_hour = 10_000_000;
    settings.sige.burst = 100_000;
    settings.sige.min_interval_ms = 0;
    settings.sheets.base_url = url(installation.sheets.base_url())?;
    settings.sheets.reads_per_minute = 100_000;
    settings.sheets.writes_per_minute = 100_000;
    Ok(settings)
}

/// The sample company's account.
pub(crate) fn account() -> Account {
    Account::with_defaults(ACCOUNT, ERP_SPREADSHEET, DESTINATION_SPREADSHEET)
}

/// Stores the account and its credentials.
pub(crate) async fn register(context: &Context, installation: &SampleInstallation) -> Result<(), Failure> {
    let account = account();
    let sige = &installation.company.account;
    let secrets = [
        (&account.sige_secret, credentials::sige(&sige.token, &sige.user, &sige.app)),
        (&account.google_secret, installation.sheets.service_account_json()),
    ];
    for (name, value) in secrets {
        let name = secret_name(context.stage(), name);
        context.secrets.set(&name, value.into()).await.map_err(Failure::failed)?;
    }
    accounts::save(&*context.state, &account, Vec::new()).await.map_err(Failure::failed)?;
    Ok(())
}

async fn sync(
    context: &Context,
    installation: &SampleInstallation,
) -> Result<(RunFacts, RunReport), Failure> {
    let clock = SystemClock;
    let (started, sige_before, sheets_before) =
        (clock.now(), installation.sige.seen().total(), installation.sheets.counters());
    let mut turn = Turn::take(context, false).await?;
    let (deps, _) = wiring::deps(context, turn.takeover()).await?;
    let event = sige_daily_sync::DailySyncEvent {
        v: 1,
        scheduled_at: None,
        request: None,
        account: None,
        last_day: None,
        allow_empty: false,
    };
    let planned = sige_daily_sync::handle(event, &deps).await.map_err(Failure::failed)?;
    let mut report = RunReport {
        job: "sige-daily-sync".to_owned(),
        dry_run: false,
        accounts: Vec::new(),
        write_requests: None,
        waiting: None,
        submitted_to: None,
    };
    runtime::work(context, &deps, &planned.plans, Pace::default(), &mut turn, &mut report).await?;
    let sheets = installation.sheets.counters();
    // What the far side saw, not what this side believes to have sent.
    let write_requests = sheets.writes - sheets_before.writes;
    report.write_requests = Some(write_requests);
    let days = || report.accounts.iter().flat_map(|account| &account.days);
    let count = |outcome| days().filter(|day| day.outcome == outcome).count();
    let facts = RunFacts {
        rows: days().map(|day| day.rows).sum(),
        days: days().count(),
        days_written: count(DayOutcome::Written),
        days_unchanged: count(DayOutcome::Unchanged),
        days_failed: count(DayOutcome::Failed) + count(DayOutcome::Pending),
        quarantined: days().map(|day| day.quarantined).sum(),
        write_requests,
        read_requests: sheets.reads - sheets_before.reads,
        sige_requests: installation.sige.seen().total() - sige_before,
        duration_ms: (clock.now() - started).num_milliseconds(),
    };
    if facts.days_failed > 0 {
        report.print(&context.output);
        return Err(Failure::failed("the demo did not come to its end; see the reasons above"));
    }
    Ok((facts, report))
}

fn texts(row: &[CellValue]) -> Vec<String> {
    (0..HEADER.len())
        .map(|column| match (column, row.get(column)) {
            (3 | 11 | 14, Some(CellValue::Number(serial))) if *serial > 0.0 => day_text(*serial, "%d/%m/%Y"),
            (17, Some(CellValue::Number(serial))) => day_text(*serial, "%-m/%Y"),
            (7 | 13 | 16, Some(CellValue::Number(amount))) => format!("{amount:.2}"),
            (_, Some(CellValue::Number(number))) => format!("{number:.0}"),
            (_, Some(CellValue::Text(text) | CellValue::Formula(text))) => text.to_string(),
            (_, Some(CellValue::Bool(value))) => value.to_string(),
            (_, Some(CellValue::Empty) | None) => String::new(),
        })
        .collect()
}

fn day_text(serial: f64, format: &str) -> String {
    // Shown only: the number is a whole serial day written by us.
    let day = format!("{serial:.0}").parse().ok().and_then(|day| SerialDay(day).to_date());
    day.map_or_else(String::new, |day| day.format(format).to_string())
}

fn print(output: &Output, demo: &SigeDemo, first_report: &RunReport, installation: &SampleInstallation) {
    output.line("");
    first_report.print(output);
    output.line("");
    let facts = |name: &str, facts: &RunFacts| {
        [
            name.to_owned(),
            facts.days_written.to_string(),
            facts.days_unchanged.to_string(),
            facts.rows.to_string(),
            facts.quarantined.to_string(),
            facts.sige_requests.to_string(),
            facts.read_requests.to_string(),
            facts.write_requests.to_string(),
            format!("{:.1} s", Duration::from_millis(facts.duration_ms.unsigned_abs()).as_secs_f32()),
        ]
    };
    output.table(
        [
            "run",
            "days written",
            "unchanged",
            "rows",
            "quarantined",
            "SIGE calls",
            "sheet reads",
            "sheet writes",
            "time",
        ],
        [facts("first", &demo.first), facts("second", &demo.second)],
    );
    output.line(format!(
        "The second run sent {} write requests: nothing is written twice.",
        demo.second.write_requests
    ));
    output.line("");
    output.line(format!(
        "The rows are in tab {} of spreadsheet {} ({} rows), served by the simulator at {} while the demo ran. The last ones:",
        demo.tab,
        demo.spreadsheet,
        demo.rows_in_tab,
        installation.sheets.base_url()
    ));
    let pick = |row: &Vec<String>| {
        [1, 3, 4, 7, 9, 12, 13, 15, 16].map(|column: usize| row.get(column).cloned().unwrap_or_default())
    };
    output.table(
        [
            "B Código",
            "D Data",
            "E Cliente",
            "H Valor",
            "J Documento",
            "M Novo por",
            "N Novo",
            "P Retirada por",
            "Q Retirada",
        ],
        demo.excerpt.iter().map(pick).collect::<Vec<_>>(),
    );
    if demo.first.quarantined > 0 {
        output.line(format!(
            "{} order could not become a row and is in quarantine with its reason; its neighbours were written.",
            demo.first.quarantined
        ));
    }
    output.line("Next: `erp-sync config init`, then infra/guide/first-day.md. Preview your own files with `erp-sync sige preview --help`.");
}
