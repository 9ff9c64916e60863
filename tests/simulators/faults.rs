//! The outside misbehaves; the binary answers with what happened, the right exit code, and a sheet that is right.
use super::{Setting, Shop};
use testkit::sheets::{Fault, On};
use testkit::sige::{Endpoint, Fault as SigeFault};

#[tokio::test(flavor = "multi_thread")]
async fn s6_a_write_applied_without_an_answer_is_adopted() {
    let shop = Shop::open(Setting::default()).await;
    shop.installation.sheets.inject(On::Write, Fault::ApplyThenDrop);
    shop.daily().await;
    let counters = shop.installation.sheets.counters();
    assert_eq!(shop.installation.sheets.faults_waiting(), 0);
    assert_eq!(counters.writes, counters.applied_writes, "nothing was resent");
    assert_eq!(shop.daily().await["write_requests"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_a_write_lost_before_it_was_applied_is_resent_once() {
    let shop = Shop::open(Setting { settle_after_s: 1, ..Setting::default() }).await;
    shop.installation.sheets.inject(On::Write, Fault::DropBeforeApply);
    shop.daily().await;
    let counters = shop.installation.sheets.counters();
    assert_eq!(counters.writes, counters.applied_writes + 1);
    assert_eq!(shop.daily().await["write_requests"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_503_on_a_write_is_in_doubt_and_a_429_is_not() {
    let shop = Shop::open(Setting { settle_after_s: 1, ..Setting::default() }).await;
    shop.installation.sheets.inject(On::Write, Fault::status(503));
    let report = shop.daily().await;
    assert!(report["waiting"].is_null(), "{report}");
    let counters = shop.installation.sheets.counters();
    assert_eq!((counters.faults_fired, counters.writes), (1, counters.applied_writes + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn sige_down_is_said_so_with_exit_1_and_nothing_written() {
    let shop = Shop::open(Setting::default()).await;
    let fault = shop.installation.sige.inject(Endpoint::Orders, SigeFault::status(500), 1_000);
    let finished = shop.run(&["run", "sige-daily-sync"]).await.refused(1, &["SIGE", "500"]);
    assert!(fault.fired() >= 3, "{finished:?}");
    assert_eq!(shop.writes(), 0);
    fault.stop();
    shop.daily().await;
    assert!(shop.writes() > 0, "recovery needs no hand");
}

#[tokio::test(flavor = "multi_thread")]
async fn html_with_200_and_an_object_instead_of_an_array_are_never_no_orders() {
    let shop = Shop::open(Setting::default()).await;
    shop.daily().await;
    let (rows, writes) = (shop.rows(), shop.writes());
    for fault in [SigeFault::html(), SigeFault::object()] {
        let fault = shop.installation.sige.inject(Endpoint::Orders, fault, 1_000);
        shop.run(&["run", "sige-daily-sync"]).await.refused(1, &[]);
        assert!(fault.fired() > 0);
        fault.stop();
    }
    assert_eq!((shop.rows(), shop.writes()), (rows, writes));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_are_named_with_the_system_and_exit_1() {
    let shop = Shop::open(Setting::default()).await;
    let fault = shop.installation.sige.inject(Endpoint::Orders, SigeFault::status(401), 1_000);
    shop.run(&["run", "sige-daily-sync"]).await.refused(1, &["SIGE", "401", "secrets set"]);
    fault.stop();
    shop.installation.sheets.set_shared(local::sample_installation::DESTINATION_SPREADSHEET, false);
    shop.run(&["run", "sige-daily-sync"]).await.refused(1, &["sample-faturamento-spreadsheet"]);
    assert_eq!(shop.writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_three_429_on_people_then_200_and_the_row_is_enriched() {
    let shop = Shop::open(Setting::default()).await;
    shop.daily().await;
    let expected = shop.rows();
    let other = Shop::open(Setting::default()).await;
    let fault = other.installation.sige.inject(Endpoint::People, SigeFault::too_many(None), 3);
    other.daily().await;
    assert_eq!(fault.fired(), 3);
    assert_eq!(other.rows(), expected);
}
