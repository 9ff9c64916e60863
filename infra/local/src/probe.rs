//! One question to one system, that only an answer as it should be satisfies.
use crate::context::Context;
use crate::failure::Failure;
use crate::{template, wiring};
use domain::row::check_header;
use flows::accounts::{Account, secret_name};
use flows::connections::AccountConnections;
use flows::deps::Connections;
use flows::ports::{ItemKey, SheetReadError, SourceError};
use flows::reason::Reason;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What a probe has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The system answers as it should.
    pub(crate) ok: bool,
    /// What it said.
    pub(crate) told: String,
    /// What to do about it.
    pub(crate) remedy: Option<String>,
}

impl Finding {
    fn fine(told: impl Into<String>) -> Self {
        Self { ok: true, told: told.into(), remedy: None }
    }

    /// Something is wrong.
    pub(crate) fn failed(told: impl ToString, remedy: impl Into<String>) -> Self {
        Self { ok: false, told: told.to_string(), remedy: Some(remedy.into()) }
    }

    /// The reason says itself what to do.
    fn reason(reason: &Reason) -> Self {
        Self { ok: false, told: reason.to_string(), remedy: None }
    }
}

type Asking = Pin<Box<dyn Future<Output = Finding>>>;

/// A question that has not been asked yet.
pub(crate) struct Probe {
    /// Which system.
    pub(crate) system: &'static str,
    /// Whose.
    pub(crate) of: String,
    /// The question.
    pub(crate) asking: Asking,
}

impl Probe {
    fn new(system: &'static str, of: &str, asking: impl Future<Output = Finding> + 'static) -> Self {
        Self { system, of: of.to_owned(), asking: Box::pin(asking) }
    }
}

/// The stores of the installation.
///
/// # Errors
/// The wiring of the installation cannot be read.
pub(crate) fn of_stores(context: &Context) -> Result<Vec<Probe>, Failure> {
    let place = match &context.stack {
        Some(stack) => stack.name.clone(),
        None => context.config.data_dir.display().to_string(),
    };
    let remedy = match &context.stack {
        Some(_) => "look at the credentials and the region in the environment".to_owned(),
        None => {
            format!("look at the disk and the rights of {place}, and whether its key file is the right one")
        }
    };
    let queues = template::configured(&context.config.settings).map_err(Failure::BadConfig)?.queues;
    let (state, queue, blobs, secrets) =
        (context.state.clone(), context.queue.clone(), context.blobs.clone(), context.secrets.clone());
    let prefix = secret_name(context.stage(), "");
    let [for_state, for_queues, for_blobs, for_secrets] = [(); 4].map(|()| remedy.clone());
    let ask_state = async move {
        match state.get(&ItemKey::new("account", "-")).await {
            Ok(_) => Finding::fine("reads"),
            Err(error) => Finding::failed(error, for_state),
        }
    };
    let ask_queues = async move {
        let mut dead = 0;
        for config in &queues {
            match queue.counts(&config.name).await {
                Ok(counts) if config.dead_letter_queue.is_none() => dead += counts.waiting + counts.in_flight,
                Ok(_) => {}
                Err(error) => return Finding::failed(error, for_queues),
            }
        }
        Finding::fine(match dead {
            0 => format!("{} queues, no dead letters", queues.len()),
            dead => format!("{} queues, {dead} dead letters: see `erp-sync queue list`", queues.len()),
        })
    };
    let ask_blobs = async move {
        match blobs.list("before/", 1).await {
            Ok(_) => Finding::fine("lists"),
            Err(error) => Finding::failed(error, for_blobs),
        }
    };
    let ask_secrets = async move {
        match secrets.list(&prefix).await {
            Ok(names) => Finding::fine(format!("{} secrets", names.len())),
            Err(error) => Finding::failed(error, for_secrets),
        }
    };
    Ok(vec![
        Probe::new("state store", &place, ask_state),
        Probe::new("queues", &place, ask_queues),
        Probe::new("blob store", &place, ask_blobs),
        Probe::new("secret store", &place, ask_secrets),
    ])
}

