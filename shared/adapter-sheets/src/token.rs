//! Access tokens: a fixed one, or one of a service account that is asked for when needed and again when
//! Google no longer takes it.
use crate::connection::{Connector, token_client};
use crate::credential::{Credential, CredentialError};
use crate::outcome::told;
use google_sheets4::common::GetToken;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::future::Future;
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::Arc;
use yup_oauth2::authenticator::Authenticator;
use yup_oauth2::client::CustomHyperClientBuilder;
use yup_oauth2::error::{AuthErrorCode, Error as OAuthError};
use yup_oauth2::{AccessToken, ServiceAccountAuthenticator};

/// Codes of the token endpoint that say "later", not "no".
const PASSING: [&str; 5] =
    ["internal_failure", "server_error", "temporarily_unavailable", "backend_error", "rate_limit_exceeded"];

const NO_TOKEN: &str = "the token endpoint's answer holds no token";

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

/// Where tokens come from. Clones share what they know.
#[derive(Clone)]
pub(crate) struct TokenSource(Arc<Source>);

enum Source {
    Fixed(SecretString),
    ServiceAccount { email: String, authenticator: Box<Authenticator<Connector>> },
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenSource({})", self.who())
    }
}

impl TokenSource {
    /// A source for a secret. The key of a service account is checked here, without a call.
    pub(crate) async fn new(credential: Credential, connector: Connector) -> Result<Self, CredentialError> {
        let key = match credential {
            Credential::AccessToken(token) => return Ok(Self(Arc::new(Source::Fixed(token)))),
            Credential::ServiceAccount(key) => *key,
        };
        let email = key.client_email.clone();
        let client = CustomHyperClientBuilder::from(token_client(connector));
        let built = ServiceAccountAuthenticator::with_client(key, client).build().await;
        let unusable = CredentialError::Field { field: "private_key", problem: "is not a usable RSA key" };
        let authenticator = Box::new(built.map_err(|_| unusable)?);
        Ok(Self(Arc::new(Source::ServiceAccount { email, authenticator })))
    }

    /// Whose access it is, for messages to people.
    pub(crate) fn who(&self) -> String {
        match &*self.0 {
            Source::Fixed(_) => "the owner of the access token".into(),
            Source::ServiceAccount { email, .. } => format!("the service account {email}"),
        }
    }

    /// Whether a token that Google refused can be replaced.
    pub(crate) fn can_renew(&self) -> bool {
        matches!(&*self.0, Source::ServiceAccount { .. })
    }

    /// Asks for a new token although the old one should still be good.
    pub(crate) async fn renew(&self, scopes: &[&str]) -> Result<(), TokenError> {
        match &*self.0 {
            Source::Fixed(_) => Ok(()),
            Source::ServiceAccount { authenticator, .. } => {
                let token = authenticator.force_refreshed_token(scopes).await;
                token.map(drop).map_err(|error| self.error(&error))
            }
        }
    }

    /// A token for a call.
    pub(crate) async fn token(&self, scopes: &[&str]) -> Result<String, TokenError> {
        match &*self.0 {
            Source::Fixed(token) => Ok(token.expose_secret().to_owned()),
            Source::ServiceAccount { authenticator, .. } => {
                let mut token: AccessToken =
                    authenticator.token(scopes).await.map_err(|error| self.error(&error))?;
                if token.token().is_none() {
                    // An answer without a token is remembered like a good one that never expires.
                    let again = authenticator.force_refreshed_token(scopes).await;
                    token = again.map_err(|error| self.error(&error))?;
                }
                let text = token.token().map(str::to_owned);
                text.ok_or_else(|| TokenError::Unavailable(NO_TOKEN.into()))
            }
        }
    }

    fn error(&self, error: &OAuthError) -> TokenError {
        match error {
            OAuthError::AuthError(refusal) => {
                let detail = match &refusal.error_description {
                    Some(description) => told(&format!("{}: {description}", refusal.error.as_str())),
                    None => told(refusal.error.as_str()),
                };
                match &refusal.error {
                    AuthErrorCode::Other(code) if PASSING.contains(&code.as_str()) => {
                        TokenError::Unavailable(format!("the token endpoint says {detail}"))
                    }
                    _ => TokenError::Refused { who: self.who(), detail },
                }
            }
            OAuthError::JSONError(_) => {
                TokenError::Unavailable("the token endpoint's answer is not JSON".into())
            }
            OAuthError::MissingAccessToken => TokenError::Unavailable(NO_TOKEN.into()),
            OAuthError::LowLevelError(error) if error.kind() == ErrorKind::InvalidData => {
                TokenError::Unavailable("the token endpoint's answer holds no bearer token".into())
            }
            OAuthError::UserError(_) | OAuthError::LowLevelError(_) => TokenError::Refused {
                who: self.who(),
                detail: "the request for a token cannot be signed with this key".into(),
            },
            other => TokenError::Unavailable(format!(
                "the token endpoint cannot be reached: {}",
                told(&chain(other))
            )),
        }
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let more = next.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = next.source();
    }
    text
}

type Fetched<'a> = Pin<
    Box<dyn Future<Output = Result<Option<String>, Box<dyn std::error::Error + Send + Sync>>> + Send + 'a>,
>;

impl GetToken for TokenSource {
    fn get_token<'a>(&'a self, scopes: &'a [&str]) -> Fetched<'a> {
        Box::pin(async move { self.token(scopes).await.map(Some).map_err(Into::into) })
    }
}
