//! The built binary against the simulators over HTTP: what a person runs, with what the far side saw.
mod faults;
mod kill;
mod metadata_budget;
mod secrecy;
pub mod up;

use crate::erp_sync::{Finished, Place};
use local::sample_installation::{
    ACCOUNT, DESTINATION_SPREADSHEET, ERP_SPREADSHEET, SampleInstallation, Scale,
};
use serde_json::Value;
use std::sync::Arc;
use testkit::clock::SimulatedClock;
use testkit::sample::SampleSize;
use testkit::sheets::CellValue;

/// A sample company in simulators, and a directory that is set up to work on it.
pub struct Shop {
    pub installation: SampleInstallation,
    pub place: Place,
}

/// What the settings of a test differ in.
pub struct Setting {
    pub settle_after_s: u64,
    pub log_level: &'static str,
}

impl Default for Setting {
    fn default() -> Self {
        Self { settle_after_s: 200, log_level: "info" }
    }
}

impl Shop {
    pub async fn open(setting: Setting) -> Self {
        let scale = Scale { company: SampleSize::SMALL, destination_rows: 5 };
        // The sample ends on the day the binary believes it is: its clock is the system's.
        let clock = Arc::new(shared::system::SystemClock);
        let installation = SampleInstallation::start(clock, scale).await.unwrap();
        let place = Place::new();
        place.write(
            "erp-sync.toml",
            &format!(
                "log_level = \"{}\"\n[sige]\nbase_url = \"{}\"\nrequests_per_hour = 1000000\nburst = 10000\nmin_interval_ms = 0\n\
                 retry_delays_ms = [1, 1, 1, 1]\n[sheets]\nbase_url = \"{}\"\nreads_per_minute = 10000\nwrites_per_minute = 10000\n\
                 retry_delays_ms = [1, 1]\n[flows]\nsettle_after_s = {}\n",
                setting.log_level,
                installation.sige.base_url(),
                installation.sheets.base_url(),
                setting.settle_after_s
            ),
        );
        place.write(
            "accounts.toml",
            &format!(
                "[{ACCOUNT}]\nerp.spreadsheet = \"{ERP_SPREADSHEET}\"\ndestination.spreadsheet = \"{DESTINATION_SPREADSHEET}\"\n"
            ),
        );
        let shop = Self { installation, place };
        shop.run(&["accounts", "apply", "--apply"]).await.done();
        let sige = &shop.installation.company.account;
        let sige = local::credentials::sige(&sige.token, &sige.user, &sige.app);
        let google = shop.installation.sheets.service_account_json();
        for (scope, value) in [("sige", sige), ("google", google)] {
            let name = format!("{scope}/{ACCOUNT}");
            shop.place.run_with_input(&["secrets", "set", &name], &value).done();
        }
        shop
    }

    /// Runs the binary without stopping the simulators, which live in this process.
    pub async fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = self.place.command();
        command.args(arguments).stdin(std::process::Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
        Finished::of(output.unwrap())
    }

    pub async fn daily(&self) -> Value {
        let finished = self.run(&["run", "sige-daily-sync", "--json"]).await.done();
        serde_json::from_str(&finished.stdout).unwrap()
    }

    /// Every row of the destination as text, sorted: the order of rows is not a promise.
    pub fn rows(&self) -> Vec<String> {
        let text = |row: Vec<CellValue>| format!("{row:?}");
        let mut rows: Vec<_> = self
            .installation
            .sheets
            .rows(DESTINATION_SPREADSHEET, "Faturamento")
            .into_iter()
            .map(text)
            .collect();
        rows.sort();
        rows
    }

    pub fn writes(&self) -> u64 {
        self.installation.sheets.counters().writes
    }
}

/// The rows after a run that nothing disturbs.
pub async fn crash_free() -> Vec<String> {
    let shop = Shop::open(Setting::default()).await;
    shop.daily().await;
    shop.rows()
}

/// A clock for what is tested without the binary.
pub fn clock() -> Arc<SimulatedClock> {
    Arc::new(SimulatedClock::at(2026, 3, 26, 9, 0))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_run_fills_the_sheet_and_the_second_one_sends_no_write() {
    let shop = Shop::open(Setting::default()).await;
    let first = shop.daily().await;
    assert_eq!(first["accounts"][0]["days"].as_array().unwrap().len(), 5);
    assert!(first["write_requests"].as_u64().unwrap() >= 4, "{first}");
    assert_eq!(first["write_requests"], shop.writes());
    let rows = shop.rows();
    let second = shop.daily().await;
    assert_eq!(second["write_requests"], 0);
    assert_eq!(shop.rows(), rows);
    assert_eq!(shop.installation.sheets.counters().formula_writes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_commands_at_once_take_turns_and_write_each_day_once() {
    let shop = Shop::open(Setting::default()).await;
    let (one, two) = tokio::join!(shop.daily(), shop.daily());
    let days = [&one, &two].map(|report| report["write_requests"].as_u64().unwrap());
    assert_eq!(days.iter().sum::<u64>(), shop.writes());
    assert!(days.contains(&0), "one of them found everything done: {days:?}");
    let rows = shop.rows();
    shop.daily().await;
    assert_eq!(shop.rows(), rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_reaches_as_far_as_it_is_asked_to_and_no_further() {
    let shop = Shop::open(Setting::default()).await;
    let yesterday = domain::calendar::civil_day(flows::ports::Clock::now(&shared::system::SystemClock))
        .pred_opt()
        .unwrap();
    let from = yesterday - chrono::Days::new(7);
    let arguments =
        ["run", "sige-backfill", "--from", &from.to_string(), "--to", &yesterday.to_string(), "--json"];
    let report: Value = serde_json::from_str(&shop.run(&arguments).await.done().stdout).unwrap();
    assert_eq!(report["accounts"][0]["days"].as_array().unwrap().len(), 8);
    let again: Value = serde_json::from_str(&shop.run(&arguments).await.done().stdout).unwrap();
    assert_eq!(again["write_requests"], 0);
}
