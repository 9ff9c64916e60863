//! How single values of the command line are read.
use crate::settings::{Level, StageName};
use chrono::NaiveDate;
use clap::builder::{OsStringValueParser, TypedValueParser};
use std::path::PathBuf;

/// Forms a date may have, the machine's first.
const DAY_FORMS: [&str; 2] = ["%Y-%m-%d", "%d/%m/%Y"];

/// A day, as `2026-04-30` or `30/04/2026`.
///
/// # Errors
/// What is wrong and what is expected.
pub fn day(text: &str) -> Result<NaiveDate, String> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let separators = text.matches('-').count().max(text.matches('/').count());
    if (text.len(), digits, separators) != (10, 8, 2) {
        return Err("write a day as YYYY-MM-DD or DD/MM/YYYY, as in 2026-04-30".to_owned());
    }
    let parsed = DAY_FORMS.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok());
    parsed.ok_or_else(|| "there is no such day in the calendar".to_owned())
}

/// The name of an account.
///
/// # Errors
/// What is wrong with it.
pub fn account_name(text: &str) -> Result<String, String> {
    match flows::accounts::name_problem(text) {
        None => Ok(text.to_owned()),
        Some(problem) => Err(problem),
    }
}

/// The name of a stack.
///
/// # Errors
/// What is wrong with it.
pub fn stack_name(text: &str) -> Result<String, String> {
    StageName::named(text).map(|_| text.to_owned())
}

/// A path that may be empty: an empty variable of the environment counts as unset.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// A log level.
///
/// # Errors
/// The levels there are.
pub fn level(text: &str) -> Result<Level, String> {
    Level::named(text).ok_or_else(|| format!("choose one of {}", Level::names()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_day_are_read() {
        let expected = NaiveDate::from_ymd_opt(2026, 4, 30).unwrap();
        assert_eq!(day("2026-04-30"), Ok(expected));
        assert_eq!(day("30/04/2026"), Ok(expected));
    }

    #[test]
    fn a_day_that_does_not_exist_is_not_rolled_over() {
        for text in ["2026-02-31", "31/02/2026", "2026-13-01", "00/01/2026"] {
            assert_eq!(day(text), Err("there is no such day in the calendar".to_owned()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_form_expected() {
        for text in [
            "",
            "yesterday",
            "2026-4-30",
            "30/4/2026",
            "04/30/26",
            "2026-04-30T00:00",
            "20260430",
            "+026-04-30",
        ] {
            let error = day(text).unwrap_err();
            assert!(error.contains("YYYY-MM-DD") || error.contains("no such day"), "{text}: {error}");
        }
    }
}
