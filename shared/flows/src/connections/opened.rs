//! Connections that are kept, by account, as long as account and secret are the same.
use crate::accounts::Account;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

struct Entry<T: ?Sized> {
    account: Account,
    secret: SecretString,
    connection: Arc<T>,
}

/// The connections of one kind.
pub(super) struct Kept<T: ?Sized>(Mutex<HashMap<String, Entry<T>>>);

impl<T: ?Sized> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: ?Sized> Kept<T> {
    pub(super) fn find(&self, account: &Account, secret: &SecretString) -> Option<Arc<T>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = all.get(&account.name)?;
        let same = entry.account == *account && same_secret(&entry.secret, secret);
        same.then(|| entry.connection.clone())
    }

    pub(super) fn keep(&self, account: &Account, secret: SecretString, connection: &Arc<T>) {
        let entry = Entry { account: account.clone(), secret, connection: connection.clone() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(account.name.clone(), entry);
    }
}

pub(super) fn same_secret(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

/// The connection in use with the secret it was opened with, exchanged when the secret turns out to have changed.
pub(super) struct InUse<T: ?Sized> {
    current: Mutex<(SecretString, Arc<T>)>,
}

impl<T: ?Sized> InUse<T> {
    pub(super) fn new(secret: SecretString, connection: Arc<T>) -> Self {
        Self { current: Mutex::new((secret, connection)) }
    }

    /// The connection, and the secret it was opened with.
    pub(super) fn get(&self) -> (SecretString, Arc<T>) {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn exchange(&self, secret: SecretString, connection: Arc<T>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = (secret, connection);
    }
}
