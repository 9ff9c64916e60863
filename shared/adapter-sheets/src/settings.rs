//! What an account and an operator may choose, with defaults and with every violation named.
use crate::credential::CredentialError;
use domain::rules::{BookingStatusPolicy, Rules};
use std::time::Duration;
use url::Url;

/// Rows of the bookings that are read at most, unless more are asked for.
const BOOKING_ROWS_DEFAULT: u32 = 25_000;
/// Google's limit on the title of a tab.
const TAB_CHARS_MAX: usize = 100;

/// A tab of a spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabAddress {
    /// What stands between `/d/` and `/edit` in the spreadsheet's address.
    pub spreadsheet: String,
    /// The title of the tab.
    pub tab: String,
}

impl TabAddress {
    /// A tab by the spreadsheet's id and its own title.
    pub fn new(spreadsheet: impl Into<String>, tab: impl Into<String>) -> Self {
        Self { spreadsheet: spreadsheet.into(), tab: tab.into() }
    }
}

/// Everything that may be chosen about the two spreadsheets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetsSettings {
    /// Where the API is; a missing trailing slash is added.
    pub base_url: String,
    /// The tab that rows are written to.
    pub destination: TabAddress,
    /// The tab that bookings are read from.
    pub bookings: TabAddress,
    /// Non-empty rows of the bookings to read, from the bottom.
    pub erp_max_rows: u32,
    /// Whether column AE (cancelled) is read.
    pub read_cancelled: bool,
    /// Whether column AH (month of the form) is read.
    pub read_form_month: bool,
    /// Time for one read, token included.
    pub read_timeout: Duration,
    /// Time for one write, token included. Google gives up after 180 s.
    pub write_timeout: Duration,
    /// Time for a connection to be made.
    pub connect_timeout: Duration,
    /// Upper bounds of the waits between the attempts of a read; one attempt more than there are delays.
    pub read_retries: Vec<Duration>,
    /// A longer `Retry-After` counts as this long.
    pub retry_after_max: Duration,
    /// A longer wait is not slept here but handed back as the time of the next attempt.
    pub wait_max: Duration,
    /// How long a write waits after a 429 that does not say so itself; the quota is refilled every minute.
    pub pause_after_429: Duration,
}

impl SheetsSettings {
    /// The defaults for two tabs.
    pub fn new(bookings: TabAddress, destination: TabAddress) -> Self {
        let seconds = Duration::from_secs;
        Self {
            base_url: "https://sheets.googleapis.com/".into(),
            destination,
            bookings,
            erp_max_rows: BOOKING_ROWS_DEFAULT,
            read_cancelled: false,
            read_form_month: false,
            read_timeout: seconds(30),
            write_timeout: seconds(200),
            connect_timeout: seconds(10),
            read_retries: [1, 2, 4, 8, 16].map(seconds).to_vec(),
            retry_after_max: seconds(15 * 60),
            wait_max: seconds(30),
            pause_after_429: seconds(60),
        }
    }

    /// Reads the columns that the account's rules need, and no others.
    #[must_use]
    pub fn for_rules(mut self, rules: &Rules) -> Self {
        self.read_cancelled = rules.booking_status_policy == BookingStatusPolicy::ExcludeCancelled;
        self.read_form_month = rules.window_months.is_some();
        self
    }

    /// Checks everything and gives the base URL with its trailing slash.
    pub(crate) fn checked_base_url(&self) -> Result<Url, SheetsConfigError> {
        for (name, address) in [("destination", &self.destination), ("bookings", &self.bookings)] {
            check_address(name, address)?;
        }
        if self.erp_max_rows == 0 {
            return Err(SheetsConfigError::Zero("erp_max_rows"));
        }
        let times = [
            ("read_timeout", self.read_timeout),
            ("write_timeout", self.write_timeout),
            ("connect_timeout", self.connect_timeout),
        ];
        if let Some((name, _)) = times.into_iter().find(|(_, time)| time.is_zero()) {
            return Err(SheetsConfigError::Zero(name));
        }
        base_url(&self.base_url)
    }
}

fn check_address(name: &'static str, address: &TabAddress) -> Result<(), SheetsConfigError> {
    let id = &address.spreadsheet;
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err(SheetsConfigError::Spreadsheet { name, id: id.clone() });
    }
    let chars = address.tab.chars().count();
    if chars == 0 || chars > TAB_CHARS_MAX || address.tab.chars().any(char::is_control) {
        return Err(SheetsConfigError::Tab { name, tab: address.tab.escape_debug().collect() });
    }
    Ok(())
}

