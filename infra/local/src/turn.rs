//! Whose turn it is to work in the data directory.
//!
//! ```text
//! nobody works there      this process takes the lock and works
//! another job works       it ends by itself: this process waits for it, or says so and ends (--no-wait)
//! `erp-sync up` works     it works for everybody: this process asks for the work and watches
//! a stack (--stack)       its functions work: this process asks for the work and watches
//! ```
use crate::context::Context;
use crate::failure::Failure;
use adapter_local::{Holder, InstanceLock, LockError, Work};
use flows::lease::Takeover;
use std::fmt;
use std::time::Duration;

/// How often a second process looks whether the first one is done.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Who works.
#[derive(Debug)]
pub enum Turn {
    /// This process, as long as it keeps the lock.
    Ours(InstanceLock),
    /// Somebody who works for everybody.
    Theirs(Worker),
}

/// Who works for everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worker {
    /// A running `erp-sync up`.
    Up(Holder),
    /// The functions of a stack.
    Stack(String),
}

impl fmt::Display for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up(holder) => write!(f, "erp-sync up (process {})", holder.pid),
            Self::Stack(name) => write!(f, "stack {name}"),
        }
    }
}

impl Turn {
    /// Takes the turn, or learns that a running `erp-sync up` has it. Waits for another job unless told otherwise.
    ///
    /// # Errors
    /// Another job works and nobody wants to wait, or the folder cannot be used.
    pub async fn take(context: &Context, no_wait: bool) -> Result<Self, Failure> {
        if let Some(stack) = &context.stack {
            return Ok(Self::Theirs(Worker::Stack(stack.name.clone())));
        }
        let mut told = false;
        loop {
            match InstanceLock::try_acquire(&context.config.data_dir, &*context.clock, Work::Job) {
                Ok(lock) => return Ok(Self::Ours(lock)),
                Err(LockError::Held { holder: Some(holder) }) if holder.work == Work::Everything => {
                    return Ok(Self::Theirs(Worker::Up(holder)));
                }
                Err(error @ LockError::Held { .. }) if no_wait => {
                    let remedy = "without --no-wait this command waits for its turn";
                    return Err(Failure::failed(format!("{error}; {remedy}")));
                }
                Err(error @ LockError::Held { .. }) => {
                    if !std::mem::replace(&mut told, true) {
                        context.output.note(format!("{error}; waiting for it to end"));
                    }
                    context.clock.sleep(LOOK_INTERVAL).await;
                }
                Err(error) => return Err(Failure::failed(error)),
            }
        }
    }

    /// Whether leases that have not ended may be taken: only where nobody else can be working under them.
    pub fn takeover(&self) -> Takeover {
        match self {
            Self::Ours(_) => Takeover::OwnerIsGone,
            Self::Theirs(_) => Takeover::Never,
        }
    }

    /// Who works instead of this process.
    pub fn worker(&self) -> Option<&Worker> {
        match self {
            Self::Ours(_) => None,
            Self::Theirs(worker) => Some(worker),
        }
    }

    /// Looks whether the one who had the turn still has it; takes it when that process is gone.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn look_again(&mut self, context: &Context) -> Result<(), Failure> {
        if !matches!(self, Self::Theirs(Worker::Up(_))) {
            return Ok(());
        }
        match InstanceLock::try_acquire(&context.config.data_dir, &*context.clock, Work::Job) {
            Ok(lock) => *self = Self::Ours(lock),
            Err(LockError::Held { holder: Some(holder) }) => *self = Self::Theirs(Worker::Up(holder)),
            Err(LockError::Held { holder: None }) => {}
            Err(error) => return Err(Failure::failed(error)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::for_tests;

    fn context_in(dir: &std::path::Path) -> Context {
        let (mut context, _) = for_tests::context(false);
        context.config.data_dir = dir.to_owned();
        context
    }

    #[tokio::test]
    async fn beside_a_running_service_nobody_waits_and_no_lease_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let context = context_in(dir.path());
        let service = InstanceLock::try_acquire(dir.path(), &*context.clock, Work::Everything).unwrap();
        let mut turn = Turn::take(&context, false).await.unwrap();
        assert!(matches!(&turn, Turn::Theirs(Worker::Up(holder)) if holder.pid == std::process::id()));
        assert_eq!(turn.takeover(), Takeover::Never);
        turn.look_again(&context).unwrap();
        assert!(matches!(turn, Turn::Theirs(_)));
        drop(service);
        turn.look_again(&context).unwrap();
        assert!(matches!(turn, Turn::Ours(_)), "it is gone");
        assert_eq!(turn.takeover(), Takeover::OwnerIsGone);
    }

    #[tokio::test]
    async fn beside_another_job_one_waits_or_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let context = context_in(dir.path());
        let job = InstanceLock::try_acquire(dir.path(), &*context.clock, Work::Job).unwrap();
        let told = Turn::take(&context, true).await.unwrap_err().to_string();
        assert!(told.contains("another erp-sync") && told.contains("--no-wait"), "{told}");
        let (turn, ()) = tokio::join!(Turn::take(&context, false), async {
            tokio::task::yield_now().await;
            drop(job);
        });
        assert!(matches!(turn, Ok(Turn::Ours(_))));
    }
}
