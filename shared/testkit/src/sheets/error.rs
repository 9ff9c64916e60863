//! Refusals as Google words them: an HTTP code, a canonical status and a sentence, in one JSON shape.
use serde_json::{Value, json};

/// A refused call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) code: u16,
    pub(crate) status: &'static str,
    pub(crate) message: String,
    pub(crate) reason: Option<&'static str>,
}

impl ApiError {
    /// 400: the request can never succeed as it is.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    /// 404: no such spreadsheet, or no such thing in it.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "Requested entity was not found.")
    }

    /// The canonical status of an HTTP code.
    pub(crate) fn new(code: u16, message: impl Into<String>) -> Self {
        Self { code, status: canonical_status(code), message: message.into(), reason: None }
    }

    /// 401: no token, or one that is not (or no longer) valid.
    pub(crate) fn unauthenticated(sent: bool) -> Self {
        let start = if sent {
            "Request had invalid authentication credentials."
        } else {
            "Request is missing required authentication credential."
        };
        let rest = "Expected OAuth 2 access token, login cookie or other valid authentication credential.";
        Self::new(401, format!("{start} {rest}"))
    }

    /// 403: the token is good, but not for this.
    pub(crate) fn scope_insufficient() -> Self {
        Self {
            reason: Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
            ..Self::new(403, "Request had insufficient authentication scopes.")
        }
    }

    /// The JSON body of the answer.
    pub(crate) fn body(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message, "status": self.status });
        if let (Some(reason), Some(object)) = (self.reason, error.as_object_mut()) {
            let detail = json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": "googleapis.com",
            });
            object.insert("details".into(), json!([detail]));
        }
        json!({ "error": error })
    }
}

/// Google's name of an HTTP code.
pub(crate) fn canonical_status(code: u16) -> &'static str {
    match code {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500..=599 => "INTERNAL",
        _ => "FAILED_PRECONDITION",
    }
}
