//! Secrets by name. Values are `secrecy` types: they do not print.
use async_trait::async_trait;
use secrecy::SecretString;

/// Why a secret could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// No such secret; the name is safe to print.
    #[error("there is no secret named {0}")]
    NotFound(String),
    /// The secret's file or store refuses access, or is open to others.
    #[error("secret {name} cannot be used: {reason}")]
    Refused {
        /// Name of the secret.
        name: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The store cannot be reached.
    #[error("secret store is unavailable: {0}")]
    Unavailable(String),
}

/// Secrets by name (`erp-sync/<stage>/<scope>/<name>`). Every implementation passes `testkit::contract::secrets`.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// The current value.
    async fn get(&self, name: &str) -> Result<SecretString, SecretError>;
    /// The value past every cache: asked for when the outside system has refused the one that was in use.
    async fn refresh(&self, name: &str) -> Result<SecretString, SecretError> {
        self.get(name).await
    }
    /// Sets or replaces a value.
    async fn set(&self, name: &str, value: SecretString) -> Result<(), SecretError>;
    /// Names that start with the prefix, ascending.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, SecretError>;
}
