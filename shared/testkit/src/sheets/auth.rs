//! The OAuth token endpoint: checks the signed request of a service account and hands out tokens.
//!
//! The key of the service account is made once per process, so that no private key lies in the
//! repository. Tokens live until the test ends them.
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// Scopes that let a token write; the first is the one to ask for.
const WRITE_SCOPES: [&str; 3] = [
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/drive",
    "https://www.googleapis.com/auth/drive.file",
];
/// Scopes that let a token read, besides those that let it write.
const READ_SCOPES: [&str; 2] = [
    "https://www.googleapis.com/auth/spreadsheets.readonly",
    "https://www.googleapis.com/auth/drive.readonly",
];
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Google's own clients name this audience whatever the key file says.
const GOOGLE_TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
/// Google refuses requests that claim to be valid for longer.
const VALID_S_MAX: i64 = 3600;
/// How far two clocks may be apart.
const SKEW_S: i64 = 300;

/// The e-mail address of the simulated service account.
pub const SERVICE_ACCOUNT: &str = "erp-sync@simulated-project.iam.gserviceaccount.com";

struct ServiceKey {
    pem: String,
    public: Vec<u8>,
}

fn service_key() -> Option<&'static ServiceKey> {
    static KEY: OnceLock<Option<ServiceKey>> = OnceLock::new();
    KEY.get_or_init(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
        let der: Pkcs8V1Der<'static> = pair.as_der().ok()?;
        let text = STANDARD.encode(der.as_ref());
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(64));
            pem.push_str(line);
            pem.push('\n');
            rest = more;
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        Some(ServiceKey { pem, public: pair.public_key().as_ref().to_vec() })
    })
    .as_ref()
}

/// The JSON key file of the simulated service account, as the cloud console would give it.
pub(crate) fn service_account_json(token_url: &str) -> String {
    let pem = service_key().map_or("", |key| key.pem.as_str());
    json!({
        "type": "service_account",
        "project_id": "simulated-project",
        "private_key_id": "0123456789abcdef0123456789abcdef01234567",
        "private_key": pem,
        "client_email": SERVICE_ACCOUNT,
        "client_id": "100000000000000000001",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_url,
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/erp-sync",
        "universe_domain": "googleapis.com",
    })
    .to_string()
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Refused,
    Insufficient,
    Granted,
}

/// The tokens in circulation and what was asked for.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    valid: BTreeMap<String, Vec<String>>,
    issued: u64,
    /// Every scope list that was asked for, in order.
    pub(crate) scopes_asked: Vec<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    iat: i64,
    scope: String,
}

impl Tokens {
    /// Makes a token known that never went through the token endpoint.
    pub(crate) fn admit(&mut self, token: &str) {
        self.valid.insert(token.to_owned(), vec![WRITE_SCOPES[0].to_owned()]);
    }

    /// A token is no longer valid.
    pub(crate) fn revoke(&mut self, token: &str) {
        self.valid.remove(token);
    }

    /// No token is valid any longer.
    pub(crate) fn revoke_all(&mut self) {
        self.valid.clear();
    }

    /// Tokens handed out by the endpoint.
    pub(crate) fn issued(&self) -> u64 {
        self.issued
    }

    /// What a call with this token may do.
    pub(crate) fn check(&self, token: &str, writes: bool) -> Access {
        let Some(scopes) = self.valid.get(token) else { return Access::Refused };
        let granted = scopes.iter().any(|scope| {
            WRITE_SCOPES.contains(&scope.as_str()) || (!writes && READ_SCOPES.contains(&scope.as_str()))
        });
        if granted { Access::Granted } else { Access::Insufficient }
    }

    /// The token endpoint: status and body for a form.
    pub(crate) fn grant(&mut self, form: &BTreeMap<String, String>, token_url: &str) -> (u16, Value) {
        match self.checked(form, token_url) {
            Ok(scope) => {
                self.issued += 1;
                let token = format!("ya29.simulated-{}", self.issued);
                self.valid.insert(token.clone(), scope.split(' ').map(str::to_owned).collect());
                self.scopes_asked.push(scope);
                (200, json!({ "access_token": token, "expires_in": 3599, "token_type": "Bearer" }))
            }
            Err((error, description)) => (400, json!({ "error": error, "error_description": description })),
        }
    }

    fn checked(
        &self,
        form: &BTreeMap<String, String>,
        token_url: &str,
    ) -> Result<String, (&'static str, &'static str)> {
        if form.get("grant_type").map(String::as_str) != Some(GRANT) {
            return Err(("unsupported_grant_type", "Invalid grant_type"));
        }
        let assertion = form.get("assertion").ok_or(("invalid_request", "Missing assertion"))?;
        let claims = verified(assertion).ok_or(("invalid_grant", "Invalid JWT Signature."))?;
        if claims.iss != SERVICE_ACCOUNT {
            return Err(("invalid_grant", "Invalid grant: account not found"));
        }
        if claims.aud != token_url && claims.aud != GOOGLE_TOKEN_URL {
            return Err(("invalid_grant", "Invalid JWT: Failed audience check."));
        }
        let now = unix_now();
        let lifetime = claims.exp - claims.iat;
        if !(1..=VALID_S_MAX).contains(&lifetime) || claims.iat > now + SKEW_S || claims.exp < now - SKEW_S {
            return Err((
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
                 Check your iat and exp values in the JWT claim.",
            ));
        }
        if claims.scope.is_empty() {
            return Err(("invalid_scope", "Invalid OAuth scope or ID token audience provided."));
        }
        Ok(claims.scope)
    }
}

/// The claims of a JWT whose RS256 signature is the service account's.
fn verified(assertion: &str) -> Option<Claims> {
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    let (signed, signature) = assertion.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Value = serde_json::from_slice(&part(header)?).ok()?;
    (header.get("alg")?.as_str()? == "RS256").then_some(())?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &service_key()?.public);
    key.verify(signed.as_bytes(), &part(signature)?).ok()?;
    serde_json::from_slice(&part(claims)?).ok()
}

fn unix_now() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the far side has its own clock: clients sign requests with the real time"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.ok().and_then(|now| i64::try_from(now.as_secs()).ok()).unwrap_or(0)
}
