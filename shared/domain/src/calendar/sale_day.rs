//! The day of a sale (N4).
use super::{Moment, civil_day};
use chrono::{Datelike, NaiveDate};

/// Before this year a date is the API's way of saying null (`0001-01-01T00:00:00-02:00`).
const YEAR_MIN: i32 = 1900;

/// Why an order has no sale day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SaleDayError {
    /// Neither field holds a date.
    #[error("neither DataFaturamento nor Data holds a date")]
    Absent,
    /// The field that decides is not a date. The other one is not asked: it would be a guess.
    #[error("{field} is not a date")]
    Malformed {
        /// The field of the order.
        field: &'static str,
    },
}

/// The sale day: the first of `DataFaturamento` and `Data` that is present. With an offset or `Z` the civil day in
/// São Paulo, without one its own day. A date before 1900 is absent.
pub fn sale_day(billed_at: Option<&str>, created_at: Option<&str>) -> Option<NaiveDate> {
    checked_sale_day(billed_at, created_at).ok()
}

/// The same with the reason when there is none.
pub fn checked_sale_day(
    billed_at: Option<&str>,
    created_at: Option<&str>,
) -> Result<NaiveDate, SaleDayError> {
    for (field, text) in [("DataFaturamento", billed_at), ("Data", created_at)] {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { continue };
        let moment = Moment::parse(text).ok_or(SaleDayError::Malformed { field })?;
        if let Some(day) = present_day(moment) {
            return Ok(day);
        }
    }
    Err(SaleDayError::Absent)
}

fn present_day(moment: Moment) -> Option<NaiveDate> {
    let day = match moment {
        Moment::Instant(instant) => civil_day(instant.to_utc()),
        Moment::WallClock(written) => written.date(),
    };
    (moment.written_day().year() >= YEAR_MIN && day.year() >= YEAR_MIN).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(billed_at: Option<&str>, created_at: Option<&str>, day: &str) {
        assert_eq!(sale_day(billed_at, created_at).map(|day| day.to_string()).as_deref(), Some(day));
    }

    #[test]
    fn the_billing_date_decides_and_the_order_date_stands_in() {
        let order = Some("2026-03-20T10:00:00-03:00");
        check(Some("2026-03-25T14:10:02.332-03:00"), order, "2026-03-25");
        check(Some("0001-01-01T00:00:00-02:00"), order, "2026-03-20");
        check(Some("0001-01-01T00:00:00"), order, "2026-03-20");
        check(Some("1899-12-31T23:59:59-03:00"), order, "2026-03-20");
        check(Some(" "), order, "2026-03-20");
        check(None, order, "2026-03-20");
    }

    #[test]
    fn the_day_is_the_civil_day_in_sao_paulo() {
        check(Some("2026-03-31T21:30:00-03:00"), None, "2026-03-31");
        check(Some("2026-04-01T00:30:00Z"), None, "2026-03-31");
        check(Some("2026-04-01T00:30:00"), None, "2026-04-01");
        check(Some("2026-03-31T23:30:00-04:00"), None, "2026-04-01");
        check(Some("2018-12-25T23:30:00-03:00"), None, "2018-12-26");
    }

    #[test]
    fn an_order_without_a_date_says_why() {
        let sentinel = Some("0001-01-01T00:00:00-02:00");
        assert_eq!(checked_sale_day(sentinel, None), Err(SaleDayError::Absent));
        assert_eq!(checked_sale_day(None, None), Err(SaleDayError::Absent));
        let malformed = Err(SaleDayError::Malformed { field: "DataFaturamento" });
        assert_eq!(checked_sale_day(Some("31/03/2026"), Some("2026-03-20")), malformed);
        assert_eq!(checked_sale_day(sentinel, Some("x")), Err(SaleDayError::Malformed { field: "Data" }));
    }
}
