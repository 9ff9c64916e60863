//! What is told of a failed call: what it was, what AWS said, and what to do.
use crate::account::{self, Account, REGION};
use crate::interposer::{Interposer, Treatment, error};
use adapter_aws::{Aws, Http};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use flows::ports::{ItemKey, StoreError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};

async fn told_of_get(aws: &Aws) -> String {
    match aws.state.get(&ItemKey::new("a", "b")).await {
        Err(StoreError::Unavailable(told)) => told,
        other => panic!("{other:?}"),
    }
}

async fn disturbed() -> (Interposer, Aws) {
    let account = Account::new();
    account.create_table().await;
    let between = Interposer::before(account.endpoint()).await;
    let aws = account.by_way_of(between.endpoint()).aws();
    (between, aws)
}

#[tokio::test]
async fn a_refusal_names_the_operation_the_request_and_the_remedy() {
    let (between, aws) = disturbed().await;
    for (code, remedy) in [
        ("AccessDeniedException", "the credentials lack this permission"),
        ("ExpiredTokenException", "the credentials have expired: log in again"),
        ("UnrecognizedClientException", "the credentials are not valid: check AWS_PROFILE"),
        ("InvalidSignatureException", "the credentials are not valid: check AWS_PROFILE"),
        ("ResourceNotFoundException", "check the stack's name, AWS_REGION"),
        ("RequestTimeTooSkewed", "the clock of this machine is wrong"),
    ] {
        between.plan([error(code, "no\nway")]);
        let told = told_of_get(&aws).await;
        let expected = format!("dynamodb GetItem: {code}: no way (request REQUEST-ID); ");
        assert!(told.starts_with(&expected) && told.contains(remedy), "{told}");
        assert_eq!(between.seen().len(), 1, "{code} does not pass");
    }
}

#[tokio::test]
async fn what_passes_is_waited_for() {
    let (between, aws) = disturbed().await;
    let outage = Treatment::Answer(500, "{}".to_owned());
    let throttled = error("ThrottlingException", "Rate exceeded");
    between.plan([outage, throttled.clone(), Treatment::LoseAnswer]);
    assert_eq!(aws.state.get(&ItemKey::new("a", "b")).await.unwrap(), None);
    assert_eq!(between.seen().len(), 4);
    between.plan(std::iter::repeat_n(throttled, 20));
    let told = told_of_get(&aws).await;
    assert!(told.contains("ThrottlingException: Rate exceeded"), "{told}");
    assert_eq!(between.seen().len(), 7);
}

#[tokio::test]
async fn a_table_or_bucket_that_is_not_there_is_told_as_such() {
    let account = Account::new();
    let aws = account.aws();
    let told = told_of_get(&aws).await;
    assert!(told.contains("ResourceNotFoundException") && told.contains("the stack is deployed"), "{told}");
    let told = aws.blobs.get("a").await.unwrap_err().to_string();
    assert!(told.contains("s3 GetObject: NoSuchBucket") && told.contains("the stack is deployed"), "{told}");
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_told_with_its_reason() {
    // Bound, so that nobody else gets the port, but not listening.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = format!("http://{}", socket.local_addr().unwrap());
    let account = Account::new();
    let told = told_of_get(&account.by_way_of(&endpoint).aws()).await;
    assert!(told.starts_with("dynamodb GetItem: ") && told.contains("refused"), "{told}");
    assert!(!told.contains("credentials"), "{told}");
}

#[tokio::test]
async fn an_address_that_never_answers_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let account = Account::new();
    let timeouts = aws_config::timeout::TimeoutConfig::builder();
    let timeouts = timeouts.operation_attempt_timeout(Duration::from_millis(1)).build();
    let config = account::config(&endpoint, &account.id).into_builder().timeout_config(timeouts).build();
    let aws =
        Aws::with_config(&config, account.names.clone(), account.clock(), account.random(), Duration::ZERO);
    let told = told_of_get(&aws).await;
    assert!(told.contains("timeout"), "{told}");
}

#[tokio::test]
async fn without_credentials_one_is_told_how_to_get_them() {
    let account = Account::new();
    let chain = aws_config::meta::credentials::CredentialsProviderChain::first_try(
        "Nobody",
        aws_config::ecs::EcsCredentialsProvider::builder()
            .configure(&aws_config::provider_config::ProviderConfig::empty())
            .build(),
    );
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .http_client(Http::default())
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(chain))
        .endpoint_url(account.endpoint())
        .build();
    let aws =
        Aws::with_config(&config, account.names.clone(), account.clock(), account.random(), Duration::ZERO);
    let told = told_of_get(&aws).await;
    assert!(told.contains("no credentials were found") && told.contains("AWS_PROFILE"), "{told}");
}
