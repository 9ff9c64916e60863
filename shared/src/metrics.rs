//! Metrics as CloudWatch embedded metric lines: JSON that the log service turns into metrics and a person can read.
//!
//! The format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
use crate::function::FunctionError;
use chrono::TimeDelta;
use flows::ports::Clock;
use flows::window_sync::{WindowOutcome, WindowReport};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// The namespace of every metric.
pub const NAMESPACE: &str = "erp-sync";

/// The unit of a metric, as CloudWatch names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// How long.
    Milliseconds,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
        }
    }
}

/// One measured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Name of the metric.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Its value.
    pub value: i64,
}

impl Measure {
    /// A number of things.
    pub fn count(name: &'static str, value: usize) -> Self {
        Self { name, unit: Unit::Count, value: i64::try_from(value).unwrap_or(i64::MAX) }
    }
}

/// A report that has numbers to tell.
pub trait Measured {
    /// Its numbers.
    fn measures(&self) -> Vec<Measure>;
    /// Whether what the function is there for was done. An alarm for silence counts these, so a run that only found
    /// that it has to wait, or that it may not work, is none.
    fn is_success(&self) -> bool {
        true
    }
}

impl Measured for WindowReport {
    fn measures(&self) -> Vec<Measure> {
        let one = |name| vec![Measure::count(name, 1)];
        let mut measures = match self.outcome {
            WindowOutcome::Written { changed, .. } => {
                vec![Measure::count("windows_written", 1), Measure::count("rows_changed", changed)]
            }
            WindowOutcome::Unchanged { .. } => one("windows_unchanged"),
            WindowOutcome::Waiting { .. } => one("windows_waiting"),
            WindowOutcome::Failed { .. } => one("windows_failed"),
            WindowOutcome::NotDue => one("windows_not_due"),
        };
        measures.push(Measure::count("orders_quarantined", self.quarantined));
        measures
    }

    fn is_success(&self) -> bool {
        matches!(self.outcome, WindowOutcome::Written { .. } | WindowOutcome::Unchanged { .. })
    }
}

/// Where metric lines go.
pub struct Metrics {
    stack: String,
    clock: Arc<dyn Clock>,
    sink: Mutex<Box<dyn Write + Send>>,
}

impl Metrics {
    /// Lines for a stack, or for one machine under its stage.
    pub fn new(stack: &str, clock: Arc<dyn Clock>, sink: Box<dyn Write + Send>) -> Self {
        Self { stack: stack.to_owned(), clock, sink: Mutex::new(sink) }
    }

    /// Lines on standard output, where Lambda's log service finds them.
    pub fn on_standard_output(stack: &str, clock: Arc<dyn Clock>) -> Self {
        Self::new(stack, clock, Box::new(std::io::stdout()))
    }

    /// A piece of work ended with a report.
    pub fn ended(&self, function: &str, elapsed: TimeDelta, report: &dyn Measured) {
        let success = Measure::count("successful_runs", usize::from(report.is_success()));
        self.write(function, elapsed, success, &report.measures());
    }

    /// A piece of work failed, or was refused.
    pub fn failed(&self, function: &str, elapsed: TimeDelta, error: &FunctionError) {
        let name = if error.is_worth_repeating() { "failed_runs" } else { "refused_events" };
        self.write(function, elapsed, Measure::count(name, 1), &[]);
    }

    fn write(&self, function: &str, elapsed: TimeDelta, first: Measure, rest: &[Measure]) {
        let duration =
            Measure { name: "run_duration", unit: Unit::Milliseconds, value: elapsed.num_milliseconds() };
        let measures: Vec<Measure> = [first, duration].into_iter().chain(rest.iter().copied()).collect();
        let mut line = self.line(function, &measures).to_string();
        line.push('\n');
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = sink.write_all(line.as_bytes()).and_then(|()| sink.flush()) {
            tracing::warn!(function, %error, "a metric line could not be written");
        }
    }

    fn line(&self, function: &str, measures: &[Measure]) -> Value {
        let declared: Vec<_> =
            measures.iter().map(|one| json!({ "Name": one.name, "Unit": one.unit.name() })).collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": self.clock.now().timestamp_millis(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [["stack", "function"]],
                    "Metrics": declared,
                }],
            }),
        );
        line.insert("stack".to_owned(), json!(self.stack));
        line.insert("function".to_owned(), json!(function));
        line.extend(measures.iter().map(|one| (one.name.to_owned(), json!(one.value))));
        Value::Object(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::clock::SimulatedClock;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines(tell: impl FnOnce(&Metrics)) -> Vec<Value> {
        let written = Written::default();
        let clock = Arc::new(SimulatedClock::at(2026, 3, 26, 9, 0));
        tell(&Metrics::new("prod", clock, Box::new(written.clone())));
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_declared_metric_has_its_value_and_every_dimension_its_name() {
        let told = lines(|metrics| {
            metrics.ended("dispatch", TimeDelta::milliseconds(15), &Sent(true));
        });
        let directive = &told[0]["_aws"]["CloudWatchMetrics"][0];
        let names: Vec<_> = directive["Metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["Name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["successful_runs", "run_duration", "windows_sent"]);
        for name in names.iter().copied().chain(["stack", "function"]) {
            assert!(!told[0][name].is_null(), "{name}");
        }
        assert_eq!(told[0]["_aws"]["Timestamp"], 1_774_515_600_000_i64);
        assert_eq!((&told[0]["run_duration"], &told[0]["windows_sent"]), (&json!(15), &json!(2)));
    }

    struct Sent(bool);

    impl Measured for Sent {
        fn measures(&self) -> Vec<Measure> {
            vec![Measure::count("windows_sent", 2)]
        }
        fn is_success(&self) -> bool {
            self.0
        }
    }

    #[test]
    fn a_run_that_only_waits_is_no_success() {
        let told = lines(|metrics| metrics.ended("dispatch", TimeDelta::zero(), &Sent(false)));
        assert_eq!(told[0]["successful_runs"], 0);
    }

    #[test]
    fn a_refusal_is_counted_apart_from_a_failure() {
        let told = lines(|metrics| {
            let bad = FunctionError::BadEvent("v".to_owned());
            metrics.failed("dispatch", TimeDelta::zero(), &bad);
            metrics.failed("dispatch", TimeDelta::zero(), &FunctionError::TimedOut);
        });
        assert_eq!((&told[0]["refused_events"], &told[1]["failed_runs"]), (&json!(1), &json!(1)));
    }
}
