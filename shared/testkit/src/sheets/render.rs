//! How a value is shown (`FORMATTED_VALUE`): the part of Sheets' number formats that a billing sheet
//! uses, in the two locales that matter here.
use std::fmt::Write;

/// The words and signs of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locale {
    /// `en_US`: decimal point, month first.
    #[default]
    EnUs,
    /// `pt_BR`: decimal comma, day first.
    PtBr,
}

impl Locale {
    /// The name as `spreadsheets.get` gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::EnUs => "en_US",
            Self::PtBr => "pt_BR",
        }
    }

    pub(crate) fn decimal(self) -> char {
        match self {
            Self::EnUs => '.',
            Self::PtBr => ',',
        }
    }

    pub(crate) fn group(self) -> char {
        match self {
            Self::EnUs => ',',
            Self::PtBr => '.',
        }
    }

    pub(crate) fn day_first(self) -> bool {
        self == Self::PtBr
    }

    fn months(self) -> [&'static str; 12] {
        match self {
            Self::EnUs => [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ],
            Self::PtBr => [
                "janeiro",
                "fevereiro",
                "março",
                "abril",
                "maio",
                "junho",
                "julho",
                "agosto",
                "setembro",
                "outubro",
                "novembro",
                "dezembro",
            ],
        }
    }
}

/// Whether a pattern shows a date or a time.
pub(crate) fn is_date_pattern(pattern: &str) -> bool {
    unquoted(pattern).contains(['y', 'd', 'm', 'h', 's', 'Y', 'D', 'M', 'H', 'S'])
}

fn unquoted(pattern: &str) -> String {
    pattern.split('"').step_by(2).collect()
}

/// A number under a pattern; no pattern is "automatic".
pub(crate) fn number(value: f64, pattern: Option<&str>, locale: Locale) -> String {
    match pattern {
        None | Some("" | "General" | "@") => automatic(value, locale),
        Some(pattern) if is_date_pattern(pattern) => date(value, pattern, locale),
        Some(pattern) => fixed(value, pattern, locale),
    }
}

fn automatic(value: f64, locale: Locale) -> String {
    format!("{value}").replace('.', &locale.decimal().to_string())
}

fn fixed(value: f64, pattern: &str, locale: Locale) -> String {
    let literal = unquoted(pattern);
    let percent = literal.contains('%');
    let decimals = literal
        .split_once('.')
        .map_or(0, |(_, tail)| tail.chars().take_while(|c| matches!(c, '0' | '#')).count());
    let scaled = if percent { value * 100.0 } else { value };
    let plain = format!("{:.decimals$}", scaled.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut shown = String::new();
    if value < 0.0 {
        shown.push('-');
    }
    shown.extend(pattern.split('"').skip(1).step_by(2));
    if pattern.contains("\" ") {
        shown.push(' ');
    }
    for (position, digit) in whole.char_indices() {
        let left = whole.len() - position;
        if position > 0 && left.is_multiple_of(3) && literal.contains(',') {
            shown.push(locale.group());
        }
        shown.push(digit);
    }
    if !fraction.is_empty() {
        shown.push(locale.decimal());
        shown.push_str(fraction);
    }
    if percent {
        shown.push('%');
    }
    shown
}

/// Days since 1899-12-30 as a civil date.
pub(crate) fn civil(serial: f64) -> Option<chrono::NaiveDate> {
    #[expect(clippy::cast_possible_truncation, reason = "floored, and out of range is refused by chrono")]
    let days = serial.floor() as i64;
    chrono::NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_signed(chrono::TimeDelta::try_days(days)?)
}

/// The serial number of a civil date.
pub(crate) fn serial(date: chrono::NaiveDate) -> Option<f64> {
    let origin = chrono::NaiveDate::from_ymd_opt(1899, 12, 30)?;
    Some(f64::from(i32::try_from((date - origin).num_days()).ok()?))
}

fn date(value: f64, pattern: &str, locale: Locale) -> String {
    use chrono::Datelike;
    let Some(day) = civil(value) else { return automatic(value, locale) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 86400")]
    let seconds = (value.rem_euclid(1.0) * 86_400.0).round() as u32;
    let mut shown = String::new();
    let mut after_hour = false;
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        let same = rest.chars().take_while(|c| c.eq_ignore_ascii_case(&letter)).count();
        let run = if letter.is_ascii_alphabetic() { same } else { letter.len_utf8() };
        let (token, after) = rest.split_at(run);
        rest = after;
        let minutes = after_hour || after.trim_start_matches(|c: char| !c.is_alphabetic()).starts_with('s');
        let month_name = locale.months().get(day.month0() as usize).copied().unwrap_or_default();
        let number = match letter.to_ascii_lowercase() {
            'y' if run <= 2 => Some(day.year().unsigned_abs() % 100),
            'y' => Some(day.year().unsigned_abs()),
            'd' => Some(day.day()),
            'h' => Some(seconds / 3600 % 24),
            's' => Some(seconds % 60),
            'm' if minutes => Some(seconds / 60 % 60),
            'm' if run >= 3 => {
                shown.extend(month_name.chars().take(if run == 3 { 3 } else { usize::MAX }));
                None
            }
            'm' => Some(day.month()),
            '"' => None,
            _ => {
                shown.push_str(token);
                None
            }
        };
        if letter.is_ascii_alphabetic() {
            after_hour = letter.eq_ignore_ascii_case(&'h');
        }
        if let Some(number) = number {
            let width = run.min(4);
            let _infallible = write!(shown, "{number:0width$}");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_in_brazil_and_as_in_america() {
        let table = [
            (46106.0, Some("dd/MM/yyyy"), "25/03/2026", "25/03/2026"),
            (46082.0, Some("m/yyyy"), "3/2026", "3/2026"),
            (1234567.5, Some("#,##0.00"), "1,234,567.50", "1.234.567,50"),
            (-0.5, Some("0%"), "-50%", "-50%"),
            (1234.5, Some("\"R$\" #,##0.00"), "R$ 1,234.50", "R$ 1.234,50"),
            (150.01, None, "150.01", "150,01"),
            (70001.0, None, "70001", "70001"),
            (46106.75, Some("dd/mm/yyyy hh:mm:ss"), "25/03/2026 18:00:00", "25/03/2026 18:00:00"),
            (46082.0, Some("mmm yyyy"), "Mar 2026", "mar 2026"),
        ];
        for (value, pattern, american, brazilian) in table {
            assert_eq!(number(value, pattern, Locale::EnUs), american);
            assert_eq!(number(value, pattern, Locale::PtBr), brazilian);
        }
    }

    #[test]
    fn serial_numbers_start_on_1899_12_30() {
        assert_eq!(civil(25_569.9), chrono::NaiveDate::from_ymd_opt(1970, 1, 1));
        assert_eq!(chrono::NaiveDate::from_ymd_opt(2026, 4, 1).and_then(serial), Some(46_113.0));
    }
}
