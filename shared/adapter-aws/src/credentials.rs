//! What requests are signed with. A function's credentials are variables; those of a person may be the answer of a
//! service, so they are kept for as long as they live.
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Mutex, PoisonError};

/// So long before they end credentials are renewed: a request takes time to arrive.
const RENEWED_BEFORE: TimeDelta = TimeDelta::seconds(10);
/// How long credentials are kept that do not say when they end; a profile may have changed by then.
const LIFE: TimeDelta = TimeDelta::minutes(15);

struct Held {
    credentials: Credentials,
    until: DateTime<Utc>,
}

pub(crate) struct CredentialCache {
    provider: Option<SharedCredentialsProvider>,
    held: Mutex<Option<Held>>,
}

impl CredentialCache {
    pub(crate) fn new(provider: Option<SharedCredentialsProvider>) -> Self {
        Self { provider, held: Mutex::new(None) }
    }

    fn held(&self, now: DateTime<Utc>) -> Option<Credentials> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|held| now < held.until).map(|held| held.credentials.clone())
    }

    /// Credentials that are good now.
    pub(crate) async fn at(&self, now: DateTime<Utc>) -> Result<Credentials, CredentialsError> {
        if let Some(credentials) = self.held(now) {
            return Ok(credentials);
        }
        let provider = self.provider.as_ref();
        let provider =
            provider.ok_or_else(|| CredentialsError::not_loaded("no credentials were configured"))?;
        let credentials = provider.provide_credentials().await?;
        let until = match credentials.expiry() {
            Some(expiry) => DateTime::<Utc>::from(expiry) - RENEWED_BEFORE,
            None => now + LIFE,
        };
        let held = Held { credentials: credentials.clone(), until };
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        Ok(credentials)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_credential_types::provider::future;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts who asks.
    #[derive(Debug)]
    struct Counting(Arc<AtomicUsize>, Option<DateTime<Utc>>);

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.0.fetch_add(1, Ordering::Relaxed);
            let expiry = self.1.map(Into::into);
            future::ProvideCredentials::ready(Ok(Credentials::new("id", "secret", None, expiry, "tests")))
        }
    }

    /// How often the provider is asked by those who come after so many seconds.
    async fn asked(expires_after_s: Option<i64>, seconds: &[i64]) -> usize {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let expiry = expires_after_s.map(|s| start + TimeDelta::seconds(s));
        let provider = SharedCredentialsProvider::new(Counting(count.clone(), expiry));
        let cache = CredentialCache::new(Some(provider));
        for second in seconds {
            let credentials = cache.at(start + TimeDelta::seconds(*second)).await.unwrap();
            assert_eq!(credentials.access_key_id(), "id");
        }
        count.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn credentials_are_kept_until_shortly_before_they_end() {
        assert_eq!(asked(Some(60), &[0, 1, 49]).await, 1);
        assert_eq!(asked(Some(60), &[0, 50]).await, 2);
        assert_eq!(asked(None, &[0, 899]).await, 1);
        assert_eq!(asked(None, &[0, 900]).await, 2);
    }

    #[tokio::test]
    async fn without_a_provider_there_are_none() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        assert!(CredentialCache::new(None).at(start).await.is_err());
    }
}
