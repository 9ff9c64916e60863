//! The two kinds of secrets an account has, and what each must hold. Everything that is wrong is said by field name; a
//! value is never repeated.
use flows::accounts::{secret_name, secret_problem};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use url::Url;

/// Largest secret.
pub const SECRET_BYTES_MAX: usize = 64 * 1024;

/// What a secret is for, from its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `sige/<account>`: token, user and app of the SIGE API.
    Sige,
    /// `google/<account>`: a service account key or an access token.
    Google,
}

/// A secret's name, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRef {
    /// What it is for.
    pub kind: Kind,
    /// As the user writes it: `sige/<account>`.
    pub short: String,
    /// As it is stored: `erp-sync/<stage>/sige/<account>`.
    pub full: String,
}

impl SecretRef {
    /// Reads a name, short or in full.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(name: &str, stage: &str) -> Result<Self, String> {
        let prefix = secret_name(stage, "");
        let short = name.strip_prefix(&prefix).unwrap_or(name);
        if let Some(problem) = secret_problem(short) {
            return Err(problem);
        }
        let kind = match short.split_once('/') {
            Some(("sige", _)) => Kind::Sige,
            Some(("google", _)) => Kind::Google,
            _ => {
                return Err(format!(
                    "{short:?} has an unknown scope; use sige/<account> or google/<account>"
                ));
            }
        };
        Ok(Self { kind, short: short.to_owned(), full: secret_name(stage, short) })
    }
}

/// Checks a value and brings it into the form that is stored: the JSON object, or an access token as it is.
///
/// # Errors
/// Everything that is wrong, without the value.
pub fn check(kind: Kind, value: &str) -> Result<SecretString, Vec<String>> {
    let value = value.trim();
    if value.is_empty() {
        return Err(vec!["is empty".to_owned()]);
    }
    if value.len() > SECRET_BYTES_MAX {
        return Err(vec![format!("has {} bytes; at most {SECRET_BYTES_MAX} are taken", value.len())]);
    }
    match kind {
        Kind::Sige => check_sige(&object(value)?),
        Kind::Google if value.starts_with('{') => check_google(&object(value)?),
        Kind::Google => match token_problem(value) {
            Some(problem) => Err(vec![format!("the access token {problem}")]),
            None => Ok(value.to_owned().into()),
        },
    }
}

/// The SIGE credentials as they are stored.
pub fn sige(token: &str, user: &str, app: &str) -> String {
    json!({ "token": token, "user": user, "app": app }).to_string()
}

fn object(value: &str) -> Result<Map<String, Value>, Vec<String>> {
    // The parser's message is not passed on: it may quote the value.
    match serde_json::from_str::<Value>(value) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(vec!["is not a JSON object".to_owned()]),
        Err(error) => Err(vec![format!("is not JSON (line {}, column {})", error.line(), error.column())]),
    }
}

fn check_sige(object: &Map<String, Value>) -> Result<SecretString, Vec<String>> {
    const FIELDS: [&str; 3] = ["token", "user", "app"];
    let mut problems = required(object, &FIELDS, |_, text| header_problem(text));
    let unknown = object.keys().filter(|key| !FIELDS.contains(&key.as_str()));
    problems.extend(unknown.map(|key| format!("{key:?} is unknown; the fields are token, user and app")));
    if problems.is_empty() { Ok(Value::Object(object.clone()).to_string().into()) } else { Err(problems) }
}

fn check_google(object: &Map<String, Value>) -> Result<SecretString, Vec<String>> {
    const FIELDS: [&str; 4] = ["type", "client_email", "private_key", "token_uri"];
    let (problems, stored) = if let Some(token) = object.get("access_token") {
        let problems = required(object, &["access_token"], |_, text| token_problem(text));
        (problems, token.as_str().unwrap_or_default().to_owned())
    } else if FIELDS.iter().any(|field| object.contains_key(*field)) {
        (required(object, &FIELDS, key_file_problem), Value::Object(object.clone()).to_string())
    } else {
        (vec!["holds neither a service account key nor access_token".to_owned()], String::new())
    };
    if problems.is_empty() { Ok(stored.into()) } else { Err(problems) }
}

fn required(
    object: &Map<String, Value>,
    fields: &[&str],
    problem: impl Fn(&str, &str) -> Option<String>,
) -> Vec<String> {
    let judge = |field: &&str| match object.get(*field) {
        None | Some(Value::Null) => Some(format!("{field} is missing")),
        Some(Value::String(text)) if text.trim().is_empty() => Some(format!("{field} is empty")),
        Some(Value::String(text)) => problem(field, text).map(|problem| format!("{field} {problem}")),
        Some(_) => Some(format!("{field} is not text")),
    };
    fields.iter().filter_map(judge).collect()
}

