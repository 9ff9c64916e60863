//! A plan that a command has just made or taken up again: worked on here and now, or watched while somebody else works on it.
use crate::context::Context;
use crate::failure::Failure;
use crate::report::RunReport;
use crate::runtime::{Pace, work};
use crate::turn::Turn;
use flows::daily::Accepted;
use flows::deps::Deps;

/// Brings one plan to its end as `run` does, unless nobody wants to wait for it.
///
/// # Errors
/// The stores failed.
pub(crate) async fn carry_out(
    context: &Context,
    deps: &Deps,
    turn: &mut Turn,
    job: &str,
    plan: Accepted,
    no_wait: bool,
) -> Result<RunReport, Failure> {
    let mut run = RunReport {
        job: job.to_owned(),
        dry_run: false,
        accounts: Vec::new(),
        write_requests: None,
        waiting: None,
        submitted_to: None,
    };
    let pace = Pace { no_wait, watch: false };
    work(context, deps, &[plan], pace, turn, &mut run).await?;
    Ok(run)
}
