//! Access tokens: a fixed one, or one of a service account that is asked for when needed, kept until
//! shortly before it ends, and asked for again when Google no longer takes it.
use crate::assertion::Signer;
use crate::credential::{Credential, CredentialError};
use crate::token_endpoint::{Granted, NotGranted, grant};
use chrono::{DateTime, TimeDelta, Utc};
use flows::ports::Clock;
use reqwest::Client;
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

/// A token is not used in the last part of its life: the call that it goes with takes a while.
const SPARE: TimeDelta = TimeDelta::minutes(1);

/// Why there is no token. Certain in any case: nothing was sent to the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// The key is not (or no longer) accepted.
    #[error("google gives no token for {who}: {detail}")]
    Refused { who: String, detail: String },
    /// The token endpoint cannot be reached or is not well.
    #[error("no access token: {0}")]
    Unavailable(String),
}

/// Where tokens come from.
pub(crate) enum TokenSource {
    Fixed(SecretString),
    ServiceAccount(Box<Robot>),
}

/// A service account and the token that it has.
pub(crate) struct Robot {
    email: String,
    token_uri: String,
    signer: Signer,
    http: Client,
    clock: Arc<dyn Clock>,
    /// Locked while a token is asked for, so that many calls ask once.
    held: Mutex<Option<Held>>,
}

struct Held {
    token: SecretString,
    use_until: DateTime<Utc>,
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenSource({})", self.who())
    }
}

impl TokenSource {
    /// A source for a secret. The key of a service account is checked here, without a call.
    pub(crate) fn new(
        credential: Credential,
        http: Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CredentialError> {
        let key = match credential {
            Credential::AccessToken(token) => return Ok(Self::Fixed(token)),
            Credential::ServiceAccount(key) => key,
        };
        let signer = Signer::new(&key)?;
        let (email, token_uri) = (key.client_email, key.token_uri);
        let held = Mutex::new(None);
        Ok(Self::ServiceAccount(Box::new(Robot { email, token_uri, signer, http, clock, held })))
    }

    /// Whose access it is, for messages to people.
    pub(crate) fn who(&self) -> String {
        match self {
            Self::Fixed(_) => "the owner of the access token".into(),
            Self::ServiceAccount(robot) => robot.who(),
        }
    }

    /// Whether a token that Google refused can be replaced.
    pub(crate) fn can_renew(&self) -> bool {
        matches!(self, Self::ServiceAccount(_))
    }

    /// Asks for a new token although the old one should still be good.
    pub(crate) async fn renew(&self, limit: Duration) -> Result<(), TokenError> {
        let Self::ServiceAccount(robot) = self else { return Ok(()) };
        let renewed = async {
            let held = robot.held.lock().await;
            robot.fresh(held).await.map(drop)
        };
        match timeout(limit, Box::pin(renewed)).await {
            Ok(result) => result,
            Err(_) => {
                Err(TokenError::Unavailable(format!("the token endpoint gave no answer within {limit:?}")))
            }
        }
    }

    /// A token for a call.
    pub(crate) async fn token(&self) -> Result<SecretString, TokenError> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::ServiceAccount(robot) => robot.token().await,
        }
    }
}

impl Robot {
    fn who(&self) -> String {
        format!("the service account {}", self.email)
    }

    async fn token(&self) -> Result<SecretString, TokenError> {
        let held = self.held.lock().await;
        match &*held {
            Some(Held { token, use_until }) if self.clock.now() < *use_until => Ok(token.clone()),
            _ => self.fresh(held).await,
        }
    }

    /// Asks for a token and keeps it. A good answer without one is asked about again at once.
    async fn fresh(&self, mut held: MutexGuard<'_, Option<Held>>) -> Result<SecretString, TokenError> {
        let granted = match self.ask().await {
            Err(NotGranted::Missing) => self.ask().await,
            other => other,
        };
        let Granted { token, lives } = granted.map_err(|error| self.told(error))?;
        let life = TimeDelta::from_std(lives).ok();
        let use_until = life.and_then(|life| self.clock.now().checked_add_signed(life - SPARE));
        *held = use_until.map(|use_until| Held { token: token.clone(), use_until });
        Ok(token)
    }

    async fn ask(&self) -> Result<Granted, NotGranted> {
        let unsigned =
            || NotGranted::Refused("the request for a token cannot be signed with this key".into());
        let assertion = self.signer.assertion(time_of_google()).ok_or_else(unsigned)?;
        grant(&self.http, &self.token_uri, &assertion).await
    }

    fn told(&self, error: NotGranted) -> TokenError {
        match error {
            NotGranted::Refused(detail) => TokenError::Refused { who: self.who(), detail },
            NotGranted::Missing => {
                TokenError::Unavailable("the token endpoint's answer holds no token".into())
            }
            NotGranted::Unavailable(detail) => TokenError::Unavailable(detail),
        }
    }
}

/// The time as Google has it, in seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "a signed request is compared with the real time by whoever checks it, whatever our own clock is set to"
)]
fn time_of_google() -> i64 {
    Utc::now().timestamp()
}
