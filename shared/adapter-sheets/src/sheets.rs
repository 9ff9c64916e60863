//! [`GoogleSheets`]: the port, put together from its parts.
use crate::calls::Api;
use crate::connection::client;
use crate::credential::Credential;
use crate::settings::{SheetsConfigError, SheetsSettings};
use crate::token::TokenSource;
use async_trait::async_trait;
use flows::ports::{
    BookingBlock, CallGate, Clock, DayWrite, DestinationGrid, Randomness, ReportSheet, RowBlock,
    SheetReadError, SheetWriteError,
};
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::sync::Arc;

/// What is passed in: time, chance and the rate limits of reads and of writes.
#[derive(Clone)]
pub struct Surroundings {
    /// Time, and waiting for it to pass.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub randomness: Arc<dyn Randomness>,
    /// Every request that reads passes it, retries too.
    pub read_gate: Arc<dyn CallGate>,
    /// Every request that writes passes it.
    pub write_gate: Arc<dyn CallGate>,
}

/// The two spreadsheets of one account.
pub struct GoogleSheets {
    pub(crate) settings: SheetsSettings,
    pub(crate) api: Api,
    pub(crate) around: Surroundings,
}

impl fmt::Debug for GoogleSheets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleSheets")
            .field("destination", &self.settings.destination)
            .field("bookings", &self.settings.bookings)
            .field("tokens", &self.api.tokens)
            .finish_non_exhaustive()
    }
}

impl GoogleSheets {
    /// Checks the settings and the secret, all without a call.
    ///
    /// The secret is the JSON key file of a service account or an access token; which, is told from its text.
    ///
    /// # Errors
    /// The first thing that is malformed, by name.
    pub async fn new(
        settings: SheetsSettings,
        secret: &SecretString,
        around: Surroundings,
    ) -> Result<Self, SheetsConfigError> {
        let http = client(&settings)?;
        Self::on(http, settings, secret, around)
    }

    /// The same on a client that several accounts share.
    pub(crate) fn on(
        http: Client,
        settings: SheetsSettings,
        secret: &SecretString,
        around: Surroundings,
    ) -> Result<Self, SheetsConfigError> {
        let base_url = settings.checked_base_url()?;
        let credential = Credential::parse(secret.expose_secret())?;
        let tokens = TokenSource::new(credential, http.clone(), around.clock.clone())?;
        Ok(Self { settings, api: Api { http, base_url, tokens }, around })
    }
}

#[async_trait]
impl ReportSheet for GoogleSheets {
    async fn read_bookings(&self, max_rows: Option<u32>) -> Result<BookingBlock, SheetReadError> {
        self.bookings(max_rows.unwrap_or(self.settings.erp_max_rows)).await
    }

    async fn read_grid(&self) -> Result<DestinationGrid, SheetReadError> {
        self.grid().await
    }

    async fn read_rows(&self, rows: &[u32]) -> Result<RowBlock, SheetReadError> {
        self.rows(rows).await
    }

    async fn write_day(&self, write: &DayWrite) -> Result<(), SheetWriteError> {
        self.write(write).await
    }
}
