//! What `USER_ENTERED` makes of a text: the same as a person typing it. Digits become numbers (and
//! lose their leading zeros), `3/2026` becomes a month, a leading `=` becomes a formula, a leading
//! apostrophe is an instruction and disappears.
use super::cell::CellValue;
use super::render::{Locale, serial};
use chrono::NaiveDate;

/// A typed value and the number format that Sheets chooses for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entered {
    pub(crate) value: CellValue,
    pub(crate) pattern: Option<&'static str>,
}

/// Reads a text as if it had been typed.
pub(crate) fn parse(text: &str, locale: Locale) -> Entered {
    let plain = |value| Entered { value, pattern: None };
    if let Some(kept) = text.strip_prefix('\'') {
        return plain(kept.into());
    }
    if text.len() > 1 && text.starts_with('=') {
        return plain(CellValue::Formula(text.into()));
    }
    let typed = text.trim();
    match typed.to_uppercase().as_str() {
        "TRUE" => return plain(CellValue::Bool(true)),
        "FALSE" => return plain(CellValue::Bool(false)),
        "VERDADEIRO" if locale == Locale::PtBr => return plain(CellValue::Bool(true)),
        "FALSO" if locale == Locale::PtBr => return plain(CellValue::Bool(false)),
        _ => {}
    }
    if let Some(entered) = date(typed, locale).or_else(|| amount(typed, locale)) {
        return entered;
    }
    if text.len() > 1 && text.starts_with(['+', '-']) {
        return plain(CellValue::Formula(format!("={text}").into()));
    }
    plain(text.into())
}

fn amount(text: &str, locale: Locale) -> Option<Entered> {
    let currency = match locale {
        Locale::PtBr => text.strip_prefix("R$"),
        Locale::EnUs => text.strip_prefix('$'),
    };
    let (text, mut pattern) = match currency {
        Some(rest) => (rest.trim_start(), Some("#,##0.00")),
        None => (text, None),
    };
    let (text, percent) = match text.strip_suffix('%') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once(locale.decimal()).unwrap_or((digits, ""));
    let groups: Vec<&str> = whole.split(locale.group()).collect();
    let grouped = groups.len() > 1;
    let well_grouped = groups
        .iter()
        .enumerate()
        .all(|(index, group)| if index == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 });
    if grouped && !well_grouped {
        return None;
    }
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let whole = groups.concat();
    if !all_digits(&whole) || !all_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let number: f64 = format!("{sign}{whole}.{fraction}0").parse().ok()?;
    if percent {
        pattern = Some(if fraction.is_empty() { "0%" } else { "0.00%" });
    } else if grouped {
        pattern = Some(if fraction.is_empty() { "#,##0" } else { "#,##0.00" });
    }
    Some(Entered { value: CellValue::Number(if percent { number / 100.0 } else { number }), pattern })
}

fn date(text: &str, locale: Locale) -> Option<Entered> {
    let (day, time) = text.split_once(' ').map_or((text, None), |(day, time)| (day, Some(time)));
    let parts: Vec<&str> = day.split(['/', '-']).collect();
    let number = |index: usize| {
        let part = parts.get(index)?;
        part.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
        part.parse::<u32>().ok()
    };
    let year = |index: usize| number(index).and_then(|year| i32::try_from(year).ok());
    let four = |index: usize| parts.get(index).is_some_and(|part| part.len() == 4);
    let (date, pattern) = if parts.len() == 2 && four(1) {
        (NaiveDate::from_ymd_opt(year(1)?, number(0)?, 1)?, "m/yyyy")
    } else if parts.len() == 3 && four(0) {
        (NaiveDate::from_ymd_opt(year(0)?, number(1)?, number(2)?)?, "yyyy-mm-dd")
    } else if parts.len() == 3 && four(2) && locale.day_first() {
        (NaiveDate::from_ymd_opt(year(2)?, number(1)?, number(0)?)?, "dd/mm/yyyy")
    } else if parts.len() == 3 && four(2) {
        (NaiveDate::from_ymd_opt(year(2)?, number(0)?, number(1)?)?, "m/d/yyyy")
    } else {
        return None;
    };
    let days = serial(date)?;
    let Some(time) = time else {
        return Some(Entered { value: CellValue::Number(days), pattern: Some(pattern) });
    };
    let mut fields = time.split(':').map(str::parse::<u32>);
    let (hour, minute) = (fields.next()?.ok()?, fields.next()?.ok()?);
    let second = fields.next().transpose().ok()?.unwrap_or(0);
    if hour > 23 || minute > 59 || second > 59 || fields.next().is_some() {
        return None;
    }
    let fraction = f64::from(hour * 3600 + minute * 60 + second) / 86_400.0;
    Some(Entered { value: CellValue::Number(days + fraction), pattern: Some("dd/mm/yyyy hh:mm:ss") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_text_changes_its_type_as_in_the_browser() {
        let number = CellValue::Number;
        let table = [
            ("01234567890", number(1_234_567_890.0)),
            ("3/2026", number(46_082.0)),
            ("25/03/2026", number(46_106.0)),
            ("2026-03-25", number(46_106.0)),
            ("25/03/2026 12:00", number(46_106.5)),
            ("1.234,56", number(1234.56)),
            ("R$ 300,00", number(300.0)),
            ("-5", number(-5.0)),
            ("50%", number(0.5)),
            ("verdadeiro", CellValue::Bool(true)),
            ("'01234567890", "01234567890".into()),
            ("'=1+1", "=1+1".into()),
            ("=1+1", CellValue::Formula("=1+1".into())),
            ("+55 (11) 98765-4321", CellValue::Formula("=+55 (11) 98765-4321".into())),
            ("31/02/2026", "31/02/2026".into()),
            ("12.34.56", "12.34.56".into()),
            ("Marina T.", "Marina T.".into()),
            ("", CellValue::Empty),
            ("=", "=".into()),
        ];
        for (text, value) in table {
            assert_eq!(parse(text, Locale::PtBr).value, value, "{text}");
        }
    }

    #[test]
    fn the_locale_decides_what_a_dot_means() {
        assert_eq!(parse("1.500", Locale::PtBr).value, CellValue::Number(1500.0));
        assert_eq!(parse("1.500", Locale::EnUs).value, CellValue::Number(1.5));
        assert_eq!(parse("12/31/2026", Locale::EnUs).pattern, Some("m/d/yyyy"));
    }
}
