//! Secrets that were read a short while ago. A value lives as long as a rotation may take to be noticed; who is
//! refused with it asks past the cache.
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How long a value is taken from the cache.
const LIFE: TimeDelta = TimeDelta::minutes(5);

#[derive(Default)]
pub(crate) struct SecretCache {
    known: Mutex<HashMap<String, (SecretString, DateTime<Utc>)>>,
}

impl SecretCache {
    fn with<T>(&self, look: impl FnOnce(&mut HashMap<String, (SecretString, DateTime<Utc>)>) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn get(&self, name: &str, now: DateTime<Utc>) -> Option<SecretString> {
        self.with(|known| {
            known.get(name).filter(|(_, read_at)| now - *read_at < LIFE).map(|(value, _)| value.clone())
        })
    }

    pub(crate) fn put(&self, name: &str, value: SecretString, now: DateTime<Utc>) {
        self.with(|known| known.insert(name.to_owned(), (value, now)));
    }

    pub(crate) fn forget(&self, name: &str) {
        self.with(|known| known.remove(name));
    }
}
