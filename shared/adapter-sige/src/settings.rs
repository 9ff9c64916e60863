//! Addresses and limits, judged as a whole before the first call.
use crate::retry::RetryPolicy;
use std::fmt;
use std::time::Duration;
use url::{Host, Url};

/// Where SIGE Cloud answers. White labels of the same product answer under `https://<tenant>.../api`.
pub const BASE_URL_DEFAULT: &str = "https://api.sigecloud.com.br/";

/// Everything about the connection that an operator may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigeSettings {
    /// What stands before `/request/...`; a path is kept.
    pub base_url: String,
    /// Allows `http://` to other hosts than this machine. The credentials then travel unencrypted.
    pub allow_http: bool,
    /// Orders asked for in one page.
    pub page_size: u32,
    /// Most records of one listing; a longer one is an error, never cut.
    pub records_max: u32,
    /// How often a listing of several pages is read, until two passes agree, before it counts as unstable.
    pub passes_max: u32,
    /// Days asked for on either side of a billing day; the caller filters by sale day anyway.
    pub query_margin_days: u32,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time of one call for orders, the body included.
    pub orders_timeout: Duration,
    /// Time of one call for people, the body included.
    pub people_timeout: Duration,
    /// Largest answer with orders, in bytes.
    pub orders_bytes_max: usize,
    /// Largest answer with people, in bytes.
    pub people_bytes_max: usize,
    /// When and how often a failed call is made again.
    pub retry: RetryPolicy,
}

impl Default for SigeSettings {
    fn default() -> Self {
        Self {
            base_url: BASE_URL_DEFAULT.to_owned(),
            allow_http: false,
            page_size: 100,
            records_max: 50_000,
            passes_max: 3,
            query_margin_days: 0,
            connect_timeout: Duration::from_secs(10),
            orders_timeout: Duration::from_secs(60),
            people_timeout: Duration::from_secs(30),
            orders_bytes_max: 64 << 20,
            people_bytes_max: 4 << 20,
            retry: RetryPolicy::default(),
        }
    }
}

/// One setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingFault {
    /// Not an address.
    #[error("base_url is not an absolute http or https URL")]
    BaseUrl,
    /// Credentials would travel unencrypted.
    #[error("base_url is http to another machine: use https, or set allow_http")]
    Unencrypted,
    /// A user, a query or a fragment, none of which belongs there.
    #[error("base_url must not contain {0}")]
    BaseUrlPart(&'static str),
    /// A limit of nothing.
    #[error("{0} must be greater than zero")]
    Zero(&'static str),
    /// Fewer passes than it takes to compare two.
    #[error("passes_max must be 2 or more")]
    TooFewPasses,
}

/// Every setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(pub Vec<SettingFault>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings of sige: ")?;
        for (position, fault) in self.0.iter().enumerate() {
            let joint = if position == 0 { "" } else { "; " };
            write!(f, "{joint}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}

impl SigeSettings {
    /// The address, when every setting can be used.
    ///
    /// # Errors
    /// [`SettingsError`] with all faults at once.
    pub fn validate(&self) -> Result<Url, SettingsError> {
        let mut faults = self.limit_faults();
        match self.address() {
            Ok(url) if faults.is_empty() => return Ok(url),
            Ok(_) => {}
            Err(fault) => faults.insert(0, fault),
        }
        Err(SettingsError(faults))
    }

    fn address(&self) -> Result<Url, SettingFault> {
        let url = Url::parse(self.base_url.trim()).map_err(|_| SettingFault::BaseUrl)?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        let part = match () {
            () if !is_web => return Err(SettingFault::BaseUrl),
            () if !url.username().is_empty() || url.password().is_some() => "a user or password",
            () if url.query().is_some() => "a query",
            () if url.fragment().is_some() => "a fragment",
            () if url.scheme() == "http" && !self.allow_http && !is_loopback(&url) => {
                return Err(SettingFault::Unencrypted);
            }
            () => return Ok(url),
        };
        Err(SettingFault::BaseUrlPart(part))
    }

    fn limit_faults(&self) -> Vec<SettingFault> {
        let limits = [
            ("page_size", self.page_size == 0),
            ("records_max", self.records_max == 0),
            ("connect_timeout", self.connect_timeout.is_zero()),
            ("orders_timeout", self.orders_timeout.is_zero()),
            ("people_timeout", self.people_timeout.is_zero()),
            ("orders_bytes_max", self.orders_bytes_max == 0),
            ("people_bytes_max", self.people_bytes_max == 0),
        ];
        let zeros =
            limits.into_iter().filter(|(_, is_zero)| *is_zero).map(|(name, _)| SettingFault::Zero(name));
        zeros.chain((self.passes_max < 2).then_some(SettingFault::TooFewPasses)).collect()
    }
}

/// Whether the address is this machine: nothing leaves it, and no proxy may stand in between.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base_url: &str, expected: Result<&str, SettingFault>) {
        let settings = SigeSettings { base_url: base_url.to_owned(), ..SigeSettings::default() };
        let expected = expected.map(str::to_owned).map_err(|fault| SettingsError(vec![fault]));
        assert_eq!(settings.validate().map(String::from), expected, "{base_url}");
    }

    #[test]
    fn an_address_is_https_or_this_machine() {
        check(BASE_URL_DEFAULT, Ok("https://api.sigecloud.com.br/"));
        check(" https://loja.vendaerp.com.br/api ", Ok("https://loja.vendaerp.com.br/api"));
        for here in ["http://127.0.0.1:8080/", "http://[::1]:1/", "http://localhost/", "http://127.9.9.9/"] {
            check(here, Ok(here));
        }
        for there in ["http://api.sigecloud.com.br", "http://10.0.0.1/", "http://localhost.evil.test/"] {
            check(there, Err(SettingFault::Unencrypted));
        }
        let allowed =
            SigeSettings { base_url: "http://10.0.0.1/".into(), allow_http: true, ..SigeSettings::default() };
        assert!(allowed.validate().is_ok());
    }

    #[test]
    fn what_is_no_plain_address_is_named() {
        for nonsense in
            ["", "api.sigecloud.com.br", "ftp://x.test/", "/request", "data:text/plain,x", "https://"]
        {
            check(nonsense, Err(SettingFault::BaseUrl));
        }
        check("https://ana:segredo@x.test/", Err(SettingFault::BaseUrlPart("a user or password")));
        check("https://x.test/?a=1", Err(SettingFault::BaseUrlPart("a query")));
        check("https://x.test/#a", Err(SettingFault::BaseUrlPart("a fragment")));
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let settings = SigeSettings {
            base_url: "nowhere".to_owned(),
            page_size: 0,
            passes_max: 1,
            people_timeout: Duration::ZERO,
            ..SigeSettings::default()
        };
        assert_eq!(
            settings.validate().unwrap_err().to_string(),
            "settings of sige: base_url is not an absolute http or https URL; page_size must be greater than zero; \
             people_timeout must be greater than zero; passes_max must be 2 or more"
        );
    }
}
