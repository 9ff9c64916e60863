//! Secrets Manager: how long a value is believed, and what is told when it cannot be had.
use crate::account::Account;
use crate::interposer::{Interposer, error};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::Blob;
use flows::ports::{Clock, SecretError, SecretStore};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;

const NAME: &str = "erp-sync/erp-test/sige/matriz";
const SECOND: Duration = Duration::from_secs(1);

struct Subject {
    clock: Arc<dyn Clock>,
    between: Interposer,
    client: Client,
    secrets: Arc<dyn SecretStore>,
}

async fn subject() -> Subject {
    let account = Account::new();
    let between = Interposer::before(account.endpoint()).await;
    let secrets = account.by_way_of(between.endpoint()).aws().secrets;
    Subject { clock: account.clock(), between, client: Client::new(&account.config), secrets }
}

impl Subject {
    async fn get(&self) -> String {
        self.secrets.get(NAME).await.unwrap().expose_secret().to_owned()
    }

    /// As another process or a person would.
    async fn rotate(&self, value: &str) {
        self.client.put_secret_value().secret_id(NAME).secret_string(value).send().await.unwrap();
    }
}

#[tokio::test]
async fn a_value_is_believed_for_five_minutes() {
    let subject = subject().await;
    subject.secrets.set(NAME, "old".into()).await.unwrap();
    subject.between.plan([]);
    assert_eq!(subject.get().await, "old");
    subject.rotate("new").await;
    subject.clock.sleep(SECOND * 299).await;
    assert_eq!(subject.get().await, "old");
    assert_eq!(subject.between.operations(), ["GetSecretValue"]);
    subject.clock.sleep(SECOND).await;
    assert_eq!(subject.get().await, "new");
}

#[tokio::test]
async fn a_new_value_is_encrypted_with_the_key_of_its_stack() {
    let subject = subject().await;
    subject.secrets.set(NAME, "value".into()).await.unwrap();
    let described = subject.client.describe_secret().secret_id(NAME).send().await.unwrap();
    assert_eq!(described.kms_key_id(), Some("alias/erp-test-data"));
}

#[tokio::test]
async fn who_was_refused_with_a_value_asks_past_the_cache() {
    let subject = subject().await;
    subject.secrets.set(NAME, "old".into()).await.unwrap();
    assert_eq!(subject.get().await, "old");
    subject.rotate("new").await;
    let refreshed = subject.secrets.refresh(NAME).await.unwrap();
    assert_eq!(refreshed.expose_secret(), "new");
    subject.between.plan([]);
    assert_eq!(subject.get().await, "new", "the others have it too");
    assert!(subject.between.seen().is_empty());
}

#[tokio::test]
async fn a_value_set_here_is_the_next_one_read_here() {
    let subject = subject().await;
    subject.secrets.set(NAME, "old".into()).await.unwrap();
    assert_eq!(subject.get().await, "old");
    subject.secrets.set(NAME, "new".into()).await.unwrap();
    assert_eq!(subject.get().await, "new");
}

#[tokio::test]
async fn a_secret_that_is_taken_away_is_not_believed_any_longer() {
    let subject = subject().await;
    subject.secrets.set(NAME, "old".into()).await.unwrap();
    assert_eq!(subject.get().await, "old");
    let delete = subject.client.delete_secret().secret_id(NAME).force_delete_without_recovery(true);
    delete.send().await.unwrap();
    let gone = SecretError::NotFound(NAME.to_owned());
    assert_eq!(subject.secrets.refresh(NAME).await.unwrap_err(), gone);
    assert_eq!(subject.secrets.get(NAME).await.unwrap_err(), gone);
}

#[tokio::test]
async fn a_secret_marked_for_deletion_says_how_to_restore_it() {
    let subject = subject().await;
    subject.secrets.set(NAME, "old".into()).await.unwrap();
    let delete = subject.client.delete_secret().secret_id(NAME).recovery_window_in_days(7);
    delete.send().await.unwrap();
    let outcomes =
        [subject.secrets.get(NAME).await.err(), subject.secrets.set(NAME, "new".into()).await.err()];
    for told in outcomes {
        let told = told.unwrap();
        assert!(matches!(told, SecretError::Refused { .. }), "{told:?}");
        let told = told.to_string();
        assert!(told.contains(&format!("aws secretsmanager restore-secret --secret-id {NAME}")), "{told}");
    }
    assert!(subject.secrets.list("").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_binary_secret_is_refused() {
    let subject = subject().await;
    let create = subject.client.create_secret().name(NAME).secret_binary(Blob::new([0, 159]));
    create.send().await.unwrap();
    let told = subject.secrets.get(NAME).await.unwrap_err();
    assert!(matches!(told, SecretError::Refused { .. }), "{told:?}");
}

#[tokio::test]
async fn a_refusal_names_the_remedy_and_never_the_value() {
    let subject = subject().await;
    let denied = || error("AccessDeniedException", "User may not put hunter2 there");
    subject.between.plan([denied(), denied()]);
    let set = subject.secrets.set(NAME, SecretString::from("hunter2")).await.unwrap_err();
    let get = subject.secrets.get(NAME).await.unwrap_err();
    for (told, operation) in [(set, "PutSecretValue"), (get, "GetSecretValue")] {
        assert!(matches!(told, SecretError::Refused { .. }), "{told:?}");
        let told = format!("{told} {told:?}");
        assert!(told.contains(&format!("secretsmanager {operation}: AccessDeniedException")), "{told}");
        assert!(told.contains("template.yaml") && told.contains("REQUEST-ID"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[tokio::test]
async fn two_who_make_a_secret_at_once_both_succeed() {
    let subject = subject().await;
    subject.client.create_secret().name(NAME).secret_string("theirs").send().await.unwrap();
    subject.between.plan([error("ResourceNotFoundException", "not there yet")]);
    subject.secrets.set(NAME, "ours".into()).await.unwrap();
    assert_eq!(subject.between.operations(), ["PutSecretValue", "CreateSecret", "PutSecretValue"]);
    assert_eq!(subject.get().await, "ours");
}
