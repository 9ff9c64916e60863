//! Invoking the functions of a stack and waiting for what they say: signed here, sent by the client of all services.
//!
//! A call whose answer got lost is made again, as is one that was throttled. An event must therefore be one that says
//! the same when it comes twice: those of the planning functions do by their `request`.
use crate::credentials::CredentialCache;
use crate::failure::{self, Failure};
use crate::http::Http;
use crate::retry::Retrying;
use crate::signing;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::{ErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long an answer is waited for: longer than a function of a stack may work, which `template.yaml` limits to 900 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(910);
const OPERATION: &str = "lambda Invoke";

type Refusal = SdkError<ErrorMetadata, HttpResponse>;

/// Why an invocation has no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// Nothing of that name where these credentials look.
    #[error(
        "there is no function {0}: check the stack's name and AWS_REGION, and that the stack is deployed"
    )]
    NoSuchFunction(String),
    /// No credentials, expired ones, or ones without permission.
    #[error("{0}")]
    Refused(String),
    /// The function answered that it failed.
    #[error("{function} failed: {kind}: {message}")]
    Failed {
        /// The function.
        function: String,
        /// The type of its error, as in `BadEvent`; empty when it gave none.
        kind: String,
        /// What it said.
        message: String,
    },
    /// The function was not invoked; the same call may succeed later.
    #[error("lambda is unavailable: {0}")]
    Unavailable(String),
    /// Whether the function worked is not known. The same event may be sent again.
    #[error("it is not known whether {function} has done it, its answer got lost: {told}")]
    Unknown {
        /// The function.
        function: String,
        /// What happened instead of an answer.
        told: String,
    },
}

/// Invokes the functions of a stack. Clones share connections and credentials.
#[derive(Clone)]
pub struct Invoker {
    http: Http,
    credentials: Arc<CredentialCache>,
    region: String,
    address: String,
    retrying: Retrying,
}

impl std::fmt::Debug for Invoker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invoker").field("address", &self.address).finish_non_exhaustive()
    }
}

fn address(region: &str, endpoint: Option<&str>) -> String {
    match endpoint {
        Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
        None => {
            let china = if region.starts_with("cn-") { ".cn" } else { "" };
            format!("https://lambda.{region}.amazonaws.com{china}")
        }
    }
}

impl Invoker {
    pub(crate) fn new(config: &SdkConfig, http: Http, retrying: Retrying) -> Self {
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        Self {
            http,
            credentials: Arc::new(CredentialCache::new(config.credentials_provider())),
            address: address(&region, config.endpoint_url()),
            region,
            retrying,
        }
    }

    /// Invokes a function by its physical name and waits for its answer. The event may arrive more than once.
    ///
    /// # Errors
    /// [`InvokeError`], a variant for each thing to do about it.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, InvokeError> {
        // A later attempt that was turned away says nothing about an earlier one that may have arrived.
        let may_have_worked = AtomicBool::new(false);
        let called = self
            .retrying
            .call(failure::passes, || async {
                let answer = self.call(function, event).await;
                if answer.as_ref().is_err_and(may_have_arrived) {
                    may_have_worked.store(true, Ordering::Relaxed);
                }
                answer
            })
            .await;
        match called {
            Ok(answer) => report(function, &answer),
            Err(error) => {
                let failure = Failure::of(OPERATION, &error);
                let told = failure.text;
                Err(match failure.code.as_str() {
                    _ if may_have_worked.load(Ordering::Relaxed) => {
                        InvokeError::Unknown { function: function.to_owned(), told }
                    }
                    "ResourceNotFoundException" => InvokeError::NoSuchFunction(function.to_owned()),
                    _ if failure.refused => InvokeError::Refused(told),
                    _ => InvokeError::Unavailable(told),
                })
            }
        }
    }

    /// One attempt.
    async fn call(&self, function: &str, event: &Value) -> Result<HttpResponse, Refusal> {
        let mut request = HttpRequest::new(SdkBody::from(event.to_string()));
        request.set_method("POST").map_err(unmade)?;
        let uri = format!("{}/2015-03-31/functions/{function}/invocations", self.address);
        request.set_uri(uri).map_err(unmade)?;
        request.headers_mut().try_insert("content-type", "application/json").map_err(unmade)?;
        request.headers_mut().try_insert("x-amz-invocation-type", "RequestResponse").map_err(unmade)?;
        let now = self.retrying.clock().now();
        let credentials = self.credentials.at(now).await.map_err(unmade)?;
        signing::sign(&mut request, &credentials, "lambda", &self.region, now).map_err(unmade)?;
        let sent = self.http.send(request, Some(ANSWER_TIMEOUT)).await;
        let answer = sent.map_err(Refusal::dispatch_failure)?;
        if answer.status().is_success() { Ok(answer) } else { Err(refusal(answer)) }
    }
}

fn unmade(error: impl Into<Box<dyn Error + Send + Sync>>) -> Refusal {
    Refusal::construction_failure(error)
}

/// Whether the function may have been started by a call that failed.
fn may_have_arrived(error: &Refusal) -> bool {
    match error {
        SdkError::DispatchFailure(lost) => {
            let cause = lost.as_connector_error().and_then(Error::source);
            let cause = cause.and_then(|cause| cause.downcast_ref::<reqwest::Error>());
            cause.is_some_and(|cause| !cause.is_connect() && !cause.is_builder())
        }
        SdkError::ServiceError(refused) => refused.raw().status().as_u16() >= 500,
        _ => false,
    }
}

/// An answer that is not a success: the code is in a header, the message in JSON.
fn refusal(answer: HttpResponse) -> Refusal {
    let body: Value = serde_json::from_slice(answer.body().bytes().unwrap_or_default()).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let code = answer.headers().get("x-amzn-errortype").or_else(|| text("__type")).or_else(|| text("code"));
    let mut metadata = ErrorMetadata::builder();
    // `ResourceNotFoundException:http://…`, or `com.amazonaws.lambda#ResourceNotFoundException`.
    if let Some(code) = code.and_then(|code| code.split(':').next()).and_then(|code| code.rsplit('#').next())
    {
        metadata = metadata.code(code);
    }
    if let Some(message) = text("Message").or_else(|| text("message")) {
        metadata = metadata.message(message);
    }
    Refusal::service_error(metadata.build(), answer)
}

/// What the function answered.
fn report(function: &str, answer: &HttpResponse) -> Result<Value, InvokeError> {
    let body = answer.body().bytes().unwrap_or_default();
    let payload: Value = serde_json::from_slice(body).map_err(|error| InvokeError::Unknown {
        function: function.to_owned(),
        told: format!("what came is not JSON: {error}"),
    })?;
    if answer.headers().get("x-amz-function-error").is_none() {
        return Ok(payload);
    }
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Err(InvokeError::Failed {
        function: function.to_owned(),
        kind: text("errorType"),
        message: text("errorMessage"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambda_has_an_address_in_each_region_and_that_of_whoever_stands_in() {
        assert_eq!(address("sa-east-1", None), "https://lambda.sa-east-1.amazonaws.com");
        assert_eq!(address("cn-north-1", None), "https://lambda.cn-north-1.amazonaws.com.cn");
        assert_eq!(address("sa-east-1", Some("http://127.0.0.1:4566/")), "http://127.0.0.1:4566");
    }
}
