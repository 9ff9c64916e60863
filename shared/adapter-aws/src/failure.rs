//! What AWS says when it does not do what it was asked, told once for all services: the service and operation, the
//! code, the message, the request's id for AWS's support, and the remedy where one is known.
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use std::error::Error;

/// The longest message of a service that is passed on, in characters.
const MESSAGE_CHARS_MAX: usize = 500;

/// Codes of failures that the same call, made again, may not meet.
const PASSING: [&str; 21] = [
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "KmsThrottled",
    "OperationAborted",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

const DENIED: [&str; 6] = [
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "KmsAccessDenied",
    "NotAuthorized",
    "UnauthorizedOperation",
];

/// What to do about a code.
const REMEDIES: [(&[&str], &str); 5] = [
    (
        &DENIED,
        "the credentials lack this permission: a function has those of its role in template.yaml, a person needs \
         the operator's policy",
    ),
    (
        &["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"],
        "the credentials have expired: log in again",
    ),
    (
        &[
            "IncompleteSignature",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "MissingAuthenticationTokenException",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ],
        "the credentials are not valid: check AWS_PROFILE, or AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and \
         AWS_SESSION_TOKEN",
    ),
    (
        &["NoSuchBucket", "ResourceNotFoundException"],
        "nothing of that name is there: check the stack's name, AWS_REGION, and that the stack is deployed",
    ),
    (&["RequestTimeTooSkewed"], "the clock of this machine is wrong: set it"),
];

/// What to do when there is nothing to sign with.
const NO_CREDENTIALS: &str = "no credentials were found: log in and set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and \
     AWS_SECRET_ACCESS_KEY (`aws configure export-credentials --format env` prints those of a single sign-on)";

/// A failed call, told.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The service's code, empty when none came.
    pub(crate) code: String,
    /// Whether credentials or permissions are the reason.
    pub(crate) refused: bool,
    /// Everything a person needs.
    pub(crate) text: String,
}

impl Failure {
    /// A failed call of an operation, named as in `dynamodb Query`.
    pub(crate) fn of<E>(operation: &str, error: &SdkError<E>) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        Self::told(operation, error, true)
    }

    /// The same without the service's own words, which may repeat what was sent: for calls that carry a secret.
    pub(crate) fn without_message<E>(operation: &str, error: &SdkError<E>) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        Self::told(operation, error, false)
    }

    fn told<E>(operation: &str, error: &SdkError<E>, with_message: bool) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let code = code(error).unwrap_or_default().to_owned();
        let mut text = operation.to_owned();
        if error.as_service_error().is_some() {
            let status = error.raw_response().map(|response| response.status().as_u16());
            let name = if code.is_empty() {
                status.map_or_else(String::new, |n| format!("HTTP {n}"))
            } else {
                code.clone()
            };
            text.push_str(&format!(": {name}"));
            if let Some(message) = error.message().filter(|_| with_message) {
                text.push_str(&format!(": {}", clean(message)));
            }
            if let Some(id) = error.request_id() {
                text.push_str(&format!(" (request {})", clean(id)));
            }
        } else {
            text.push_str(&format!(": {}", clean(&chain(error))));
        }
        let remedy = remedy(&code, error);
        if let Some(remedy) = remedy {
            text.push_str(&format!("; {remedy}"));
        }
        let refused =
            remedy.is_some() && !matches!(code.as_str(), "NoSuchBucket" | "ResourceNotFoundException");
        Self { code, refused, text }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// The service's code.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code).map(plain_code)
}

/// SQS says `AWS.SimpleQueueService.NonExistentQueue` where others say one word.
fn plain_code(code: &str) -> &str {
    code.rsplit('.').next().unwrap_or(code)
}

/// Whether the same call may succeed when it is made again: nothing came back, the service is at fault, or asks for
/// patience.
pub(crate) fn passes<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        // Of the other reasons only a connection that broke off has a kind; credentials that are missing do not.
        SdkError::DispatchFailure(failure) => {
            failure.is_io() || failure.is_timeout() || failure.as_other().is_some()
        }
        SdkError::ServiceError(failure) => {
            let status = failure.raw().status().as_u16();
            status >= 500 || status == 429 || code(error).is_some_and(|code| PASSING.contains(&code))
        }
        _ => false,
    }
}

fn remedy<E>(code: &str, error: &SdkError<E>) -> Option<&'static str>
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    if let Some((_, remedy)) = REMEDIES.iter().find(|(codes, _)| codes.contains(&code)) {
        return Some(remedy);
    }
    match error {
        SdkError::ServiceError(failure) if failure.raw().status().as_u16() == 403 => {
            REMEDIES.first().map(|(_, remedy)| *remedy)
        }
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => {
            chain(error).contains("credential").then_some(NO_CREDENTIALS)
        }
        _ => None,
    }
}

/// An error with what caused it, each said once.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.iter().any(|earlier| earlier.contains(&text)) {
            told.push(text);
        }
        cause = error.source();
    }
    told.join(": ")
}

/// Text from outside, fit for one line of a log.
fn clean(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
