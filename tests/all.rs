//! The product as a whole, in one binary: each module is one kind of promise.
#![cfg(test)]
#![expect(unreachable_pub, reason = "modules of a test binary are shared within it")]

mod architecture;
mod cli;
mod erp_sync;
mod events;
mod flow;
mod kill_points;
mod scenario;
mod simulation;
mod simulators;
mod template;
mod world;
