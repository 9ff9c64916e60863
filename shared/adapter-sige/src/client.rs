//! An account of SIGE as a source of orders and people.
use crate::calls::{Caller, SYSTEM};
use crate::credentials::{CredentialsError, SigeCredentials};
use crate::listing::{self, ListingLimits};
use crate::settings::SigeSettings;
use crate::transport::{Transport, TransportError};
use crate::wire::{self, WireError};
use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::America::Sao_Paulo;
use domain::document::DocumentKey;
use domain::order::{BILLED_STATUS, Order};
use domain::person::PersonRecord;
use flows::ports::{CallGate, Clock, OrderSource, Randomness, SourceError};
use std::fmt;
use std::sync::Arc;

/// `filtrarPor`: the date range applies to the billing date.
const BY_BILLING_DATE: &str = "3";
/// People asked for at once. A document belongs to a handful at most: a full page means that the filter was ignored.
const PEOPLE_MAX: usize = 100;

/// The connection to SIGE: checked settings and a pool of connections, built once and shared by all accounts.
#[derive(Clone)]
pub struct SigeApi {
    settings: SigeSettings,
    transport: Transport,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl SigeApi {
    /// Checks the settings and prepares the connections; nothing is sent yet.
    ///
    /// # Errors
    /// [`TransportError`] when a setting cannot be used or TLS cannot start.
    pub fn new(
        settings: SigeSettings,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, TransportError> {
        let transport = Transport::new(&settings)?;
        Ok(Self { settings, transport, clock, randomness })
    }

    /// One account. Every call it makes passes the gate, which is the account's own.
    ///
    /// # Errors
    /// [`CredentialsError`] naming the values that cannot be sent.
    pub fn account(
        &self,
        credentials: &SigeCredentials,
        gate: Arc<dyn CallGate>,
    ) -> Result<SigeClient, CredentialsError> {
        let SigeSettings { page_size, records_max, passes_max, query_margin_days, .. } = self.settings;
        let limits = ListingLimits {
            page_size: page_size as usize,
            records_max: records_max as usize,
            passes_max: passes_max as usize,
        };
        let caller = Caller {
            transport: self.transport.clone(),
            headers: credentials.headers()?,
            retry: self.settings.retry.clone(),
            gate,
            clock: self.clock.clone(),
            randomness: self.randomness.clone(),
        };
        Ok(SigeClient { caller, limits, margin: Days::new(query_margin_days.into()) })
    }
}

impl fmt::Debug for SigeApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigeApi").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// One account of SIGE.
#[derive(Clone)]
pub struct SigeClient {
    caller: Caller,
    limits: ListingLimits,
    margin: Days,
}

impl fmt::Debug for SigeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigeClient").field("limits", &self.limits).finish_non_exhaustive()
    }
}

type Query = Vec<(&'static str, String)>;

impl SigeClient {
    async fn listed(&self, filter: Query) -> Result<Vec<Order>, SourceError> {
        listing::read_all(self.limits, |skip| self.page(&filter, skip)).await
    }

    async fn page(&self, filter: &Query, skip: usize) -> Result<Vec<Order>, SourceError> {
        let mut query = filter.clone();
        query.push(("pageSize", self.limits.page_size.to_string()));
        query.push(("skip", skip.to_string()));
        let body = self.caller.get(&self.caller.transport.orders, &query).await?;
        wire::parse_orders(&body).map_err(|error| untrusted(format!("orders from record {skip}"), &error))
    }
}

#[async_trait]
impl OrderSource for SigeClient {
    async fn billed_orders(&self, day: NaiveDate) -> Result<Vec<Order>, SourceError> {
        let first = day.checked_sub_days(self.margin).unwrap_or(day);
        let last = day.checked_add_days(self.margin).unwrap_or(day);
        let filter = vec![
            ("status", BILLED_STATUS.to_owned()),
            ("dataInicial", first.to_string()),
            ("dataFinal", last.to_string()),
            ("filtrarPor", BY_BILLING_DATE.to_owned()),
        ];
        self.listed(filter).await
    }

    async fn orders_changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Order>, SourceError> {
        // The server reads a time without offset on the company's wall clock.
        let local = since.with_timezone(&Sao_Paulo).format("%Y-%m-%dT%H:%M:%S");
        self.listed(vec![("alteradoApos", local.to_string())]).await
    }

    async fn people(&self, document: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError> {
        let query = [
            ("cpfcnpj", document.as_str().to_owned()),
            ("pageSize", PEOPLE_MAX.to_string()),
            ("skip", "0".to_owned()),
        ];
        let body = self.caller.get(&self.caller.transport.people, &query).await?;
        let people = wire::parse_people(&body).map_err(|error| untrusted("people".to_owned(), &error))?;
        if people.len() >= PEOPLE_MAX {
            let detail = format!("{} people for one document: the filter was ignored", people.len());
            return Err(SourceError::Untrusted { system: SYSTEM, detail });
        }
        Ok(people)
    }
}

fn untrusted(what: String, error: &WireError) -> SourceError {
    SourceError::Untrusted { system: SYSTEM, detail: format!("{what}: {error}") }
}

#[cfg(test)]
mod tests;
