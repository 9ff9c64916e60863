//! The secret port on Secrets Manager. Values are encrypted with the stack's own key, as its other data is.
//!
//! Only names and AWS's codes are told of a call that carries a value.
use crate::failure::{self, Failure};
use crate::retry::Retrying;
use crate::secret_cache::SecretCache;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};
use flows::ports::{SecretError, SecretStore, rules};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error;

const MISSING: &str = "ResourceNotFoundException";
/// The most answers of one listing, of a hundred names each.
const LIST_ANSWERS_MAX: usize = 100;

/// Secrets of a stack.
pub(crate) struct AwsSecretStore {
    client: Client,
    /// The key of what is made here.
    key: String,
    retrying: Retrying,
    cache: SecretCache,
}

fn refused(name: &str, reason: impl Into<String>) -> SecretError {
    SecretError::Refused { name: name.to_owned(), reason: reason.into() }
}

/// Secrets Manager keeps a deleted secret for its waiting time: it can be neither read nor replaced.
fn is_marked_for_deletion<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let told = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
    failure::code(error) == Some("InvalidRequestException") && told.contains("deletion")
}

fn told<E>(name: &str, operation: &str, error: &SdkError<E>) -> SecretError
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    if failure::code(error) == Some(MISSING) {
        return SecretError::NotFound(name.to_owned());
    }
    if is_marked_for_deletion(error) {
        let command = format!("aws secretsmanager restore-secret --secret-id {name}");
        return refused(
            name,
            format!("it is marked for deletion and counts as absent: restore it with `{command}`"),
        );
    }
    let failure = Failure::without_message(&format!("secretsmanager {operation}"), error);
    if failure.refused || matches!(failure.code.as_str(), "DecryptionFailure" | "EncryptionFailure") {
        return refused(name, failure.text);
    }
    SecretError::Unavailable(format!("{name}: {failure}"))
}

impl AwsSecretStore {
    pub(crate) fn new(config: &SdkConfig, stack: &str, retrying: Retrying) -> Self {
        let key = format!("alias/{stack}-data");
        Self { client: Client::new(config), key, retrying, cache: SecretCache::default() }
    }

    async fn read(&self, name: &str) -> Result<SecretString, SecretError> {
        let request = self.client.get_secret_value().secret_id(name);
        let answer = self.retrying.call(failure::passes, || request.clone().send()).await;
        let answer = answer.map_err(|error| {
            self.cache.forget(name);
            told(name, "GetSecretValue", &error)
        })?;
        let value = answer.secret_string.ok_or_else(|| refused(name, "it is binary: store it as text"))?;
        let value = SecretString::from(value);
        self.cache.put(name, value.clone(), self.retrying.clock().now());
        Ok(value)
    }

    /// Whether it was there to be replaced.
    async fn replace(&self, name: &str, value: &SecretString) -> Result<bool, SecretError> {
        let send =
            || self.client.put_secret_value().secret_id(name).secret_string(value.expose_secret()).send();
        match self.retrying.call(failure::passes, send).await {
            Ok(_) => Ok(true),
            Err(error) if failure::code(&error) == Some(MISSING) => Ok(false),
            Err(error) => Err(told(name, "PutSecretValue", &error)),
        }
    }

    /// Whether it could be made, because nobody was faster.
    async fn create(&self, name: &str, value: &SecretString) -> Result<bool, SecretError> {
        let send = || {
            let create = self.client.create_secret().name(name).kms_key_id(&self.key);
            create.secret_string(value.expose_secret()).send()
        };
        match self.retrying.call(failure::passes, send).await {
            Ok(_) => Ok(true),
            Err(error) if failure::code(&error) == Some("ResourceExistsException") => Ok(false),
            Err(error) => Err(told(name, "CreateSecret", &error)),
        }
    }
}

#[async_trait]
impl SecretStore for AwsSecretStore {
    async fn get(&self, name: &str) -> Result<SecretString, SecretError> {
        rules::secret_name(name)?;
        match self.cache.get(name, self.retrying.clock().now()) {
            Some(value) => Ok(value),
            None => self.read(name).await,
        }
    }

    async fn refresh(&self, name: &str) -> Result<SecretString, SecretError> {
        rules::secret_name(name)?;
        self.read(name).await
    }

    async fn set(&self, name: &str, value: SecretString) -> Result<(), SecretError> {
        rules::secret_name(name)?;
        rules::secret_value(name, &value)?;
        // A creation whose answer was lost exists when it is repeated, so it is replaced by itself.
        let done = self.replace(name, &value).await?
            || self.create(name, &value).await?
            || self.replace(name, &value).await?;
        // The next reader sees what the service holds, not what was meant.
        self.cache.forget(name);
        if !done {
            return Err(SecretError::Unavailable(format!("{name}: it comes and goes while it is being set")));
        }
        Ok(())
    }

    /// A secret may be missing for some minutes after it was made: the service's listing lags.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, SecretError> {
        let filter = Filter::builder().key(FilterNameStringType::Name).values(prefix).build();
        let filters = (!prefix.is_empty()).then(|| vec![filter]);
        let mut names = Vec::new();
        let mut from = None;
        for _ in 0..LIST_ANSWERS_MAX {
            let request =
                self.client.list_secrets().max_results(100).set_filters(filters.clone()).set_next_token(from);
            let answer = self.retrying.call(failure::passes, || request.clone().send()).await;
            let answer = answer.map_err(|error| {
                SecretError::Unavailable(Failure::of("secretsmanager ListSecrets", &error).text)
            })?;
            let listed = answer.secret_list().iter().filter_map(|secret| secret.name());
            names.extend(listed.filter(|name| name.starts_with(prefix)).map(str::to_owned));
            from = answer.next_token;
            if from.is_none() {
                break;
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}
