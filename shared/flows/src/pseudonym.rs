//! Keys made from personal data without containing it: HMAC-SHA-256 under a secret of the installation.
//! A plain hash would not do: there are few enough CPFs to try them all.
use crate::accounts::secret_name;
use crate::ports::{SecretError, SecretStore};
use domain::document::DocumentKey;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

/// The secret that keys the pseudonyms, by its short name.
pub const INSTALLATION_SECRET: &str = "installation/pseudonym";

/// Turns a document into a key that says nothing about it.
#[derive(Clone)]
pub struct Pseudonym {
    key: SecretSlice<u8>,
}

impl Pseudonym {
    /// A pseudonymiser with the installation's secret.
    pub fn new(key: SecretSlice<u8>) -> Self {
        Self { key }
    }

    /// For a function that looks nobody up.
    pub fn unused() -> Self {
        Self { key: Vec::new().into() }
    }

    /// With the secret of the installation, as its store has it.
    ///
    /// # Errors
    /// The store's; [`SecretError::NotFound`] where none has been made.
    pub async fn of_installation(secrets: &dyn SecretStore, stage: &str) -> Result<Self, SecretError> {
        let value = secrets.get(&secret_name(stage, INSTALLATION_SECRET)).await?;
        Ok(Self::new(value.expose_secret().as_bytes().to_vec().into()))
    }

    /// The key of a document within an account: 32 hex digits. `None` if the MAC refuses the key, which HMAC
    /// never does; a caller then goes without the cache rather than share one entry among many people.
    pub fn of(&self, account: &str, document: &DocumentKey) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose_secret()).ok()?;
        mac.update(account.as_bytes());
        mac.update(&[0]);
        mac.update(document.as_str().as_bytes());
        let digest = mac.finalize().into_bytes();
        digest.get(..16).map(hex::encode)
    }
}
