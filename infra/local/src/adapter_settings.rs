//! From `erp-sync.toml` and an account to what each adapter and the flows understand.
use crate::settings::Settings;
use adapter_sheets::{SheetsSettings, TabAddress};
use adapter_sige::{RetryPolicy, SigeCredentials, SigeSettings};
use flows::accounts::Account;
use flows::rate::Quota;
use flows::settings::FlowSettings;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);
/// SIGE calls reserved at once: a day has a hundred look-ups, and each reservation is a durable write.
const SIGE_BLOCK: u32 = 10;

/// The limits of the use cases.
pub fn flows(settings: &Settings) -> FlowSettings {
    let flows = &settings.flows;
    FlowSettings {
        lease_ttl: Duration::from_secs(flows.lease_ttl_s),
        settle_after: Duration::from_secs(settings.sheets.settle_after_s),
        window_budget: Duration::from_secs(flows.window_budget_s),
        requeue_after: Duration::from_secs(flows.requeue_after_s),
        backfill_days_max: small(flows.backfill_days_max),
        change_overlap: Duration::from_secs(flows.change_overlap_minutes.saturating_mul(60)),
        touched_days_max: small(flows.touched_days_max),
        retry_delays: flows.retry_delays_s.iter().copied().map(Duration::from_secs).collect(),
    }
}

/// The connection to SIGE.
pub fn sige(settings: &Settings) -> SigeSettings {
    let sige = &settings.sige;
    SigeSettings {
        base_url: sige.base_url.as_str().to_owned(),
        allow_http: settings.general.allow_plain_http,
        page_size: small(sige.page_size),
        records_max: small(sige.records_max),
        passes_max: small(sige.passes_max),
        query_margin_days: small(sige.query_margin_days),
        connect_timeout: Duration::from_secs(sige.connect_timeout_s),
        orders_timeout: Duration::from_secs(sige.orders_timeout_s),
        people_timeout: Duration::from_secs(sige.people_timeout_s),
        retry: RetryPolicy {
            delays: sige.retry_delays_ms.iter().copied().map(Duration::from_millis).collect(),
            retry_after_cap: Duration::from_secs(sige.retry_after_max_s),
            ..RetryPolicy::default()
        },
        ..SigeSettings::default()
    }
}

/// How often SIGE may be called for one account.
pub fn sige_quota(settings: &Settings) -> Quota {
    Quota {
        calls: small(settings.sige.requests_per_hour),
        period: HOUR,
        burst: small(settings.sige.burst),
        min_interval: Duration::from_millis(settings.sige.min_interval_ms),
        block: SIGE_BLOCK,
    }
}

/// The two spreadsheets of an account.
pub fn sheets(settings: &Settings, account: &Account) -> SheetsSettings {
    let sheets = &settings.sheets;
    let bookings = TabAddress::new(account.erp.spreadsheet.as_str(), account.erp.tab.as_str());
    let destination =
        TabAddress::new(account.destination.spreadsheet.as_str(), account.destination.tab.as_str());
    SheetsSettings {
        base_url: sheets.base_url.as_str().to_owned(),
        erp_max_rows: account.erp_max_rows,
        connect_timeout: Duration::from_secs(sheets.connect_timeout_s),
        read_timeout: Duration::from_secs(sheets.read_timeout_s),
        write_timeout: Duration::from_secs(sheets.write_timeout_s),
        read_retries: sheets.retry_delays_ms.iter().copied().map(Duration::from_millis).collect(),
        retry_after_max: Duration::from_secs(sheets.retry_after_max_s),
        ..SheetsSettings::new(bookings, destination)
    }
    .for_rules(&account.rules)
}

/// How often Google Sheets may be read with one credential.
pub fn sheets_read_quota(settings: &Settings) -> Quota {
    per_minute(settings.sheets.reads_per_minute)
}

/// How often Google Sheets may be written with one credential.
pub fn sheets_write_quota(settings: &Settings) -> Quota {
    per_minute(settings.sheets.writes_per_minute)
}

/// The SIGE credentials from the secret that `secrets set` stored.
///
/// # Errors
/// What is wrong with it, without the value.
pub fn sige_credentials(secret: &SecretString) -> Result<SigeCredentials, String> {
    let value: serde_json::Value = serde_json::from_str(secret.expose_secret())
        .map_err(|error| format!("is not JSON (line {}, column {})", error.line(), error.column()))?;
    let field = |name: &str| {
        let text = value.get(name).and_then(serde_json::Value::as_str);
        text.map(|text| SecretString::from(text.to_owned())).ok_or_else(|| format!("{name} is missing"))
    };
    Ok(SigeCredentials { token: field("token")?, user: field("user")?, app: field("app")? })
}

fn per_minute(calls: u64) -> Quota {
    // The whole minute may be used in one go: Google counts by the minute.
    Quota { calls: small(calls), period: MINUTE, burst: small(calls), min_interval: Duration::ZERO, block: 1 }
}

/// Settings that become 32 bits are bounded far below by their table.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials;

    const ACCOUNT: &str = "1AbCdEfGhIjKlMnOpQrStUvWxYz";

    #[test]
    fn the_defaults_of_the_file_are_the_defaults_of_the_flows() {
        assert_eq!(flows(&Settings::default()), FlowSettings::default());
    }

    #[test]
    fn the_defaults_of_the_file_are_the_defaults_of_the_adapters() {
        let read = sige(&Settings::default());
        assert_eq!(read, SigeSettings::default());
        assert!(read.validate().is_ok());
        let account = Account::with_defaults("loja", ACCOUNT, ACCOUNT);
        let expected =
            SheetsSettings::new(TabAddress::new(ACCOUNT, "ERP"), TabAddress::new(ACCOUNT, "Faturamento"));
        assert_eq!(sheets(&Settings::default(), &account), expected);
    }

    #[test]
    fn the_rules_of_the_account_decide_which_columns_are_read() {
        let mut account = Account::with_defaults("loja", ACCOUNT, ACCOUNT);
        account.rules.window_months = Some(2);
        account.erp_max_rows = 7;
        let read = sheets(&Settings::default(), &account);
        assert_eq!((read.read_form_month, read.read_cancelled, read.erp_max_rows), (true, false, 7));
    }

    #[test]
    fn quotas_are_those_of_the_file() {
        let settings = Settings::default();
        let quota = sige_quota(&settings);
        assert_eq!((quota.calls, quota.period, quota.burst), (900, HOUR, 60));
        assert_eq!(quota.min_interval, Duration::from_millis(500));
        assert_eq!(sheets_read_quota(&settings).calls, 50);
        assert_eq!(sheets_write_quota(&settings).burst, 50);
    }

    #[test]
    fn what_secrets_set_stores_can_be_read_back() {
        let stored = credentials::check(credentials::Kind::Sige, &credentials::sige("t", "u", "a")).unwrap();
        let read = sige_credentials(&stored).unwrap();
        assert_eq!((read.token.expose_secret(), read.app.expose_secret()), ("t", "a"));
        let told = sige_credentials(&"{\"token\": \"hunter2\"}".to_owned().into()).unwrap_err();
        assert_eq!(told, "user is missing");
    }
}
