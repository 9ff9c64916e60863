//! `GET /health` on 127.0.0.1: what has been done and what waits, as JSON. It has no secret and changes nothing, and it is not
//! to be had from another machine.
use super::facts::Facts;
use super::stop::Stop;
use crate::failure::Failure;
use crate::template::Wiring;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use flows::ports::{Clock, StateStore, WorkQueue};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;

/// What the page is made from.
#[derive(Clone)]
pub struct Health {
    /// Which schedules and queues there are.
    pub wiring: Arc<Wiring>,
    /// Ticks and journal.
    pub state: Arc<dyn StateStore>,
    /// Depths.
    pub queue: Arc<dyn WorkQueue>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The page, ready to be served.
pub struct HealthServer {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
}

impl HealthServer {
    /// Takes the port; 0 takes any that is free.
    ///
    /// # Errors
    /// [`Failure::BadUsage`]: the port cannot be had.
    pub async fn bind(port: u16, health: Health) -> Result<Self, Failure> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let cannot = |error| {
            Failure::BadUsage(format!(
                "the health page cannot listen on {wanted}: {error}; choose another --port"
            ))
        };
        let listener = TcpListener::bind(wanted).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let router = Router::new().route("/health", get(answer)).with_state(health);
        Ok(Self { listener, address, router })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}/health", self.address)
    }

    /// Serves until the end is asked for.
    pub async fn run(self, stop: Stop) {
        let served = axum::serve(self.listener, self.router);
        let served = served.with_graceful_shutdown(async move { stop.requested().await });
        if let Err(error) = served.await {
            tracing::error!(%error, "the health page is no longer served");
        }
    }
}

async fn answer(State(health): State<Health>) -> impl IntoResponse {
    let Health { wiring, state, queue, clock } = health;
    match Facts::read(&wiring, &*state, &*queue, clock.now()).await {
        Ok(facts) => Json(facts).into_response(),
        Err(error) => {
            tracing::warn!(%error, "the health page could not be made");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": error.to_string() }))).into_response()
        }
    }
}
