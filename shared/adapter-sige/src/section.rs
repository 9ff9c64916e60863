//! The section `[sige]` of the configuration, and the opener that turns an account's secret into a source of orders.
use crate::{RetryPolicy, SigeApi, SigeCredentials, SigeSettings};
use async_trait::async_trait;
use flows::accounts::Account;
use flows::config::{BaseUrl, Limit, Timing, Transport};
use flows::connections::OpenOrders;
use flows::ports::{CallGate, Clock, OrderSource, Randomness};
use flows::rate::Quota;
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
/// Calls reserved at once: a day has a hundred look-ups, and each reservation is a durable write.
const CALLS_RESERVED: u32 = 10;

flows::settings_section! {
    /// SIGE Cloud, where billed orders and people come from.
    ["sige"] SigeSection {
        /// Address of the API. White labels and stand-ins go here.
        base_url: BaseUrl = BaseUrl::known(crate::BASE_URL_DEFAULT), Limit::any();
        /// Orders asked for in one page.
        page_size: u64 = 100, Limit::of(1, 200);
        /// Most records of one listing; a longer one fails instead of being cut off.
        records_max: u64 = 50_000, Limit::of(100, 1_000_000);
        /// How often a listing of several pages is read, until two passes agree, before it counts as unstable.
        passes_max: u64 = 3, Limit::of(2, 10);
        /// Days asked for before and after a sale day, because the server's day may end in another time zone.
        query_margin_days: u64 = 0, Limit::of(0, 7);
        /// Requests an hour, orders and people together. SIGE documents 1,000 for its white labels.
        requests_per_hour: u64 = 900, Limit::of(1, 10_000_000);
        /// Requests that may follow each other without waiting for the hourly rate.
        burst: u64 = 60, Limit::of(1, 1_000_000);
        /// Least time between two requests, in milliseconds.
        min_interval_ms: u64 = 500, Limit::of(0, 60_000);
        /// Time to connect, in seconds.
        connect_timeout_s: u64 = 10, Limit::of(1, 120);
        /// Time of one request for orders and its answer, in seconds.
        orders_timeout_s: u64 = 60, Limit::of(1, 180);
        /// Time of one request for people and its answer, in seconds.
        people_timeout_s: u64 = 30, Limit::of(1, 180);
        /// Waits before each further attempt after 408, 429, 5xx or a lost connection, in milliseconds.
        retry_delays_ms: Vec<u64> = vec![1_500, 3_000, 6_000, 12_000], Limit::of(0, 600_000);
        /// Longest Retry-After that is obeyed, in seconds; a longer one is shortened to this.
        retry_after_max_s: u64 = 900, Limit::of(0, 86_400);
    }
}

/// Settings that become 32 bits are bounded far below by their table.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl SigeSection {
    /// The connection's settings.
    pub fn settings(&self, transport: &Transport) -> SigeSettings {
        SigeSettings {
            base_url: self.base_url.as_str().to_owned(),
            allow_http: transport.allow_plain_http,
            page_size: small(self.page_size),
            records_max: small(self.records_max),
            passes_max: small(self.passes_max),
            query_margin_days: small(self.query_margin_days),
            connect_timeout: Duration::from_secs(self.connect_timeout_s),
            orders_timeout: Duration::from_secs(self.orders_timeout_s),
            people_timeout: Duration::from_secs(self.people_timeout_s),
            retry: RetryPolicy {
                delays: self.retry_delays_ms.iter().copied().map(Duration::from_millis).collect(),
                retry_after_cap: Duration::from_secs(self.retry_after_max_s),
                ..RetryPolicy::default()
            },
            ..SigeSettings::default()
        }
    }

    /// How often SIGE may be called with one credential.
    pub fn quota(&self) -> Quota {
        Quota {
            calls: small(self.requests_per_hour),
            period: HOUR,
            burst: small(self.burst),
            min_interval: Duration::from_millis(self.min_interval_ms),
            block: CALLS_RESERVED,
        }
    }

    /// The times of its calls, to be nested into those around them.
    pub fn timings(&self) -> [Timing; 2] {
        [
            Timing::new("sige.orders_timeout_s", self.orders_timeout_s),
            Timing::new("sige.people_timeout_s", self.people_timeout_s),
        ]
    }

    /// Values that are right alone and wrong together: dotted key and reason.
    pub fn conflicts(&self, transport: &Transport) -> Vec<(&'static str, String)> {
        transport.problem_with(&self.base_url).map(|told| ("sige.base_url", told)).into_iter().collect()
    }
}

