//! Days as the spreadsheets count them, and the civil calendar of the company.
//!
//! A sale belongs to the day on which it was billed in São Paulo, not in the zone of the machine that runs this.
//! The zone comes from tz data: it has been UTC-3 since 2019, was not before, and may change again.
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

mod erp_day;
mod moment;
mod sale_day;

pub(crate) use erp_day::is_slashed_day;
pub use erp_day::{ErpDayError, erp_day, form_month};
pub use moment::Moment;
pub use sale_day::{SaleDayError, checked_sale_day, sale_day};

/// The zone in which a sale day is counted.
pub const ZONE: Tz = chrono_tz::America::Sao_Paulo;

/// Whole days since 1899-12-30, the serial number of Sheets and Excel (N5): 2026-03-25 is 46106.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SerialDay(pub i32);

/// Days from the common era's first day to the spreadsheets' day 0, 1899-12-30.
const EPOCH_FROM_CE: i32 = 693_594;

impl SerialDay {
    /// The serial number of a day.
    pub fn from_date(day: NaiveDate) -> Self {
        Self(day.num_days_from_ce() - EPOCH_FROM_CE)
    }

    /// The day of a serial number, unless it is beyond the calendar's range.
    pub fn to_date(self) -> Option<NaiveDate> {
        NaiveDate::from_num_days_from_ce_opt(self.0.checked_add(EPOCH_FROM_CE)?)
    }
}

/// The civil day in [`ZONE`] at an instant.
pub fn civil_day(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&ZONE).date_naive()
}

/// The first day of a day's month.
pub fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(day.day0()))).unwrap_or(day)
}

/// Months since year 0: consecutive months differ by one.
pub(crate) fn month_number(day: NaiveDate) -> i32 {
    day.year().saturating_mul(12).saturating_add_unsigned(day.month0())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn serial_numbers_are_those_of_the_spreadsheets() {
        assert_eq!(SerialDay::from_date(day(2026, 3, 25)), SerialDay(46_106));
        assert_eq!(SerialDay::from_date(day(2026, 4, 1)), SerialDay(46_113));
        assert_eq!(SerialDay::from_date(day(1970, 1, 1)), SerialDay(25_569));
        assert_eq!(SerialDay::from_date(day(1899, 12, 30)), SerialDay(0));
        assert_eq!(SerialDay(i32::MAX).to_date(), None);
        assert_eq!(SerialDay(i32::MIN).to_date(), None);
    }

    #[test]
    fn the_civil_day_ends_at_midnight_in_sao_paulo() {
        let at = |text: &str| civil_day(text.parse().unwrap());
        assert_eq!(at("2026-03-26T02:59:59Z"), day(2026, 3, 25));
        assert_eq!(at("2026-03-26T03:00:00Z"), day(2026, 3, 26));
        // Daylight saving time of 2018: UTC-2.
        assert_eq!(at("2018-12-26T02:00:00Z"), day(2018, 12, 26));
        assert_eq!(at("2018-12-26T01:59:59Z"), day(2018, 12, 25));
    }

    #[test]
    fn the_month_of_a_sale_starts_on_its_first_day() {
        assert_eq!(first_of_month(day(2026, 3, 25)), day(2026, 3, 1));
        assert_eq!(first_of_month(day(2024, 2, 29)), day(2024, 2, 1));
        assert_eq!(month_number(day(2026, 1, 31)) - month_number(day(2025, 12, 1)), 1);
    }

    proptest! {
        #[test]
        fn a_serial_number_names_one_day(serial in -100_000i32..3_000_000) {
            let day = SerialDay(serial).to_date().unwrap();
            prop_assert_eq!(SerialDay::from_date(day), SerialDay(serial));
        }
    }
}
