//! The three headers that open an account.
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// What SIGE support hands out. White space around a value is not part of it.
#[derive(Debug, Clone)]
pub struct SigeCredentials {
    /// `Authorization-Token`: long, no length is assumed.
    pub token: SecretString,
    /// `User`: the account administrator's e-mail.
    pub user: SecretString,
    /// `App`: the registered application name.
    pub app: SecretString,
}

/// Why a value cannot be sent. Never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    /// Nothing in it.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A line break, another control character, or a character beyond Latin-1.
    #[error("{0} contains a character that cannot be sent in a header")]
    Unsendable(&'static str),
}

/// Every value that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialsError(pub Vec<CredentialFault>);

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("credentials of sige: ")?;
        for (position, fault) in self.0.iter().enumerate() {
            let joint = if position == 0 { "" } else { "; " };
            write!(f, "{joint}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CredentialsError {}

impl SigeCredentials {
    /// The headers, marked as sensitive.
    pub(crate) fn headers(&self) -> Result<HeaderMap, CredentialsError> {
        let values = [
            ("Authorization-Token", HeaderName::from_static("authorization-token"), &self.token),
            ("User", HeaderName::from_static("user"), &self.user),
            ("App", HeaderName::from_static("app"), &self.app),
        ];
        let mut headers = HeaderMap::with_capacity(values.len());
        let mut faults = Vec::new();
        for (shown, name, secret) in values {
            match header_value(shown, secret.expose_secret().trim()) {
                Ok(value) => drop(headers.insert(name, value)),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(headers) } else { Err(CredentialsError(faults)) }
    }
}

/// An application may be registered with an accent: those go out as Latin-1, as HTTP/1.1 reads header bytes.
fn header_value(name: &'static str, text: &str) -> Result<HeaderValue, CredentialFault> {
    if text.is_empty() {
        return Err(CredentialFault::Empty(name));
    }
    let bytes: Option<Vec<u8>> =
        text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    let sendable = bytes.filter(|_| !text.chars().any(char::is_control));
    let value = sendable.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
    let mut value = value.ok_or(CredentialFault::Unsendable(name))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(token: &str, user: &str, app: &str) -> SigeCredentials {
        SigeCredentials { token: token.into(), user: user.into(), app: app.into() }
    }

    #[test]
    fn each_value_goes_to_its_header_without_surrounding_space() {
        let headers = credentials(" abc123\n", "ana@example.com", "Integração").headers().unwrap();
        assert_eq!(headers["authorization-token"], "abc123");
        assert_eq!(headers["user"], "ana@example.com");
        assert_eq!(headers["app"].as_bytes(), b"Integra\xe7\xe3o");
        assert!(headers.values().all(HeaderValue::is_sensitive));
    }

    #[test]
    fn values_that_cannot_be_sent_are_named_and_not_shown() {
        let error = credentials("segredo\r\nX-Evil: 1", "  ", "app\u{1F600}").headers().unwrap_err();
        let sentence = "credentials of sige: Authorization-Token contains a character that cannot be sent in a header; \
                        User is empty; App contains a character that cannot be sent in a header";
        assert_eq!(error.to_string(), sentence);
        assert!(!format!("{error:?}").contains("segredo"));
    }

    #[test]
    fn neither_credentials_nor_headers_show_themselves() {
        let secret = credentials("5e6e7o", "ana@example.com", "appzinho");
        let shown = format!("{secret:?} {:?}", secret.headers().unwrap());
        assert!(
            !shown.contains("5e6e7o") && !shown.contains("ana@") && !shown.contains("appzinho"),
            "{shown}"
        );
    }
}