/// Opens SIGE accounts on one connection pool, which is built with the first.
pub struct SigeOrders {
    settings: SigeSettings,
    quota: Quota,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
    api: OnceLock<SigeApi>,
}

impl SigeOrders {
    /// With the settings of a section.
    pub fn new(
        section: &SigeSection,
        transport: &Transport,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
    ) -> Self {
        let settings = section.settings(transport);
        Self { settings, quota: section.quota(), clock, random, api: OnceLock::new() }
    }

    fn api(&self) -> Result<SigeApi, String> {
        if let Some(api) = self.api.get() {
            return Ok(api.clone());
        }
        let api = SigeApi::new(self.settings.clone(), self.clock.clone(), self.random.clone());
        let api = api.map_err(|error| error.to_string())?;
        Ok(self.api.get_or_init(|| api).clone())
    }
}

#[async_trait]
impl OpenOrders for SigeOrders {
    fn quota(&self) -> Quota {
        self.quota
    }

    async fn open(
        &self,
        _account: &Account,
        secret: &SecretString,
        gate: Arc<dyn CallGate>,
    ) -> Result<Arc<dyn OrderSource>, String> {
        let credentials = credentials(secret)?;
        let client = self.api()?.account(&credentials, gate).map_err(|error| error.to_string())?;
        Ok(Arc::new(client))
    }
}

/// The credentials from a secret `{"token", "user", "app"}`.
///
/// # Errors
/// What is wrong with it, without the value.
pub fn credentials(secret: &SecretString) -> Result<SigeCredentials, String> {
    let value: serde_json::Value = serde_json::from_str(secret.expose_secret())
        .map_err(|error| format!("is not JSON (line {}, column {})", error.line(), error.column()))?;
    let field = |name: &str| {
        let text = value.get(name).and_then(serde_json::Value::as_str);
        text.map(|text| SecretString::from(text.to_owned())).ok_or_else(|| format!("{name} is missing"))
    };
    Ok(SigeCredentials { token: field("token")?, user: field("user")?, app: field("app")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_section_are_those_of_the_connection() {
        let read = SigeSection::default().settings(&Transport::default());
        assert_eq!(read, SigeSettings::default());
        assert!(read.validate().is_ok());
        assert_eq!(SigeSection::default().conflicts(&Transport::default()), []);
    }

    #[test]
    fn the_quota_is_that_of_the_section() {
        let quota = SigeSection::default().quota();
        assert_eq!((quota.calls, quota.period, quota.burst), (900, HOUR, 60));
        assert_eq!(quota.min_interval, Duration::from_millis(500));
    }

    #[test]
    fn plain_http_goes_to_this_machine_only_unless_allowed() {
        let far = BaseUrl::parse("http://far.example/").unwrap();
        let section = SigeSection { base_url: far, ..SigeSection::default() };
        let told = section.conflicts(&Transport::default());
        assert!(told[0].1.starts_with("would send credentials unencrypted"), "{told:?}");
        assert_eq!(section.conflicts(&Transport { allow_plain_http: true }), []);
    }

    #[test]
    fn a_secret_is_judged_without_being_repeated() {
        let read = credentials(&r#"{"token":"t","user":"u","app":"a"}"#.to_owned().into()).unwrap();
        assert_eq!((read.token.expose_secret(), read.app.expose_secret()), ("t", "a"));
        let told = |text: &str| credentials(&text.to_owned().into()).unwrap_err();
        assert_eq!(told(r#"{"token": "hunter2"}"#), "user is missing");
        assert!(!told("hunter2").contains("hunter2"));
    }
}
