//! The service type of a booking (N2): what the chain calls *Novo* and *Retirada*.
use crate::cell::Cell;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Which of the two kinds a service type names. Most bookings are neither (`Garantia`, `Avaliação Store`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ServiceKinds {
    /// A new service was booked.
    pub novo: bool,
    /// A pick-up was booked.
    pub retirada: bool,
}

impl ServiceKinds {
    /// Reads a service type without regard to accents and case. *Contains* is the rule: `Novo serviço`, `RETIRADA (loja)`.
    pub fn of_text(text: &str) -> Self {
        let plain = without_accents(text);
        Self { novo: plain.contains("novo"), retirada: plain.contains("retirada") }
    }

    /// Reads a cell; only a text names a service.
    pub fn of_cell(cell: &Cell) -> Self {
        match cell {
            Cell::Text(text) => Self::of_text(text),
            Cell::Empty | Cell::Number(_) | Cell::Bool(_) => Self::default(),
        }
    }

    /// Whether the type names both kinds: it counts for both, with the flag `tipo_ambiguo`.
    pub fn is_ambiguous(self) -> bool {
        self.novo && self.retirada
    }

    /// Whether the type names neither.
    pub fn is_neither(self) -> bool {
        !self.novo && !self.retirada
    }
}

/// Lower case, accents dropped (NFD), runs of white space as one blank.
pub(crate) fn without_accents(text: &str) -> String {
    let plain: String =
        text.nfd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, novo: bool, retirada: bool) {
        assert_eq!(ServiceKinds::of_text(text), ServiceKinds { novo, retirada }, "{text:?}");
    }

    #[test]
    fn the_kinds_are_read_without_accents_and_case() {
        check("Novo serviço", true, false);
        check("NOVO  SERVIC\u{327}O", true, false);
        check("nôvo", true, false);
        check("Retirada", false, true);
        check("  rétirada na loja ", false, true);
        check("Retirada de novo aparelho", true, true);
        check("Renovação", false, false);
        check("Inovocar", true, false);
        check("Garantia", false, false);
        check("Avaliação Store", false, false);
        check("", false, false);
        assert!(ServiceKinds::of_text("Novo e Retirada").is_ambiguous());
        assert!(ServiceKinds::of_cell(&Cell::Bool(true)).is_neither());
    }
}
