//! The use cases of the product and the ports they need. Orchestration only: no file, socket,
//! clock or environment is touched here except through a port.

pub mod accounts;
pub mod backfill;
pub mod before_image;
pub mod config;
pub mod connections;
pub mod daily;
pub mod day_plan;
pub mod day_write;
pub mod deps;
pub mod desired_day;
pub mod destination;
pub mod dispatch;
pub mod journal;
pub mod lease;
pub mod order_ledger;
pub mod people;
pub mod plan;
pub mod ports;
pub mod pseudonym;
pub mod quarantine;
pub mod rate;
pub mod read_back;
pub mod reason;
pub mod records;
pub mod request;
pub mod restore;
pub mod schedule;
pub mod setback;
pub mod settings;
pub mod stack;
pub mod trace;
pub mod typed;
pub mod window;
mod window_entry;
pub mod window_sync;
