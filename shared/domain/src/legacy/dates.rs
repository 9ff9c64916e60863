//! Days as the script's language counts and prints them.
use crate::calendar::{self, Moment, SerialDay};
use chrono::{Datelike, Days, NaiveDate};

/// The day of a moment on a runner whose zone is UTC.
pub(super) fn utc_day(text: &str) -> Option<NaiveDate> {
    Moment::parse(text).map(|moment| match moment {
        Moment::Instant(instant) => instant.to_utc().date_naive(),
        Moment::WallClock(written) => written.date(),
    })
}

/// The day of a moment in São Paulo, of any year.
pub(super) fn civil_day(text: &str) -> Option<NaiveDate> {
    Moment::parse(text).map(|moment| match moment {
        Moment::Instant(instant) => calendar::civil_day(instant.to_utc()),
        Moment::WallClock(written) => written.date(),
    })
}

/// The field that decides the sale day when the API's null date counts as null.
pub(super) fn first_present<'text>(
    billed_at: Option<&'text str>,
    created_at: Option<&'text str>,
) -> Option<&'text str> {
    match calendar::sale_day(billed_at, None) {
        Some(_) => billed_at,
        None => calendar::sale_day(billed_at, created_at).and(created_at),
    }
}

/// `25/03/2026`; the year is not padded, so the null date is `01/01/1`.
pub(super) fn day_text(day: Option<NaiveDate>) -> String {
    match day {
        None => "Invalid Date".to_owned(),
        Some(day) => {
            let (_, year) = day.year_ce();
            format!("{:02}/{:02}/{year}", day.day(), day.month())
        }
    }
}

/// `3/2026`, without a leading zero.
pub(super) fn month_text(day: Option<NaiveDate>) -> String {
    day.map_or("NaN/NaN".to_owned(), |day| format!("{}/{}", day.month(), day.year()))
}

/// The serial number that the script reads from a date text: day, month and year between slashes. A day or month
/// beyond its range rolls over into the next (D8), a year below 100 is one of the 1900s.
pub(super) fn rolled_over_day(text: &str) -> Option<i32> {
    let mut parts = text.split('/');
    let (day, month, year) = (whole(parts.next()?)?, whole(parts.next()?)?, whole(parts.next()?)?);
    let year = if (0..=99).contains(&year) { 1900 + year } else { year };
    let months = year * 12 + month - 1;
    let first = NaiveDate::from_ymd_opt(
        i32::try_from(months.div_euclid(12)).ok()?,
        u32::try_from(months.rem_euclid(12)).ok()? + 1,
        1,
    )?;
    let distance = Days::new((day - 1).unsigned_abs());
    let date = if day >= 1 { first.checked_add_days(distance) } else { first.checked_sub_days(distance) };
    date.map(|date| SerialDay::from_date(date).0)
}

/// The same without the rolling over: a real calendar day with a year of four digits, or nothing.
pub(super) fn real_day(text: &str) -> Option<i32> {
    let compact: String = text.split_whitespace().collect();
    let mut parts = compact.split('/').map(whole);
    let (day, month, year) = (parts.next()??, parts.next()??, parts.next()??);
    let real = NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )?;
    calendar::is_slashed_day(text).then(|| SerialDay::from_date(real).0)
}

/// A whole number as the script's language reads one from a text: blanks around it are ignored, nothing is zero.
fn whole(text: &str) -> Option<i64> {
    let text = text.trim_matches(|character: char| character.is_whitespace() || character == '\u{FEFF}');
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.len() > 7
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
        || (digits.is_empty() && !text.is_empty())
    {
        return None;
    }
    if digits.is_empty() { Some(0) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values were printed by the script's own language (node 20, TZ=UTC).
    #[test]
    fn wrong_dates_roll_over_as_they_did() {
        let day = |text: &str| {
            rolled_over_day(text).and_then(|serial| SerialDay(serial).to_date()).map(|day| day.to_string())
        };
        assert_eq!(day("31/02/2026").as_deref(), Some("2026-03-03"));
        assert_eq!(day("01/02/26").as_deref(), Some("1926-02-01"));
        assert_eq!(day("01/13/2026").as_deref(), Some("2027-01-01"));
        assert_eq!(day("00/00/2026").as_deref(), Some("2025-11-30"));
        assert_eq!(day(" 4 / 3 / 2026 ").as_deref(), Some("2026-03-04"));
        assert_eq!(day("1/3/").as_deref(), Some("1900-03-01"));
        assert_eq!(day("24/03/2026/junk").as_deref(), Some("2026-03-24"));
        for text in ["24/Mar/2026", "31/02/2026 10:00", "24-03-2026", "24/03", "", "2026-03-24", "a/b/c"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn without_the_rolling_over_only_real_days_count() {
        assert_eq!(real_day("24/03/2026"), Some(46_105));
        assert_eq!(real_day(" 4 / 3 / 2026 "), rolled_over_day("4/3/2026"));
        for text in ["31/02/2026", "01/02/26", "01/13/2026", "1/3/", "24/03/2026/junk", "24/Mar/2026"] {
            assert_eq!(real_day(text), None, "{text}");
        }
    }

    #[test]
    fn days_and_months_are_printed_without_padding_the_year() {
        let null_date = utc_day("0001-01-01T00:00:00-02:00");
        assert_eq!((day_text(null_date), month_text(null_date)), ("01/01/1".into(), "1/1".into()));
        let sale = utc_day("2026-03-31T21:30:00-03:00");
        assert_eq!((day_text(sale), month_text(sale)), ("01/04/2026".into(), "4/2026".into()));
        assert_eq!((day_text(None), month_text(None)), ("Invalid Date".into(), "NaN/NaN".into()));
        assert_eq!(day_text(civil_day("2026-03-31T21:30:00-03:00")), "31/03/2026");
    }
}
