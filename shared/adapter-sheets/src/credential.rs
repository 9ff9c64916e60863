//! The account's secret: the JSON key file of a service account, or a ready access token. Which of the
//! two is told from the text itself. What is malformed is named; what it says is never repeated.
use secrecy::SecretString;
use serde_json::Value;
use std::fmt;
use url::Url;

/// What is needed of a service account's key file.
pub(crate) struct ServiceAccountKey {
    /// The RSA key in PEM form.
    pub(crate) private_key: SecretString,
    /// Which of the account's keys it is.
    pub(crate) private_key_id: Option<String>,
    /// The name of the account.
    pub(crate) client_email: String,
    /// Where tokens are asked for.
    pub(crate) token_uri: String,
}

/// A secret that was understood.
pub(crate) enum Credential {
    /// Tokens are asked for with this key.
    ServiceAccount(Box<ServiceAccountKey>),
    /// This token is used as it is, until it expires.
    AccessToken(SecretString),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceAccount(key) => write!(f, "ServiceAccount({})", key.client_email),
            Self::AccessToken(_) => f.write_str("AccessToken(…)"),
        }
    }
}

/// What is wrong with a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Nothing in it.
    #[error("the google credential is empty: store a service account's JSON key file or an access token")]
    Empty,
    /// It begins like JSON and is none.
    #[error(
        "the google credential is not valid JSON (line {line}, column {column}): store the service account's key \
         file as it was downloaded"
    )]
    NotJson {
        /// Where reading stopped.
        line: usize,
        /// Where reading stopped.
        column: usize,
    },
    /// JSON of another kind of credential.
    #[error(
        "the google credential is JSON of type `{0}`, not `service_account`: create a key for a service account in \
         the cloud console"
    )]
    OtherType(String),
    /// A field of the key file.
    #[error("`{field}` of the google service account's key file {problem}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Neither JSON nor a token.
    #[error("the google credential is neither a JSON key file nor an access token: {0}")]
    NotAToken(&'static str),
}

impl Credential {
    /// Understands a secret.
    pub(crate) fn parse(secret: &str) -> Result<Self, CredentialError> {
        let text = secret.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Err(CredentialError::Empty);
        }
        if text.starts_with('{') {
            return service_account(text).map(|key| Self::ServiceAccount(Box::new(key)));
        }
        access_token(text)?;
        Ok(Self::AccessToken(text.to_owned().into()))
    }
}

fn access_token(text: &str) -> Result<(), CredentialError> {
    let problem = if text.starts_with("-----BEGIN") {
        "it is a bare private key; the whole key file is needed"
    } else if text.contains(char::is_whitespace) {
        "it has white-space in it"
    } else if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=:".contains(&b)) {
        "it has characters that no token has"
    } else {
        return Ok(());
    };
    Err(CredentialError::NotAToken(problem))
}

fn service_account(text: &str) -> Result<ServiceAccountKey, CredentialError> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| CredentialError::NotJson { line: error.line(), column: error.column() })?;
    match value.get("type").and_then(Value::as_str) {
        Some("service_account") => {}
        Some(other) => return Err(CredentialError::OtherType(other.chars().take(40).collect())),
        None => return Err(missing("type")),
    }
    let optional = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let required =
        |name: &'static str| optional(name).filter(|text| !text.is_empty()).ok_or_else(|| missing(name));
    // Keys that went through an environment variable often carry `\n` as two characters.
    let private_key = required("private_key")?.replace("\\n", "\n");
    if !private_key.contains("-----BEGIN") || !private_key.contains("-----END") {
        return Err(CredentialError::Field { field: "private_key", problem: "is not in PEM form" });
    }
    let client_email = required("client_email")?;
    if !client_email.contains('@') {
        return Err(CredentialError::Field { field: "client_email", problem: "is not an e-mail address" });
    }
    let token_uri = required("token_uri")?;
    let usable = Url::parse(&token_uri).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !usable {
        return Err(CredentialError::Field {
            field: "token_uri",
            problem: "is not an http or https address",
        });
    }
    Ok(ServiceAccountKey {
        private_key: private_key.into(),
        private_key_id: optional("private_key_id"),
        client_email,
        token_uri,
    })
}

fn missing(field: &'static str) -> CredentialError {
    CredentialError::Field { field, problem: "is missing or not a text" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use serde_json::json;

    fn key_file() -> Value {
        json!({
            "type": "service_account",
            "private_key": "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
            "client_email": "robot@project.iam.gserviceaccount.com",
            "token_uri": "https://oauth2.googleapis.com/token",
        })
    }

    fn told(secret: &str) -> String {
        let error = Credential::parse(secret).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hunter2"), "{told}");
        told
    }

    #[test]
    fn the_kind_of_secret_is_told_from_its_text() {
        let key = Credential::parse(&format!("\u{feff}  {}\n", key_file())).unwrap();
        assert_eq!(format!("{key:?}"), "ServiceAccount(robot@project.iam.gserviceaccount.com)");
        let Credential::AccessToken(token) = Credential::parse(" ya29.hunter2_-~+/= \n").unwrap() else {
            panic!("expected a token")
        };
        assert_eq!(token.expose_secret(), "ya29.hunter2_-~+/=");
        assert!(!format!("{:?}", Credential::AccessToken(token)).contains("hunter2"));
    }

    #[test]
    fn line_ends_written_as_two_characters_are_understood() {
        let mut file = key_file();
        file["private_key"] = json!("-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\n");
        let Credential::ServiceAccount(key) = Credential::parse(&file.to_string()).unwrap() else {
            panic!("expected a key")
        };
        assert_eq!(key.private_key.expose_secret().lines().count(), 3);
    }

    #[test]
    fn what_is_malformed_is_named_and_never_repeated() {
        assert!(told(" \n").contains("empty"));
        assert!(told("{\"private_key\": \"hunter2\",\n oops").contains("line: 2"));
        assert!(told("[\"hunter2\"]").contains("characters that no token has"));
        assert!(told("two hunter2").contains("white-space"));
        assert!(told("-----BEGIN PRIVATE KEY-----\nhunter2").contains("bare private key"));
        assert!(
            told("{\"type\":\"authorized_user\",\"refresh_token\":\"hunter2\"}").contains("authorized_user")
        );
        for field in ["type", "private_key", "client_email", "token_uri"] {
            let mut file = key_file();
            file.as_object_mut().unwrap().remove(field);
            assert!(told(&file.to_string()).contains(&format!("`{field}`")), "{field}");
            let mut file = key_file();
            file[field] = json!({ "hunter2": "hunter2" });
            assert!(told(&file.to_string()).contains(&format!("`{field}`")), "{field}");
        }
        for (field, value) in
            [("private_key", "hunter2"), ("client_email", "hunter2"), ("token_uri", "hunter2")]
        {
            let mut file = key_file();
            file[field] = json!(value);
            assert!(told(&file.to_string()).contains(&format!("`{field}`")), "{field}");
        }
    }
}
