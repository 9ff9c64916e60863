//! The two spreadsheets of an account on Google Sheets: [`GoogleSheets`] implements the port
//! [`flows::ports::ReportSheet`] on the crate `google-sheets4`.
//!
//! That crate has four traps, each closed here in one place and held shut by a test:
//!
//! | trap | what happens | closed by |
//! |---|---|---|
//! | nulls are removed inside arrays | the cells of a row move to the left | values are only sent as `updateCells` (`wire`) |
//! | every call asks for the whole Drive | a token that may delete every file | `add_scope` on every call (`calls`) |
//! | the status of an error is thrown away | 429 and 403 look alike | a delegate that keeps it (`outcome`) |
//! | path parameters are not encoded | a tab named `a/b?` reads something else | ranges travel in the query (`values`), the spreadsheet's id is checked (`settings`) |
//!
//! Reads are retried from a list of delays; a write is sent once and what is not certain is reported as
//! unknown. Time, chance and the rate limit are passed in. Tokens and keys are never logged here; the
//! crates below log them at `debug` and `trace` through `log`, so those must stay off.
mod a1;
mod bookings;
mod calls;
mod connection;
mod credential;
mod grid;
mod outcome;
mod reading;
mod rows;
mod section;
mod settings;
mod sheets;
mod token;
mod values;
mod wire;
mod writing;

pub use connection::install_crypto_provider;
pub use credential::CredentialError;
pub use section::{SheetsOpener, SheetsSection};
pub use settings::{SheetsConfigError, SheetsSettings, TabAddress};
pub use sheets::{GoogleSheets, Surroundings};
