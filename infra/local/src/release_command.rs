//! `erp-sync release`: ends the lease of a spreadsheet by force. For a worker that is known to be gone and whose heartbeat
//! nobody wants to wait for; should it still live, none of its commits is taken any more.
use crate::cli::ReleaseArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::runtime::some_account;
use flows::lease;
use flows::window_sync::lease_resource;
use serde_json::json;

/// `release`.
///
/// # Errors
/// There is no such account, or the store failed.
pub async fn release(context: &Context, args: &ReleaseArgs) -> Result<(), Failure> {
    if args.reason.trim().is_empty() {
        return Err(Failure::BadUsage("give a reason: --reason is what the audit keeps".to_owned()));
    }
    let account = some_account(context, Some(&args.account)).await?.into_iter().next();
    let account = account.ok_or_else(|| Failure::failed("the account is gone"))?;
    let resource = lease_resource(&account.destination.spreadsheet);
    let holder = lease::inspect(&*context.state, &resource).await.map_err(Failure::failed)?;
    let mut released = false;
    if args.apply && holder.is_some() {
        let detail = json!({ "reason": args.reason, "lease": resource, "holder": holder });
        let audit = context.audit().entry("release", &args.account, detail);
        released =
            lease::force_release(&*context.state, &resource, Some(audit)).await.map_err(Failure::failed)?;
    }
    let value = json!({ "account": args.account, "lease": resource, "holder": holder, "applied": released });
    context.output.result(&value, |output| match &holder {
        None => output.line(format!("nobody holds {resource}")),
        Some(holder) => {
            let until = holder.until.format("%Y-%m-%d %H:%M:%SZ");
            let past = if holder.until <= context.clock.now() { ", which is over" } else { "" };
            output.line(format!(
                "{resource} is held by run {} (epoch {}) until {until}{past}",
                holder.owner, holder.epoch
            ));
            if released {
                output.line("it is free now; whatever that run still sends to the store is refused");
            }
        }
    });
    if holder.is_some() && !args.apply {
        context.output.note("nothing was changed; repeat with --apply to end it");
    }
    Ok(())
}
