//! What every function shares: telemetry, configuration, the SQS loop, guards for deadline and panic.
pub mod system;
