//! The rules of the product as pure functions and types: no I/O, no async, no clock, no environment.
//!
//! Everything that decides *what* a row of the Faturamento sheet says lives here, so that it can be
//! read, tested and argued about without a network. Money is integer cents; `float_arithmetic` is
//! denied for the whole crate.
#![deny(clippy::float_arithmetic)]

pub mod attribution;
pub mod booking;
pub mod calendar;
pub mod cell;
pub mod csv;
pub mod document;
pub mod flag;
pub mod legacy;
pub mod money;
pub mod order;
pub mod person;
pub mod row;
pub mod rules;
pub mod service;
pub mod shadow;
pub mod text;
