//! `erp-sync up`: the functions of the template on this machine, with its schedules, event sources, retries and dead letters.
//!
//! ```text
//! template.yaml ── Wiring ── Machine ──┬── Scheduler, one for each schedule ────── asynchronous invocation ──┐
//!                                      ├── EventSourceLoop, one for each queue ─── invocation ───────────────┼─> the same
//!                                      ├── upkeep, once an hour                                              │   functions
//!                                      └── ends at the first signal; at the second it hands back             │   as on AWS
//! ```
//! It holds the lock of the data directory as the one that works for everybody: commands beside it ask for work and watch.
mod asynchronous;
mod event_source;
mod facts;
#[cfg(test)]
mod for_tests;
mod functions;
mod health;
mod invocation;
mod machine;
mod recovery;
mod ringing_queue;
mod sample;
mod scheduler;
mod signals;
mod sqs_event;
mod stop;
mod ticks;
#[cfg(test)]
mod units;
mod upkeep;
mod welcome;

pub use asynchronous::{Asynchronous, Settled};
pub use event_source::EventSourceLoop;
pub use facts::{Completed, Depth, Facts, ScheduleFacts, Unreadable};
pub use functions::{Functions, functions};
pub use health::{Health, HealthServer};
pub use machine::Machine;
pub use ringing_queue::RingingQueue;
pub use scheduler::Scheduler;
pub use stop::{Stop, StopSource};

use crate::cli::UpArgs;
use crate::config::{Config, Overrides};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::template::{self, Wiring};
use crate::{telemetry, wiring};
use adapter_local::{InstanceLock, LocalStores, LockError, Work};
use flows::accounts;
use flows::lease::Takeover;
use sample::Sample;
use signals::EndSignals;
use std::sync::Arc;
use std::time::Duration;
use welcome::Welcome;

/// How often it is looked whether a job that works in the data directory has ended.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// `up`; ends at SIGTERM or SIGINT.
///
/// # Errors
/// The configuration is wrong, another `up` works in the data directory, or the runtime cannot go on.
pub async fn run(
    output: &Arc<Output>,
    overrides: &Overrides,
    quiet: bool,
    args: &UpArgs,
) -> Result<(), Failure> {
    let signals = EndSignals::listen().map_err(Failure::failed)?;
    let (source, stop) = StopSource::new();
    let sample = if args.sample { Some(Sample::start().await?) } else { None };
    let config = match &sample {
        Some(sample) => sample.config(),
        None => Config::load(overrides)?,
    };
    let wiring = Arc::new(template::configured(&config.settings).map_err(Failure::BadConfig)?);
    let context = wiring::open(config, output)?;
    let (data_dir, general) = (&context.config.data_dir, &context.config.settings.general);
    let shown = if quiet { telemetry::Shown::Nothing } else { telemetry::Shown::Work };
    telemetry::start(data_dir, general, context.clock.clone(), shown)?;
    let longest = wiring.functions.iter().map(|function| function.timeout).max().unwrap_or_default();
    let listening = tokio::spawn(signals.pass_on(source, output.clone(), longest));

    let _lock = match lock(&context, args, &stop).await? {
        Locked::Yes(lock) => Some(lock),
        Locked::NotNeeded => None,
        Locked::EndAskedFor => return Ok(()),
    };
    if let Some(sample) = &sample {
        sample.register(&context).await?;
        sample.tell(output);
    }
    let page = page(&context, &wiring, args).await?;
    let machine =
        if args.mode.works() { Some(machine(&context, &wiring, sample.is_some()).await?) } else { None };
    greet(&context, &wiring, args, page.as_ref().map(HealthServer::url)).await?;

    let serving = page.map(|page| tokio::spawn(page.run(stop.clone())));
    let ended = match &machine {
        Some(machine) => machine.run(&stop).await,
        None => {
            stop.requested().await;
            Ok(())
        }
    };
    for task in serving.into_iter().chain([listening]) {
        task.abort();
    }
    output.note("ended");
    ended
}

