//! The way to Google: one connector for the API and the token endpoint, TLS by rustls on aws-lc-rs with
//! the system's certificate authorities, plain http only where an address says so.
use crate::settings::SheetsConfigError;
use google_sheets4::common::{Body, Client};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use std::time::Duration;

/// Connections are not kept longer than this without use: a firewall that forgets one silently would
/// turn the next write into an unknown outcome.
const IDLE: Duration = Duration::from_secs(30);

/// How we call ourselves.
pub(crate) const AGENT: &str = concat!("erp-sync/", env!("CARGO_PKG_VERSION"));

/// How the hub and the authenticator connect.
pub(crate) type Connector = HttpsConnector<HttpConnector>;

/// Makes aws-lc-rs the provider of every TLS connection of the process. Safe to call often.
pub fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() && aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("another thread installed the TLS provider at the same time");
    }
}

/// A connector; the authorities are only read when an address needs them.
pub(crate) fn connector(needs_tls: bool, connect_timeout: Duration) -> Result<Connector, SheetsConfigError> {
    install_crypto_provider();
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect_timeout));
    let builder = HttpsConnectorBuilder::new();
    let builder = if needs_tls {
        builder.with_native_roots().map_err(|error| SheetsConfigError::Authorities(error.to_string()))?
    } else {
        let nobody = rustls::RootCertStore::empty();
        builder.with_tls_config(
            rustls::ClientConfig::builder().with_root_certificates(nobody).with_no_client_auth(),
        )
    };
    Ok(builder.https_or_http().enable_http1().wrap_connector(http))
}

/// The client of the hub.
pub(crate) fn client(connector: Connector) -> Client<Connector> {
    HttpClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .build::<_, Body>(connector)
}

/// The client of the authenticator.
pub(crate) fn token_client(connector: Connector) -> HttpClient<Connector, String> {
    HttpClient::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build::<_, String>(connector)
}
