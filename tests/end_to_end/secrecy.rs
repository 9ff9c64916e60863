//! What a function logs at its most talkative: no credential, no document, no contact of anybody.
use super::cloud::packaged;
use super::stack::{Stack, Wish};
use local::sample_installation::ACCOUNT;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::runtime_api::{Answer, FunctionProcess, Program};
use testkit::sige::{Endpoint, Fault};

const TIMEOUT: Duration = Duration::from_secs(90);

/// What no line may hold.
fn secrets(stack: &Stack) -> Vec<String> {
    let company = &stack.company.company;
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let mut secrets = vec![company.account.token.clone(), "Senha".to_owned(), "PRIVATE KEY".to_owned()];
    for person in &company.people {
        secrets.extend(["CNPJ_CPF", "Celular", "Email"].map(|field| text(person, field)));
    }
    for order in &company.orders {
        secrets.extend(["ClienteCNPJ", "ClienteEmail"].map(|field| text(order, field)));
    }
    secrets.retain(|secret| secret.len() >= 5);
    assert!(secrets.len() > 50, "the sample has hardly any personal data: this test would show nothing");
    secrets
}

#[tokio::test(flavor = "multi_thread")]
async fn the_most_talkative_level_names_neither_secrets_nor_people() {
    let stack = Stack::deploy(Wish::default()).await;
    stack.feed_the_worker(false).await;
    let mut lines = Vec::new();
    for (function, event) in [("sige-daily-sync", json!({ "v": 1 })), ("dispatch", json!({ "v": 1 }))] {
        let (mut process, _) = started(&stack, function).await;
        let answer = process.invoke(&event, TIMEOUT).await.unwrap();
        assert!(matches!(answer, Answer::Response(_)), "{answer:?}");
        lines.extend(process.lines());
    }
    let (mut worker, _) = started(&stack, "sige-window-sync").await;
    let windows = stack.items(&format!("window#{ACCOUNT}")).await;
    assert_eq!(windows.len(), 5);
    for (number, window) in windows.iter().enumerate() {
        // The last two meet systems that fail, which is when an error might repeat what it should not.
        if number == 3 {
            stack.company.sige.inject(Endpoint::People, Fault::status(400), 100);
        }
        if number == 4 {
            stack.company.sige.inject(Endpoint::Orders, Fault::status(401), 100);
        }
        let body = json!({ "v": 1, "account": ACCOUNT, "day": window["day"] }).to_string();
        let event = json!({ "Records": [{ "messageId": "1", "receiptHandle": "none", "body": body }] });
        let answer = worker.invoke(&event, TIMEOUT).await.unwrap();
        assert_eq!(answer, Answer::Response(json!({ "batchItemFailures": [] })));
    }
    lines.extend(worker.lines());
    let levels = ["DEBUG", "INFO", "WARN"];
    for level in levels {
        assert!(
            lines.iter().any(|line| line.contains(&format!("\"level\":\"{level}\""))),
            "nothing of level {level}"
        );
    }
    for secret in secrets(&stack) {
        let told = lines.iter().find(|line| line.contains(&secret));
        assert!(told.is_none(), "{secret:?} is in {told:?}");
    }
}

async fn started(stack: &Stack, function: &str) -> (FunctionProcess, Duration) {
    let binary = packaged().join(function).join("bootstrap");
    let variables = stack.variables(function).await;
    let program = Program::new(function, binary).variables(variables);
    let talkative = program.variables([("AWS_LAMBDA_LOG_LEVEL", "TRACE")]);
    FunctionProcess::start(&talkative).await.unwrap_or_else(|why| panic!("{why}"))
}
