//! The command line `erp-sync`: the same handlers as in the cloud, in one process on one machine.

pub mod accounts_command;
pub mod accounts_file;
pub mod app;
pub mod audit;
pub mod cli;
pub mod completions;
pub mod config;
pub mod config_command;
pub mod context;
pub mod credentials;
pub mod demo;
pub mod env_file;
pub mod failure;
pub mod import_env;
pub mod output;
pub mod problem;
pub mod report;
pub mod runtime;
pub mod secrets_command;
pub mod settings;
pub mod simulate;
pub mod telemetry;
pub mod toml_reader;
pub mod usage;
pub mod wiring;
