//! The outside systems of an account, opened from its secrets when they are first needed and kept while account and
//! secret stay the same.
//!
//! ```text
//! call ── refused: credentials ──> secret read past the cache ── another value ──> opened anew, called once more
//!                                                            └── same value ────> the refusal stands
//! ```
//! So a rotated secret is taken up by a process that has the old one in hand, and a wrong one costs one more read.
mod opened;
mod orders;
mod sheet;

use crate::accounts::{Account, secret_name};
use crate::deps::Connections;
use crate::ports::{CallGate, Clock, OrderSource, ReportSheet, SecretError, SecretStore, StateStore};
use crate::rate::{Quota, RateLimit};
use crate::reason::Reason;
use async_trait::async_trait;
use opened::Kept;
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Opens the order source of an account; an adapter implements it.
#[async_trait]
pub trait OpenOrders: Send + Sync {
    /// How often the system may be called with one credential.
    fn quota(&self) -> Quota;
    /// Opens it. The message says what is wrong with the secret or the settings, never the secret.
    async fn open(
        &self,
        account: &Account,
        secret: &SecretString,
        gate: Arc<dyn CallGate>,
    ) -> Result<Arc<dyn OrderSource>, String>;
}

/// Opens the spreadsheets of an account; an adapter implements it.
#[async_trait]
pub trait OpenSheets: Send + Sync {
    /// How often the system may be read with one credential.
    fn read_quota(&self) -> Quota;
    /// How often it may be written to with one credential.
    fn write_quota(&self) -> Quota;
    /// Opens them. The message says what is wrong with the secret or the settings, never the secret.
    async fn open(
        &self,
        account: &Account,
        secret: &SecretString,
        read_gate: Arc<dyn CallGate>,
        write_gate: Arc<dyn CallGate>,
    ) -> Result<Arc<dyn ReportSheet>, String>;
}

/// The requests that changed a spreadsheet, or may have.
#[derive(Debug, Default)]
pub struct WriteCount(AtomicU64);

impl WriteCount {
    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn one_more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Everything that opening needs, shared by the connections.
struct Ground {
    stage: String,
    state: Arc<dyn StateStore>,
    secrets: Arc<dyn SecretStore>,
    clock: Arc<dyn Clock>,
}

/// How old the secret may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Freshness {
    /// As the store has it, cached or not.
    Cached,
    /// Past every cache.
    Now,
}

impl Ground {
    async fn secret(&self, system: &str, short: &str, freshness: Freshness) -> Result<SecretString, Reason> {
        let name = secret_name(&self.stage, short);
        let read = match freshness {
            Freshness::Cached => self.secrets.get(&name).await,
            Freshness::Now => self.secrets.refresh(&name).await,
        };
        read.map_err(|error| match error {
            SecretError::NotFound(name) => refused(
                system,
                format!("there is no secret {name}; set it with `erp-sync secrets set {short}`"),
            ),
            SecretError::Refused { .. } => refused(system, error.to_string()),
            SecretError::Unavailable(_) => {
                Reason::Unavailable { system: system.to_owned(), detail: error.to_string() }
            }
        })
    }

    fn gate(&self, scope: &str, quota: Quota) -> Arc<dyn CallGate> {
        Arc::new(RateLimit::new(self.state.clone(), self.clock.clone(), scope, quota))
    }
}

fn refused(system: &str, detail: String) -> Reason {
    Reason::Credentials { system: system.to_owned(), detail }
}

/// Connections that adapters open.
pub struct AccountConnections {
    ground: Arc<Ground>,
    open_orders: Option<Arc<dyn OpenOrders>>,
    open_sheets: Option<Arc<dyn OpenSheets>>,
    orders: Kept<dyn OrderSource>,
    sheets: Kept<dyn ReportSheet>,
    writes: Arc<WriteCount>,
}

impl AccountConnections {
    /// Nothing can be opened until an adapter is named. Secrets are read under the stage.
    pub fn new(
        stage: &str,
        state: Arc<dyn StateStore>,
        secrets: Arc<dyn SecretStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let ground = Arc::new(Ground { stage: stage.to_owned(), state, secrets, clock });
        let (orders, sheets, writes) = (Kept::default(), Kept::default(), Arc::default());
        Self { ground, open_orders: None, open_sheets: None, orders, sheets, writes }
    }

    /// With the adapter of the order source.
    #[must_use]
    pub fn with_orders(self, open: impl OpenOrders + 'static) -> Self {
        Self { open_orders: Some(Arc::new(open)), ..self }
    }

    /// With the adapter of the spreadsheets.
    #[must_use]
    pub fn with_sheets(self, open: impl OpenSheets + 'static) -> Self {
        Self { open_sheets: Some(Arc::new(open)), ..self }
    }

    /// The count of write requests, which grows as connections are used.
    pub fn writes(&self) -> Arc<WriteCount> {
        self.writes.clone()
    }
}

fn not_wired(system: &str) -> Reason {
    refused(system, "this function was started without it".to_owned())
}

#[async_trait]
impl Connections for AccountConnections {
    async fn orders(&self, account: &Account) -> Result<Arc<dyn OrderSource>, Reason> {
        let open = self.open_orders.clone().ok_or_else(|| not_wired(orders::SYSTEM))?;
        let secret = self.ground.secret(orders::SYSTEM, &account.sige_secret, Freshness::Cached).await?;
        if let Some(kept) = self.orders.find(account, &secret) {
            return Ok(kept);
        }
        let opener = orders::Opener { ground: self.ground.clone(), open, account: account.clone() };
        let source = opener.open(&secret).await?;
        let source: Arc<dyn OrderSource> = Arc::new(orders::Renewable::new(opener, secret.clone(), source));
        self.orders.keep(account, secret, &source);
        Ok(source)
    }

    async fn sheet(&self, account: &Account) -> Result<Arc<dyn ReportSheet>, Reason> {
        let open = self.open_sheets.clone().ok_or_else(|| not_wired(sheet::SYSTEM))?;
        let secret = self.ground.secret(sheet::SYSTEM, &account.google_secret, Freshness::Cached).await?;
        if let Some(kept) = self.sheets.find(account, &secret) {
            return Ok(kept);
        }
        let opener = sheet::Opener { ground: self.ground.clone(), open, account: account.clone() };
        let opened = opener.open(&secret).await?;
        let renewable = sheet::Renewable::new(opener, secret.clone(), opened, self.writes.clone());
        let opened: Arc<dyn ReportSheet> = Arc::new(renewable);
        self.sheets.keep(account, secret, &opened);
        Ok(opened)
    }
}

/// Connections of a function that reaches no outside system.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoConnections;

#[async_trait]
impl Connections for NoConnections {
    async fn orders(&self, _: &Account) -> Result<Arc<dyn OrderSource>, Reason> {
        Err(not_wired(orders::SYSTEM))
    }
    async fn sheet(&self, _: &Account) -> Result<Arc<dyn ReportSheet>, Reason> {
        Err(not_wired(sheet::SYSTEM))
    }
}
