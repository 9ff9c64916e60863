//! The header row of the destination tab: a tab with other columns is never written to.
use super::HEADER;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The first column whose title is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} of the header should be {expected:?} and is {found:?}")]
pub struct HeaderMismatch {
    /// The column's letter.
    pub column: String,
    /// The title this product writes under.
    pub expected: String,
    /// The title on the sheet; empty when there is none.
    pub found: String,
}

/// Compares the titles A1 to R1 without regard to accents, case, white space and the sign of `Nº`. Columns right of R
/// are somebody else's.
pub fn check_header(titles: &[String]) -> Result<(), HeaderMismatch> {
    for (index, expected) in HEADER.iter().enumerate() {
        let found = titles.get(index).map(String::as_str).unwrap_or_default();
        if comparable(found) != comparable(expected) {
            return Err(HeaderMismatch {
                column: column_letter(index),
                expected: (*expected).to_owned(),
                found: crate::text::clean(found),
            });
        }
    }
    Ok(())
}

/// The letter of a column counted from 0: A, …, Z, AA, …, AH, ….
pub fn column_letter(index: usize) -> String {
    let letter = char::from(b'A' + (index % 26) as u8);
    match index / 26 {
        0 => letter.to_string(),
        left => format!("{}{letter}", column_letter(left - 1)),
    }
}

fn comparable(title: &str) -> String {
    let plain = title.replace('°', "o");
    let plain = plain.nfkd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase);
    plain
        .filter(|character| !crate::text::is_invisible(*character))
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles() -> Vec<String> {
        HEADER.map(str::to_owned).to_vec()
    }

    #[test]
    fn accents_case_and_blanks_do_not_matter() {
        assert_eq!(check_header(&titles()), Ok(()));
        let shouted: Vec<_> = titles().iter().map(|title| format!(" {} ", title.to_uppercase())).collect();
        assert_eq!(check_header(&shouted), Ok(()));
        let mut plain = titles();
        plain[1] = "codigo".into();
        plain[9] = "N°  documento".into();
        plain[17] = "Me\u{302}s".into();
        plain.push("Observações".into());
        assert_eq!(check_header(&plain), Ok(()));
    }

    #[test]
    fn the_first_wrong_column_is_named() {
        let mut swapped = titles();
        swapped.swap(11, 14);
        let mismatch = check_header(&swapped).unwrap_err();
        assert_eq!((mismatch.column.as_str(), mismatch.found.as_str()), ("L", "Dia agendado retirada"));
        assert_eq!(
            mismatch.to_string(),
            r#"column L of the header should be "Dia agendado novos serviços" and is "Dia agendado retirada""#
        );
        let short = titles()[..17].to_vec();
        assert_eq!(check_header(&short).unwrap_err().found, "");
        assert_eq!(check_header(&[]).unwrap_err().column, "A");
    }

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        let letters = [(0, "A"), (17, "R"), (25, "Z"), (26, "AA"), (33, "AH"), (701, "ZZ"), (702, "AAA")];
        for (index, letter) in letters {
            assert_eq!(column_letter(index), letter);
        }
    }
}