/// The lock, or why there is none.
enum Locked {
    Yes(InstanceLock),
    NotNeeded,
    EndAskedFor,
}

/// Takes the lock of the data directory; waits for a job, which ends by itself.
async fn lock(context: &Context, args: &UpArgs, stop: &Stop) -> Result<Locked, Failure> {
    if !args.mode.works() {
        return Ok(Locked::NotNeeded);
    }
    let mut told = false;
    loop {
        match InstanceLock::try_acquire(&context.config.data_dir, &*context.clock, Work::Everything) {
            Ok(lock) => return Ok(Locked::Yes(lock)),
            Err(LockError::Held { holder: Some(holder) }) if holder.work == Work::Everything => {
                return Err(Failure::failed(format!(
                    "another erp-sync up works in this data directory (process {}): stop it first",
                    holder.pid
                )));
            }
            Err(error @ LockError::Held { .. }) => {
                if !std::mem::replace(&mut told, true) {
                    context.output.note(format!("{error}; waiting for it to end"));
                }
                tokio::select! {
                    () = stop.requested() => return Ok(Locked::EndAskedFor),
                    () = context.clock.sleep(LOOK_INTERVAL) => {}
                }
            }
            Err(error) => return Err(Failure::failed(error)),
        }
    }
}

async fn page(
    context: &Context,
    wiring: &Arc<Wiring>,
    args: &UpArgs,
) -> Result<Option<HealthServer>, Failure> {
    if !args.mode.serves() {
        return Ok(None);
    }
    let configured = u16::try_from(context.config.settings.up.health_port).unwrap_or_default();
    let health = Health {
        wiring: wiring.clone(),
        state: context.state.clone(),
        queue: context.queue.clone(),
        clock: context.clock.clone(),
    };
    HealthServer::bind(args.port.unwrap_or(configured), health).await.map(Some)
}

/// Puts the runtime together and makes good what a process that was killed left behind. The caller holds the lock.
async fn machine(context: &Context, wiring: &Arc<Wiring>, first_at_once: bool) -> Result<Machine, Failure> {
    let sources = || wiring.functions.iter().flat_map(|function| &function.sources);
    let names = || sources().map(|source| source.queue.as_str());
    if let Some(stores) = &context.stores {
        recovery::recover(stores as &LocalStores, names()).await.map_err(Failure::failed)?;
    }
    let queue = Arc::new(RingingQueue::new(context.queue.clone(), names()));
    let ringing = Context { queue: queue.clone(), ..context.clone() };
    // Several workers of this very process work at once: a lease of one of them is not for another to take.
    let (deps, _) = wiring::deps(&ringing, Takeover::Never).await?;
    let (data_dir, general) = (&context.config.data_dir, &context.config.settings.general);
    let metrics = Arc::new(telemetry::metrics(data_dir, general, context.clock.clone())?);
    Ok(Machine {
        wiring: (**wiring).clone(),
        functions: functions(&deps, &metrics),
        queue,
        state: context.state.clone(),
        clock: context.clock.clone(),
        random: context.random.clone(),
        stores: context.stores.clone(),
        first_at_once,
    })
}

async fn greet(
    context: &Context,
    wiring: &Wiring,
    args: &UpArgs,
    health: Option<String>,
) -> Result<(), Failure> {
    let facts = Facts::read(wiring, &*context.state, &*context.queue, context.clock.now()).await;
    let welcome = Welcome::new(facts.map_err(Failure::failed)?, args.mode.name(), context, wiring, health);
    context.output.result(&welcome, |output| welcome.print(output, wiring));
    let known = accounts::list(&*context.state).await.map_err(Failure::failed)?;
    if args.mode.works() && known.iter().all(|stored| !stored.account.enabled) {
        context.output.note(
            "no account is switched on: there is nothing to do yet. Write accounts.toml and apply it with `erp-sync accounts \
             apply --apply`, set its secrets with `erp-sync secrets set`; this process takes it up by itself. To see it at \
             work first: `erp-sync up --sample`",
        );
    }
    Ok(())
}
