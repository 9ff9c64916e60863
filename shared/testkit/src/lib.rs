//! What the tests of the workspace stand on: a clock that jumps, chance with a seed, a reference
//! model of every storage port, the contract suites that say what an implementation must do, and
//! stand-ins of the outside systems that speak their protocol over HTTP, an emulator of AWS among them.

pub mod clock;
pub mod contract;
pub mod emulator;
mod python;
pub mod reference;
pub mod runtime_api;
pub mod sample;
pub mod sheets;
pub mod sige;
