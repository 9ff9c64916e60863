//! The settings of `erp-sync up`: when its schedules tick and how much it does at once. On AWS these are parameters of the
//! stack, with the same defaults.
use crate::schedule_expression::ScheduleExpression;
use flows::config::{Found, Limit, Setting, quoted};
use serde_json::{Value, json};

flows::settings_section! {
    /// The runtime of one machine, `erp-sync up`.
    ["up"] UpSection {
        /// When the daily job plans its days: once the shop has closed its day in SIGE. More often does no harm.
        daily_schedule: Expression = Expression::known("cron(0 6 * * ? *)"), Limit::any();
        /// How often what is due is sent to the workers.
        dispatch_schedule: Expression = Expression::known("rate(1 minute)"), Limit::any();
        /// Time zone of the two. Sale days end at midnight in America/Sao_Paulo whatever stands here.
        schedule_zone: Zone = Zone::known("America/Sao_Paulo"), Limit::any();
        /// Windows that are worked on at once; one spreadsheet never has more than one.
        window_workers_max: u64 = 5, Limit::of(2, 1_000);
        /// Port on 127.0.0.1 of the health page of `--mode web` and `--mode all`; 0 takes any that is free.
        health_port: u64 = 8_787, Limit::of(0, 65_535);
    }
}

/// A schedule expression that has been understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(String);

impl Expression {
    fn known(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for Expression {
    fn read(found: &Found, _: Limit) -> Result<Self, String> {
        let text = found.text("a schedule in quotes")?;
        ScheduleExpression::parse(text, "UTC").map_err(|error| error.problem)?;
        Ok(Self(text.to_owned()))
    }
    fn to_toml(&self) -> String {
        quoted(&self.0)
    }
    fn to_json(&self) -> Value {
        json!(self.0)
    }
    fn allowed(_: Limit) -> String {
        "cron(minutes hours day-of-month month day-of-week year) or rate(5 minutes), as in EventBridge Scheduler".to_owned()
    }
}

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(String);

impl Zone {
    fn known(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    /// Its IANA name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for Zone {
    fn read(found: &Found, _: Limit) -> Result<Self, String> {
        let text = found.text("a time zone in quotes")?;
        match text.parse::<chrono_tz::Tz>() {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(format!("there is no time zone {text:?}; use a name like America/Sao_Paulo")),
        }
    }
    fn to_toml(&self) -> String {
        quoted(&self.0)
    }
    fn to_json(&self) -> Value {
        json!(self.0)
    }
    fn allowed(_: Limit) -> String {
        "a name of the IANA database".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_or_zone_that_does_not_exist_is_refused_with_what_would_be_right() {
        let text = |text: &str| Found::Text(text.to_owned());
        let expression =
            |given: &str| Expression::read(&text(given), Limit::any()).map(|read| read.as_str().to_owned());
        assert_eq!(expression("rate(15 minutes)").as_deref(), Ok("rate(15 minutes)"));
        assert!(expression("06:00").unwrap_err().contains("cron(...) or rate(...)"));
        assert!(expression("cron(0 6 * * * *)").unwrap_err().contains('?'));
        let zone = |given: &str| Zone::read(&text(given), Limit::any()).map(|read| read.as_str().to_owned());
        assert_eq!(zone("America/Manaus").as_deref(), Ok("America/Manaus"));
        assert!(zone("Brasilia").unwrap_err().contains("America/Sao_Paulo"));
    }
}
