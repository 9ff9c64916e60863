//! `erp-sync quarantine …`: what needs a person, and what the person decides.
use crate::carry_out::carry_out;
use crate::cli::{
    QuarantineDiscardArgs, QuarantineListArgs, QuarantineRetryArgs, QuarantineShowArgs, WhichHeld,
};
use crate::context::Context;
use crate::document_command;
use crate::failure::Failure;
use crate::output::Output;
use crate::runtime::{failure, some_account};
use crate::turn::Turn;
use crate::wiring;
use flows::accounts;
use flows::quarantine::{self, Held};
use serde_json::{Value, json};

/// `quarantine list`.
///
/// # Errors
/// There is no such account, or the store failed.
pub async fn list(context: &Context, args: &QuarantineListArgs) -> Result<(), Failure> {
    let accounts = match &args.account {
        Some(name) => some_account(context, Some(name)).await?,
        None => {
            let stored = accounts::list(&*context.state).await.map_err(Failure::failed)?;
            stored.into_iter().map(|stored| stored.account).collect()
        }
    };
    let mut held = Vec::new();
    for account in &accounts {
        held.extend(quarantine::list(&*context.state, &account.name).await.map_err(failure)?);
    }
    context.output.result(&held.iter().map(shown).collect::<Vec<_>>(), |output| {
        print(output, &held);
        if held.is_empty() {
            output.line("nothing needs a person");
        }
    });
    Ok(())
}

/// `quarantine show`.
///
/// # Errors
/// Nothing of that name is held, or the stores failed.
pub async fn show(context: &Context, args: &QuarantineShowArgs) -> Result<(), Failure> {
    some_account(context, Some(&args.account)).await?;
    let found = named(context, &args.account, std::slice::from_ref(&args.name)).await?;
    let mut details = Vec::new();
    for held in &found {
        let name = match held {
            Held::Order { identity, .. } => identity.clone(),
            Held::Day { day, .. } => day.to_string(),
        };
        details.extend(document_command::traces(context, &args.account, &name).await?.0);
    }
    let value = json!({ "held": found.iter().map(shown).collect::<Vec<_>>(), "traces": details });
    context.output.result(&value, |output| {
        print(output, &found);
        details.iter().for_each(|trace| document_command::print(output, trace));
    });
    Ok(())
}

/// `quarantine retry`.
///
/// # Errors
/// Nothing of that name is held, or the work could not be done.
pub async fn retry(context: &Context, args: &QuarantineRetryArgs) -> Result<(), Failure> {
    let name = &args.which.account;
    let account = some_account(context, Some(name)).await?.into_iter().next();
    let account = account.ok_or_else(|| Failure::failed("the account is gone"))?;
    let held = chosen(context, &args.which).await?;
    let days = if held.is_empty() { Vec::new() } else { quarantine::days_of(&held).map_err(failure)? };
    let mut report = None;
    let mut plan = None;
    if args.apply && !held.is_empty() {
        let mut turn = Turn::take(context, args.no_wait).await?;
        let (deps, _) = wiring::deps(context, turn.takeover()).await?;
        let detail = json!({ "days": days, "allow_empty": args.allow_empty });
        let audit = context.audit().entry("quarantine.retry", name, detail);
        let accepted = quarantine::retry(&deps, &account, &held, args.allow_empty, audit);
        let accepted = accepted.await.map_err(failure)?;
        plan = Some(accepted.plan.clone());
        flows::dispatch::tick(&deps).await.map_err(failure)?;
        report =
            Some(carry_out(context, &deps, &mut turn, "quarantine-retry", accepted, args.no_wait).await?);
    }
    let value =
        json!({ "account": name, "days": days, "plan": plan, "run": report, "applied": plan.is_some() });
    context.output.result(&value, |output| {
        print(output, &held);
        match &report {
            Some(run) => run.print(output),
            None => output.line(format!("{} days would be synchronised again", days.len())),
        }
    });
    dry_run_note(context, args.apply || held.is_empty());
    match report.and_then(|run| run.shortfall()) {
        Some(shortfall) => Err(Failure::Failed(shortfall)),
        None => Ok(()),
    }
}

/// `quarantine discard`.
///
/// # Errors
/// Nothing of that name is held, or the store failed.
pub async fn discard(context: &Context, args: &QuarantineDiscardArgs) -> Result<(), Failure> {
    some_account(context, Some(&args.which.account)).await?;
    let held = chosen(context, &args.which).await?;
    let operation = context.random.unique_id();
    let mut discarded = Vec::new();
    for one in &held {
        let audit = args.apply.then(|| {
            let detail = serde_json::to_value(one).unwrap_or_default();
            context.audit().entry("quarantine.discard", &args.which.account, detail)
        });
        let done = quarantine::discard(&*context.state, &*context.clock, one, &operation, audit);
        if done.await.map_err(failure)? {
            discarded.push(one.clone());
        }
    }
    let value = json!({
        "account": args.which.account,
        "discarded": discarded.iter().map(shown).collect::<Vec<_>>(),
        "applied": args.apply,
    });
    context.output.result(&value, |output| {
        print(output, &discarded);
        let would = if args.apply { "" } else { "would be " };
        output.line(format!("{} {would}taken off the list", discarded.len()));
    });
    dry_run_note(context, args.apply || discarded.is_empty());
    Ok(())
}

fn dry_run_note(context: &Context, done: bool) {
    if !done {
        context.output.note("nothing was changed; repeat with --apply to do it");
    }
}

async fn chosen(context: &Context, which: &WhichHeld) -> Result<Vec<Held>, Failure> {
    if which.all {
        return quarantine::list(&*context.state, &which.account).await.map_err(failure);
    }
    named(context, &which.account, &which.names).await
}

/// What is held under these names, each at least once.
async fn named(context: &Context, account: &str, names: &[String]) -> Result<Vec<Held>, Failure> {
    let held = quarantine::list(&*context.state, account).await.map_err(failure)?;
    let unknown: Vec<_> = names.iter().filter(|name| !held.iter().any(|held| held.is_named(name))).collect();
    if !unknown.is_empty() {
        let unknown = unknown.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(Failure::BadUsage(format!(
            "{unknown} of account {account} needs no person: see `erp-sync quarantine list --account {account}`"
        )));
    }
    Ok(held.into_iter().filter(|held| names.iter().any(|name| held.is_named(name))).collect())
}

/// With the sentence of the reason beside its code.
fn shown(held: &Held) -> Value {
    let mut value = serde_json::to_value(held).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("told".to_owned(), Value::from(held.reason().to_string()));
    }
    value
}

fn print(output: &Output, held: &[Held]) {
    let rows = held.iter().map(|held| {
        let what = match held {
            Held::Order { code, .. } => format!("order {code}"),
            Held::Day { due: true, .. } => "day, being tried again".to_owned(),
            Held::Day { .. } => "day".to_owned(),
        };
        let since = held.since().map(|since| since.format("%Y-%m-%d %H:%MZ").to_string());
        let (account, day) = (held.account().to_owned(), held.day().to_string());
        [account, day, what, since.unwrap_or_default(), held.reason().to_string()]
    });
    output.table(["account", "day", "what", "since", "reason"], rows.collect::<Vec<_>>());
}
