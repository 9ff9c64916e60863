//! The network side: an axum router behind an accept loop of its own, because a fault must be able to
//! drop a connection without a word, which a plain server never does.
use super::faults::{Fault, Late, Silence};
use super::handler::{Answer, Call, LateCall, World};
use super::journal::Logged;
use super::route::Route;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A request body may not be larger.
const BODY_BYTES_MAX: usize = 64 << 20;

/// The world, shared between the connections and the test.
#[derive(Debug, Default)]
pub(crate) struct Shared(Mutex<World>);

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks a response that must never be sent: its connection is dropped instead.
#[derive(Debug, Clone, Copy)]
struct Dropped;

/// Serves until the task is aborted; every connection ends with it.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new().fallback(answer).with_state(shared);
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let or_drop = service_fn(move |request: hyper::Request<Incoming>| {
                let response = service.call(request);
                async move {
                    let response = match response.await {
                        Ok(response) => response,
                        Err(never) => match never {},
                    };
                    match response.extensions().get::<Dropped>() {
                        Some(Dropped) => Err(std::io::Error::other("connection dropped by a fault")),
                        None => Ok(response),
                    }
                }
            });
            let ended = http1::Builder::new().serve_connection(TokioIo::new(stream), or_drop).await;
            if let Err(error) = ended {
                tracing::debug!(%error, "simulated connection ended early");
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else {
        return response(Answer::html(413), None);
    };
    let route = Route::find(parts.method.as_str(), parts.uri.path());
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let bearer = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    let operation = route.operation;
    let secret = operation == super::journal::Operation::Token;
    let logged = Logged {
        operation,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: query.clone(),
        body: if secret { String::new() } else { String::from_utf8_lossy(&bytes).into_owned() },
        status: None,
        answer: None,
    };
    let call = Call { route, query, bearer, body: bytes.to_vec() };
    let (number, fault) = {
        let mut world = shared.world();
        world.apply_due();
        let number = world.journal.arrived(logged);
        let fault = world.faults.take(operation);
        world.journal.counters.faults_fired += u64::from(fault.is_some());
        (number, fault)
    };
    // A task of its own: what the server has begun it finishes, whether or not the client waits.
    let work = tokio::spawn(outcome(Arc::clone(&shared), call, fault));
    match work.await.unwrap_or(Outcome::Drop) {
        Outcome::Answer(answer, cut) => {
            shared.world().journal.answered(number, answer.status, &answer.body);
            response(answer, cut)
        }
        Outcome::Drop => dropped(),
        Outcome::Hang => std::future::pending().await,
    }
}

enum Outcome {
    /// An answer, of which only so many bytes are sent before the connection breaks.
    Answer(Answer, Option<usize>),
    Drop,
    Hang,
}

async fn outcome(shared: Arc<Shared>, call: Call, fault: Option<Fault>) -> Outcome {
    let handle = |short: Option<u32>| shared.world().handle(&call, short);
    let Some(fault) = fault else { return Outcome::Answer(handle(None), None) };
    match fault {
        Fault::ApplyThenDrop => {
            handle(None);
            Outcome::Drop
        }
        Fault::DropBeforeApply => Outcome::Drop,
        Fault::ApplyLate { silence, late } => {
            let after = match late {
                Late::OnDemand => None,
                Late::AfterRequests(count) => Some(count.max(1)),
            };
            shared.world().late.push(LateCall { call: call.clone(), after });
            match silence {
                Silence::Drop => Outcome::Drop,
                Silence::Hang => Outcome::Hang,
            }
        }
        Fault::Status { code, retry_after } => {
            let mut answer = Answer::refused(&super::error::ApiError::new(code, format!("simulated {code}")));
            answer.headers.extend(retry_after.map(|value| ("Retry-After", value)));
            Outcome::Answer(answer, None)
        }
        Fault::Html { code } => Outcome::Answer(Answer::html(code), None),
        Fault::TruncatedJson => {
            let mut answer = handle(None);
            answer.body.truncate(answer.body.len() / 2);
            Outcome::Answer(answer, None)
        }
        Fault::BrokenBody => {
            let answer = handle(None);
            let half = answer.body.len() / 2;
            Outcome::Answer(answer, Some(half))
        }
        Fault::EmptyObject => {
            let applied = handle(None);
            Outcome::Answer(Answer { body: b"{}".to_vec(), ..applied }, None)
        }
        Fault::ShortRows(cells) => Outcome::Answer(handle(Some(cells)), None),
        Fault::Slow(gate) => {
            gate.pass().await;
            Outcome::Answer(handle(None), None)
        }
        Fault::Before(edit) => {
            edit(&mut shared.world().editor());
            Outcome::Answer(handle(None), None)
        }
        Fault::After(edit) => {
            let answer = handle(None);
            edit(&mut shared.world().editor());
            Outcome::Answer(answer, None)
        }
        Fault::ExpireToken => {
            if let Some(token) = &call.bearer {
                shared.world().tokens.revoke(token);
            }
            Outcome::Answer(handle(None), None)
        }
    }
}

fn dropped() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Dropped);
    response
}

fn response(answer: Answer, cut: Option<usize>) -> Response {
    let whole = answer.body.len();
    let mut body = answer.body;
    if let Some(bytes) = cut {
        body.truncate(bytes);
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        hyper::StatusCode::from_u16(answer.status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(whole));
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}
