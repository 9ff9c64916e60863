//! The use cases of the product and the ports they need. Orchestration only: no file, socket,
//! clock or environment is touched here except through a port.

pub mod accounts;
pub mod ports;
