//! SIGE Cloud, the ERP that bills the orders: its JSON and its HTTP interface.
//!
//! [`wire`] turns the API's own JSON arrays into the product's types and is usable on files, without a network.
//! [`SigeApi`] is the connection, built once; [`SigeClient`] is one account on it and implements the port
//! [`flows::ports::OrderSource`]. Reading is all it can do: there is no code here that sends anything but GET.
//!
//! Only the fields that a row of the spreadsheet needs are read; the rest of an order or of a person, in
//! particular `Senha` and `Salt`, never leaves the bytes it arrived in. Neither errors nor log events carry a URL,
//! a header value, a document or an unredacted body, and of an answer about a person they tell status and size only.

mod calls;
mod client;
mod credentials;
mod listing;
mod redaction;
mod retry;
mod section;
mod settings;
mod transport;
pub mod wire;

pub use client::{SigeApi, SigeClient};
pub use credentials::{CredentialFault, CredentialsError, SigeCredentials};
pub use retry::RetryPolicy;
pub use section::{SigeOrders, SigeSection, credentials};
pub use settings::{BASE_URL_DEFAULT, SettingFault, SettingsError, SigeSettings};
pub use transport::TransportError;
