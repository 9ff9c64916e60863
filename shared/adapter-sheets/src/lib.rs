//! The two spreadsheets of an account on Google Sheets: [`GoogleSheets`] implements the port
//! [`flows::ports::ReportSheet`] on three calls of the API, with wire types of our own.
//!
//! Only what is sent and read has a type, and the types hold what a general client would leave to care:
//!
//! | promise | held by |
//! |---|---|
//! | an empty cell keeps its place in its row, sent and read | a cell without a value is `{}` (`request`); a `null` is an empty cell (`wire`) |
//! | nothing that a customer typed becomes a formula | a value is a text or a number and has no third kind (`request`) |
//! | a token is good for spreadsheets, not for the files of a Drive | the one scope that is ever asked for (`assertion`) |
//! | 429, 403 and 503 are told apart, with their `Retry-After` | the status of a refusal is kept with its words (`exchange`, `outcome`) |
//! | a tab may have any name, a path cannot be left | ranges travel in the query (`values`), the path has encoded segments (`calls`) |
//! | an answer has an end | a limit on its bytes (`exchange`) and on its time |
//!
//! That the requests have the shape that Google describes is checked where they arrive: tests run against a
//! simulator that judges each one by the description of the API.
//!
//! Reads are retried from a list of delays; a write is sent once and what is not certain is reported as
//! unknown. Time, chance and the rate limit are passed in. Tokens and keys are never logged.
mod a1;
mod answer;
mod assertion;
mod bookings;
mod calls;
mod connection;
mod credential;
mod exchange;
mod grid;
mod outcome;
mod reading;
mod request;
mod rows;
mod section;
mod settings;
mod sheets;
mod token;
mod token_endpoint;
mod values;
mod wire;
mod writing;

pub use credential::CredentialError;
pub use section::{SheetsOpener, SheetsSection};
pub use settings::{SheetsConfigError, SheetsSettings, TabAddress};
pub use sheets::{GoogleSheets, Surroundings};
