//! How the runtime is asked to end: first to finish what it has in hand, then, asked again, to hand it back at once.
use tokio::sync::watch;

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Running,
    Finishing,
    AtOnce,
}

/// The one who asks.
#[derive(Debug)]
pub struct StopSource(watch::Sender<Level>);

/// What every loop of the runtime looks at.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<Level>);

impl StopSource {
    /// Nobody has asked yet.
    pub fn new() -> (Self, Stop) {
        let (source, stop) = watch::channel(Level::Running);
        (Self(source), Stop(stop))
    }

    /// No new work is taken; what is in hand is finished.
    pub fn finish(&self) {
        self.raise(Level::Finishing);
    }

    /// What is in hand is handed back.
    pub fn at_once(&self) {
        self.raise(Level::AtOnce);
    }

    fn raise(&self, to: Level) {
        self.0.send_if_modified(|level| {
            let raised = *level < to;
            *level = to.max(*level);
            raised
        });
    }
}

impl Stop {
    /// Whether the end has been asked for.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() > Level::Running
    }

    /// Returns once no new work is to be taken.
    pub async fn requested(&self) {
        self.reached(Level::Finishing).await;
    }

    /// Returns once what is in hand is to be handed back.
    pub async fn at_once(&self) {
        self.reached(Level::AtOnce).await;
    }

    async fn reached(&self, wanted: Level) {
        let reached = self.0.clone().wait_for(|level| *level >= wanted).await.is_ok();
        if !reached {
            // Whoever could ask is gone: nobody will.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_request_goes_further_than_the_first_and_none_goes_back() {
        let (source, stop) = StopSource::new();
        assert!(!stop.is_requested());
        source.finish();
        stop.requested().await;
        assert!(stop.is_requested());
        source.at_once();
        stop.at_once().await;
        source.finish();
        stop.at_once().await;
    }
}
