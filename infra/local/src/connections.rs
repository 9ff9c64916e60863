//! The outside systems of an account, opened from its secrets and this machine's settings.
//!
//! An opened connection is kept and used again (its token, its pool), as long as account and secret are the same.
use crate::adapter_settings;
use crate::settings::Settings;
use adapter_sheets::{GoogleSheets, Surroundings};
use adapter_sige::{SigeApi, SigeClient};
use async_trait::async_trait;
use flows::accounts::{Account, secret_name};
use flows::deps::Connections;
use flows::ports::{
    BookingBlock, CallGate, Clock, DayWrite, DestinationGrid, OrderSource, Randomness, ReportSheet, RowBlock,
    SecretError, SecretStore, SheetReadError, SheetWriteError, StateStore,
};
use flows::rate::{Quota, RateLimit};
use flows::reason::Reason;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The requests that changed a spreadsheet, or may have.
#[derive(Debug, Default)]
pub struct WriteCount(AtomicU64);

impl WriteCount {
    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Opened<T: ?Sized> {
    account: Account,
    secret: SecretString,
    connection: Arc<T>,
}

type Kept<T> = Mutex<HashMap<String, Opened<T>>>;

/// Opens the outside systems on this machine.
pub struct LocalConnections {
    settings: Settings,
    state: Arc<dyn StateStore>,
    secrets: Arc<dyn SecretStore>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
    writes: Arc<WriteCount>,
    sige: OnceLock<SigeApi>,
    orders: Kept<SigeClient>,
    sheets: Kept<Counted>,
}

impl LocalConnections {
    /// Nothing is opened yet.
    pub fn new(
        settings: Settings,
        state: Arc<dyn StateStore>,
        secrets: Arc<dyn SecretStore>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
    ) -> Self {
        let writes = Arc::default();
        let (sige, orders, sheets) = (OnceLock::new(), Mutex::default(), Mutex::default());
        Self { settings, state, secrets, clock, random, writes, sige, orders, sheets }
    }

    /// The count of write requests, which grows as connections are used.
    pub fn writes(&self) -> Arc<WriteCount> {
        self.writes.clone()
    }

    async fn secret(&self, system: &str, short: &str) -> Result<SecretString, Reason> {
        let name = secret_name(self.settings.general.stage.as_str(), short);
        self.secrets.get(&name).await.map_err(|error| match error {
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

    fn sige_api(&self) -> Result<SigeApi, Reason> {
        if let Some(api) = self.sige.get() {
            return Ok(api.clone());
        }
        let settings = adapter_settings::sige(&self.settings);
        let api = SigeApi::new(settings, self.clock.clone(), self.random.clone())
            .map_err(|error| refused("sige", error.to_string()))?;
        Ok(self.sige.get_or_init(|| api).clone())
    }
}

fn refused(system: &str, detail: String) -> Reason {
    Reason::Credentials { system: system.to_owned(), detail }
}

fn kept<T: ?Sized>(all: &Kept<T>, account: &Account, secret: &SecretString) -> Option<Arc<T>> {
    let all = all.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = all.get(&account.name)?;
    let same = opened.account == *account && opened.secret.expose_secret() == secret.expose_secret();
    same.then(|| opened.connection.clone())
}

fn keep<T: ?Sized>(all: &Kept<T>, account: &Account, secret: SecretString, connection: &Arc<T>) {
    let opened = Opened { account: account.clone(), secret, connection: connection.clone() };
    all.lock().unwrap_or_else(PoisonError::into_inner).insert(account.name.clone(), opened);
}

#[async_trait]
impl Connections for LocalConnections {
    async fn orders(&self, account: &Account) -> Result<Arc<dyn OrderSource>, Reason> {
        let secret = self.secret("sige", &account.sige_secret).await?;
        if let Some(client) = kept(&self.orders, account, &secret) {
            return Ok(client);
        }
        let named = |problem: String| refused("sige", format!("secret {}: {problem}", account.sige_secret));
        let credentials = adapter_settings::sige_credentials(&secret).map_err(named)?;
        let gate =
            self.gate(&format!("sige#{}", account.sige_secret), adapter_settings::sige_quota(&self.settings));
        let client =
            self.sige_api()?.account(&credentials, gate).map_err(|error| named(error.to_string()))?;
        let client = Arc::new(client);
        keep(&self.orders, account, secret, &client);
        Ok(client)
    }

    async fn sheet(&self, account: &Account) -> Result<Arc<dyn ReportSheet>, Reason> {
        let secret = self.secret("google sheets", &account.google_secret).await?;
        if let Some(sheet) = kept(&self.sheets, account, &secret) {
            return Ok(sheet);
        }
        // Google counts by credential, so accounts that share one share its budget.
        let scope = |kind: &str| format!("google#{}#{kind}", account.google_secret);
        let around = Surroundings {
            clock: self.clock.clone(),
            randomness: self.random.clone(),
            read_gate: self.gate(&scope("read"), adapter_settings::sheets_read_quota(&self.settings)),
            write_gate: self.gate(&scope("write"), adapter_settings::sheets_write_quota(&self.settings)),
        };
        let settings = adapter_settings::sheets(&self.settings, account);
        let sheet = GoogleSheets::new(settings, &secret, around)
            .await
            .map_err(|error| refused("google sheets", format!("account {}: {error}", account.name)))?;
        let sheet = Arc::new(Counted { sheet, writes: self.writes.clone() });
        keep(&self.sheets, account, secret, &sheet);
        Ok(sheet)
    }
}

/// Counts the write requests on their way through.
struct Counted {
    sheet: GoogleSheets,
    writes: Arc<WriteCount>,
}

#[async_trait]
impl ReportSheet for Counted {
    async fn read_bookings(&self, max_rows: Option<u32>) -> Result<BookingBlock, SheetReadError> {
        self.sheet.read_bookings(max_rows).await
    }
    async fn read_grid(&self) -> Result<DestinationGrid, SheetReadError> {
        self.sheet.read_grid().await
    }
    async fn read_rows(&self, rows: &[u32]) -> Result<RowBlock, SheetReadError> {
        self.sheet.read_rows(rows).await
    }
    async fn write_day(&self, write: &DayWrite) -> Result<(), SheetWriteError> {
        self.writes.0.fetch_add(1, Ordering::Relaxed);
        self.sheet.write_day(write).await
    }
}
