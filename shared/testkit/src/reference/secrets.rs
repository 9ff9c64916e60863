//! Secrets in a sorted map.
use async_trait::async_trait;
use flows::ports::{SecretError, SecretStore};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The largest value, in bytes.
const VALUE_BYTES_MAX: usize = 64 * 1024;

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

/// A name is a path of segments of ASCII letters, digits, `-`, `_` and `.`, none starting with a dot.
fn checked(name: &str) -> Result<&str, SecretError> {
    let plain = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    if name.len() <= 512 && name.split('/').all(plain) {
        return Ok(name);
    }
    let reason =
        "a name is made of letters, digits, - _ . and /, as in erp-sync/local/sige/matriz".to_owned();
    Err(SecretError::Refused { name: name.escape_default().to_string(), reason })
}

#[async_trait]
impl SecretStore for MemorySecretStore {
    async fn get(&self, name: &str) -> Result<SecretString, SecretError> {
        let name = checked(name)?;
        self.with(|secrets| secrets.get(name).cloned()).ok_or_else(|| SecretError::NotFound(name.to_owned()))
    }

    async fn set(&self, name: &str, value: SecretString) -> Result<(), SecretError> {
        let name = checked(name)?.to_owned();
        if !(1..=VALUE_BYTES_MAX).contains(&value.expose_secret().len()) {
            let reason = format!("its value is empty or longer than {VALUE_BYTES_MAX} bytes");
            return Err(SecretError::Refused { name, reason });
        }
        self.with(|secrets| secrets.insert(name, value));
        Ok(())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, SecretError> {
        Ok(self.with(|secrets| secrets.keys().filter(|name| name.starts_with(prefix)).cloned().collect()))
    }
}
