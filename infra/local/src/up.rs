//! `erp-sync up`.
mod asynchronous;
mod event_source;
#[cfg(test)]
mod for_tests;
mod invocation;
mod ringing_queue;
mod scheduler;
mod sqs_event;
mod stop;
mod ticks;

pub use asynchronous::{Asynchronous, Settled};
pub use event_source::EventSourceLoop;
pub use ringing_queue::RingingQueue;
pub use scheduler::Scheduler;
pub use stop::{Stop, StopSource};
