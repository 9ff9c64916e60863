//! What became of one call, in the words that retries and writes decide by.
//!
//! The status of a refusal is kept next to its words: a 429 and a 403 may say the same and mean the
//! opposite for what comes next.
use crate::token::TokenError;
use serde_json::Value;
use serde_json::error::Category;
use std::error::Error;
use std::time::Duration;

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
    /// A 2xx with more bytes than any answer has that was asked for.
    #[error("the answer has more than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    /// There was no token, so nothing was sent.
    #[error(transparent)]
    Token(#[from] TokenError),
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

/// An error with its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
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
