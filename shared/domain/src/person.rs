//! A person of SIGE, reduced to the fields a row needs. `Senha` and `Salt` never get this far.
use serde::{Deserialize, Serialize};

/// One element of `Pessoas/Pesquisar`, before it is matched against the asked document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonRecord {
    /// `ID`, the tie-breaker.
    pub id: String,
    /// `CNPJ_CPF` as received.
    pub document: String,
    /// `UltimaAlteracao` as received; the newest wins.
    pub updated_at: String,
    /// The fields kept after the match.
    pub contact: Contact,
}

/// What a row takes from a person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contact {
    /// `NomeFantasia`.
    pub name: String,
    /// `Celular`.
    pub mobile: String,
    /// `Telefone`.
    pub phone: String,
    /// `Email`.
    pub email: String,
}

/// The answer of a person look-up. *Not found* and *could not be looked up* are different things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enrichment {
    /// Enrichment is switched off for the account, or the order has no usable document.
    NotAsked,
    /// The account knows nobody with this document.
    NotFound,
    /// Exactly one person, or the newest of several (`ambiguous`).
    Found {
        /// The contact fields.
        contact: Contact,
        /// More than one person had this document: flag `pessoa_ambigua`.
        ambiguous: bool,
    },
    /// The look-up failed for good this time: the row is written without it and retried next run.
    Failed,
}
