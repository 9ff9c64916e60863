//! The arguments of `up`.
use clap::{Args, ValueEnum};

/// Options of `up`.
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    /// What runs.
    #[arg(long, value_enum, value_name = "MODE", default_value_t = UpMode::Background)]
    pub mode: UpMode,
    /// Port of the health page on 127.0.0.1, instead of the configured one; 0 takes any that is free.
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Work on a sample company in simulators instead of your own: needs no account and no configuration, and leaves
    /// nothing behind.
    #[arg(long, conflicts_with_all = ["config", "data_dir"])]
    pub sample: bool,
}

/// What `up` runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UpMode {
    /// Schedules, queues and functions.
    Background,
    /// Only the health page, GET /health.
    Web,
    /// Both.
    All,
}

impl UpMode {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Web => "web",
            Self::All => "all",
        }
    }

    /// Whether it works on what is due.
    pub fn works(self) -> bool {
        self != Self::Web
    }

    /// Whether it serves the health page.
    pub fn serves(self) -> bool {
        self != Self::Background
    }
}
