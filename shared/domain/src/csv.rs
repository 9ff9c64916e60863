//! CSV files that people open in a spreadsheet: RFC 4180, with the OWASP guard against formulas.
//!
//! A spreadsheet reads a cell that starts with `=` as a program. In a typed Sheets write that cannot happen; in a CSV
//! it can, so every *text* that could be taken for a formula gets a leading apostrophe here. A number that we wrote
//! ourselves (`-5.00`) is not a text and stays a number.
use crate::text::is_invisible;
use std::borrow::Cow;

/// One field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CsvField {
    /// A text from anywhere: guarded.
    Text(String),
    /// Digits that this program formatted from a typed value: written as they are.
    Number(String),
}

/// Why a file could not be written. Writing to memory does not fail; a record of another length does.
#[derive(Debug, thiserror::Error)]
#[error("the csv could not be written: {0}")]
pub struct CsvError(#[from] csv::Error);

/// A whole CSV: a header and records of the same length, CRLF at the end of each line, UTF-8 without a mark.
pub fn write_csv<R>(header: &[&str], records: R) -> Result<String, CsvError>
where
    R: IntoIterator,
    R::Item: AsRef<[CsvField]>,
{
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(header.iter().map(|title| guard(title).into_owned()))?;
    for record in records {
        writer.write_record(record.as_ref().iter().map(CsvField::written).map(Cow::into_owned))?;
    }
    let bytes =
        writer.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl CsvField {
    fn written(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => guard(text),
            Self::Number(number) => Cow::Borrowed(number),
        }
    }
}

/// The text, with an apostrophe before it when its first visible character could start a formula, or when a tab or a
/// line end comes before that character.
pub fn guard(text: &str) -> Cow<'_, str> {
    for character in text.chars() {
        let starts_a_formula = matches!(character, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
        if starts_a_formula || matches!(character, '\t' | '\r' | '\n') {
            return Cow::Owned(format!("'{text}"));
        }
        if !character.is_whitespace() && !character.is_control() && !is_invisible(character) {
            break;
        }
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The published list, read from its own file: the judge shares no code with the guard.
    fn dangerous() -> Vec<char> {
        let list = include_str!("owasp-csv-injection.txt");
        let lines = list.lines().filter(|line| !line.starts_with('#'));
        let character = |line: &str| char::from_u32(u32::from_str_radix(line.get(2..6)?, 16).ok()?);
        lines.map(|line| character(line).unwrap_or_else(|| panic!("no code point in {line:?}"))).collect()
    }

    fn fields_of(file: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[track_caller]
    fn judge(texts: &[String]) {
        let record: Vec<_> = texts.iter().cloned().map(CsvField::Text).collect();
        let titles: Vec<_> = texts.iter().map(String::as_str).collect();
        let file = write_csv(&titles, [record]).unwrap();
        for written in fields_of(&file).concat() {
            let first_seen = written.trim_start_matches([' ', '\u{a0}', '\u{200b}']).chars().next();
            for first in [written.chars().next(), first_seen].into_iter().flatten() {
                assert!(!dangerous().contains(&first), "{written:?} starts with {first:?}");
            }
        }
    }

    #[test]
    fn no_text_starts_with_a_character_of_the_published_list() {
        assert_eq!(dangerous().len(), 11);
        for first in dangerous() {
            let texts =
                ["", " ", "  \u{200b}", "\u{a0}"].map(|before| format!("{before}{first}1+1|' /C calc'!A0"));
            judge(&texts);
            for text in texts {
                assert_eq!(guard(&text), format!("'{text}"), "{text:?}");
            }
        }
    }

    #[test]
    fn a_harmless_text_is_not_touched() {
        for text in ["", "Marina", "a=1", "'=1", "(11) 3456-7890", "529.982.247-25", "\"=1\""] {
            assert_eq!(guard(text), text);
        }
    }

    #[test]
    fn a_number_of_ours_stays_a_number() {
        let file = write_csv(&["N"], [[CsvField::Number("-5.00".into())], [CsvField::Text("-5.00".into())]])
            .unwrap();
        assert_eq!(file, "N\r\n-5.00\r\n'-5.00\r\n");
    }

    #[test]
    fn quotes_commas_and_line_ends_stay_inside_their_field() {
        let file =
            write_csv(&["a", "b"], [["x,\"y\"", "1\r\n=2"].map(|text| CsvField::Text(text.into()))]).unwrap();
        assert_eq!(file, "a,b\r\n\"x,\"\"y\"\"\",\"1\r\n=2\"\r\n");
        assert!(write_csv(&["a", "b"], [[CsvField::Text("one".into())]]).is_err());
    }

    proptest! {
        #[test]
        fn any_text_passes_the_judge(texts in prop::collection::vec("[ \t\r\n\u{200b}\u{a0}=+@＝-]{0,4}\\PC{0,6}", 1..6)) {
            judge(&texts);
            let record: Vec<_> = texts.iter().cloned().map(CsvField::Text).collect();
            let read = fields_of(&write_csv(&vec!["h"; texts.len()], [record]).unwrap()).pop().unwrap();
            for (written, text) in read.iter().zip(&texts) {
                let guarded = format!("'{text}");
                prop_assert!(written == text || *written == guarded);
            }
        }
    }
}
