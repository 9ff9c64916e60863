//! Finding a deployed stack by its name alone.
use crate::account::{Account, REGION, STACK};
use crate::interposer::{Interposer, Treatment, error};
use adapter_aws::{Aws, ConnectError};
use std::time::Duration;
use testkit::contract::queue;

async fn of_stack(account: &Account, stack: &str) -> Result<Aws, ConnectError> {
    Aws::of_stack_with(&account.config, stack, account.clock(), account.random(), Duration::ZERO).await
}

#[tokio::test]
async fn a_stack_is_found_by_a_queue_that_each_has() {
    let account = Account::new();
    let mut windows = queue::queues().remove(1);
    windows.name = "sige-windows.fifo".to_owned();
    account.create_queues(&[windows]).await;
    let aws = of_stack(&account, STACK).await.unwrap();
    assert_eq!(aws.names, account.names);
    assert_eq!(aws.queue.counts("sige-windows.fifo").await.unwrap().waiting, 0);
}

#[tokio::test]
async fn a_stack_that_is_not_there_is_told_with_where_it_was_looked_for() {
    let account = Account::new();
    let told = of_stack(&account, "elsewhere").await.unwrap_err();
    let expected = ConnectError::NoSuchStack { stack: "elsewhere".to_owned(), region: REGION.to_owned() };
    assert_eq!(told, expected);
    assert!(told.to_string().contains("AWS_REGION"), "{told}");
}

#[tokio::test]
async fn what_is_no_name_is_not_asked_for() {
    let between = Interposer::before("http://127.0.0.1:1").await;
    let account = Account::new().by_way_of(between.endpoint());
    for name in ["", "Erp", "erp_sync", "../erp"] {
        assert_eq!(of_stack(&account, name).await.unwrap_err(), ConnectError::BadName(name.to_owned()));
    }
    assert!(between.seen().is_empty());
}

#[tokio::test]
async fn without_a_region_one_is_told_to_set_it() {
    let mut account = Account::new();
    account.config = account.config.to_builder().region(None).build();
    let told = of_stack(&account, STACK).await.unwrap_err();
    assert_eq!(told, ConnectError::NoRegion);
}

#[tokio::test]
async fn credentials_that_are_refused_are_not_taken_for_a_missing_stack() {
    let account = Account::new();
    let between = Interposer::before(account.endpoint()).await;
    let account = account.by_way_of(between.endpoint());
    between.plan([error("ExpiredToken", "The security token included in the request is expired")]);
    let told = of_stack(&account, STACK).await.unwrap_err();
    assert!(matches!(told, ConnectError::Refused(_)), "{told:?}");
    assert!(told.to_string().contains("log in again"), "{told}");
}

/// The SDK of a test is configured as it comes, with retries of its own.
#[tokio::test]
async fn an_outage_is_repeated_by_one_layer_only() {
    let account = Account::new();
    let between = Interposer::before(account.endpoint()).await;
    let account = account.by_way_of(between.endpoint());
    between.plan(std::iter::repeat_n(Treatment::Answer(503, "{}".to_owned()), 50));
    let told = of_stack(&account, STACK).await.unwrap_err();
    assert!(matches!(told, ConnectError::Unavailable(_)), "{told:?}");
    assert_eq!(between.seen().len(), 7);
}