/// The outside systems of an account.
pub(crate) fn of_account(context: &Context, account: &Account) -> Vec<Probe> {
    let connections = Arc::new(wiring::connections(context));
    let now = context.clock.now();
    let orders = {
        let (connections, account) = (connections.clone(), account.clone());
        async move {
            let source = match connections.orders(&account).await {
                Ok(source) => source,
                Err(reason) => return Finding::reason(&reason),
            };
            // The smallest of its listings: what has changed since just now.
            match source.orders_changed_since(now).await {
                Ok(_) => Finding::fine("lists orders"),
                Err(error) => source_failed(&account, &error),
            }
        }
    };
    let bookings = {
        let (connections, account) = (connections.clone(), account.clone());
        async move { bookings(&connections, &account).await }
    };
    let destination = {
        let account = account.clone();
        async move { destination(&connections, &account).await }
    };
    let mut probes = vec![
        Probe::new("sige", &account.name, orders),
        Probe::new("google sheets, bookings", &account.name, bookings),
        Probe::new("google sheets, destination", &account.name, destination),
    ];
    if let Some(stop) = &account.stopped {
        let (why, name) = (stop.reason.clone(), account.name.clone());
        let stopped = async move {
            let remedy = format!("look at it with `erp-sync sige restore --account {name}`");
            Finding::failed(format!("the account is stopped: {why}"), remedy)
        };
        probes.push(Probe::new("account", &account.name, stopped));
    }
    probes
}

fn source_failed(account: &Account, error: &SourceError) -> Finding {
    let remedy = match error {
        SourceError::Credentials { .. } => {
            format!("set the credentials again with `erp-sync secrets set {}`", account.sige_secret)
        }
        SourceError::Unavailable { .. } => {
            "try again later; if it lasts, look whether sige.base_url is the API's address".to_owned()
        }
        SourceError::Untrusted { .. } | SourceError::Rejected { .. } => {
            "look whether sige.base_url is the API's address (`erp-sync config check` shows it)".to_owned()
        }
    };
    Finding::failed(error, remedy)
}

fn sheet_failed(account: &Account, error: &SheetReadError) -> Finding {
    let remedy = match error {
        SheetReadError::Credentials { .. } => format!(
            "share the spreadsheet with the service account, or set `erp-sync secrets set {}` again",
            account.google_secret
        ),
        SheetReadError::Shape(_) => {
            format!("compare it with `erp-sync accounts show {}`", account.name)
        }
        SheetReadError::Unavailable { .. } => "try again later".to_owned(),
    };
    Finding::failed(error, remedy)
}

async fn bookings(connections: &AccountConnections, account: &Account) -> Finding {
    let sheet = match connections.sheet(account).await {
        Ok(sheet) => sheet,
        Err(reason) => return Finding::reason(&reason),
    };
    match sheet.read_bookings(Some(1)).await {
        Ok(block) if block.rows.is_empty() => {
            Finding::fine(format!("tab {} holds no booking", account.erp.tab))
        }
        Ok(_) => Finding::fine(format!("tab {} is read", account.erp.tab)),
        Err(error) => sheet_failed(account, &error),
    }
}

async fn destination(connections: &AccountConnections, account: &Account) -> Finding {
    let sheet = match connections.sheet(account).await {
        Ok(sheet) => sheet,
        Err(reason) => return Finding::reason(&reason),
    };
    let tab = &account.destination.tab;
    match sheet.read_grid().await {
        Ok(grid) => match check_header(&grid.header) {
            Ok(()) => Finding::fine(format!("tab {tab} has {} rows and the right header", grid.row_count)),
            Err(mismatch) => Finding::failed(
                format!("tab {tab}: {mismatch}"),
                "put the header right; nothing is written while it is wrong",
            ),
        },
        Err(error) => sheet_failed(account, &error),
    }
}
