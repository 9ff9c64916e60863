//! Spreadsheets that take up a rotated secret, and count their write requests.
use super::opened::{InUse, same_secret};
use super::{Freshness, Ground, OpenSheets, WriteCount, refused};
use crate::accounts::Account;
use crate::ports::{
    BookingBlock, DayWrite, DestinationGrid, ReportSheet, RowBlock, SheetReadError, SheetWriteError,
};
use crate::reason::Reason;
use async_trait::async_trait;
use secrecy::SecretString;
use std::sync::Arc;

/// What refusals call it.
pub(super) const SYSTEM: &str = "google sheets";

/// Opens the spreadsheets of one account.
pub(super) struct Opener {
    pub(super) ground: Arc<Ground>,
    pub(super) open: Arc<dyn OpenSheets>,
    pub(super) account: Account,
}

impl Opener {
    pub(super) async fn open(&self, secret: &SecretString) -> Result<Arc<dyn ReportSheet>, Reason> {
        // Google counts by credential, so accounts that share one share its budget.
        let scope = |kind: &str| format!("google#{}#{kind}", self.account.google_secret);
        let read_gate = self.ground.gate(&scope("read"), self.open.read_quota());
        let write_gate = self.ground.gate(&scope("write"), self.open.write_quota());
        let opened = self.open.open(&self.account, secret, read_gate, write_gate).await;
        opened.map_err(|problem| refused(SYSTEM, format!("account {}: {problem}", self.account.name)))
    }
}

/// The spreadsheets behind their current credential.
pub(super) struct Renewable {
    opener: Opener,
    in_use: InUse<dyn ReportSheet>,
    writes: Arc<WriteCount>,
}

impl Renewable {
    pub(super) fn new(
        opener: Opener,
        secret: SecretString,
        sheet: Arc<dyn ReportSheet>,
        writes: Arc<WriteCount>,
    ) -> Self {
        Self { opener, in_use: InUse::new(secret, sheet), writes }
    }

    /// The spreadsheets with the secret as it is now, if that is another one than the refused: somebody may have taken it up
    /// already.
    async fn renewed(&self, refused: &SecretString) -> Result<Option<Arc<dyn ReportSheet>>, Reason> {
        let (in_use, sheet) = self.in_use.get();
        if !same_secret(&in_use, refused) {
            return Ok(Some(sheet));
        }
        let name = &self.opener.account.google_secret;
        let secret = match self.opener.ground.secret(SYSTEM, name, Freshness::Now).await {
            Err(outage @ Reason::Unavailable { .. }) => return Err(outage),
            Err(_) => return Ok(None),
            Ok(secret) if same_secret(&secret, refused) => return Ok(None),
            Ok(secret) => secret,
        };
        let Ok(sheet) = self.opener.open(&secret).await else { return Ok(None) };
        tracing::info!(account = self.opener.account.name, secret = name, "a rotated secret was taken up");
        self.in_use.exchange(secret, sheet.clone());
        Ok(Some(sheet))
    }
}

/// Reads, and once more with the renewed spreadsheets when the credential was refused and has changed since.
macro_rules! renewing {
    ($self:ident, $call:ident($($argument:expr),*)) => {{
        let (secret, sheet) = $self.in_use.get();
        match sheet.$call($($argument),*).await {
            Err(refusal @ SheetReadError::Credentials { .. }) => match $self.renewed(&secret).await {
                Ok(Some(sheet)) => sheet.$call($($argument),*).await,
                Ok(None) => Err(refusal),
                Err(reason) => Err(SheetReadError::Unavailable { detail: reason.to_string(), retry_at: None }),
            },
            answered => answered,
        }
    }};
}

#[async_trait]
impl ReportSheet for Renewable {
    async fn read_bookings(&self, max_rows: Option<u32>) -> Result<BookingBlock, SheetReadError> {
        renewing!(self, read_bookings(max_rows))
    }
    async fn read_grid(&self) -> Result<DestinationGrid, SheetReadError> {
        renewing!(self, read_grid())
    }
    async fn read_rows(&self, rows: &[u32]) -> Result<RowBlock, SheetReadError> {
        renewing!(self, read_rows(rows))
    }
    /// Not repeated here: a write is always preceded by reads, which take up the new secret, and what becomes of a
    /// refused write is decided by whoever noted its intent.
    async fn write_day(&self, write: &DayWrite) -> Result<(), SheetWriteError> {
        self.writes.one_more();
        self.in_use.get().1.write_day(write).await
    }
}
