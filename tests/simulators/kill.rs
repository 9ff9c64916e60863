//! `kill -9` of the real process while a call is on its way, then the same command again.
use super::{Setting, Shop, crash_free};
use std::process::{Child, Stdio};
use testkit::sheets::{Fault, Gate, On};
use testkit::sige::{Endpoint, Fault as SigeFault};

fn start(shop: &Shop) -> Child {
    let mut command = shop.place.command();
    command.args(["run", "sige-daily-sync"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// SIGKILL, and the end of it.
async fn kill(mut child: Child) {
    child.kill().unwrap();
    tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_its_write_is_under_way_the_write_is_adopted_and_not_doubled() {
    let expected = crash_free().await;
    let shop = Shop::open(Setting::default()).await;
    let gate = Gate::default();
    shop.installation.sheets.inject(On::Write, Fault::Slow(gate.clone()));
    let child = start(&shop);
    gate.arrived().await;
    kill(child).await;
    // The request outlives its sender and is applied now.
    gate.open();
    while shop.installation.sheets.counters().applied_writes == 0 {
        tokio::task::yield_now().await;
    }
    shop.daily().await;
    assert_eq!(shop.rows(), expected);
    let counters = shop.installation.sheets.counters();
    assert_eq!(counters.writes, counters.applied_writes);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_a_write_that_never_arrived_it_is_sent_again_when_that_is_certain() {
    let expected = crash_free().await;
    let shop = Shop::open(Setting { settle_after_s: 1, ..Setting::default() }).await;
    let gate = Gate::default();
    shop.installation.sheets.inject(On::Write, Fault::DropBeforeApply);
    shop.installation.sheets.inject(On::Read, Fault::Slow(gate.clone()));
    let child = start(&shop);
    // Killed at whatever read comes first: before the write or in the doubt after it, the end is the same.
    gate.arrived().await;
    kill(child).await;
    gate.open();
    shop.daily().await;
    shop.daily().await;
    assert_eq!(shop.rows(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_the_look_ups_it_goes_on_where_it_stopped() {
    let expected = crash_free().await;
    let shop = Shop::open(Setting::default()).await;
    let fault = shop.installation.sige.inject(Endpoint::People, SigeFault::Hold, 1).after(8);
    let child = start(&shop);
    fault.reached().await;
    kill(child).await;
    fault.release();
    let asked_before = shop.installation.sige.seen().people;
    shop.daily().await;
    assert_eq!(shop.rows(), expected);
    let asked_twice = shop.installation.sige.seen().by_document.values().filter(|count| **count > 1).count();
    assert!(asked_before >= 8);
    assert!(
        asked_twice <= flows::people::REMEMBERED_TOGETHER + 1,
        "{asked_twice} people were asked for again"
    );
}
