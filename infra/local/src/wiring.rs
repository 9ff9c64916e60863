//! The one place that names the adapters of this machine.
use crate::config::Config;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::template;
use adapter_local::{LocalStores, OpenError};
use adapter_sheets::SheetsOpener;
use adapter_sige::SigeOrders;
use flows::accounts::secret_name;
use flows::connections::{AccountConnections, WriteCount};
use flows::deps::Deps;
use flows::lease::Takeover;
use flows::ports::{Clock, Randomness, SecretError};
use flows::pseudonym::{INSTALLATION_SECRET, Pseudonym};
use secrecy::SecretString;
use shared::system::{SystemClock, SystemRandomness};
use std::sync::Arc;

/// Rows of each kind that one job removes.
const TIDIED_MAX: usize = 1_000;

/// Opens the stores in the data directory.
///
/// # Errors
/// With the path and the remedy.
pub fn open(config: Config, output: &Arc<Output>) -> Result<Context, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let queues = template::configured(&config.settings).map_err(Failure::BadConfig)?.queues;
    let stores = LocalStores::open(&config.data_dir, clock.clone(), &queues).map_err(unopened)?;
    let stores = Arc::new(stores);
    Ok(Context {
        config,
        output: output.clone(),
        state: stores.state.clone(),
        queue: stores.queue.clone(),
        blobs: stores.blobs.clone(),
        secrets: stores.secrets.clone(),
        clock,
        random: Arc::new(SystemRandomness),
        stores: Some(stores),
        stack: None,
    })
}

/// What can be right later without anybody changing the configuration (a full disk, another process) is a failure, so that
/// a service is started again; the rest is a matter of configuration.
fn unopened(error: OpenError) -> Failure {
    match error {
        OpenError::DiskFull { .. } | OpenError::Busy { .. } | OpenError::Failed { .. } => {
            Failure::failed(error)
        }
        error => Failure::BadUsage(error.to_string()),
    }
}

/// Removes what nobody sees any more: expired contacts, runs, deduplication ids. A bounded piece after each job; a failure
/// costs nothing but room.
pub async fn tidy(context: &Context) {
    let Some(stores) = &context.stores else { return };
    if let Err(error) = stores.maintain(TIDIED_MAX).await {
        tracing::warn!(%error, "what has expired could not be removed");
    }
}

/// The outside systems of the accounts. Nothing is opened yet.
pub fn connections(context: &Context) -> AccountConnections {
    let settings = &context.config.settings;
    let (clock, random) = (&context.clock, &context.random);
    AccountConnections::new(context.stage(), context.state.clone(), context.secrets.clone(), clock.clone())
        .with_orders(SigeOrders::new(&settings.sige, &settings.transport, clock.clone(), random.clone()))
        .with_sheets(SheetsOpener::new(&settings.sheets, clock.clone(), random.clone()))
}

/// The dependencies of the handlers, and the count of their write requests.
///
/// # Errors
/// The installation's own secret cannot be read or made.
pub async fn deps(context: &Context, takeover: Takeover) -> Result<(Deps, Arc<WriteCount>), Failure> {
    let connections = connections(context);
    let writes = connections.writes();
    let deps = Deps {
        state: context.state.clone(),
        queue: context.queue.clone(),
        blobs: context.blobs.clone(),
        clock: context.clock.clone(),
        random: context.random.clone(),
        connections: Arc::new(connections),
        pseudonym: match &context.stack {
            // Its functions look people up; this process only watches them.
            Some(_) => Pseudonym::unused(),
            None => pseudonym(context).await?,
        },
        settings: context.config.settings.flows.settings(),
        takeover,
    };
    Ok((deps, writes))
}

/// The key of the pseudonyms, made on first use.
async fn pseudonym(context: &Context) -> Result<Pseudonym, Failure> {
    let (secrets, stage) = (&*context.secrets, context.stage());
    match Pseudonym::of_installation(secrets, stage).await {
        Ok(found) => return Ok(found),
        Err(SecretError::NotFound(_)) => {}
        Err(error) => return Err(Failure::failed(error)),
    }
    let fresh = SecretString::from(random_hex(&*context.random));
    secrets.set(&secret_name(stage, INSTALLATION_SECRET), fresh).await.map_err(Failure::failed)?;
    // Read back: of two processes that made one at the same time, both use the one that stayed.
    Pseudonym::of_installation(secrets, stage).await.map_err(Failure::failed)
}

fn random_hex(random: &dyn Randomness) -> String {
    (0..4).map(|_| format!("{:016x}", random.below(u64::MAX))).collect()
}
