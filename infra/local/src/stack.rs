//! A stack on AWS in place of this machine's stores: the same commands on the same ports.
use crate::config::Config;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::StageName;
use adapter_aws::{Aws, ConnectError, Invoker, LogReader};
use flows::ports::{Clock, Randomness};
use shared::system::{SystemClock, SystemRandomness};
use std::sync::Arc;

/// What is known of the stack besides its ports.
#[derive(Clone)]
pub struct Stack {
    /// Its name, which is also the stage of its secrets.
    pub name: String,
    /// The logs of its functions.
    pub logs: LogReader,
    /// Invokes its functions.
    pub invoker: Invoker,
}

/// Connects to a stack. The settings of the file hold for what this process does itself (probes,
/// restoring); the functions of the stack, which plan and write, have their own.
///
/// # Errors
/// [`Failure::BadUsage`] with the remedy when there is no such stack for these credentials; [`Failure::Failed`] when AWS
/// cannot be reached.
pub async fn open(config: Config, name: &str, output: &Arc<Output>) -> Result<Context, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Randomness> = Arc::new(SystemRandomness);
    let aws = Aws::of_stack(name, clock.clone(), random.clone()).await.map_err(|error| match error {
        ConnectError::Unavailable(_) => Failure::failed(error),
        error => Failure::BadUsage(error.to_string()),
    })?;
    let mut config = config;
    config.settings.general.stage = StageName::named(name).map_err(Failure::BadUsage)?;
    Ok(Context {
        config,
        output: output.clone(),
        state: aws.state,
        queue: aws.queue,
        blobs: aws.blobs,
        secrets: aws.secrets,
        clock,
        random,
        stores: None,
        stack: Some(Stack { name: name.to_owned(), logs: aws.logs, invoker: aws.invoker }),
    })
}