fn base_url(text: &str) -> Result<Url, SheetsConfigError> {
    let refused =
        |reason: &str| SheetsConfigError::BaseUrl { url: text.to_owned(), reason: reason.to_owned() };
    let with_slash = if text.ends_with('/') { text.to_owned() } else { format!("{text}/") };
    let url = Url::parse(&with_slash).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("it must begin with https:// (or http:// for a stand-in)"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it must not have a query or a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SheetsConfigError::BaseUrl {
            url: format!("{}://…", url.scheme()),
            reason: "it must not hold a user name or a password".into(),
        });
    }
    Ok(url)
}

/// What is wrong with the configuration of an account's spreadsheets.
#[derive(Debug, thiserror::Error)]
pub enum SheetsConfigError {
    /// Not an address.
    #[error("sheets base url `{url}` is not usable: {reason}")]
    BaseUrl {
        /// As configured.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Not the id of a spreadsheet.
    #[error(
        "the spreadsheet id of the {name} tab, `{id}`, is not usable: take what stands between /d/ and /edit in its \
         address"
    )]
    Spreadsheet {
        /// Which tab.
        name: &'static str,
        /// As configured.
        id: String,
    },
    /// Not the title of a tab.
    #[error(
        "the title of the {name} tab, `{tab}`, is not usable: 1 to 100 characters, no control characters"
    )]
    Tab {
        /// Which tab.
        name: &'static str,
        /// As configured.
        tab: String,
    },
    /// A limit that must not be 0.
    #[error("{0} must be greater than zero")]
    Zero(&'static str),
    /// The secret.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The machine's list of certificate authorities.
    #[error("the system's certificate authorities cannot be read (is ca-certificates installed?): {0}")]
    Authorities(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> SheetsSettings {
        SheetsSettings::new(TabAddress::new("erp_1-x", "ERP"), TabAddress::new("dest", "Faturamento"))
    }

    fn refusal(change: impl FnOnce(&mut SheetsSettings)) -> String {
        let mut settings = settings();
        change(&mut settings);
        settings.checked_base_url().unwrap_err().to_string()
    }

    #[test]
    fn a_missing_trailing_slash_is_added() {
        let mut settings = settings();
        assert_eq!(settings.checked_base_url().unwrap().as_str(), "https://sheets.googleapis.com/");
        settings.base_url = "http://127.0.0.1:8080/google".into();
        assert_eq!(settings.checked_base_url().unwrap().as_str(), "http://127.0.0.1:8080/google/");
    }

    #[test]
    fn every_violation_names_its_setting() {
        for url in ["", "sheets.googleapis.com", "ftp://x/", "https://x/?a=b", "https://"] {
            assert!(refusal(|settings| settings.base_url = url.into()).contains("base url"), "{url}");
        }
        let told = refusal(|settings| settings.base_url = "https://user:hunter2@x/".into());
        assert!(told.contains("password") && !told.contains("hunter2"), "{told}");
        let url = "https://docs.google.com/spreadsheets/d/abc/edit";
        let told = refusal(|settings| settings.destination.spreadsheet = url.into());
        assert!(told.contains("destination") && told.contains("/d/"), "{told}");
        assert!(refusal(|settings| settings.bookings.spreadsheet = String::new()).contains("bookings"));
        assert!(refusal(|settings| settings.bookings.tab = "a\nb".into()).contains(r"a\nb"));
        assert!(refusal(|settings| settings.erp_max_rows = 0).contains("erp_max_rows"));
        assert!(refusal(|settings| settings.write_timeout = Duration::ZERO).contains("write_timeout"));
    }

    #[test]
    fn only_the_columns_that_the_rules_need_are_read() {
        let plain = settings().for_rules(&Rules::default());
        assert_eq!((plain.read_cancelled, plain.read_form_month), (false, false));
        let rules = Rules {
            booking_status_policy: BookingStatusPolicy::ExcludeCancelled,
            window_months: Some(3),
            ..Rules::default()
        };
        let both = settings().for_rules(&rules);
        assert_eq!((both.read_cancelled, both.read_form_month), (true, true));
    }
}
