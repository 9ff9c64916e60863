//! A billed order as SIGE reports it, reduced to the fields the rules need.
use serde::{Deserialize, Serialize};

/// `StatusSistema` of an order that has been billed; the only status that becomes a row.
pub const BILLED_STATUS: &str = "Pedido Faturado";

/// `ValorFinal` as received, before it is judged (N6). The text is the JSON literal, never a float.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawAmount {
    /// `null` or missing: becomes zero with the flag `valor_ausente`.
    Absent,
    /// The decimal literal of a JSON number (`255.0`, `41.97`, `1e2`).
    Number(String),
    /// Anything else (a string, an object, a boolean): the order is quarantined.
    NotANumber(String),
}

/// One order of SIGE. Strings are as received; normalisation is the rules' business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// `ID`, 24 hex digits, unique in the account when present.
    pub id: Option<String>,
    /// `EmpresaID`.
    pub company_id: Option<String>,
    /// `Codigo`, the number people see.
    pub code: i64,
    /// `StatusSistema`.
    pub status: String,
    /// `Cliente`.
    pub customer: String,
    /// `ClienteCNPJ`: CPF or CNPJ as received, possibly masked, possibly empty.
    pub document: String,
    /// `ClienteEmail`.
    pub email: String,
    /// `Vendedor`: what the sheet calls *Local Técnico*.
    pub seller: String,
    /// `ValorFinal`.
    pub amount: RawAmount,
    /// `NumeroNFe`, text or number in the API.
    pub invoice: Option<String>,
    /// `DataFaturamento` as received; year 1 means absent.
    pub billed_at: Option<String>,
    /// `Data` as received; year 1 means absent.
    pub created_at: Option<String>,
}

/// What makes an order *this* order: `ID`, else `EmpresaID + Codigo`, else `Codigo`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderIdentity(pub String);
