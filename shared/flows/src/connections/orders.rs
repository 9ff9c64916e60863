//! An order source that takes up a rotated secret.
use super::opened::{InUse, same_secret};
use super::{Freshness, Ground, OpenOrders, refused};
use crate::accounts::Account;
use crate::ports::{OrderSource, SourceError};
use crate::reason::Reason;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::document::DocumentKey;
use domain::order::Order;
use domain::person::PersonRecord;
use secrecy::SecretString;
use std::sync::Arc;

/// What refusals call it.
pub(super) const SYSTEM: &str = "sige";

/// Opens the source of one account.
pub(super) struct Opener {
    pub(super) ground: Arc<Ground>,
    pub(super) open: Arc<dyn OpenOrders>,
    pub(super) account: Account,
}

impl Opener {
    pub(super) async fn open(&self, secret: &SecretString) -> Result<Arc<dyn OrderSource>, Reason> {
        let name = &self.account.sige_secret;
        // SIGE counts by credential, so accounts that share one share its budget.
        let gate = self.ground.gate(&format!("sige#{name}"), self.open.quota());
        let opened = self.open.open(&self.account, secret, gate).await;
        opened.map_err(|problem| refused(SYSTEM, format!("secret {name}: {problem}")))
    }
}

/// The source behind its current credential.
pub(super) struct Renewable {
    opener: Opener,
    in_use: InUse<dyn OrderSource>,
}

impl Renewable {
    pub(super) fn new(opener: Opener, secret: SecretString, source: Arc<dyn OrderSource>) -> Self {
        Self { opener, in_use: InUse::new(secret, source) }
    }

    /// The source with the secret as it is now, if that is another one than the refused: somebody may have taken it up
    /// already.
    async fn renewed(&self, refused: &SecretString) -> Result<Option<Arc<dyn OrderSource>>, Reason> {
        let (in_use, source) = self.in_use.get();
        if !same_secret(&in_use, refused) {
            return Ok(Some(source));
        }
        let name = &self.opener.account.sige_secret;
        let secret = match self.opener.ground.secret(SYSTEM, name, Freshness::Now).await {
            Err(outage @ Reason::Unavailable { .. }) => return Err(outage),
            Err(_) => return Ok(None),
            Ok(secret) if same_secret(&secret, refused) => return Ok(None),
            Ok(secret) => secret,
        };
        let Ok(source) = self.opener.open(&secret).await else { return Ok(None) };
        tracing::info!(account = self.opener.account.name, secret = name, "a rotated secret was taken up");
        self.in_use.exchange(secret, source.clone());
        Ok(Some(source))
    }
}

/// Calls, and once more with the renewed source when the credential was refused and has changed since.
macro_rules! renewing {
    ($self:ident, $call:ident($($argument:expr),*)) => {{
        let (secret, source) = $self.in_use.get();
        match source.$call($($argument),*).await {
            Err(refusal @ SourceError::Credentials { .. }) => match $self.renewed(&secret).await {
                Ok(Some(source)) => source.$call($($argument),*).await,
                Ok(None) => Err(refusal),
                Err(reason) => Err(SourceError::Unavailable { system: SYSTEM, detail: reason.to_string(), retry_at: None }),
            },
            answered => answered,
        }
    }};
}

#[async_trait]
impl OrderSource for Renewable {
    async fn billed_orders(&self, day: NaiveDate) -> Result<Vec<Order>, SourceError> {
        renewing!(self, billed_orders(day))
    }
    async fn orders_changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Order>, SourceError> {
        renewing!(self, orders_changed_since(since))
    }
    async fn people(&self, document: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError> {
        renewing!(self, people(document))
    }
}
