//! The building blocks of the use cases on the reference model, each promise on its own.
mod connections;
mod lease;
mod rate;
