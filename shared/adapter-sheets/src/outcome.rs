//! What became of one call, in the words that retries and writes decide by.
//!
//! The hub gives the body of an error answer but not its status (its third trap), and does not say
//! whether a call had left when it failed. A delegate witnesses both.
use crate::token::{TokenError, chain};
use google_sheets4::common::{Delegate, Error, Response, Retry};
use serde_json::Value;
use serde_json::error::Category;
use std::time::Duration;
use tokio::time::error::Elapsed;

/// Characters of an outside text that go into a message.
const TOLD_CHARS_MAX: usize = 300;

/// Why a call has no good answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallFailure {
    /// No answer in time. `left` is false when the call never got as far as the API.
    #[error("no answer within {limit:?}")]
    TimedOut { left: bool, limit: Duration },
    /// No connection: nothing was sent.
    #[error("no connection: {0}")]
    Connect(String),
    /// The connection broke after the call had begun.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// An answer with another status than 2xx.
    #[error("http {code}: {message}")]
    Status { code: u16, retry_after: Option<String>, message: String },
    /// A 2xx whose body says something else than it should.
    #[error("unreadable answer: {0}")]
    Unreadable(String),
    /// There was no token, so nothing was sent.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Sees what the hub does not tell.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    left: bool,
    refusal: Option<(u16, Option<String>, String)>,
}

impl Delegate for Witness {
    fn pre_request(&mut self) {
        self.left = true;
    }

    fn http_failure(&mut self, response: &Response, body: Option<&Value>) -> Retry {
        let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        self.refusal = Some((response.status().as_u16(), header.map(str::to_owned), message(body)));
        Retry::Abort
    }
}

impl Witness {
    /// The result of a call under a time limit, with what was witnessed.
    pub(crate) fn judge<T>(
        self,
        limit: Duration,
        result: Result<Result<(Response, T), Error>, Elapsed>,
    ) -> Result<T, CallFailure> {
        let error = match result {
            Err(_) => return Err(CallFailure::TimedOut { left: self.left, limit }),
            Ok(Ok((_, answer))) => return Ok(answer),
            Ok(Err(error)) => error,
        };
        if let Some((code, retry_after, message)) = self.refusal {
            return Err(CallFailure::Status { code, retry_after, message });
        }
        Err(match error {
            Error::HttpError(error) => unanswered(&error),
            // The text is not repeated: it may hold rows.
            Error::JsonDecodeError(_, error) => not_expected(&error),
            Error::MissingToken(error) => match error.downcast::<TokenError>() {
                Ok(error) => CallFailure::Token(*error),
                Err(other) => CallFailure::Token(TokenError::Unavailable(told(&other.to_string()))),
            },
            other => CallFailure::Broken(told(&other.to_string())),
        })
    }
}

/// A call without an answer.
pub(crate) fn unanswered(error: &hyper_util::client::legacy::Error) -> CallFailure {
    let told = told(&chain(error));
    if error.is_connect() { CallFailure::Connect(told) } else { CallFailure::Broken(told) }
}

/// A 2xx answer that cannot be read. The error's own words are not repeated: they may quote a cell.
pub(crate) fn not_expected(error: &serde_json::Error) -> CallFailure {
    CallFailure::Unreadable(match error.classify() {
        Category::Eof => "the JSON broke off".into(),
        Category::Io | Category::Syntax => format!("not JSON (line {})", error.line()),
        Category::Data => format!("not the JSON that was expected (line {})", error.line()),
    })
}

/// Google's sentence and status, if the body holds them.
pub(crate) fn message(body: Option<&Value>) -> String {
    let text = |path: &str| body.and_then(|body| body.pointer(path)).and_then(Value::as_str);
    match (text("/error/status"), text("/error/message")) {
        (Some(status), Some(message)) => told(&format!("{status}: {message}")),
        (None, Some(one)) | (Some(one), None) => told(one),
        (None, None) => "no explanation".into(),
    }
}

/// A text from outside as it may stand in a message: short, on one line.
pub(crate) fn told(text: &str) -> String {
    let mut kept: String =
        text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(TOLD_CHARS_MAX).collect();
    if kept.chars().count() == TOLD_CHARS_MAX {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn google_s_own_words_are_told_on_one_line() {
        let body =
            json!({ "error": { "status": "NOT_FOUND", "message": "Requested\nentity was not found." } });
        assert_eq!(message(Some(&body)), "NOT_FOUND: Requested entity was not found.");
        assert_eq!(message(Some(&json!({ "error": "x" }))), "no explanation");
        assert_eq!(message(None), "no explanation");
        assert_eq!(told(&"x".repeat(1000)).chars().count(), TOLD_CHARS_MAX + 1);
    }
}
