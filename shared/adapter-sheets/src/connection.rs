//! The way to Google: one HTTP client for the API and the token endpoint, TLS by rustls on aws-lc-rs with
//! the system's certificate authorities, plain http only where an address says so.
use crate::outcome::{chain, told};
use crate::settings::{SheetsConfigError, SheetsSettings};
use reqwest::{Client, redirect, retry};
use std::time::Duration;
use url::{Host, Url};

/// Connections are not kept longer than this without use: a firewall that forgets one silently would
/// turn the next write into an unknown outcome.
const IDLE: Duration = Duration::from_secs(30);

/// How we call ourselves.
const AGENT: &str = concat!("erp-sync/", env!("CARGO_PKG_VERSION"));

/// A client; making one reads the list of authorities, so it is made with the first account and shared.
///
/// It follows no redirect, because the token would go along, and sends nothing twice on its own: what is
/// repeated is decided above it, and a write never is.
pub(crate) fn client(settings: &SheetsSettings) -> Result<Client, SheetsConfigError> {
    let mut builder = Client::builder()
        .user_agent(AGENT)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .http1_only()
        .tcp_nodelay(true)
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(IDLE);
    if is_this_machine(&settings.base_url) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| SheetsConfigError::Authorities(told(&chain(&error))))
}

/// Whether an address is of this machine, where no proxy can stand in between.
fn is_this_machine(url: &str) -> bool {
    match Url::parse(url).ok().as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_on_this_machine_is_reached_without_a_proxy() {
        for here in ["http://127.0.0.1:8080/", "http://[::1]:1/google/", "http://localhost/"] {
            assert!(is_this_machine(here), "{here}");
        }
        for away in ["https://sheets.googleapis.com/", "http://localhost.example.com/", "x"] {
            assert!(!is_this_machine(away), "{away}");
        }
    }
}
