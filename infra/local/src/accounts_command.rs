//! `erp-sync accounts …`: what is stored, and how it is brought to what a file says.
use crate::accounts_file;
use crate::cli::{AccountsApplyArgs, AccountsResumeArgs, AccountsShowArgs};
use crate::context::Context;
use crate::failure::Failure;
use flows::accounts::{self, Account, AccountError, Applied, Change, secret_name};
use flows::ports::StoreError;
use serde::Serialize;
use serde_json::{Value, json};

/// What applying did, or would do, to one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountChange {
    /// The account.
    pub account: String,
    /// Created, unchanged, or changed where.
    #[serde(flatten)]
    pub applied: Applied,
    /// Secrets that it names and that are not set yet.
    pub missing_secrets: Vec<String>,
}

/// `accounts apply`.
///
/// # Errors
/// A file that is wrong, or a store that cannot be written.
pub async fn apply(context: &Context, args: &AccountsApplyArgs) -> Result<(), Failure> {
    let path = args.file.clone().unwrap_or_else(|| context.config.accounts_file());
    let desired = accounts_file::load(&path)?;
    // Nothing is applied unless everything can be.
    let in_file: Vec<_> =
        desired.iter().map(|account| accounts::Stored { account: account.clone(), version: 0 }).collect();
    for account in &desired {
        if let Some(other) = accounts::tab_taken(&in_file, account) {
            return Err(explain(AccountError::TabTaken { account: account.name.clone(), other }));
        }
        bring(context, account, false).await?;
    }
    let mut changes = Vec::new();
    for account in &desired {
        changes.push(bring(context, account, args.apply).await?);
    }
    let stored = accounts::list(&*context.state).await.map_err(Failure::failed)?;
    let names: Vec<_> = stored.into_iter().map(|stored| stored.account.name).collect();
    let in_file = |name: &String| desired.iter().any(|account| account.name == *name);
    let left_alone: Vec<_> = names.into_iter().filter(|name| !in_file(name)).collect();

    let value = json!({ "applied": args.apply, "accounts": changes, "not_in_file": left_alone });
    context.output.result(&value, |output| {
        print_changes(output, &changes);
        if !left_alone.is_empty() {
            output.line(format!("not in the file, left as they are: {}", left_alone.join(", ")));
        }
    });
    for change in &changes {
        for secret in &change.missing_secrets {
            context.output.note(format!("secret {secret} is not set: erp-sync secrets set {secret}"));
        }
    }
    if !args.apply && changes.iter().any(|change| change.applied != Applied::Unchanged) {
        context.output.note("nothing was changed; repeat with --apply to do it");
    }
    Ok(())
}

/// Compares one account with what is stored and, with `apply`, saves it.
///
/// # Errors
/// The store's.
pub async fn bring(context: &Context, account: &Account, apply: bool) -> Result<AccountChange, Failure> {
    let applied = if apply {
        let audit = context.audit().entry("accounts.apply", &account.name, desired_detail(account));
        accounts::save(&*context.state, account, vec![audit]).await.map_err(explain)?
    } else {
        let all = accounts::list(&*context.state).await.map_err(Failure::failed)?;
        if let Some(other) = accounts::tab_taken(&all, account) {
            return Err(explain(AccountError::TabTaken { account: account.name.clone(), other }));
        }
        let stored = accounts::load(&*context.state, &account.name).await.map_err(Failure::failed)?;
        accounts::compare(stored.as_ref().map(|stored| &stored.account), account)
    };
    let mut missing_secrets = Vec::new();
    for short in [&account.sige_secret, &account.google_secret] {
        let name = secret_name(context.stage(), short);
        let found = context.secrets.list(&name).await.map_err(Failure::failed)?;
        if !found.contains(&name) {
            missing_secrets.push(short.clone());
        }
    }
    Ok(AccountChange { account: account.name.clone(), applied, missing_secrets })
}

fn desired_detail(account: &Account) -> Value {
    serde_json::to_value(account).unwrap_or_default()
}

