//! A person of SIGE, reduced to the fields a row needs. `Senha` and `Salt` never get this far.
use crate::calendar::Moment;
use crate::document::{DocumentKey, normalise_text};
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

/// Picks the person of a document out of what the API returned (section 2.5).
///
/// Whether the API matches exactly or by prefix is unknown, so only an equal normalised document counts. Of several
/// people the one changed last is taken, the greater `ID` when both changed at once. The same `ID` twice (two pages
/// that overlap) is one person.
pub fn match_people(records: &[PersonRecord], key: &DocumentKey) -> Enrichment {
    let same_document =
        records.iter().filter(|record| normalise_text(&record.document).key.as_ref() == Some(key));
    let mut matches: Vec<_> = same_document
        .map(|record| (Moment::parse(&record.updated_at).map(|moment| moment.instant()), record))
        .collect();
    matches.sort_by(|(left_at, left), (right_at, right)| (left_at, &left.id).cmp(&(right_at, &right.id)));
    match matches.last() {
        None => Enrichment::NotFound,
        Some((_, newest)) => Enrichment::Found {
            contact: newest.contact.clone(),
            ambiguous: matches.len() > 1
                && matches.iter().any(|(_, other)| other.id.is_empty() || other.id != newest.id),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, document: &str, updated_at: &str) -> PersonRecord {
        let contact = Contact { name: format!("{id} {updated_at}"), ..Contact::default() };
        PersonRecord { id: id.into(), document: document.into(), updated_at: updated_at.into(), contact }
    }

    #[track_caller]
    fn check(records: &[PersonRecord], name: &str, ambiguous: bool) {
        let key = DocumentKey::parse("52998224725").unwrap();
        match match_people(records, &key) {
            Enrichment::Found { contact, ambiguous: seen } => {
                assert_eq!((contact.name.as_str(), seen), (name, ambiguous))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_an_equal_document_counts() {
        let key = DocumentKey::parse("52998224725").unwrap();
        let others =
            [record("a", "11144477735", "2026-01-01"), record("b", "", ""), record("c", "5299822472", "")];
        assert_eq!(match_people(&others, &key), Enrichment::NotFound);
        assert_eq!(match_people(&[], &key), Enrichment::NotFound);
        check(&[record("a", "11144477735", "2026-05-01"), record("b", "529.982.247-25", "x")], "b x", false);
    }

    #[test]
    fn the_one_changed_last_is_taken_and_instants_are_compared() {
        let (older, newer) = ("2026-03-20T12:00:00Z", "2026-03-20T10:00:00-03:00");
        check(
            &[record("b", "52998224725", older), record("a", "52998224725", newer)],
            &format!("a {newer}"),
            true,
        );
        check(
            &[record("a", "52998224725", newer), record("b", "52998224725", "")],
            &format!("a {newer}"),
            true,
        );
        check(&[record("b", "52998224725", ""), record("a", "52998224725", "")], "b ", true);
    }

    #[test]
    fn the_same_person_twice_is_one_person() {
        let records = [record("a", "52998224725", "2026-03-20"), record("a", "52998224725", "2026-03-21")];
        check(&records, "a 2026-03-21", false);
        check(&[record("", "52998224725", ""), record("", "52998224725", "")], " ", true);
    }
}