fn key_file_problem(field: &str, text: &str) -> Option<String> {
    match field {
        "type" if text != "service_account" => Some("must be service_account".to_owned()),
        "client_email" if !text.contains('@') => Some("is not an e-mail address".to_owned()),
        "private_key" if !(text.contains("-----BEGIN") && text.contains("-----END")) => {
            Some("is not a PEM key (from -----BEGIN to -----END)".to_owned())
        }
        "token_uri" if !Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) => {
            Some("is not a URL".to_owned())
        }
        _ => None,
    }
}

/// Whether a text can be an access token (RFC 6750, and `:`).
fn token_problem(text: &str) -> Option<String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=:".contains(&byte);
    (!text.bytes().all(known)).then(|| "holds a character that no access token has".to_owned())
}

/// Whether a text can be sent as the value of an HTTP header.
fn header_problem(text: &str) -> Option<String> {
    if text.trim() != text {
        return Some("begins or ends with a blank".to_owned());
    }
    let sendable = text.chars().all(|c| !c.is_control() && u32::from(c) <= 0xff);
    (!sendable).then(|| "holds a character that cannot be sent (line break, or beyond Latin-1)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn problems(kind: Kind, value: &str) -> Vec<String> {
        check(kind, value).err().unwrap_or_default()
    }

    #[test]
    fn names_are_expanded_with_the_stage() {
        let short = SecretRef::parse("sige/loja", "local").unwrap();
        assert_eq!((short.kind, short.full.as_str()), (Kind::Sige, "erp-sync/local/sige/loja"));
        assert_eq!(SecretRef::parse("erp-sync/local/sige/loja", "local"), Ok(short));
        for bad in ["", "loja", "smtp/loja", "sige/Loja", "sige/../x", "erp-sync/prod/sige/loja"] {
            assert!(SecretRef::parse(bad, "local").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_sige_secret_names_every_field_that_is_wrong() {
        assert_eq!(problems(Kind::Sige, &sige("t", "u@example.com", "a")), [""; 0]);
        assert_eq!(
            problems(Kind::Sige, r#"{"token": "hunter2\nX: y", "user": 5, "key": "k"}"#),
            [
                "token holds a character that cannot be sent (line break, or beyond Latin-1)",
                "user is not text",
                "app is missing",
                "\"key\" is unknown; the fields are token, user and app",
            ]
        );
    }

    #[test]
    fn a_google_secret_is_a_key_or_a_token() {
        let key = r#"{"type":"service_account","client_email":"a@b","private_key":"-----BEGIN X-----END","token_uri":"https://t/"}"#;
        assert_eq!(problems(Kind::Google, key), [""; 0]);
        for token in [" ya29.token \n", r#"{"access_token": "ya29.token"}"#] {
            assert_eq!(check(Kind::Google, token).unwrap().expose_secret(), "ya29.token");
        }
        assert_eq!(problems(Kind::Google, r#"{"access_token": ""}"#), ["access_token is empty"]);
        assert_eq!(problems(Kind::Google, "{}"), ["holds neither a service account key nor access_token"]);
        assert_eq!(
            problems(Kind::Google, r#"{"type":"user","client_email":"x","private_key":"hunter2"}"#),
            [
                "type must be service_account",
                "client_email is not an e-mail address",
                "private_key is not a PEM key (from -----BEGIN to -----END)",
                "token_uri is missing",
            ]
        );
    }

    #[test]
    fn a_value_is_never_repeated_in_a_message() {
        for value in
            ["{hunter2", "\"hunter2\"", "hunter2\u{1}", r#"{"token":"hunter2","user":"hunter2\n"}"#, "[1]"]
        {
            for kind in [Kind::Sige, Kind::Google] {
                let text = problems(kind, value).join(" ");
                assert!(!text.contains("hunter2"), "{text}");
            }
        }
    }

    #[test]
    fn what_secrets_set_stores_can_be_read_back() {
        let stored = check(Kind::Sige, &sige("t", "u", "a")).unwrap();
        let read = adapter_sige::credentials(&stored).unwrap();
        assert_eq!((read.token.expose_secret(), read.app.expose_secret()), ("t", "a"));
    }

    #[test]
    fn long_tokens_are_taken() {
        assert_eq!(problems(Kind::Sige, &sige(&"f".repeat(4_096), "u", "a")), [""; 0]);
        assert_eq!(problems(Kind::Sige, &"x".repeat(SECRET_BYTES_MAX + 1)).len(), 1);
    }
}
