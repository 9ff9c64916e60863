//! A day that every worker crashes on: tried again a few times, then shown to a person instead of tried for ever.
use crate::world::orders::order;
use crate::world::{ACCOUNT, Fixed, World, day};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::document::DocumentKey;
use domain::order::Order;
use domain::person::PersonRecord;
use flows::deps::Deps;
use flows::ports::{OrderSource, SourceError};
use flows::reason::Reason;
use flows::settings::CRASHES_MAX;
use flows::window_sync::{WindowOutcome, WindowReport, WindowWake};
use sige_backfill::BackfillEvent;
use std::sync::Arc;
use std::time::Duration;

/// A source that whoever asks it never comes back from.
struct Abyss;

#[async_trait]
impl OrderSource for Abyss {
    async fn billed_orders(&self, _: NaiveDate) -> Result<Vec<Order>, SourceError> {
        std::future::pending().await
    }
    async fn orders_changed_since(&self, _: DateTime<Utc>) -> Result<Vec<Order>, SourceError> {
        std::future::pending().await
    }
    async fn people(&self, _: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError> {
        std::future::pending().await
    }
}

async fn asked(world: &World) -> WindowWake {
    world.orders.set(vec![order(1, "2026-03-25", "10", "")]);
    let event = BackfillEvent {
        v: 1,
        account: ACCOUNT.to_owned(),
        from: day("2026-03-25"),
        to: day("2026-03-25"),
        dry_run: false,
        allow_empty: false,
        request: None,
    };
    sige_backfill::handle(event, &world.deps()).await.unwrap();
    WindowWake { v: 1, account: ACCOUNT.to_owned(), day: day("2026-03-25") }
}

/// Works on it until it hangs, and cuts it off there; then lets the lease end. What it came to, if it did not hang.
async fn cut_off(world: &World, wake: &WindowWake) -> Option<WindowReport> {
    let deps = world.deps();
    let sheet = deps.connections.sheet(&World::account()).await.unwrap();
    let deps = Deps { connections: Arc::new(Fixed { orders: Arc::new(Abyss), sheet }), ..deps };
    let work = sige_window_sync::handle(wake.clone(), &deps);
    let ended = tokio::time::timeout(Duration::from_millis(50), work).await.ok().map(Result::unwrap);
    world.clock.advance(Duration::from_secs(3_600));
    ended
}

#[tokio::test(start_paused = true)]
async fn a_day_that_every_worker_crashes_on_needs_a_person_after_five_times() {
    let world = World::new(1).await;
    let wake = asked(&world).await;
    for _ in 0..CRASHES_MAX {
        assert_eq!(cut_off(&world, &wake).await, None, "it hangs");
    }
    let told = cut_off(&world, &wake).await.unwrap();
    let crashing = Reason::Crashing { times: CRASHES_MAX };
    assert_eq!(told.outcome, WindowOutcome::Failed { reason: crashing.clone() });
    let held = flows::quarantine::list(&*world.state, ACCOUNT).await.unwrap();
    assert!(format!("{held:?}").contains("Crashing"), "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn a_day_that_is_worked_on_in_between_starts_counting_anew() {
    let world = World::new(1).await;
    let wake = asked(&world).await;
    for _ in 0..CRASHES_MAX - 1 {
        assert_eq!(cut_off(&world, &wake).await, None);
    }
    let done = sige_window_sync::handle(wake.clone(), &world.deps()).await.unwrap();
    assert!(matches!(done.outcome, WindowOutcome::Written { .. }), "{done:?}");
    asked(&world).await;
    for _ in 0..CRASHES_MAX {
        assert_eq!(cut_off(&world, &wake).await, None);
    }
}
