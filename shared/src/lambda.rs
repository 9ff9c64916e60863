//! The Lambda runtime around a function. The only module that knows it.
//!
//! ```text
//! start:             environment read and judged (everything wrong at once, exit 1), logging started, /next asked for
//! first invocation:  the function is built; what that needs from the network is fetched then
//! every invocation:  invoke(event, deadline); errors carry a type that an alarm or a filter can use
//! ```
//! Nothing is fetched before the first event: a function that is started and not needed costs no call, and a store
//! that is down fails an invocation, with a reason, instead of the start.
use crate::environment::Environment;
use crate::function::{Function, FunctionError};
use crate::metrics::Metrics;
use crate::system::{SystemClock, SystemRandomness};
use crate::telemetry;
use chrono::{DateTime, Utc};
use flows::connections::NoConnections;
use flows::deps::Deps;
use flows::lease::Takeover;
use flows::ports::{Clock, NoBlobs, Randomness, SecretStore, StateStore, WorkQueue};
use flows::pseudonym::Pseudonym;
use flows::settings::FlowSettings;
use flows::stack::StackNames;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// What every function stands on, whatever else it uses.
#[derive(Clone)]
pub struct Ground {
    /// The stack's names.
    pub stack: StackNames,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance and ids.
    pub random: Arc<dyn Randomness>,
    /// Where numbers go.
    pub metrics: Arc<Metrics>,
}

impl Ground {
    /// Dependencies of a function that reaches no outside system, keeps no evidence and looks nobody up; the others
    /// replace what they have.
    pub fn deps(
        &self,
        state: Arc<dyn StateStore>,
        queue: Arc<dyn WorkQueue>,
        settings: FlowSettings,
    ) -> Deps {
        Deps {
            state,
            queue,
            blobs: Arc::new(NoBlobs),
            clock: self.clock.clone(),
            random: self.random.clone(),
            connections: Arc::new(NoConnections),
            pseudonym: Pseudonym::unused(),
            settings,
            takeover: Takeover::Never,
        }
    }

    /// The key of the pseudonyms, which the stack's template makes.
    ///
    /// # Errors
    /// [`FunctionError::NotStarted`] when it cannot be read.
    pub async fn pseudonym(&self, secrets: &dyn SecretStore) -> Result<Pseudonym, FunctionError> {
        let read = Pseudonym::of_installation(secrets, &self.stack.stage).await;
        read.map_err(|error| FunctionError::NotStarted(error.to_string()))
    }
}

impl From<FunctionError> for Diagnostic {
    fn from(error: FunctionError) -> Self {
        Self { error_type: error.kind().to_owned(), error_message: error.to_string() }
    }
}

/// The whole life of a function's process. `prepare` reads its settings and says how to build it; building is
/// tried again with the next invocation when it fails.
pub fn main<P, B, F>(name: &'static str, prepare: P) -> ExitCode
where
    P: FnOnce(&mut Environment) -> B,
    B: Fn(Ground) -> F,
    F: Future<Output = Result<Arc<dyn Function>, FunctionError>>,
{
    let mut environment = Environment::of_process();
    telemetry::start(environment.log_level());
    let stack = environment.stack();
    let build = prepare(&mut environment);
    if let Err(problems) = environment.finish() {
        for problem in problems {
            tracing::error!(function = name, problem, "the configuration cannot be used");
        }
        return ExitCode::FAILURE;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let metrics = Arc::new(Metrics::on_standard_output(&stack.stage, clock.clone()));
    let ground = Ground { stack, clock, random: Arc::new(SystemRandomness), metrics };
    // One thread: a function works on one event at a time and mostly waits for others.
    let served = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(serve(ground, build)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(function = name, error, "the runtime ended");
            ExitCode::FAILURE
        }
    }
}

async fn serve<B, F>(ground: Ground, build: B) -> Result<(), String>
where
    B: Fn(Ground) -> F,
    F: Future<Output = Result<Arc<dyn Function>, FunctionError>>,
{
    let built: OnceCell<Arc<dyn Function>> = OnceCell::new();
    let (built, build, ground) = (&built, &build, &ground);
    let invoke = move |event: LambdaEvent<Value>| async move {
        let function = built.get_or_try_init(|| build(ground.clone())).await.inspect_err(|error| {
            tracing::error!(kind = error.kind(), %error, "the function could not be built");
        })?;
        function.invoke(event.payload, deadline(event.context.deadline)).await
    };
    lambda_runtime::run(service_fn(invoke)).await.map_err(|error| error.to_string())
}

/// The runtime's deadline, milliseconds since 1970.
fn deadline(milliseconds: u64) -> DateTime<Utc> {
    let known = i64::try_from(milliseconds).ok().and_then(DateTime::from_timestamp_millis);
    known.unwrap_or(DateTime::<Utc>::MAX_UTC)
}
