//! The six fields of `cron(...)`, checked strictly and rewritten for the crate that does the arithmetic.
//!
//! The crate counts days of the week from 0 = Sunday, takes no `5/10`, and reads names by replacing text wherever it stands;
//! here every part of every field is read by itself, and only plain numbers are handed on.
use std::fmt::Write;

/// Longest text of all fields: far more than lists of every minute and hour.
const CHARS_MAX: usize = 512;
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// One field: what it is called, which numbers it takes, and what may be written instead of them.
struct Field {
    name: &'static str,
    min: u16,
    max: u16,
    names: &'static [&'static str],
    /// What the crate's numbers are smaller by.
    shift: u16,
}

const MINUTES: Field = Field { name: "minutes", min: 0, max: 59, names: &[], shift: 0 };
const HOURS: Field = Field { name: "hours", min: 0, max: 23, names: &[], shift: 0 };
const DAY_OF_MONTH: Field = Field { name: "day-of-month", min: 1, max: 31, names: &[], shift: 0 };
const MONTH: Field = Field { name: "month", min: 1, max: 12, names: &MONTHS, shift: 0 };
const DAY_OF_WEEK: Field = Field { name: "day-of-week", min: 1, max: 7, names: &DAYS, shift: 1 };
const YEAR: Field = Field { name: "year", min: 1970, max: 2199, names: &[], shift: 0 };

/// The fields as `seconds minutes hours day-of-month month day-of-week year` in plain numbers.
///
/// # Errors
/// The field that is wrong, and what it takes.
pub(super) fn to_crontab(text: &str) -> Result<String, String> {
    if text.len() > CHARS_MAX {
        return Err(format!("it has {} characters, at most {CHARS_MAX} are read", text.len()));
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    let &[minutes, hours, day, month, weekday, year] = parts.as_slice() else {
        return Err(format!(
            "it has {} fields; cron takes six: minutes hours day-of-month month day-of-week year",
            parts.len()
        ));
    };
    let day_fields = match (day, weekday) {
        ("?", "?") => Err("day-of-month and day-of-week are both ?; say one of them".to_owned()),
        ("?", weekday) => DAY_OF_WEEK.weekdays(weekday).map(|weekday| ("*".to_owned(), weekday)),
        (day, "?") => DAY_OF_MONTH.days(day).map(|day| (day, "*".to_owned())),
        _ => Err("one of day-of-month and day-of-week must be ?".to_owned()),
    };
    let (day, weekday) = day_fields?;
    Ok(format!(
        "0 {} {} {day} {} {weekday} {}",
        MINUTES.list(minutes)?,
        HOURS.list(hours)?,
        MONTH.list(month)?,
        YEAR.list(year)?
    ))
}

impl Field {
    fn wrong(&self, part: &str) -> String {
        let names = match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => format!(" or {first}-{last}"),
            _ => String::new(),
        };
        format!("{part:?} cannot be {}: it takes {}-{}{names}", self.name, self.min, self.max)
    }

    fn number(&self, text: &str) -> Result<u16, String> {
        let named = self.names.iter().zip(self.min..).find(|(name, _)| name.eq_ignore_ascii_case(text));
        let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = named.map(|(_, number)| number).or_else(|| text.parse().ok().filter(|_| digits));
        number.filter(|number| (self.min..=self.max).contains(number)).ok_or_else(|| self.wrong(text))
    }

    /// `*`, or a list of `n`, `n-m`, `n/step`, `n-m/step`, `*/step`.
    fn list(&self, text: &str) -> Result<String, String> {
        if text == "*" {
            return Ok("*".to_owned());
        }
        let mut list = String::new();
        for part in text.split(',') {
            let comma = if list.is_empty() { "" } else { "," };
            let (from, to, step) = self.range(part)?;
            let (from, to) = (from - self.shift, to - self.shift);
            let written = match step {
                None if from == to => write!(list, "{comma}{from}"),
                None => write!(list, "{comma}{from}-{to}"),
                Some(step) => write!(list, "{comma}{from}-{to}/{step}"),
            };
            written.map_err(|error| error.to_string())?;
        }
        Ok(list)
    }

    fn range(&self, part: &str) -> Result<(u16, u16, Option<u16>), String> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                let step: u16 = step.parse().map_err(|_| self.wrong(part))?;
                if step == 0 || step > self.max {
                    return Err(self.wrong(part));
                }
                (range, Some(step))
            }
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (self.number(from)?, self.number(to)?),
            None if range == "*" && step.is_some() => (self.min, self.max),
            // `5/10` is every tenth from the fifth on.
            None if step.is_some() => (self.number(range)?, self.max),
            None => (self.number(range)?, self.number(range)?),
        };
        if from > to {
            return Err(format!("{part:?} cannot be {}: the range ends before it begins", self.name));
        }
        Ok((from, to, step))
    }

    /// The day of the month: a list, `L` for the last, `15W` for the weekday closest to the 15th.
    fn days(&self, text: &str) -> Result<String, String> {
        match text.strip_suffix('W') {
            Some(day) => Ok(format!("{}W", self.number(day)?)),
            None if text == "L" => Ok("L".to_owned()),
            None => self.list(text),
        }
    }

    /// The day of the week: a list, `L` for Saturday, `6L` for the last Friday of the month, `3#2` for the second Tuesday.
    fn weekdays(&self, text: &str) -> Result<String, String> {
        if text == "L" {
            return Ok((self.max - self.shift).to_string());
        }
        if let Some((day, nth)) = text.split_once('#') {
            let day = self.number(day)? - self.shift;
            return match nth {
                "1" | "2" | "3" | "4" | "5" => Ok(format!("{day}#{nth}")),
                _ => Err(format!("{text:?} cannot be {}: after # comes 1-5, and nothing else", self.name)),
            };
        }
        match text.strip_suffix('L') {
            Some(day) => Ok(format!("{}L", self.number(day)? - self.shift)),
            None => self.list(text),
        }
    }
}
