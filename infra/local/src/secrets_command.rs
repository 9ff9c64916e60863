//! `erp-sync secrets …`: values come in by a prompt, a pipe or a file, and never go out.
use crate::cli::SecretsSetArgs;
use crate::config::unreadable;
use crate::context::Context;
use crate::credentials::{self, SECRET_BYTES_MAX, SecretRef};
use crate::failure::Failure;
use crate::problem::Problem;
use flows::accounts::secret_name;
use serde_json::json;
use std::io::{IsTerminal, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// `secrets set`.
///
/// # Errors
/// A name or value that is wrong, or a store that cannot be written.
pub async fn set(context: &Context, args: &SecretsSetArgs) -> Result<(), Failure> {
    let secret = SecretRef::parse(&args.name, context.stage()).map_err(Failure::BadUsage)?;
    let value = match &args.from_file {
        Some(path) => from_file(context, path)?,
        None => from_keyboard_or_pipe(&secret.short)?,
    };
    let value = credentials::check(secret.kind, &value).map_err(|problems| {
        let problem = |message| Problem::new(format!("secret {}", secret.short), "", message);
        Failure::BadConfig(problems.into_iter().map(problem).collect())
    })?;
    context.secrets.set(&secret.full, value).await.map_err(Failure::failed)?;
    let audit = context.audit().entry("secrets.set", &secret.full, json!({}));
    context.state.transact(vec![audit], Vec::new()).await.map_err(Failure::failed)?;
    context
        .output
        .result(&json!({ "set": secret.full }), |output| output.line(format!("{} is set", secret.full)));
    Ok(())
}

/// `secrets list`.
///
/// # Errors
/// The store's.
pub async fn list(context: &Context) -> Result<(), Failure> {
    let names = context.secrets.list(&secret_name(context.stage(), "")).await.map_err(Failure::failed)?;
    context.output.result(&names, |output| output.table(["secret"], names.iter().map(|name| [name.clone()])));
    Ok(())
}

fn from_file(context: &Context, path: &Path) -> Result<String, Failure> {
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    if let Ok(metadata) = file.metadata()
        && metadata.permissions().mode() & 0o077 != 0
    {
        let path = path.display();
        context.output.warn(format!("{path} can be read by others: chmod 600 {path}, or delete it"));
    }
    bounded(file).map_err(|error| unreadable(path, &error))
}

fn from_keyboard_or_pipe(name: &str) -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password(format!("value of {name} (not shown): "))
            .map_err(|error| Failure::Failed(format!("the value cannot be read: {error}")));
    }
    bounded(std::io::stdin().lock()).map_err(|error| {
        Failure::config(Problem::new("standard input", "", format!("cannot be read: {error}")))
    })
}

fn bounded(reader: impl Read) -> std::io::Result<String> {
    let limit = u64::try_from(SECRET_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    reader.take(limit).read_to_end(&mut bytes)?;
    let refused = |why: String| std::io::Error::new(std::io::ErrorKind::InvalidData, why);
    if bytes.len() > SECRET_BYTES_MAX {
        return Err(refused(format!("it is larger than {SECRET_BYTES_MAX} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8 text".to_owned()))?;
    Ok(text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text))
}
