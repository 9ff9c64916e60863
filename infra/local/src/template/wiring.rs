//! The wiring: what runs, what wakes it, how long it may take, and where what fails ends up.
use super::document::Document;
use super::fields::Reading;
use super::{functions, queues};
use crate::problem::Problem;
use flows::ports::QueueConfig;
use std::time::Duration;

/// Everything the runtime needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wiring {
    /// The functions, in the order of the file.
    pub functions: Vec<FunctionWiring>,
    /// The queues, in the order of the file.
    pub queues: Vec<QueueConfig>,
}

/// One function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionWiring {
    /// Its name, as its crate has it: `sige-window-sync`.
    pub name: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Memory in the cloud, in MB; one machine does not limit it.
    pub memory_mb: u64,
    /// The queues it works on.
    pub sources: Vec<EventSource>,
    /// The schedules that wake it.
    pub schedules: Vec<Schedule>,
    /// What happens to events that it was handed and failed with. Not for those of a queue: they stay there.
    pub invoke: InvokeConfig,
}

/// A queue whose messages are events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSource {
    /// The queue.
    pub queue: String,
    /// Messages of one event at most.
    pub batch_size: usize,
    /// Events that are worked on at once.
    pub concurrency_max: usize,
    /// Whether the function says which messages of an event failed.
    pub reports_failures: bool,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name: `sige-daily-sync-schedule`.
    pub name: String,
    /// `cron(…)` or `rate(…)`.
    pub expression: String,
    /// The time zone of the expression, an IANA name.
    pub zone: String,
    /// The event, as text, with `<aws.scheduler.scheduled-time>` and the like in it.
    pub input: String,
    /// Whether it ticks at all.
    pub enabled: bool,
    /// How often a tick that cannot be handed over is tried.
    pub retry: Retry,
    /// Where ticks go that could not be handed over.
    pub dead_letters: Option<String>,
}

/// How often something is tried again, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts after the first one.
    pub attempts_max: u32,
    /// What is older than this is not tried again.
    pub age_max: Duration,
}

/// What happens to an event of an asynchronous invocation that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvokeConfig {
    /// How often it is tried again.
    pub retry: Retry,
    /// The queue it goes to in the end.
    pub on_failure: Option<String>,
}

impl Wiring {
    /// Reads the wiring out of a template.
    ///
    /// # Errors
    /// Everything that is wrong: resource, field, reason.
    pub fn read(document: &Document) -> Result<Self, Vec<Problem>> {
        let reading = Reading::of(document);
        let queues = queues::read(&reading);
        let functions = functions::read(&reading);
        let wiring = Self { functions, queues };
        wiring.check(&reading);
        let problems = reading.into_problems();
        if problems.is_empty() { Ok(wiring) } else { Err(problems) }
    }

    /// The queue of that name.
    pub fn queue(&self, name: &str) -> Option<&QueueConfig> {
        self.queues.iter().find(|queue| queue.name == name)
    }

    /// The function of that name.
    pub fn function(&self, name: &str) -> Option<&FunctionWiring> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// Every schedule, with the function that it wakes.
    pub fn schedules(&self) -> impl Iterator<Item = (&FunctionWiring, &Schedule)> {
        self.functions
            .iter()
            .flat_map(|function| function.schedules.iter().map(move |schedule| (function, schedule)))
    }

    /// What each part says alone may still not fit together.
    fn check(&self, reading: &Reading<'_>) {
        for queue in &self.queues {
            let Some(dead_letters) = &queue.dead_letter_queue else { continue };
            match self.queue(dead_letters) {
                Some(target) if target.fifo != queue.fifo => {
                    reading.report(
                        &queue.name,
                        format!("its dead letters {dead_letters} are a queue of the other kind"),
                    );
                }
                Some(_) => {}
                None => {
                    reading.report(&queue.name, format!("its dead letters {dead_letters} are not a queue"))
                }
            }
        }
        for function in &self.functions {
            let sources = function.sources.iter().map(|source| &source.queue);
            let schedules = function.schedules.iter().filter_map(|schedule| schedule.dead_letters.as_ref());
            for queue in sources.chain(schedules).chain(&function.invoke.on_failure) {
                if self.queue(queue).is_none() {
                    reading.report(&function.name, format!("{queue} is not a queue"));
                }
            }
        }
    }
}
