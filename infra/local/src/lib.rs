//! The command line `erp-sync`: the same handlers as in the cloud, in one process on one machine.

pub mod failure;
pub mod problem;
pub mod settings;
pub mod toml_reader;
