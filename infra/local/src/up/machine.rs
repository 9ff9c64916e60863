//! The runtime put together: a loop for each event source, one for each schedule, and upkeep; all end together.
use super::asynchronous::Asynchronous;
use super::event_source::EventSourceLoop;
use super::functions::{self, Functions};
use super::ringing_queue::RingingQueue;
use super::scheduler::Scheduler;
use super::stop::Stop;
use super::upkeep;
use crate::failure::Failure;
use crate::schedule_expression::ScheduleExpression;
use crate::template::{EventSource, FunctionWiring, Schedule, Wiring};
use adapter_local::LocalStores;
use flows::ports::{Clock, Randomness, StateStore};
use shared::function::Function;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What runs on this machine.
pub struct Machine {
    /// What wakes what.
    pub wiring: Wiring,
    /// The functions.
    pub functions: Functions,
    /// The queue, as the functions have it too: what they send rings.
    pub queue: Arc<RingingQueue>,
    /// Where the settled ticks are noted.
    pub state: Arc<dyn StateStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids of requests.
    pub random: Arc<dyn Randomness>,
    /// The stores, to be tidied up now and then; none where that is somebody else's business.
    pub stores: Option<Arc<LocalStores>>,
    /// Whether the very first start makes up for the latest ticks.
    pub first_at_once: bool,
}

impl Machine {
    /// Works until the end is asked for and everything in hand is finished or handed back.
    ///
    /// # Errors
    /// The wiring names a function that is not here, or a loop ended by itself: a defect, better ended than half alive.
    pub async fn run(&self, stop: &Stop) -> Result<(), Failure> {
        functions::check(&self.wiring, &self.functions)?;
        let mut loops = JoinSet::new();
        for function in &self.wiring.functions {
            let Some(called) = self.functions.get(&function.name) else { continue };
            for source in &function.sources {
                loops.spawn(Arc::new(self.event_source(function, source, called)).run(stop.clone()));
            }
            for schedule in function.schedules.iter().filter(|schedule| schedule.enabled) {
                loops.spawn(self.schedule(function, schedule, called)?.run(stop.clone()));
            }
        }
        if let Some(stores) = self.stores.clone() {
            loops.spawn(upkeep::run(stores, self.clock.clone(), stop.clone()));
        }
        while let Some(ended) = loops.join_next().await {
            if ended.is_err() || !stop.is_requested() {
                return Err(Failure::failed("a loop of the runtime has ended by itself; see the log"));
            }
        }
        Ok(())
    }

    fn event_source(
        &self,
        function: &FunctionWiring,
        source: &EventSource,
        called: &Arc<dyn Function>,
    ) -> EventSourceLoop {
        EventSourceLoop {
            queue: self.queue.clone(),
            bell: self.queue.bell(&source.queue),
            function: called.clone(),
            source: source.clone(),
            visibility: self.wiring.queue(&source.queue).map(|queue| queue.visibility).unwrap_or_default(),
            timeout: function.timeout,
            clock: self.clock.clone(),
        }
    }

    fn schedule(
        &self,
        function: &FunctionWiring,
        schedule: &Schedule,
        called: &Arc<dyn Function>,
    ) -> Result<Scheduler, Failure> {
        let expression =
            ScheduleExpression::parse(&schedule.expression, &schedule.zone).map_err(Failure::failed)?;
        Ok(Scheduler {
            name: schedule.name.clone(),
            expression,
            input: schedule.input.clone(),
            function: Asynchronous {
                function: called.clone(),
                config: function.invoke.clone(),
                timeout: function.timeout,
                queue: self.queue.clone(),
                clock: self.clock.clone(),
                random: self.random.clone(),
            },
            state: self.state.clone(),
            first_at_once: self.first_at_once,
        })
    }
}
