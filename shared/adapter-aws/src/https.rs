//! The HTTP client of every service: one TLS stack, one pool of connections.
//!
//! The SDK's own client reads and checks the machine's root certificates once for each service as soon as a client of
//! it is made, so that a broken set is told early. That is tens of milliseconds before a function has seen its
//! event, so here it happens with the first call, once.
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// A client that is not tried out before it is used.
#[derive(Debug)]
struct WhenUsed(SharedHttpClient);

impl HttpClient for WhenUsed {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// HTTPS by rustls on aws-lc; plain HTTP where an endpoint asks for it.
pub(crate) fn https() -> SharedHttpClient {
    let provider = tls::Provider::Rustls(CryptoMode::AwsLc);
    let client = aws_smithy_http_client::Builder::new().tls_provider(provider).build_https();
    SharedHttpClient::new(WhenUsed(client))
}
