//! Lambda's Runtime API on a loopback port, and the process of a function that lives on it, as Lambda would run it.
//!
//! ```text
//! spawn ─────────── GET next ── event ── POST {id}/response ── GET next ── event ── …
//!   └─ time to start ─┘   │             or POST {id}/error       │
//!                         └ idle: memory is read here            └ a warm invocation begins
//! ```
//! [`FunctionProcess::start`] spawns a program with the environment that Lambda gives and nothing else,
//! [`FunctionProcess::invoke`] hands it one event. A process that ends instead of answering is an error with what it
//! logged.
mod process;
mod program;

pub use process::{FunctionProcess, Memory};
pub use program::Program;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

/// Where the version of the protocol stands in every address.
const VERSION: &str = "/2018-06-01";

/// What a function said to an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It answered.
    Response(Value),
    /// It failed: an object with `errorType` and `errorMessage`.
    Error(Value),
}

/// One invocation on its way to the function.
struct Invocation {
    id: String,
    event: String,
    deadline_ms: u128,
}

/// How often the function has asked for an event, and when it did so last.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    times: u64,
    at: Option<Instant>,
}

struct Shared {
    invocations: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    asked: watch::Sender<Asked>,
    under_way: Mutex<Option<String>>,
    answers: mpsc::Sender<Answer>,
    init_error: watch::Sender<Option<String>>,
}

/// The API of one function process.
struct RuntimeApi {
    address: String,
    shared: Arc<Shared>,
    invocations: mpsc::Sender<Invocation>,
    answers: mpsc::Receiver<Answer>,
    invoked: u64,
    task: AbortHandle,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RuntimeApi {
    async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        // One at a time: a function works on one event, and Lambda starts another process for the next.
        let (invocations, to_function) = mpsc::channel(1);
        let (from_function, answers) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            invocations: tokio::sync::Mutex::new(to_function),
            asked: watch::Sender::default(),
            under_way: Mutex::default(),
            answers: from_function,
            init_error: watch::Sender::default(),
        });
        let router = Router::new()
            .route(&format!("{VERSION}/runtime/invocation/next"), get(next))
            .route(&format!("{VERSION}/runtime/invocation/{{id}}/response"), post(response))
            .route(&format!("{VERSION}/runtime/invocation/{{id}}/error"), post(error))
            .route(&format!("{VERSION}/runtime/init/error"), post(init_error))
            .with_state(shared.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the runtime api stopped");
            }
        });
        Ok(Self { address, shared, invocations, answers, invoked: 0, task: task.abort_handle() })
    }

    /// Waits until the function asks for its first event; when that was.
    async fn first_asked(&self) -> Result<Instant, String> {
        let mut asked = self.shared.asked.subscribe();
        let mut refused = self.shared.init_error.subscribe();
        tokio::select! {
            found = asked.wait_for(|asked| asked.times > 0) => {
                found.ok().and_then(|asked| asked.at).ok_or_else(|| "the runtime api has ended".to_owned())
            }
            told = refused.wait_for(Option::is_some) => {
                let told = told.ok().and_then(|told| told.clone()).unwrap_or_default();
                Err(format!("it reported that it cannot start: {told}"))
            }
        }
    }

    async fn invoke(&mut self, event: &Value, timeout: Duration) -> Result<Answer, String> {
        self.invoked += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.invoked);
        let deadline_ms = (since_epoch() + timeout).as_millis();
        *self.shared.under_way.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.clone());
        let invocation = Invocation { id, event: event.to_string(), deadline_ms };
        self.invocations.send(invocation).await.map_err(|_| "the runtime api has ended".to_owned())?;
        self.answers.recv().await.ok_or_else(|| "the runtime api has ended".to_owned())
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let at = now();
    shared.asked.send_modify(|asked| *asked = Asked { times: asked.times + 1, at: Some(at) });
    let Some(invocation) = shared.invocations.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", invocation.id),
        ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:sa-east-1:123456789012:function:test".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0".to_owned()),
        ("content-type", "application/json".to_owned()),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    (headers, invocation.event).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: String) -> StatusCode {
    answered(&shared, &id, Answer::Response(json_or_text(body))).await
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: String) -> StatusCode {
    answered(&shared, &id, Answer::Error(json_or_text(body))).await
}

async fn init_error(State(shared): State<Arc<Shared>>, body: String) -> StatusCode {
    shared.init_error.send_replace(Some(body));
    StatusCode::ACCEPTED
}

/// Takes an answer to the invocation under way, and to no other.
async fn answered(shared: &Shared, id: &str, answer: Answer) -> StatusCode {
    let is_awaited = {
        let mut under_way = shared.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let is_awaited = under_way.as_deref() == Some(id);
        if is_awaited {
            *under_way = None;
        }
        is_awaited
    };
    if is_awaited && shared.answers.send(answer).await.is_ok() {
        StatusCode::ACCEPTED
    } else {
        StatusCode::BAD_REQUEST
    }
}

fn json_or_text(body: String) -> Value {
    serde_json::from_str(&body).unwrap_or(Value::String(body))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the start of a process of the system is measured by its clock"
)]
fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the deadline of a process of the system is a time of its clock"
)]
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests;
