//! A rotated secret is taken up in mid-flight; a wrong one is refused after one more look.
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::document::DocumentKey;
use domain::order::Order;
use domain::person::PersonRecord;
use flows::accounts::Account;
use flows::connections::{AccountConnections, NoConnections, OpenOrders};
use flows::deps::Connections;
use flows::ports::{CallGate, Clock, OrderSource, SecretError, SecretStore, SourceError};
use flows::rate::Quota;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::clock::SimulatedClock;
use testkit::reference::MemoryStateStore;

/// Secrets behind a cache that is never up to date by itself.
#[derive(Default)]
struct CachedSecrets {
    cached: Mutex<BTreeMap<String, String>>,
    current: Mutex<BTreeMap<String, String>>,
    refreshed: AtomicU64,
}

impl CachedSecrets {
    fn rotate(&self, value: &str) {
        self.current.lock().unwrap().insert(NAME.to_owned(), value.to_owned());
    }
}

const NAME: &str = "erp-sync/test/sige/matriz";

#[async_trait]
impl SecretStore for CachedSecrets {
    async fn get(&self, name: &str) -> Result<SecretString, SecretError> {
        let current = self.current.lock().unwrap().get(name).cloned();
        let mut cached = self.cached.lock().unwrap();
        if let (false, Some(current)) = (cached.contains_key(name), current) {
            cached.insert(name.to_owned(), current);
        }
        let found = cached.get(name).cloned();
        found.map(SecretString::from).ok_or_else(|| SecretError::NotFound(name.to_owned()))
    }
    async fn refresh(&self, name: &str) -> Result<SecretString, SecretError> {
        self.refreshed.fetch_add(1, Ordering::Relaxed);
        self.cached.lock().unwrap().remove(name);
        self.get(name).await
    }
    async fn set(&self, _: &str, _: SecretString) -> Result<(), SecretError> {
        Ok(())
    }
    async fn list(&self, _: &str) -> Result<Vec<String>, SecretError> {
        Ok(Vec::new())
    }
}

/// A system that takes one token, which somebody can change.
struct Door {
    token: Arc<Mutex<String>>,
    opened: Arc<AtomicU64>,
}

struct Source {
    token: String,
    wanted: Arc<Mutex<String>>,
}

#[async_trait]
impl OpenOrders for Door {
    fn quota(&self) -> Quota {
        let period = Duration::from_secs(1);
        Quota { calls: 1_000, period, burst: 1_000, min_interval: Duration::ZERO, block: 1 }
    }
    async fn open(
        &self,
        _: &Account,
        secret: &SecretString,
        _: Arc<dyn CallGate>,
    ) -> Result<Arc<dyn OrderSource>, String> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        if secret.expose_secret() == "malformed" {
            return Err("is not a token".to_owned());
        }
        let token = secret.expose_secret().to_owned();
        Ok(Arc::new(Source { token, wanted: self.token.clone() }))
    }
}

#[async_trait]
impl OrderSource for Source {
    async fn billed_orders(&self, _: NaiveDate) -> Result<Vec<Order>, SourceError> {
        // So that calls side by side are all refused before one of them looks again.
        tokio::task::yield_now().await;
        if self.token == *self.wanted.lock().unwrap() {
            return Ok(Vec::new());
        }
        Err(SourceError::Credentials { system: "sige", detail: "401".to_owned() })
    }
    async fn orders_changed_since(&self, _: DateTime<Utc>) -> Result<Vec<Order>, SourceError> {
        Ok(Vec::new())
    }
    async fn people(&self, _: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError> {
        Ok(Vec::new())
    }
}

struct Stage {
    connections: AccountConnections,
    secrets: Arc<CachedSecrets>,
    wanted: Arc<Mutex<String>>,
    opened: Arc<AtomicU64>,
    account: Account,
}

fn stage() -> Stage {
    let clock: Arc<dyn Clock> = Arc::new(SimulatedClock::default());
    let secrets = Arc::new(CachedSecrets::default());
    secrets.rotate("first");
    let (wanted, opened) = (Arc::new(Mutex::new("first".to_owned())), Arc::default());
    let state = Arc::new(MemoryStateStore::new(clock.clone()));
    let door = Door { token: wanted.clone(), opened: Arc::clone(&opened) };
    let connections = AccountConnections::new("test", state, secrets.clone(), clock).with_orders(door);
    let sheet = "1AbCdEfGhIjKlMnOpQrStUvWxYz";
    Stage { connections, secrets, wanted, opened, account: Account::with_defaults("matriz", sheet, sheet) }
}

async fn orders(stage: &Stage) -> Result<Vec<Order>, SourceError> {
    let source = stage.connections.orders(&stage.account).await.unwrap();
    source.billed_orders(NaiveDate::from_ymd_opt(2026, 3, 25).unwrap()).await
}

#[tokio::test]
async fn a_connection_is_opened_once_and_kept() {
    let stage = stage();
    for _ in 0..3 {
        orders(&stage).await.unwrap();
    }
    assert_eq!(stage.opened.load(Ordering::Relaxed), 1);
    assert_eq!(stage.secrets.refreshed.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_rotated_secret_is_taken_up_by_the_call_that_was_refused() {
    let stage = stage();
    orders(&stage).await.unwrap();
    stage.secrets.rotate("second");
    *stage.wanted.lock().unwrap() = "second".to_owned();
    orders(&stage).await.unwrap();
    orders(&stage).await.unwrap();
    assert_eq!(stage.secrets.refreshed.load(Ordering::Relaxed), 1, "read again once, then kept");
}

#[tokio::test]
async fn of_two_calls_that_are_refused_at_once_both_take_up_the_new_secret() {
    let stage = stage();
    let source = stage.connections.orders(&stage.account).await.unwrap();
    stage.secrets.rotate("second");
    *stage.wanted.lock().unwrap() = "second".to_owned();
    let day = NaiveDate::from_ymd_opt(2026, 3, 25).unwrap();
    let (one, two) = tokio::join!(source.billed_orders(day), source.billed_orders(day));
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
}

#[tokio::test]
async fn a_secret_that_is_simply_wrong_is_refused_after_one_more_look() {
    let stage = stage();
    *stage.wanted.lock().unwrap() = "elsewhere".to_owned();
    assert!(matches!(orders(&stage).await, Err(SourceError::Credentials { .. })));
    assert_eq!(stage.secrets.refreshed.load(Ordering::Relaxed), 1);
    assert_eq!(stage.opened.load(Ordering::Relaxed), 1, "the same secret is not tried again");
}

#[tokio::test]
async fn a_rotation_to_something_unusable_leaves_the_refusal_as_it_was() {
    let stage = stage();
    orders(&stage).await.unwrap();
    stage.secrets.rotate("malformed");
    *stage.wanted.lock().unwrap() = "second".to_owned();
    assert!(matches!(orders(&stage).await, Err(SourceError::Credentials { .. })));
}

#[tokio::test]
async fn a_function_without_an_adapter_says_so() {
    let stage = stage();
    let refused = stage.connections.sheet(&stage.account).await.err().unwrap();
    assert!(refused.to_string().contains("started without it"), "{refused}");
    assert!(NoConnections.orders(&stage.account).await.is_err());
}