/// Prints changes as a table.
pub fn print_changes(output: &crate::output::Output, changes: &[AccountChange]) {
    let rows = changes.iter().flat_map(|change| {
        let row = |outcome: &str, field: String, from: String, to: String| {
            [change.account.clone(), outcome.to_owned(), field, from, to]
        };
        match &change.applied {
            Applied::Created => vec![row("new", String::new(), String::new(), String::new())],
            Applied::Unchanged => vec![row("unchanged", String::new(), String::new(), String::new())],
            Applied::Changed(fields) => fields
                .iter()
                .map(|Change { field, from, to }| row("changed", field.clone(), shown(from), shown(to)))
                .collect(),
        }
    });
    output.table(["account", "outcome", "field", "from", "to"], rows.collect::<Vec<_>>());
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `accounts list`.
///
/// # Errors
/// The store's.
pub async fn list(context: &Context) -> Result<(), Failure> {
    let stored = accounts::list(&*context.state).await.map_err(Failure::failed)?;
    let accounts: Vec<_> = stored.into_iter().map(|stored| stored.account).collect();
    context.output.result(&accounts, |output| {
        let rows = accounts.iter().map(|account| {
            let state = match (&account.stopped, account.enabled) {
                (Some(stop), _) => format!("stopped: {}", stop.reason),
                (None, true) => "enabled".to_owned(),
                (None, false) => "disabled".to_owned(),
            };
            let sheet = |sheet: &accounts::SheetRef| format!("{} / {}", sheet.spreadsheet, sheet.tab);
            [account.name.clone(), state, sheet(&account.erp), sheet(&account.destination)]
        });
        output.table(["account", "state", "bookings from", "rows to"], rows.collect::<Vec<_>>());
    });
    if accounts.is_empty() {
        context.output.note("there is no account yet: erp-sync accounts apply, or erp-sync import-env");
    }
    Ok(())
}

/// `accounts show`.
///
/// # Errors
/// No such account, or the store's.
pub async fn show(context: &Context, args: &AccountsShowArgs) -> Result<(), Failure> {
    let account = find(context, &args.name).await?;
    let value = serde_json::to_value(&account).map_err(Failure::failed)?;
    context.output.result(&value, |output| {
        let mut rows = Vec::new();
        flatten("", &value, &mut rows);
        output.table(["setting", "value"], rows);
    });
    Ok(())
}

fn flatten(path: &str, value: &Value, rows: &mut Vec<[String; 2]>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !path.is_empty() || *name != "v") {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, rows);
            }
        }
        other => rows.push([path.to_owned(), shown(other)]),
    }
}

/// `accounts resume`.
///
/// # Errors
/// No such account, or the store's.
pub async fn resume(context: &Context, args: &AccountsResumeArgs) -> Result<(), Failure> {
    let account = find(context, &args.name).await?;
    let stop = account.stopped;
    if args.apply && stop.is_some() {
        let audit = context.audit().entry("accounts.resume", &args.name, json!({ "stop": stop }));
        accounts::set_stop(&*context.state, &args.name, None, vec![audit]).await.map_err(explain)?;
    }
    let value = json!({ "account": args.name, "stopped": stop, "applied": args.apply && stop.is_some() });
    context.output.result(&value, |output| match (&stop, args.apply) {
        (None, _) => output.line(format!("account {} is not stopped", args.name)),
        (Some(stop), true) => {
            output.line(format!("account {} runs again; it was stopped: {}", args.name, stop.reason))
        }
        (Some(stop), false) => {
            output.line(format!("account {} is stopped since {}: {}", args.name, stop.at, stop.reason));
        }
    });
    if stop.is_some() && !args.apply {
        context.output.note("nothing was changed; repeat with --apply to let it run again");
    }
    Ok(())
}

async fn find(context: &Context, name: &str) -> Result<Account, Failure> {
    let stored =
        accounts::load(&*context.state, name).await.map_err(|error: StoreError| Failure::failed(error))?;
    stored.map(|stored| stored.account).ok_or_else(|| explain(AccountError::NotFound(name.to_owned())))
}

/// An unknown account is a matter of usage, anything else a failure.
fn explain(error: AccountError) -> Failure {
    match error {
        AccountError::NotFound(_) | AccountError::TabTaken { .. } => Failure::BadUsage(error.to_string()),
        AccountError::Contended(_) | AccountError::Store(_) => Failure::failed(error),
    }
}

#[cfg(test)]
mod tests;
