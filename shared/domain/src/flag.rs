//! What a person should know about a row that was written all the same.
//!
//! A flag never stops a row; a reason to stop it is a [`crate::row::QuarantineReason`].
use serde::{Deserialize, Serialize};

/// A remark about a row. Written, stored and sorted by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Flag {
    /// A, the contact, does not have 10 to 13 digits.
    #[serde(rename = "contato_suspeito")]
    SuspiciousContact,
    /// A short document that is a valid CPF and a valid end of a CNPJ; read as CPF.
    #[serde(rename = "documento_ambiguo")]
    AmbiguousDocument,
    /// Something is written in the document field, but no CPF or CNPJ can be read from it.
    #[serde(rename = "documento_ilegivel")]
    UnreadableDocument,
    /// The check digits are wrong; the document still correlates with an equal one.
    #[serde(rename = "documento_invalido")]
    InvalidDocument,
    /// More than one person has this document; the one changed last was taken.
    #[serde(rename = "pessoa_ambigua")]
    AmbiguousPerson,
    /// The person look-up failed; the row is completed by a later run.
    #[serde(rename = "pessoa_indisponivel")]
    PersonUnavailable,
    /// The account knows nobody with this document.
    #[serde(rename = "pessoa_nao_encontrada")]
    PersonNotFound,
    /// The order has no document: it is never correlated.
    #[serde(rename = "sem_documento")]
    NoDocument,
    /// A text was longer than the limit and has been cut.
    #[serde(rename = "texto_cortado")]
    TextCut,
    /// The service type of a booking that was used names both Novo and Retirada.
    #[serde(rename = "tipo_ambiguo")]
    AmbiguousKind,
    /// `ValorFinal` was missing or null and counts as zero.
    #[serde(rename = "valor_ausente")]
    AmountAbsent,
}

impl Flag {
    /// Every flag, by code.
    pub const ALL: [Self; 11] = [
        Self::SuspiciousContact,
        Self::AmbiguousDocument,
        Self::UnreadableDocument,
        Self::InvalidDocument,
        Self::AmbiguousPerson,
        Self::PersonUnavailable,
        Self::PersonNotFound,
        Self::NoDocument,
        Self::TextCut,
        Self::AmbiguousKind,
        Self::AmountAbsent,
    ];

    /// The code under which the flag is stored and shown.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SuspiciousContact => "contato_suspeito",
            Self::AmbiguousDocument => "documento_ambiguo",
            Self::UnreadableDocument => "documento_ilegivel",
            Self::InvalidDocument => "documento_invalido",
            Self::AmbiguousPerson => "pessoa_ambigua",
            Self::PersonUnavailable => "pessoa_indisponivel",
            Self::PersonNotFound => "pessoa_nao_encontrada",
            Self::NoDocument => "sem_documento",
            Self::TextCut => "texto_cortado",
            Self::AmbiguousKind => "tipo_ambiguo",
            Self::AmountAbsent => "valor_ausente",
        }
    }
}

impl std::fmt::Display for Flag {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_stored_as_its_code_and_sorts_by_it() {
        for flag in Flag::ALL {
            assert_eq!(serde_json::to_string(&flag).unwrap(), format!("\"{}\"", flag.code()));
            assert_eq!(serde_json::from_str::<Flag>(&format!("\"{flag}\"")).unwrap(), flag);
        }
        let codes: Vec<_> = Flag::ALL.iter().map(Flag::code).collect();
        assert!(codes.is_sorted() && Flag::ALL.is_sorted());
    }
}
