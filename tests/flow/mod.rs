//! The building blocks of the use cases on the reference model, each promise on its own.
mod lease;
mod rate;
