//! The section `[sheets]` of the configuration, and the opener that turns an account's secret into its spreadsheets.
use crate::connection::client;
use crate::{GoogleSheets, SheetsSettings, Surroundings, TabAddress};
use async_trait::async_trait;
use flows::accounts::Account;
use flows::config::{BaseUrl, Limit, Timing, Transport};
use flows::connections::OpenSheets;
use flows::ports::{CallGate, Clock, Randomness, ReportSheet};
use flows::rate::Quota;
use reqwest::Client;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

const MINUTE: Duration = Duration::from_secs(60);

flows::settings_section! {
    /// Google Sheets, where bookings are read and rows are written.
    ["sheets"] SheetsSection {
        /// Address of the Sheets API. (The token address stands in the service account key, `token_uri`.)
        base_url: BaseUrl = BaseUrl::known("https://sheets.googleapis.com/"), Limit::any();
        /// Read requests a minute. Google allows 60 a user.
        reads_per_minute: u64 = 50, Limit::of(1, 1_000_000);
        /// Write requests a minute. Google allows 60 a user.
        writes_per_minute: u64 = 50, Limit::of(1, 1_000_000);
        /// Time to connect, in seconds.
        connect_timeout_s: u64 = 10, Limit::of(1, 120);
        /// Time of one read and its answer, in seconds.
        read_timeout_s: u64 = 30, Limit::of(1, 200);
        /// Time of one write and its answer, in seconds. Google gives up after 180.
        write_timeout_s: u64 = 200, Limit::of(1, 220);
        /// Waits before each further attempt of a read, in milliseconds. Writes are never repeated blindly.
        retry_delays_ms: Vec<u64> = vec![1_000, 2_000, 4_000, 8_000, 16_000], Limit::of(0, 600_000);
        /// Longest Retry-After that is obeyed, in seconds; a longer one is shortened to this.
        retry_after_max_s: u64 = 900, Limit::of(0, 86_400);
    }
}

impl SheetsSection {
    /// The settings of an account's two spreadsheets.
    pub fn settings(&self, account: &Account) -> SheetsSettings {
        let bookings = TabAddress::new(account.erp.spreadsheet.as_str(), account.erp.tab.as_str());
        let destination =
            TabAddress::new(account.destination.spreadsheet.as_str(), account.destination.tab.as_str());
        SheetsSettings {
            base_url: self.base_url.as_str().to_owned(),
            erp_max_rows: account.erp_max_rows,
            connect_timeout: Duration::from_secs(self.connect_timeout_s),
            read_timeout: Duration::from_secs(self.read_timeout_s),
            write_timeout: Duration::from_secs(self.write_timeout_s),
            read_retries: self.retry_delays_ms.iter().copied().map(Duration::from_millis).collect(),
            retry_after_max: Duration::from_secs(self.retry_after_max_s),
            ..SheetsSettings::new(bookings, destination)
        }
        .for_rules(&account.rules)
    }

    /// The times of its calls, to be nested into those around them; the write is made under the lease.
    pub fn timings(&self) -> [Timing; 2] {
        [
            Timing::new("sheets.read_timeout_s", self.read_timeout_s),
            Timing::new("sheets.write_timeout_s", self.write_timeout_s),
        ]
    }

    /// Values that are right alone and wrong together: dotted key and reason.
    pub fn conflicts(&self, transport: &Transport) -> Vec<(&'static str, String)> {
        transport.problem_with(&self.base_url).map(|told| ("sheets.base_url", told)).into_iter().collect()
    }
}

fn per_minute(calls: u64) -> Quota {
    let calls = u32::try_from(calls).unwrap_or(u32::MAX);
    // The whole minute may be used in one go: Google counts by the minute.
    Quota { calls, period: MINUTE, burst: calls, min_interval: Duration::ZERO, block: 1 }
}

/// Opens the spreadsheets of accounts.
pub struct SheetsOpener {
    section: SheetsSection,
    /// Made with the first account and shared by all: the list of authorities is read once.
    http: OnceCell<Client>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
}

impl SheetsOpener {
    /// With the settings of a section.
    pub fn new(section: &SheetsSection, clock: Arc<dyn Clock>, random: Arc<dyn Randomness>) -> Self {
        Self { section: section.clone(), http: OnceCell::new(), clock, random }
    }
}

#[async_trait]
impl OpenSheets for SheetsOpener {
    fn read_quota(&self) -> Quota {
        per_minute(self.section.reads_per_minute)
    }

    fn write_quota(&self) -> Quota {
        per_minute(self.section.writes_per_minute)
    }

    async fn open(
        &self,
        account: &Account,
        secret: &SecretString,
        read_gate: Arc<dyn CallGate>,
        write_gate: Arc<dyn CallGate>,
    ) -> Result<Arc<dyn ReportSheet>, String> {
        let (clock, randomness) = (self.clock.clone(), self.random.clone());
        let around = Surroundings { clock, randomness, read_gate, write_gate };
        let settings = self.section.settings(account);
        let http = self.http.get_or_try_init(|| async { client(&settings) }).await;
        let http = http.map_err(|error| error.to_string())?.clone();
        let opened = GoogleSheets::on(http, settings, secret, around);
        Ok(Arc::new(opened.map_err(|error| error.to_string())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHEET: &str = "1AbCdEfGhIjKlMnOpQrStUvWxYz";

    #[test]
    fn the_defaults_of_the_section_are_those_of_the_connection() {
        let account = Account::with_defaults("loja", SHEET, SHEET);
        let expected =
            SheetsSettings::new(TabAddress::new(SHEET, "ERP"), TabAddress::new(SHEET, "Faturamento"));
        assert_eq!(SheetsSection::default().settings(&account), expected);
    }

    #[test]
    fn the_rules_of_the_account_decide_which_columns_are_read() {
        let mut account = Account::with_defaults("loja", SHEET, SHEET);
        account.rules.window_months = Some(2);
        account.erp_max_rows = 7;
        let read = SheetsSection::default().settings(&account);
        assert_eq!((read.read_form_month, read.read_cancelled, read.erp_max_rows), (true, false, 7));
    }

    #[test]
    fn a_whole_minute_may_be_used_in_one_go() {
        let quota = per_minute(SheetsSection::default().reads_per_minute);
        assert_eq!((quota.calls, quota.burst, quota.period), (50, 50, MINUTE));
    }
}
