//! Ranges in A1 notation. The name of a tab is always quoted: a name like `A1` or `Maio/2026 #2` is
//! then still a name. The range travels in the query, where the URL's own encoding takes care of the rest.
use std::fmt::Display;

/// `'Tab'!cells`, with quotes inside the name doubled.
pub(crate) fn range(tab: &str, cells: impl Display) -> String {
    format!("'{}'!{cells}", tab.replace('\'', "''"))
}

/// The contiguous stretches of ascending row numbers, as (first, last).
pub(crate) fn stretches(rows: &[u32]) -> Vec<(u32, u32)> {
    let mut stretches: Vec<(u32, u32)> = Vec::new();
    for row in rows {
        match stretches.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*row) => *last = *row,
            _ => stretches.push((*row, *row)),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_quoted() {
        assert_eq!(range("Faturamento", "B2:B"), "'Faturamento'!B2:B");
        assert_eq!(range("It's #1? 50%/é", "A1:R1"), "'It''s #1? 50%/é'!A1:R1");
    }

    #[test]
    fn neighbours_are_read_together() {
        assert_eq!(stretches(&[2, 3, 4, 9, 11, 12]), [(2, 4), (9, 9), (11, 12)]);
        assert_eq!(stretches(&[]), []);
        assert_eq!(stretches(&[u32::MAX, 1]), [(u32::MAX, u32::MAX), (1, 1)]);
    }
}
