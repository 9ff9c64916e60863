//! What a person sees when the runtime starts: what runs, when, where everything is, and what to do first.
use super::facts::Facts;
use crate::context::Context;
use crate::output::Output;
use crate::telemetry;
use crate::template::Wiring;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::path::Path;

/// The start of the runtime.
#[derive(Debug, Serialize)]
pub(super) struct Welcome<'a> {
    /// Version, schedules, queues.
    #[serde(flatten)]
    pub facts: Facts,
    /// The mode.
    pub mode: &'static str,
    /// The process, to be asked to end.
    pub pid: u32,
    /// Where everything is kept.
    pub data_dir: &'a Path,
    /// Where the health page is.
    pub health: Option<String>,
    /// The functions that run.
    pub functions: Vec<&'a str>,
}

impl<'a> Welcome<'a> {
    pub(super) fn new(
        facts: Facts,
        mode: &'static str,
        context: &'a Context,
        wiring: &'a Wiring,
        health: Option<String>,
    ) -> Self {
        let functions = wiring.functions.iter().map(|function| function.name.as_str()).collect();
        Self { facts, mode, pid: std::process::id(), data_dir: &context.config.data_dir, health, functions }
    }

    pub(super) fn print(&self, output: &Output, wiring: &Wiring) {
        output.line(format!("erp-sync {} up, mode {}, process {}", self.facts.version, self.mode, self.pid));
        output.line(format!("data directory  {}", self.data_dir.display()));
        output.line(format!("logs            {}", telemetry::folder(self.data_dir).display()));
        if let Some(health) = &self.health {
            output.line(format!("health          {health}"));
        }
        output.line(format!("functions       {}", self.functions.join(", ")));
        let next = |time: Option<DateTime<Utc>>, zone: &str| {
            let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
            let shown =
                |time: DateTime<Utc>| time.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string();
            time.map_or_else(|| "never".to_owned(), shown)
        };
        let schedules = wiring.schedules().zip(&self.facts.schedules).map(|((function, schedule), facts)| {
            [
                function.name.clone(),
                format!("{} {}", schedule.expression, schedule.zone),
                next(facts.next, &schedule.zone),
            ]
        });
        output.table(["function", "schedule", "next run"], schedules.collect::<Vec<_>>());
        let depths = self.facts.queues.iter();
        let depths = depths
            .map(|(name, depth)| [name.clone(), depth.waiting.to_string(), depth.in_flight.to_string()]);
        output.table(["queue", "waiting", "in flight"], depths.collect::<Vec<_>>());
    }
}
