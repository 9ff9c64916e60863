//! From names to ports. Nothing here calls AWS but [`Aws::of_stack`]: a function must be ready for its first event
//! sooner than a connection could be made, so the first call of a port makes it.
use crate::connection::Connection;
use crate::failure::{self, Failure};
use crate::http::{CONNECT_TIMEOUT, Http};
use crate::names::{Names, WINDOWS_QUEUE, account_of_queue, is_stack_name};
use crate::retry::Retrying;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::imds;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use flows::ports::{BlobStore, Clock, Randomness, SecretStore, StateStore, WorkQueue};
use std::sync::Arc;
use std::time::Duration;

/// How long one attempt of a call may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the metadata service of a machine may take. Nobody else answers there, so a laptop waits this long at
/// most before it is told that it has no credentials.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a receive call waits for a message. Without waiting SQS asks only some of its servers, and may find
/// nothing although something is there.
pub(crate) const RECEIVE_WAIT: Duration = Duration::from_secs(1);

/// Why a stack cannot be worked with. Each message says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Nothing says in which region the stack is.
    #[error("no region: set AWS_REGION, or a region in the profile of AWS_PROFILE")]
    NoRegion,
    /// Not a name a stack can have.
    #[error(
        "{0:?} is no name of a stack: at most 26 of a-z, 0-9 and -, beginning with a letter; with account and region \
         the name of its bucket has room for no more"
    )]
    BadName(String),
    /// There is no such stack where these credentials look.
    #[error(
        "there is no stack {stack} in region {region} of this account, or these credentials may not see it: check the \
         name, AWS_REGION and AWS_PROFILE"
    )]
    NoSuchStack {
        /// The name asked for.
        stack: String,
        /// Where it was looked for.
        region: String,
    },
    /// No credentials, expired ones, or ones without permission.
    #[error("{0}")]
    Refused(String),
    /// AWS cannot be reached; the same call may succeed later.
    #[error("aws is unavailable: {0}")]
    Unavailable(String),
}

/// The ports of one stack. Clones share connections and caches.
#[derive(Clone)]
pub struct Aws {
    /// What things are called.
    pub names: Names,
    /// Items.
    pub state: Arc<dyn StateStore>,
    /// Messages.
    pub queue: Arc<dyn WorkQueue>,
    /// Evidence.
    pub blobs: Arc<dyn BlobStore>,
    /// Secrets.
    pub secrets: Arc<dyn SecretStore>,
    /// The logs of the stack's functions.
    #[cfg(feature = "operator")]
    pub logs: crate::logs::LogReader,
    /// Invokes the stack's functions.
    #[cfg(feature = "operator")]
    pub invoker: crate::invoke::Invoker,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aws").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Aws {
    /// The ports of a deployed stack of which only the name is known. Asks SQS for a queue that every stack has:
    /// its address says the account.
    ///
    /// # Errors
    /// When the environment has no region or credentials, or AWS knows no such stack.
    pub async fn of_stack(
        stack: &str,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
    ) -> Result<Self, ConnectError> {
        let http = Http::default();
        let config = environment(&http).await;
        Self::found(&config, http, stack, clock, random, RECEIVE_WAIT).await
    }

    /// [`Aws::of_stack`] for who has configured the SDK already.
    ///
    /// # Errors
    /// As there.
    pub async fn of_stack_with(
        config: &SdkConfig,
        stack: &str,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
        receive_wait: Duration,
    ) -> Result<Self, ConnectError> {
        Self::found(config, Http::default(), stack, clock, random, receive_wait).await
    }

    async fn found(
        config: &SdkConfig,
        http: Http,
        stack: &str,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
        receive_wait: Duration,
    ) -> Result<Self, ConnectError> {
        if !is_stack_name(stack) {
            return Err(ConnectError::BadName(stack.to_owned()));
        }
        let region = config.region().ok_or(ConnectError::NoRegion)?.to_string();
        let ours =
            config.to_builder().retry_config(RetryConfig::disabled()).http_client(http.clone()).build();
        let sqs = aws_sdk_sqs::Client::new(&ours);
        let retrying = Retrying::new(clock.clone(), random.clone());
        let queue = format!("{stack}-{WINDOWS_QUEUE}");
        let found = retrying
            .call(failure::passes, || sqs.get_queue_url().queue_name(&queue).send())
            .await
            .map_err(|error| {
                let failure = Failure::of("sqs GetQueueUrl", &error);
                match failure.code.as_str() {
                    "NonExistentQueue" | "QueueDoesNotExist" => {
                        ConnectError::NoSuchStack { stack: stack.to_owned(), region: region.clone() }
                    }
                    _ if failure.refused => ConnectError::Refused(failure.text),
                    _ => ConnectError::Unavailable(failure.text),
                }
            })?;
        let url = found.queue_url().unwrap_or_default();
        let account = account_of_queue(url)
            .ok_or_else(|| ConnectError::Unavailable(format!("sqs GetQueueUrl: no account in {url:?}")))?;
        let names = Names::of_stack(stack, account, &region);
        Ok(Self::of_connection(Connection::new(config, http, names, clock, random, receive_wait)))
    }

    /// The ports on an SDK that the caller has configured; retries and HTTP are ours all the same.
    pub fn with_config(
        config: &SdkConfig,
        names: Names,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
        receive_wait: Duration,
    ) -> Self {
        Self::of_connection(Connection::new(config, Http::default(), names, clock, random, receive_wait))
    }

    fn of_connection(connection: Connection) -> Self {
        Self {
            state: connection.state(),
            queue: connection.queue(),
            blobs: connection.blobs(),
            secrets: connection.secrets(),
            #[cfg(feature = "operator")]
            logs: connection.logs(),
            #[cfg(feature = "operator")]
            invoker: connection.invoker(),
            names: connection.names,
        }
    }
}

pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build()
}

/// The SDK as the environment and the profile configure it, with one HTTP client for everything.
async fn environment(http: &Http) -> SdkConfig {
    // The default chain would ask the metadata service of a machine for the region: on a laptop that is a wait.
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .region()
        .await;
    let providers =
        ProviderConfig::without_region().with_http_client(http.clone()).with_region(region.clone());
    let metadata = imds::Client::builder()
        .configure(&providers)
        .connect_timeout(METADATA_TIMEOUT)
        .read_timeout(METADATA_TIMEOUT)
        .max_attempts(1)
        .build();
    let credentials = DefaultCredentialsChain::builder()
        .configure(providers)
        .region(region.clone())
        .imds_client(metadata)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .region(region)
        .credentials_provider(credentials.await)
        .timeout_config(timeouts())
        .load()
        .await
}
