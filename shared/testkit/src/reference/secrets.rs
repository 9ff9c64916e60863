//! Secrets in a sorted map.
use async_trait::async_trait;
use flows::ports::{SecretError, SecretStore, rules};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Secrets that last as long as the value.
#[derive(Debug, Default)]
pub struct MemorySecretStore {
    secrets: Mutex<BTreeMap<String, SecretString>>,
}

impl MemorySecretStore {
    /// A store without secrets.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, look: impl FnOnce(&mut BTreeMap<String, SecretString>) -> T) -> T {
        look(&mut self.secrets.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl SecretStore for MemorySecretStore {
    async fn get(&self, name: &str) -> Result<SecretString, SecretError> {
        rules::secret_name(name)?;
        self.with(|secrets| secrets.get(name).cloned()).ok_or_else(|| SecretError::NotFound(name.to_owned()))
    }

    async fn set(&self, name: &str, value: SecretString) -> Result<(), SecretError> {
        rules::secret_name(name)?;
        rules::secret_value(name, &value)?;
        self.with(|secrets| secrets.insert(name.to_owned(), value));
        Ok(())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, SecretError> {
        Ok(self.with(|secrets| secrets.keys().filter(|name| name.starts_with(prefix)).cloned().collect()))
    }
}
