//! A DynamoDB with nothing in it that takes everything, and the one secret of the installation: enough for a function
//! to work on an event of nobody's.
use anyhow::Result;
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

const PSEUDONYM: &str = r#"{"Name":"installation/pseudonym","VersionId":"00000000-0000-4000-8000-000000000001","SecretString":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}"#;

/// A running one; it stops when dropped.
pub struct EmptyStore {
    endpoint: String,
    task: AbortHandle,
}

impl Drop for EmptyStore {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl EmptyStore {
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let router = Router::new().fallback(answer);
        let task = tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle();
        Ok(Self { endpoint, task })
    }

    /// For `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

async fn answer(headers: HeaderMap) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let body = match target.rsplit_once('.').map(|(_, operation)| operation) {
        Some("Query" | "Scan") => r#"{"Items":[],"Count":0,"ScannedCount":0}"#,
        Some("GetSecretValue") => PSEUDONYM,
        Some("GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems") => "{}",
        _ => return (StatusCode::BAD_REQUEST, r#"{"__type":"UnknownOperationException"}"#).into_response(),
    };
    ([("content-type", "application/x-amz-json-1.0")], body).into_response()
}
