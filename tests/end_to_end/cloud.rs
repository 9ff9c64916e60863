//! The emulator that all tests of this process share, and AWS's own protocol to look into it with.
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use testkit::emulator::Emulator;

/// Where everything is deployed to.
pub const REGION: &str = "sa-east-1";
/// The functions of the template.
pub const FUNCTIONS: [&str; 4] = ["dispatch", "sige-backfill", "sige-daily-sync", "sige-window-sync"];

static EMULATOR: LazyLock<Emulator> = LazyLock::new(|| {
    let started = Emulator::start_with(&[("LAMBDA_EXECUTOR", "local")]);
    started.unwrap_or_else(|why| panic!("the emulator of AWS is needed: {why}"))
});

/// It ends with this process.
pub fn emulator() -> &'static Emulator {
    &EMULATOR
}

/// The top of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// The folder with `<function>/bootstrap`, as `infra/package` makes it.
pub fn packaged() -> PathBuf {
    let named = std::env::var_os("ERP_SYNC_LAMBDA_DIR").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| root().join("target/lambda-release"));
    for function in FUNCTIONS {
        let binary = folder.join(function).join("bootstrap");
        assert!(
            binary.is_file(),
            "there is no {}: run `tests/run`, or `infra/package --profile release --output target/lambda-release`",
            binary.display()
        );
    }
    folder
}

/// One caller: twelve digits are the account, and the access key as well.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    account: String,
}

/// What a function said when it was invoked.
#[derive(Debug, PartialEq)]
pub enum Said {
    /// Its answer.
    Answer(Value),
    /// What it reported instead of one.
    Failed {
        /// The type of the error, which alarms and filters use.
        kind: String,
        /// Its message.
        message: String,
    },
}

impl Said {
    /// The answer; anything else fails the test.
    #[track_caller]
    pub fn answer(self) -> Value {
        match self {
            Self::Answer(answer) => answer,
            Self::Failed { kind, message } => panic!("the function failed: {kind}: {message}"),
        }
    }
}

impl Caller {
    pub fn new(account: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, account: account.to_owned() }
    }

    pub fn account(&self) -> &str {
        &self.account
    }

    /// The emulator reads who calls which service where, and believes it.
    fn credential(&self, service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={}/20260326/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.account
        )
    }

    fn post(&self, service: &str, path: &str) -> reqwest::RequestBuilder {
        let address = format!("{}{path}", emulator().endpoint());
        self.http.post(address).header("authorization", self.credential(service))
    }

    /// A call of a service that speaks JSON.
    pub async fn call(&self, service: &str, target: &str, body: Value) -> Value {
        let version = if service == "logs" { "1.1" } else { "1.0" };
        let answer = self
            .post(service, "/")
            .header("content-type", format!("application/x-amz-json-{version}"))
            .header("x-amz-target", target)
            .body(body.to_string())
            .send()
            .await
            .expect("the emulator answers");
        let status = answer.status();
        let text = answer.text().await.expect("an answer");
        assert!(status.is_success(), "{target} {body}: {status} {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") }
    }

    /// Invokes a function and waits for its answer.
    pub async fn invoke(&self, function: &str, event: &Value) -> Said {
        let answer = self.invocation(function, "RequestResponse", event).await;
        let failed = answer.headers().contains_key("x-amz-function-error");
        let said: Value = answer.json().await.expect("JSON");
        if !failed {
            return Said::Answer(said);
        }
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        Said::Failed { kind: text("errorType"), message: text("errorMessage") }
    }

    /// Hands an event over and does not wait.
    pub async fn send_event(&self, function: &str, event: &Value) {
        assert_eq!(self.invocation(function, "Event", event).await.status(), 202);
    }

    /// Lets an event source mapping of a function hand over messages, or keeps it from doing so.
    pub async fn enable_sources(&self, function: &str, enabled: bool) {
        let credential = self.credential("lambda");
        let base = format!("{}/2015-03-31/event-source-mappings/", emulator().endpoint());
        let list =
            self.http.get(format!("{base}?FunctionName={function}")).header("authorization", &credential);
        let found: Value = list.send().await.expect("an answer").json().await.expect("JSON");
        let sources = found["EventSourceMappings"].as_array().expect("mappings");
        assert!(!sources.is_empty(), "{function} has no event source");
        for source in sources {
            let id = source["UUID"].as_str().expect("an id");
            let change = self.http.put(format!("{base}{id}")).header("authorization", &credential);
            let changed =
                change.body(json!({ "Enabled": enabled }).to_string()).send().await.expect("an answer");
            assert!(changed.status().is_success(), "{changed:?}");
        }
    }

    async fn invocation(&self, function: &str, kind: &str, event: &Value) -> reqwest::Response {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let request = self.post("lambda", &path).header("x-amz-invocation-type", kind);
        request.body(event.to_string()).send().await.expect("the emulator answers")
    }

    /// How a function is configured.
    pub async fn function_configuration(&self, function: &str) -> Value {
        let address = format!("{}/2015-03-31/functions/{function}/configuration", emulator().endpoint());
        let asked = self.http.get(address).header("authorization", self.credential("lambda"));
        asked.send().await.expect("an answer").json().await.expect("JSON")
    }

    /// The address of a queue by its full name.
    pub async fn queue_url(&self, queue: &str) -> String {
        let found = self.call("sqs", "AmazonSQS.GetQueueUrl", json!({ "QueueName": queue })).await;
        found["QueueUrl"].as_str().expect("an address").to_owned()
    }
}
