//! The signed request of a service account for a token (RFC 7523): a JSON web token whose RS256
//! signature shows that we hold the key, without the key leaving the process.
use crate::credential::{CredentialError, ServiceAccountKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Serialize;

/// The one scope that is ever asked for: reading and writing spreadsheets, not the Drive they lie in.
const SCOPE: &str = "https://www.googleapis.com/auth/spreadsheets";
/// How long a request claims to be valid. Google refuses more than an hour; a little less allows for rounding.
const VALID_S: i64 = 3600 - 5;
/// How the older form of a private key begins.
const PKCS1: &str = "-----BEGIN RSA PRIVATE KEY-----";

/// Signs requests for tokens.
pub(crate) struct Signer {
    pair: RsaKeyPair,
    key_id: Option<String>,
    issuer: String,
    audience: String,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

impl Signer {
    /// Understands the private key, without a call.
    pub(crate) fn new(key: &ServiceAccountKey) -> Result<Self, CredentialError> {
        let unusable = || CredentialError::Field { field: "private_key", problem: "is not a usable RSA key" };
        let pem = key.private_key.expose_secret();
        let der = der(pem).ok_or_else(unusable)?;
        let der = der.expose_secret();
        let pair = if pem.contains(PKCS1) { RsaKeyPair::from_der(der) } else { RsaKeyPair::from_pkcs8(der) };
        Ok(Self {
            pair: pair.map_err(|_| unusable())?,
            key_id: key.private_key_id.clone(),
            issuer: key.client_email.clone(),
            audience: key.token_uri.clone(),
        })
    }

    /// A request that is valid from a moment on, in seconds since 1970. Who has it gets a token: a secret.
    pub(crate) fn assertion(&self, now: i64) -> Option<SecretString> {
        let header = Header { alg: "RS256", typ: "JWT", kid: self.key_id.as_deref() };
        let exp = now.saturating_add(VALID_S);
        let claims = Claims { iss: &self.issuer, scope: SCOPE, aud: &self.audience, iat: now, exp };
        let part = |json: serde_json::Result<Vec<u8>>| json.ok().map(|json| URL_SAFE_NO_PAD.encode(json));
        let signed = format!("{}.{}", part(serde_json::to_vec(&header))?, part(serde_json::to_vec(&claims))?);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.pair.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
    }
}

/// The bytes of the first block of a PEM text.
fn der(pem: &str) -> Option<SecretSlice<u8>> {
    let lines = pem.lines().map(str::trim);
    let lines = lines.skip_while(|line| !line.starts_with("-----BEGIN")).skip(1);
    let text: SecretString =
        lines.take_while(|line| !line.starts_with("-----END")).collect::<String>().into();
    STANDARD.decode(text.expose_secret()).ok().map(SecretSlice::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use serde_json::{Value, json};

    fn key(pem: String) -> ServiceAccountKey {
        ServiceAccountKey {
            private_key: pem.into(),
            private_key_id: Some("0123".into()),
            client_email: "robot@project.iam.gserviceaccount.com".into(),
            token_uri: "https://oauth2.googleapis.com/token".into(),
        }
    }

    fn json(part: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn a_request_names_the_account_one_scope_and_an_hour_and_is_signed() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'static> = pair.as_der().unwrap();
        let text = STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\r\n{text}\r\n-----END PRIVATE KEY-----\r\n");
        let assertion = Signer::new(&key(pem)).unwrap().assertion(1_774_440_000).unwrap();
        let (signed, signature) = assertion.expose_secret().rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
        public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        assert_eq!(json(header), json!({ "alg": "RS256", "typ": "JWT", "kid": "0123" }));
        assert_eq!(
            json(claims),
            json!({
                "iss": "robot@project.iam.gserviceaccount.com",
                "scope": "https://www.googleapis.com/auth/spreadsheets",
                "aud": "https://oauth2.googleapis.com/token",
                "iat": 1_774_440_000_i64,
                "exp": 1_774_443_595_i64,
            })
        );
    }

    #[test]
    fn what_is_no_rsa_key_is_refused_and_not_repeated() {
        for body in ["c2VncmVkbw==", "", "*", "MC4CAQAwBQYDK2VwBCIEIA"] {
            for label in ["PRIVATE KEY", "RSA PRIVATE KEY"] {
                let pem = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
                let error = Signer::new(&key(pem)).err().unwrap();
                assert_eq!(
                    error.to_string(),
                    "`private_key` of the google service account's key file is not a usable RSA key"
                );
            }
        }
    }
}
