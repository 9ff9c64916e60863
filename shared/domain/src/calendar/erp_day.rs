//! The appointment day of a booking (N3) and the month of its form (column AH).
use super::{SerialDay, month_number};
use crate::cell::Cell;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// 1900-01-01 and 2100-12-31: outside, a date is a typing error.
const DAY_MIN: SerialDay = SerialDay(2);
const DAY_MAX: SerialDay = SerialDay(73_415);

/// Why a cell is not an appointment day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ErpDayError {
    /// Nothing there.
    #[error("the date cell is empty")]
    Empty,
    /// Neither a serial number nor one of the date forms.
    #[error("the date cell holds no date")]
    NotADate,
    /// A day that no calendar has, such as 31/02.
    #[error("the date does not exist in the calendar")]
    NotACalendarDay,
    /// Before 1900 or after 2100.
    #[error("the date is not between 1900 and 2100")]
    OutOfRange,
}

/// The day of a cell: a serial number, its time of day dropped, or one of `D/M/YYYY`, `D-M-YYYY`, `D/Mon/YYYY`,
/// `D-Mon-YYYY` (English three-letter months) and `YYYY-MM-DD`, after a leading apostrophe and before a time of day.
pub fn erp_day(cell: &Cell) -> Result<SerialDay, ErpDayError> {
    let day = match cell {
        Cell::Empty => return Err(ErpDayError::Empty),
        Cell::Bool(_) => return Err(ErpDayError::NotADate),
        Cell::Number(serial) => whole_days(serial)?,
        Cell::Text(text) => SerialDay::from_date(written_day(text)?),
    };
    if (DAY_MIN..=DAY_MAX).contains(&day) { Ok(day) } else { Err(ErpDayError::OutOfRange) }
}

/// The form month of column AH as months since year 0: `MM/YYYY`, or the serial number of a day in it.
pub fn form_month(cell: &Cell) -> Option<i32> {
    if let Cell::Text(text) = cell {
        let (month, year) = text.trim().trim_start_matches('\'').trim().split_once('/')?;
        if let (Some(month @ 1..=12), Some(year)) = (number(month, 1..=2), number(year, 4..=4)) {
            return Some(year as i32 * 12 + month as i32 - 1);
        }
    }
    erp_day(cell).ok().and_then(SerialDay::to_date).map(month_number)
}

/// Whether a text has the one form that the old script could read: three numbers between slashes, a year of four
/// digits, and nothing else.
pub(crate) fn is_slashed_day(text: &str) -> bool {
    let mut parts = text.split('/');
    let mut part = |lengths| parts.next().is_some_and(|part| number(part.trim(), lengths).is_some());
    part(1..=2) && part(1..=2) && part(4..=4) && parts.next().is_none()
}

fn whole_days(serial: &Decimal) -> Result<SerialDay, ErpDayError> {
    serial.floor().to_i32().map(SerialDay).ok_or(ErpDayError::OutOfRange)
}

fn written_day(text: &str) -> Result<NaiveDate, ErpDayError> {
    let text = text.trim();
    let text = text.strip_prefix('\'').unwrap_or(text).trim();
    if text.is_empty() {
        return Err(ErpDayError::Empty);
    }
    let (year, month, day) = date_part(text).and_then(numbers).ok_or(ErpDayError::NotADate)?;
    NaiveDate::from_ymd_opt(year as i32, month, day).ok_or(ErpDayError::NotACalendarDay)
}

/// The text before the time of day; `None` when what follows is something else.
fn date_part(text: &str) -> Option<&str> {
    let is_iso = text.as_bytes().get(4) == Some(&b'-');
    let end = text.find(|character: char| character.is_whitespace() || (is_iso && character == 'T'));
    let Some((date, time)) = end.and_then(|end| text.split_at_checked(end)) else { return Some(text) };
    let time = time.trim_start_matches('T').trim();
    let looks_like_a_time = time.starts_with(|first: char| first.is_ascii_digit())
        && time.contains(':')
        && time.chars().all(|character| character.is_ascii_digit() || ":.+- AaPpMmZ".contains(character));
    looks_like_a_time.then_some(date)
}

/// Year, month and day of one of the five forms.
fn numbers(date: &str) -> Option<(u32, u32, u32)> {
    let separator = if date.contains('/') { '/' } else { '-' };
    let mut parts = date.split(separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    if separator == '-' && first.len() == 4 {
        return Some((number(first, 4..=4)?, number(second, 2..=2)?, number(third, 2..=2)?));
    }
    let month = number(second, 1..=2).or_else(|| named_month(second))?;
    Some((number(third, 4..=4)?, month, number(first, 1..=2)?))
}

fn named_month(name: &str) -> Option<u32> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    (1..).zip(MONTHS).find(|(_, month)| month.eq_ignore_ascii_case(name)).map(|(number, _)| number)
}

