//! The date texts of the API: `2026-10-01T08:21:02.332-03:00`, fractions of any length or none, an offset, `Z` or none.
use super::ZONE;
use chrono::{DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

/// A point in time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// With an offset or `Z`: one instant.
    Instant(DateTime<FixedOffset>),
    /// Without an offset: what a clock on the wall showed.
    WallClock(NaiveDateTime),
}

impl Moment {
    /// Reads `YYYY-MM-DD`, optionally followed by `T` or a blank, `HH:MM`, `:SS`, `.fraction` and `Z` or `±HH[:]MM`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = Scanner(text.trim().as_bytes());
        let year = rest.digits(4)?;
        let (month, day) = (rest.after(b'-')?.digits(2)?, rest.after(b'-')?.digits(2)?);
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        if rest.is_done() {
            return Some(Self::WallClock(date.and_time(NaiveTime::MIN)));
        }
        if !rest.take(b'T') && !rest.take(b' ') {
            return None;
        }
        let (hour, minute) = (rest.digits(2)?, rest.after(b':')?.digits(2)?);
        let second = if rest.take(b':') { rest.digits(2)? } else { 0 };
        let nanosecond = if rest.take(b'.') { rest.fraction_ns()? } else { 0 };
        let written = date.and_time(NaiveTime::from_hms_nano_opt(hour, minute, second, nanosecond)?);
        if rest.is_done() {
            return Some(Self::WallClock(written));
        }
        let offset = rest.offset()?;
        let LocalResult::Single(instant) = offset.from_local_datetime(&written) else { return None };
        rest.is_done().then_some(Self::Instant(instant))
    }

    /// The day that is written in the text, whatever its offset.
    pub fn written_day(&self) -> NaiveDate {
        match self {
            Self::Instant(instant) => instant.date_naive(),
            Self::WallClock(written) => written.date(),
        }
    }

    /// The instant, for comparing two of them; a wall clock hangs in [`ZONE`].
    pub fn instant(&self) -> DateTime<Utc> {
        match self {
            Self::Instant(instant) => instant.to_utc(),
            Self::WallClock(written) => ZONE
                .from_local_datetime(written)
                .earliest()
                .map_or_else(|| written.and_utc(), |local| local.to_utc()),
        }
    }
}

struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, expected: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == expected => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn after(&mut self, expected: u8) -> Option<&mut Self> {
        self.take(expected).then_some(self)
    }

    fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let number = digits.iter().try_fold(0u32, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
        })?;
        self.0 = rest;
        Some(number)
    }

    /// Nanoseconds; digits beyond the ninth are read and dropped.
    fn fraction_ns(&mut self) -> Option<u32> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(length).filter(|_| length > 0)?;
        self.0 = rest;
        let padded = digits.iter().copied().chain(std::iter::repeat(b'0')).take(9);
        Some(padded.fold(0, |number, byte| number * 10 + u32::from(byte - b'0')))
    }

    fn offset(&mut self) -> Option<FixedOffset> {
        if self.take(b'Z') || self.take(b'z') {
            return FixedOffset::east_opt(0);
        }
        let sign = if self.take(b'-') { -1 } else { self.after(b'+').map(|_| 1)? };
        let hours = self.digits(2)?;
        let minutes = if self.take(b':') || !self.is_done() { self.digits(2)? } else { 0 };
        let seconds = i32::try_from(hours * 3600 + minutes * 60).ok().filter(|_| minutes < 60)?;
        FixedOffset::east_opt(sign * seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn instant(text: &str) -> String {
        match Moment::parse(text) {
            Some(Moment::Instant(instant)) => instant.to_utc().to_rfc3339(),
            Some(Moment::WallClock(written)) => written.to_string(),
            None => "none".into(),
        }
    }

    #[test]
    fn every_form_of_the_api_is_read() {
        assert_eq!(instant("2026-10-01T08:21:02.332-03:00"), "2026-10-01T11:21:02.332+00:00");
        assert_eq!(instant("2026-10-01T08:21:02.9-03:00"), "2026-10-01T11:21:02.900+00:00");
        assert_eq!(instant("2026-10-01T08:21:02-0300"), "2026-10-01T11:21:02+00:00");
        assert_eq!(instant("2026-03-25T03:00:00Z"), "2026-03-25T03:00:00+00:00");
        assert_eq!(instant("2026-03-25T03:00:00.1234567890123Z"), "2026-03-25T03:00:00.123456789+00:00");
        assert_eq!(instant("2026-03-25T03:00"), "2026-03-25 03:00:00");
        assert_eq!(instant("2026-03-25 03:00:07"), "2026-03-25 03:00:07");
        assert_eq!(instant(" 2026-03-25 "), "2026-03-25 00:00:00");
        assert_eq!(instant("0001-01-01T00:00:00-02:00"), "0001-01-01T02:00:00+00:00");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "25/03/2026",
            "2026-02-30",
            "2026-13-01",
            "2026-03-25T25:00:00Z",
            "2026-03-25T10:60:00Z",
            "2026-03-25T",
            "2026-03-25T10",
            "2026-03-25T10:00:00.Z",
            "2026-03-25T10:00:00+25:00",
            "2026-03-25T10:00:00Zjunk",
            "2026-03-25x",
            "2026-03-25T10:00:00-03:75",
            "١٢٣٤-01-01",
        ] {
            assert_eq!(Moment::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn instants_are_compared_and_a_wall_clock_hangs_in_sao_paulo() {
        let moment = |text: &str| Moment::parse(text).unwrap().instant();
        assert!(moment("2026-03-20T10:00:00-03:00") > moment("2026-03-20T12:00:00Z"));
        assert_eq!(moment("2026-03-20T10:00:00"), moment("2026-03-20T13:00:00Z"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_fault(text in "[0-9TZ:+. -]{0,32}|\\PC{0,16}") {
            let _ = Moment::parse(&text);
        }
    }
}
