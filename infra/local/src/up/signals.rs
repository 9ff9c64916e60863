//! SIGTERM and SIGINT: the first asks to finish, the second to hand back at once.
use super::stop::StopSource;
use crate::output::Output;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask a process to end; once this exists they no longer end it by themselves.
pub(super) struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl EndSignals {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! { _ = self.terminate.recv() => {}, _ = self.interrupt.recv() => {} }
    }

    /// Passes them on, and says what happens.
    pub(super) async fn pass_on(mut self, stop: StopSource, output: Arc<Output>, longest: Duration) {
        self.next().await;
        stop.finish();
        output.note(format!(
            "ending: no new work is taken, what is in hand is finished (at most {} s); ask again to hand it back at once",
            longest.as_secs()
        ));
        self.next().await;
        stop.at_once();
        output.note("handing back what is in hand");
        // The runtime is on its way out; whoever asks a third time need not be answered.
        std::future::pending::<()>().await;
    }
}
