//! `erp-sync simulate`: the simulators alone, until Ctrl-C.
use crate::cli::SimulateArgs;
use crate::demo;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::wait_for_signal;
use crate::sample_installation::{
    ACCOUNT, DESTINATION_SPREADSHEET, ERP_SPREADSHEET, SampleInstallation, Scale,
};
use serde::Serialize;
use shared::system::SystemClock;
use std::io::Write;
use std::sync::Arc;
use testkit::sample::SampleSize;

/// Days of the sample: enough for every daily run and a month of backfill.
const DAYS: usize = 40;

/// Everything that is needed to point a configuration at the simulators.
#[derive(Debug, Serialize)]
struct Simulated {
    sige_base_url: String,
    sheets_base_url: String,
    token_url: String,
    account: &'static str,
    erp_spreadsheet: &'static str,
    destination_spreadsheet: &'static str,
    sige_secret: serde_json::Value,
    google_secret: serde_json::Value,
    /// Contents for `erp-sync.toml`.
    config: String,
    /// Contents for `accounts.toml`.
    accounts: String,
}

/// `simulate`; prints addresses and a configuration, then waits for SIGINT or SIGTERM.
///
/// # Errors
/// The simulators could not be started.
pub async fn run(output: &Arc<Output>, args: &SimulateArgs) -> Result<(), Failure> {
    let orders_per_day = usize::try_from(args.orders_per_day).unwrap_or(usize::MAX);
    let company = SampleSize {
        orders: orders_per_day.saturating_mul(DAYS),
        erp_rows: usize::try_from(args.erp_rows).unwrap_or(usize::MAX),
        days: DAYS,
    };
    let scale = Scale { company, destination_rows: args.destination_rows };
    let installation = SampleInstallation::start(Arc::new(SystemClock), scale).await?;
    let simulated = describe(&installation)?;
    // Signals are noted before the addresses are told: who reads them may ask for the end at once.
    let mut end = std::pin::pin!(wait_for_signal());
    tokio::select! { biased; () = &mut end => return Ok(()), () = std::future::ready(()) => {} }
    output.result(&simulated, |output| {
        output.line(format!("SIGE           {}", simulated.sige_base_url));
        output.line(format!("Google Sheets  {}", simulated.sheets_base_url));
        output.line(format!("\nerp-sync.toml\n-------------\n{}", simulated.config));
        output.line(format!("accounts.toml\n-------------\n{}", simulated.accounts));
        output.line(format!("erp-sync secrets set sige/{ACCOUNT}     {}", simulated.sige_secret));
        output.line(format!(
            "erp-sync secrets set google/{ACCOUNT}   the object google_secret of `erp-sync simulate --json`"
        ));
    });
    // A script reads the addresses before the process ends.
    std::io::stdout().flush().map_err(Failure::failed)?;
    output.note("the simulators run until Ctrl-C");
    end.await;
    Ok(())
}

fn describe(installation: &SampleInstallation) -> Result<Simulated, Failure> {
    let settings = demo::settings(installation, std::path::Path::new("."))?;
    let sige = &installation.company.account;
    let config = format!(
        "[sige]\nbase_url = \"{}\"\nrequests_per_hour = {}\nburst = {}\nmin_interval_ms = 0\n\n\
         [sheets]\nbase_url = \"{}\"\nreads_per_minute = {}\nwrites_per_minute = {}\n",
        settings.sige.base_url.as_str(),
        settings.sige.requests_per_hour,
        settings.sige.burst,
        settings.sheets.base_url.as_str(),
        settings.sheets.reads_per_minute,
        settings.sheets.writes_per_minute,
    );
    let accounts = format!(
        "[{ACCOUNT}]\nerp.spreadsheet = \"{ERP_SPREADSHEET}\"\ndestination.spreadsheet = \"{DESTINATION_SPREADSHEET}\"\n"
    );
    Ok(Simulated {
        sige_base_url: installation.sige.base_url().to_owned(),
        sheets_base_url: installation.sheets.base_url().to_owned(),
        token_url: installation.sheets.token_url(),
        account: ACCOUNT,
        erp_spreadsheet: ERP_SPREADSHEET,
        destination_spreadsheet: DESTINATION_SPREADSHEET,
        sige_secret: serde_json::json!({ "token": sige.token, "user": sige.user, "app": sige.app }),
        google_secret: serde_json::from_str(&installation.sheets.service_account_json())
            .map_err(Failure::failed)?,
        config,
        accounts,
    })
}
