//! `erp-sync import-env`: the six variables of the old worker become two secrets and an account.
use crate::accounts_command::{AccountChange, bring, print_changes};
use crate::cli::ImportEnvArgs;
use crate::config::{read_text, unreadable};
use crate::context::Context;
use crate::credentials::{self, Kind, SecretRef};
use crate::env_file::{self, Variable};
use crate::failure::Failure;
use crate::problem::Problem;
use flows::accounts::{Account, Applied, spreadsheet_id};
use flows::ports::SecretError;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The variables, and what each is.
const VARIABLES: [(&str, &str); 6] = [
    ("SIGE_TOKEN", "token of the SIGE API"),
    ("SIGE_USER", "e-mail of the SIGE account's administrator"),
    ("SIGE_APP", "app registered at SIGE"),
    ("GOOGLE_TOKEN", "Google access token or service account key"),
    ("SPREADSHEET_ID", "spreadsheet with the tab Faturamento"),
    ("ERP_SPREADSHEET_ID", "spreadsheet with the tab ERP"),
];

/// What becomes of one secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum SecretChange {
    New,
    Replaced,
    Unchanged,
}

struct Import {
    account: Account,
    secrets: Vec<(SecretRef, SecretString)>,
    unknown: Vec<String>,
}

/// `import-env`.
///
/// # Errors
/// A file that is wrong, with everything that is missing, or stores that cannot be written.
pub async fn run(context: &Context, args: &ImportEnvArgs) -> Result<(), Failure> {
    let text = read_text(&args.file).map_err(|error| unreadable(&args.file, &error))?;
    let file = args.file.to_string_lossy();
    let import = read(&file, &text, &args.name, context.stage()).map_err(Failure::BadConfig)?;
    let mut secrets = Vec::new();
    for (secret, value) in &import.secrets {
        let change = compare(context, secret, value).await?;
        if args.apply && change != SecretChange::Unchanged {
            context.secrets.set(&secret.full, value.clone()).await.map_err(Failure::failed)?;
            let audit = context.audit().entry("secrets.set", &secret.full, json!({ "by": "import-env" }));
            context.state.transact(vec![audit], Vec::new()).await.map_err(Failure::failed)?;
        }
        secrets.push((secret.short.clone(), change));
    }
    let account = bring(context, &import.account, args.apply).await?;
    tell(context, args.apply, &import.unknown, &secrets, &account);
    Ok(())
}

fn tell(
    context: &Context,
    apply: bool,
    unknown: &[String],
    secrets: &[(String, SecretChange)],
    account: &AccountChange,
) {
    let listed: Vec<_> =
        secrets.iter().map(|(name, change)| json!({ "secret": name, "outcome": change })).collect();
    let value = json!({ "applied": apply, "account": account, "secrets": listed, "not_used": unknown });
    context.output.result(&value, |output| {
        let word = |change: &SecretChange| match change {
            SecretChange::New => "new",
            SecretChange::Replaced => "replaced",
            SecretChange::Unchanged => "unchanged",
        };
        let rows = secrets.iter().map(|(name, change)| [name.clone(), word(change).to_owned()]);
        output.table(["secret", "outcome"], rows.collect::<Vec<_>>());
        print_changes(output, std::slice::from_ref(account));
    });
    if !unknown.is_empty() {
        context.output.note(format!("not used: {}", unknown.join(", ")));
    }
    let changes = account.applied != Applied::Unchanged
        || secrets.iter().any(|(_, change)| *change != SecretChange::Unchanged);
    if !apply && changes {
        context.output.note("nothing was changed; repeat with --apply to do it");
    }
    if apply {
        context.output.note(format!(
            "a Google access token ends after an hour; for schedules set a service account key: \
             erp-sync secrets set google/{} --from-file key.json",
            account.account
        ));
    }
}

/// What the file's variables become.
fn read(file: &str, text: &str, name: &str, stage: &str) -> Result<Import, Vec<Problem>> {
    let variables = env_file::parse(file, text)?;
    let mut problems = Vec::new();
    for (variable, meaning) in VARIABLES {
        match variables.get(variable) {
            None => problems.push(Problem::new(file, variable, format!("is missing: {meaning}"))),
            Some(found) if found.value.trim().is_empty() => {
                problems
                    .push(Problem::new(file, variable, format!("is empty: {meaning}")).at_line(found.line));
            }
            Some(_) => {}
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let value = |name: &str| variables.get(name).map_or("", |variable| variable.value.trim());
    let mut sheet = |name: &'static str| match spreadsheet_id(value(name)) {
        Ok(id) => id,
        Err(message) => {
            problems.push(at(file, name, &variables, message));
            String::new()
        }
    };
    let account = Account::with_defaults(name, &sheet("ERP_SPREADSHEET_ID"), &sheet("SPREADSHEET_ID"));
    let sige = credentials::sige(value("SIGE_TOKEN"), value("SIGE_USER"), value("SIGE_APP"));
    let wanted = [
        (Kind::Sige, &account.sige_secret, sige),
        (Kind::Google, &account.google_secret, value("GOOGLE_TOKEN").to_owned()),
    ];
    let mut secrets = Vec::new();
    for (kind, short, text) in wanted {
        let said = |message: String| match kind {
            Kind::Sige => Problem::new(file, variable_of(&message), message),
            Kind::Google => at(file, "GOOGLE_TOKEN", &variables, message),
        };
        match (credentials::check(kind, &text), SecretRef::parse(short, stage)) {
            (Ok(value), Ok(secret)) => secrets.push((secret, value)),
            (Err(messages), _) => problems.extend(messages.into_iter().map(said)),
            (_, Err(message)) => problems.push(Problem::new(file, short, message)),
        }
    }
    let known = |name: &String| VARIABLES.iter().any(|(known, _)| known == name);
    let unknown = variables.keys().filter(|name| !known(name)).cloned().collect();
    if problems.is_empty() { Ok(Import { account, secrets, unknown }) } else { Err(problems) }
}

fn at(file: &str, name: &str, variables: &BTreeMap<String, Variable>, message: String) -> Problem {
    let problem = Problem::new(file, name, message);
    match variables.get(name) {
        Some(variable) => problem.at_line(variable.line),
        None => problem,
    }
}

/// The variable that a message about the SIGE secret is about: it begins with the field's name.
fn variable_of(message: &str) -> &'static str {
    let fields = [("token", "SIGE_TOKEN"), ("user", "SIGE_USER"), ("app", "SIGE_APP")];
    fields.into_iter().find(|(field, _)| message.starts_with(field)).map_or("", |(_, variable)| variable)
}

async fn compare(
    context: &Context,
    secret: &SecretRef,
    value: &SecretString,
) -> Result<SecretChange, Failure> {
    match context.secrets.get(&secret.full).await {
        Ok(now) if now.expose_secret() == value.expose_secret() => Ok(SecretChange::Unchanged),
        Ok(_) => Ok(SecretChange::Replaced),
        Err(SecretError::NotFound(_)) => Ok(SecretChange::New),
        Err(error @ (SecretError::Refused { .. } | SecretError::Unavailable(_))) => {
            Err(Failure::failed(error))
        }
    }
}

#[cfg(test)]
mod tests;
