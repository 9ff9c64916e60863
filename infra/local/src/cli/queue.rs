//! The arguments of `queue`.
use clap::{ArgGroup, Args, Subcommand};

/// What can be done with queues.
#[derive(Debug, Clone, Subcommand)]
pub enum QueueCommand {
    /// List every queue with how many messages wait and how many are being worked on.
    #[command(after_help = "Example:\n  erp-sync queue list --json")]
    List,
    /// Show the messages of a dead-letter queue that can be taken now: of a FIFO queue the first one of each group.
    ///
    /// They are hidden for a moment while they are read and stay where they are. The count of their deliveries grows.
    #[command(
        after_help = "Examples:\n  erp-sync queue show sige-windows-dlq.fifo\n  erp-sync queue show failed-events --max 5 --json"
    )]
    Show(QueueShowArgs),
    /// Send messages of a dead-letter queue back to where they came from. Shows what would be done; --apply does it.
    ///
    /// A message is sent before it is deleted, under an identity of its own: killed in between, it is there twice for a
    /// moment and worked on once.
    #[command(after_help = "Examples:\n  erp-sync queue redrive sige-windows-dlq.fifo --all\n  \
        erp-sync queue redrive sige-windows-dlq.fifo --message 0198c1f2-… --apply")]
    Redrive(QueueMoveArgs),
    /// Delete messages of a dead-letter queue for good. Shows what would be done; --apply does it.
    ///
    /// What is deleted stands in the audit before it goes. A window that is due is sent again by itself, with or without
    /// its message.
    #[command(after_help = "Example:\n  erp-sync queue discard failed-events --all --apply")]
    Discard(QueueMoveArgs),
}

/// Options of `queue show`.
#[derive(Debug, Clone, Args)]
pub struct QueueShowArgs {
    /// The dead-letter queue, as `queue list` names it.
    #[arg(value_name = "QUEUE")]
    pub queue: String,
    /// Most messages to show.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub max: u32,
}

/// Options of `queue redrive` and `queue discard`.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["message", "all"])))]
pub struct QueueMoveArgs {
    /// The dead-letter queue, as `queue list` names it.
    #[arg(value_name = "QUEUE")]
    pub queue: String,
    /// Only this message, as `queue show` names it.
    #[arg(long, value_name = "ID")]
    pub message: Option<String>,
    /// Every message that is there now.
    #[arg(long)]
    pub all: bool,
    /// Do it. Without it the command shows what would be done.
    #[arg(long)]
    pub apply: bool,
}
