//! A second opinion on the binaries: AWS's own emulator of the Runtime API runs each of them once.
use super::cloud::{FUNCTIONS, packaged, root};
use super::stack::{Stack, Wish};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where the emulator is installed: it comes with the package of AWS SAM's command line.
fn interface_emulator() -> PathBuf {
    let venv =
        std::env::var_os("ERP_SYNC_VENV_SAM").map_or_else(|| root().join("tests/.venv-sam"), PathBuf::from);
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let versions = std::fs::read_dir(venv.join("lib")).into_iter().flatten().filter_map(Result::ok);
    let binary = format!("site-packages/samcli/local/rapid/aws-lambda-rie-{machine}");
    let found = versions.map(|version| version.path().join(&binary)).find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "there is no aws-lambda-rie in {}: run `tests/run`, or `python3 -m venv tests/.venv-sam && \
             tests/.venv-sam/bin/pip install -r tests/python/requirements-sam.txt`",
            venv.display()
        )
    })
}

/// A running emulator with a function in it; both end when it is dropped.
struct Running {
    child: Child,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The function ends when its Runtime API is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that was free a moment ago: the emulator takes no port 0.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").to_string()
}

fn run(function: &str, variables: &[(String, String)]) -> Running {
    let (address, runtime_api) = (free_address(), free_address());
    let child = Command::new(interface_emulator())
        .args(["--runtime-interface-emulator-address", &address, "--runtime-api-address", &runtime_api])
        .arg(packaged().join(function).join("bootstrap"))
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("aws-lambda-rie runs");
    Running { child, address }
}

/// Invokes the function; asks again until the emulator listens. `None`: it ended, its port was taken after all.
async fn invoked(running: &mut Running, event: &Value) -> Option<Value> {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let address = format!("http://{}/2015-03-31/functions/function/invocations", running.address);
    loop {
        match client.post(&address).body(event.to_string()).send().await {
            Ok(answer) => return Some(answer.json().await.expect("JSON")),
            Err(_) if running.child.try_wait().expect("a child").is_some() => return None,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_binary_answers_the_runtime_interface_emulator_of_aws() {
    let stack = Stack::deploy(Wish::default()).await;
    for function in FUNCTIONS {
        let (event, expected): (Value, fn(&Value) -> bool) = match function {
            "dispatch" => (json!({ "v": 1 }), |said| said["sent"] == 0),
            "sige-backfill" => (json!({ "v": 1 }), |said| said["errorType"] == "BadEvent"),
            "sige-daily-sync" => {
                (json!({ "v": 1, "account": "nobody" }), |said| said["errorType"] == "Refused")
            }
            _ => (
                json!({ "Records": [{ "messageId": "1", "receiptHandle": "none", "body": "{\"v\":1,\"account\":\"nobody\",\"day\":\"2026-03-25\"}" }] }),
                |said| *said == json!({ "batchItemFailures": [] }),
            ),
        };
        let variables = stack.variables(function).await;
        let said = stack
            .eventually(&format!("{function} answers"), async || {
                invoked(&mut run(function, &variables), &event).await
            })
            .await;
        assert!(expected(&said), "{function}: {said}");
    }
}