fn number(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let is_number = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Result<SerialDay, ErpDayError> {
        erp_day(&Cell::Text(text.into()))
    }

    #[test]
    fn every_form_names_the_same_day() {
        for form in [
            "24/03/2026",
            "24/3/2026",
            "24-03-2026",
            "24-3-2026",
            "24/Mar/2026",
            "24-Mar-2026",
            "24/MAR/2026",
            "2026-03-24",
            "'24/03/2026",
            " 24/03/2026 ",
            "24/03/2026 14:30",
            "24-Mar-2026 14:30:00",
            "24/03/2026 2:30 PM",
            "2026-03-24T14:30:00-03:00",
            "2026-03-24 14:30:00.5",
        ] {
            assert_eq!(text(form), Ok(SerialDay(46_105)), "{form}");
        }
        assert_eq!(text("05/02/2026"), Ok(SerialDay(46_058)));
        assert_eq!(text("1/Oct/2026"), Ok(SerialDay(46_296)));
    }

    #[test]
    fn a_serial_number_loses_its_time_of_day() {
        let number = |text: &str| erp_day(&Cell::Number(text.parse().unwrap()));
        assert_eq!(number("46105"), Ok(SerialDay(46_105)));
        assert_eq!(number("46105.999988"), Ok(SerialDay(46_105)));
        assert_eq!(number("2"), Ok(DAY_MIN));
        assert_eq!(number("1.9"), Err(ErpDayError::OutOfRange));
        assert_eq!(number("73416"), Err(ErpDayError::OutOfRange));
        assert_eq!(number("-0.5"), Err(ErpDayError::OutOfRange));
        assert_eq!(number("99999999999999999999"), Err(ErpDayError::OutOfRange));
    }

    #[test]
    fn a_wrong_date_is_refused_with_its_reason() {
        assert_eq!(text("31/02/2026"), Err(ErpDayError::NotACalendarDay));
        assert_eq!(text("29/02/2025"), Err(ErpDayError::NotACalendarDay));
        assert_eq!(text("24/13/2026"), Err(ErpDayError::NotACalendarDay));
        assert_eq!(text("00/01/2026"), Err(ErpDayError::NotACalendarDay));
        assert_eq!(text("31/12/1899"), Err(ErpDayError::OutOfRange));
        assert_eq!(text("01/01/2101"), Err(ErpDayError::OutOfRange));
        assert_eq!(text("'"), Err(ErpDayError::Empty));
        assert_eq!(erp_day(&Cell::Empty), Err(ErpDayError::Empty));
        assert_eq!(erp_day(&Cell::Bool(true)), Err(ErpDayError::NotADate));
        for form in [
            "amanhã",
            "24/03/26",
            "24/03-2026",
            "24/03/2026 tarde",
            "24/Março/2026",
            "2026/03/24",
            "46105",
            "24/03",
            "24/03/2026/1",
            "2026-3-24",
            "24 03 2026",
            "24.03.2026",
            "24/03/20266",
        ] {
            assert_eq!(text(form), Err(ErpDayError::NotADate), "{form}");
        }
    }

    #[test]
    fn the_form_month_is_a_text_or_a_serial_number() {
        let month = Some(2026 * 12 + 2);
        assert_eq!(form_month(&Cell::Text("03/2026".into())), month);
        assert_eq!(form_month(&Cell::Text("'3/2026".into())), month);
        assert_eq!(form_month(&Cell::from(46_082)), month);
        assert_eq!(form_month(&Cell::Text("24/03/2026".into())), month);
        for other in [Cell::Empty, Cell::Text("13/2026".into()), Cell::Text("março".into()), Cell::from(0)] {
            assert_eq!(form_month(&other), None, "{other:?}");
        }
    }

    #[test]
    fn the_old_script_reads_slashes_only() {
        for form in ["24/03/2026", "4/3/2026", "31/02/2026", " 24 / 03 / 2026 "] {
            assert!(is_slashed_day(form), "{form}");
        }
        for form in ["24/Mar/2026", "24-03-2026", "24/03/26", "24/03/2026 10:00", "", "24/03/2026/1"] {
            assert!(!is_slashed_day(form), "{form}");
        }
    }

    proptest! {
        #[test]
        fn a_written_day_is_the_day_that_was_meant(serial in DAY_MIN.0..=DAY_MAX.0) {
            let day = SerialDay(serial).to_date().unwrap();
            for form in ["%d/%m/%Y", "%-d/%-m/%Y", "%d-%m-%Y", "%d/%b/%Y", "%d-%b-%Y", "%Y-%m-%d", "%d/%m/%Y 23:59:59"] {
                prop_assert_eq!(text(&day.format(form).to_string()), Ok(SerialDay(serial)));
            }
        }

        #[test]
        fn any_text_is_read_without_a_fault(other in any::<String>()) {
            let _ = (text(&other), form_month(&Cell::Text(other.clone())), is_slashed_day(&other));
        }
    }
}
