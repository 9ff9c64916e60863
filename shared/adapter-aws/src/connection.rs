//! The ports of a stack one by one, so that a function carries only the clients it asks for.
//!
//! A function's credentials, region and endpoint are variables that Lambda sets. The SDK's default chain would look
//! there first as well, but brings everything else it knows along (profiles, metadata services, token exchange), which
//! a function never uses and every cold start would load.
use crate::blobs::S3BlobStore;
use crate::connect::{ConnectError, RECEIVE_WAIT, timeouts};
use crate::http::Http;
use crate::names::Names;
use crate::queue::SqsWorkQueue;
use crate::retry::Retrying;
use crate::secrets::AwsSecretStore;
use crate::state::DynamoStateStore;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use flows::ports::{BlobStore, Clock, Randomness, SecretStore, StateStore, WorkQueue};
use std::sync::Arc;
use std::time::Duration;

/// A configured SDK and the names of a stack. Calls nobody until a port is used.
#[derive(Clone)]
pub struct Connection {
    config: SdkConfig,
    http: Http,
    retrying: Retrying,
    receive_wait: Duration,
    /// What things are called.
    pub names: Names,
}

impl Connection {
    /// As a function's environment says.
    ///
    /// # Errors
    /// [`ConnectError::NoRegion`].
    pub fn of_function(
        names: &Names,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Randomness>,
    ) -> Result<Self, ConnectError> {
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let credentials = EnvironmentVariableCredentialsProvider::new();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .timeout_config(timeouts())
            .region(Region::new(region.ok_or(ConnectError::NoRegion)?))
            .credentials_provider(SharedCredentialsProvider::new(credentials));
        config.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
        let (names, clock, random) = (names.clone(), clock.clone(), random.clone());
        Ok(Self::new(&config.build(), Http::default(), names, clock, random, RECEIVE_WAIT))
    }

    /// On an SDK that the caller has configured; retries and HTTP are ours all the same.
    pub(crate) fn new(
        config: &SdkConfig,
        http: Http,
        names: Names,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
        receive_wait: Duration,
    ) -> Self {
        let config =
            config.to_builder().retry_config(RetryConfig::disabled()).http_client(http.clone()).build();
        Self { config, http, retrying: Retrying::new(clock, random), receive_wait, names }
    }

    /// Items.
    pub fn state(&self) -> Arc<dyn StateStore> {
        Arc::new(DynamoStateStore::new(&self.config, self.names.table.clone(), self.retrying.clone()))
    }

    /// Messages.
    pub fn queue(&self) -> Arc<dyn WorkQueue> {
        let prefix = self.names.queue_prefix.clone();
        Arc::new(SqsWorkQueue::new(&self.config, prefix, self.retrying.clone(), self.receive_wait))
    }

    /// Evidence.
    pub fn blobs(&self) -> Arc<dyn BlobStore> {
        Arc::new(S3BlobStore::new(&self.config, self.http.clone(), &self.names.bucket, self.retrying.clone()))
    }

    /// Secrets, behind a cache of their own.
    pub fn secrets(&self) -> Arc<dyn SecretStore> {
        Arc::new(AwsSecretStore::new(&self.config, &self.names.stage, self.retrying.clone()))
    }

    /// The logs of the stack's functions.
    #[cfg(feature = "operator")]
    pub fn logs(&self) -> crate::logs::LogReader {
        crate::logs::LogReader::new(&self.config, self.retrying.clone())
    }

    /// Invokes the stack's functions.
    #[cfg(feature = "operator")]
    pub fn invoker(&self) -> crate::invoke::Invoker {
        crate::invoke::Invoker::new(&self.config, self.http.clone(), self.retrying.clone())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "these are AWS's own variables, which the SDK would read itself"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
