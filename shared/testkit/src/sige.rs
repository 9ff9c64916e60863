//! A stand-in of SIGE Cloud on a loopback port that the system picks.
//!
//! It serves `Pedidos/Pesquisar` and `Pessoas/Pesquisar` as the API is known to behave: three headers, a bare array of
//! complete objects, `skip` and `pageSize`, null dates of the year 1, people with `Senha` and `Salt`. Orders can be
//! edited, cancelled and added while it runs. It counts what it is asked, and it misbehaves on demand: see [`Fault`].
//!
//! Where the real server's behaviour is not known (the order of a listing, exact or prefix match of a document, a cap
//! of the page size), the stand-in takes the simplest reading and the other one can be switched on.

mod answer;
mod company;
mod faults;
mod network;
mod records;
mod seen;

pub use faults::{ALWAYS, Fault, FaultHandle};
pub use records::{POISON_PASSWORD, POISON_SALT, full_order, full_person};
pub use seen::{Endpoint, Seen, SeenRequest};

use company::Company;
use faults::FaultPlans;
use flows::ports::Clock;
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// The three credential headers the stand-in accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigeAccount {
    /// `Authorization-Token`.
    pub token: String,
    /// `User`.
    pub user: String,
    /// `App`.
    pub app: String,
}

impl Default for SigeAccount {
    /// Recognisable values, so that a test can look for leaks of them.
    fn default() -> Self {
        Self {
            token: "5163e7042ce1b7a95d0f6b3389aa04d1token".to_owned(),
            user: "administradora@oficina-exemplo.test".to_owned(),
            app: "Sincronia Exemplo".to_owned(),
        }
    }
}

/// The running stand-in. Stops accepting when it is dropped.
#[derive(Debug)]
pub struct SigeSimulator {
    base_url: String,
    shared: Arc<Shared>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    account: SigeAccount,
    rotated: Mutex<Option<SigeAccount>>,
    clock: ClockRef,
    company: Mutex<Company>,
    faults: FaultPlans,
    seen: Mutex<Seen>,
}

struct ClockRef(Arc<dyn Clock>);

impl std::fmt::Debug for ClockRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Shared {
    fn company<T>(&self, change: impl FnOnce(&mut Company) -> T) -> T {
        change(&mut self.company.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SigeSimulator {
    /// Starts an empty company on a free loopback port. The clock dates changes and requests.
    ///
    /// # Errors
    /// When the loopback interface gives no port.
    pub async fn start(account: SigeAccount, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            account,
            rotated: Mutex::default(),
            clock: ClockRef(clock),
            company: Mutex::default(),
            faults: FaultPlans::default(),
            seen: Mutex::default(),
        });
        let listener = network::Listener::bind().await?;
        let base_url = format!("http://{}", listener.address()?);
        let server = tokio::spawn(network::serve(listener, answer::router(shared.clone())));
        Ok(Self { base_url, shared, server })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The credentials it accepts from the start.
    pub fn account(&self) -> &SigeAccount {
        &self.shared.account
    }

    /// Accepts other credentials from now on, and those it accepted no longer.
    pub fn rotate(&self, account: SigeAccount) {
        *self.shared.rotated.lock().unwrap_or_else(PoisonError::into_inner) = Some(account);
    }

    /// Adds orders and people as they would have come to be: an order counts as changed when it was billed, or else
    /// created. Fields that are left out are served with the API's defaults; `Codigo` is served only when given.
    pub fn load(&self, orders: impl IntoIterator<Item = Value>, people: impl IntoIterator<Item = Value>) {
        self.shared.company(|company| {
            orders.into_iter().for_each(|order| company.add_order(object(order), None));
            people.into_iter().for_each(|person| company.add_person(object(person)));
        });
    }

    /// Adds an order, or replaces the one with the same `ID` (else the same `Codigo`); it counts as changed now.
    pub fn upsert_order(&self, order: Value) {
        let now = self.shared.clock.0.now();
        self.shared.company(|company| company.upsert_order(object(order), now));
    }

    /// Puts an order in front of every listing; it counts as changed now.
    pub fn insert_first(&self, order: Value) {
        let now = self.shared.clock.0.now();
        self.shared.company(|company| company.insert_first(object(order), now));
    }

    /// Changes fields of the order with this `Codigo`; it counts as changed now. False when there is no such order.
    pub fn edit(&self, code: i64, change: impl FnOnce(&mut Map<String, Value>)) -> bool {
        let now = self.shared.clock.0.now();
        self.shared.company(|company| company.edit(code, now, change))
    }

    /// Sets `StatusSistema`; it counts as changed now. False when there is no such order.
    pub fn set_status(&self, code: i64, status: &str) -> bool {
        self.edit(code, |fields| {
            fields.insert("StatusSistema".to_owned(), status.into());
        })
    }

    /// Removes the order with this `Codigo`. False when there is no such order.
    pub fn remove_order(&self, code: i64) -> bool {
        self.shared.company(|company| company.remove_order(code))
    }

    /// Adds a person, or replaces the one with the same `ID`.
    pub fn upsert_person(&self, person: Value) {
        self.shared.company(|company| company.upsert_person(object(person)));
    }

    /// Whether `cpfcnpj` finds documents that only start with what was asked. Off by default.
    pub fn match_document_prefix(&self, on: bool) {
        self.shared.company(|company| company.match_prefix = on);
    }

    /// Misbehaves on the next `times` requests to the endpoint. Plans are tried in the order in which they were made;
    /// one applies to a request.
    pub fn inject(&self, endpoint: Endpoint, fault: Fault, times: u64) -> FaultHandle {
        self.shared.faults.add(endpoint, fault, times)
    }

    /// What has been asked so far.
    pub fn seen(&self) -> Seen {
        self.shared.seen(|seen| seen.clone())
    }

    /// Forgets what has been asked so far.
    pub fn forget_seen(&self) {
        self.shared.seen(|seen| *seen = Seen::default());
    }
}

impl Drop for SigeSimulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => {
            assert!(other.is_object(), "an order or a person of the stand-in is a JSON object");
            Map::new()
        }
    }
}

#[cfg(test)]
mod tests;
