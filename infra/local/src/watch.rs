//! Follows plans that another process works on.
use crate::drain::{Ended, Observer, Patience, PlanRef, is_outage, next_wait};
use flows::deps::{Deps, FlowError};
use flows::plan;
use std::time::Duration;

/// How often the plans are read.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// Every so many looks it is asked what is waited for: that reads every day that is still to do.
const LOOKS_BETWEEN_REASONS: u32 = 10;

/// Why the watching ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// As the work itself ends.
    Ended(Ended),
    /// Whoever worked is gone, and days are left.
    NobodyWorks,
}

/// Watches until every day of the plans has an outcome, or nobody works on them any more.
///
/// # Errors
/// The store's.
pub async fn watch(
    deps: &Deps,
    plans: &[PlanRef],
    observer: &dyn Observer,
    patience: Patience,
    mut somebody_works: impl FnMut() -> bool,
) -> Result<Watched, FlowError> {
    let mut looks: u32 = 0;
    loop {
        let (mut settled, mut open) = (0, false);
        for plan in plans {
            let Some(stored) = plan::load(deps, &plan.account, &plan.plan).await? else { continue };
            let progress = stored.value.progress();
            settled += progress.days - progress.pending;
            open |= stored.value.state.is_open();
        }
        observer.settled(settled);
        if !open {
            return Ok(Watched::Ended(Ended::Finished));
        }
        if observer.stop_requested() {
            return Ok(Watched::Ended(Ended::Stopped));
        }
        if looks.is_multiple_of(LOOKS_BETWEEN_REASONS)
            && let Some(wait) = next_wait(deps, plans).await?
            && wait.until > deps.clock.now()
        {
            if patience == Patience::None || is_outage(&wait.reason) {
                return Ok(Watched::Ended(Ended::Waiting { reason: wait.reason, until: wait.until }));
            }
            observer.waiting(&wait.reason, wait.until);
        }
        if !somebody_works() {
            return Ok(Watched::NobodyWorks);
        }
        looks = looks.wrapping_add(1);
        deps.clock.sleep(LOOK_INTERVAL).await;
    }
}
