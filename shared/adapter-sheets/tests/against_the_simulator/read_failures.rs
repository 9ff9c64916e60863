//! What reads make of every failure.
use crate::support::{Bench, REPORT, TAB};
use chrono::TimeDelta;
use flows::ports::{Clock, GateError, ReportSheet, SheetReadError};
use std::time::Duration;
use testkit::sheets::{Fault, Gate, On, SERVICE_ACCOUNT, SheetsSimulator};

/// Everything that passes by itself.
fn passing() -> Vec<Fault> {
    vec![
        Fault::status(408),
        Fault::too_many_requests(),
        Fault::status(500),
        Fault::status(502),
        Fault::status(503),
        Fault::status(504),
        Fault::Html { code: 200 },
        Fault::Html { code: 503 },
        Fault::TruncatedJson,
        Fault::BrokenBody,
        Fault::DropBeforeApply,
        Fault::ApplyThenDrop,
    ]
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for fault in passing() {
        let bench = Bench::new().await;
        let name = format!("{fault:?}");
        bench.google.inject_after(1, On::Read, fault);
        let grid = bench.sheets.read_grid().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(grid.row_count, 1000, "{name}");
        let counters = bench.google.counters();
        assert_eq!((counters.faults_fired, counters.reads), (1, 3), "{name}");
        assert_eq!((bench.reads.admitted(), bench.clock.slept().len()), (3, 1), "{name}");
    }
}

#[tokio::test]
async fn what_does_not_pass_is_told_after_the_last_attempt() {
    for fault in [Fault::status(503), Fault::Html { code: 200 }, Fault::DropBeforeApply] {
        let bench = Bench::with(|settings| settings.read_retries = vec![Duration::from_secs(1); 2]).await;
        let name = format!("{fault:?}");
        for _ in 0..3 {
            let again = match &fault {
                Fault::Status { code, .. } => Fault::status(*code),
                Fault::Html { code } => Fault::Html { code: *code },
                _ => Fault::DropBeforeApply,
            };
            bench.google.inject(On::Read, again);
        }
        let error = bench.sheets.read_grid().await.unwrap_err();
        assert!(matches!(error, SheetReadError::Unavailable { retry_at: None, .. }), "{name}: {error}");
        assert_eq!(bench.google.counters().reads, 3, "{name}");
        bench.sheets.read_grid().await.unwrap();
    }
}

#[tokio::test]
async fn waits_are_drawn_below_their_bounds() {
    let bench = Bench::new().await;
    for _ in 0..5 {
        bench.google.inject(On::Read, Fault::status(503));
    }
    bench.sheets.read_grid().await.unwrap();
    let slept = bench.clock.slept();
    let bounds = [1, 2, 4, 8, 16].map(Duration::from_secs);
    assert_eq!(slept.len(), bounds.len());
    assert!(slept.iter().zip(bounds).all(|(slept, bound)| *slept <= bound), "{slept:?}");
    assert!(
        slept.iter().any(|slept| slept.subsec_millis() > 0),
        "full jitter draws below whole seconds: {slept:?}"
    );
}

#[tokio::test]
async fn a_retry_after_is_waited_for_and_everybody_is_asked_to_be_silent() {
    let bench = Bench::new().await;
    let until = bench.clock.now() + TimeDelta::seconds(17);
    bench.google.inject(On::Read, Fault::status_after(429, 17));
    bench.sheets.read_grid().await.unwrap();
    assert_eq!(bench.clock.slept(), [Duration::from_secs(17)]);
    assert_eq!(bench.reads.held(), [until]);
    assert!(bench.writes.held().is_empty());
}

#[tokio::test]
async fn a_503_asks_nobody_else_to_be_silent() {
    let bench = Bench::new().await;
    bench.google.inject(On::Read, Fault::status_after(503, 5));
    bench.sheets.read_grid().await.unwrap();
    assert_eq!(bench.elapsed(), Duration::from_secs(5));
    assert!(bench.reads.held().is_empty());
}

#[tokio::test]
async fn a_long_wait_is_handed_back_instead_of_slept_and_capped() {
    for (asked, expected) in [(120, 120), (999_999, 900)] {
        let bench = Bench::new().await;
        bench.google.inject(On::Read, Fault::status_after(429, asked));
        let until = bench.clock.now() + TimeDelta::seconds(expected);
        let error = bench.sheets.read_grid().await.unwrap_err();
        assert!(
            matches!(&error, SheetReadError::Unavailable { retry_at, .. } if *retry_at == Some(until)),
            "{error}"
        );
        assert_eq!((bench.reads.held(), bench.clock.slept().len()), (vec![until], 0));
        assert_eq!(bench.google.counters().reads, 1);
    }
}

#[tokio::test]
async fn a_closed_gate_sends_nothing() {
    let bench = Bench::new().await;
    let until = bench.clock.now() + TimeDelta::minutes(5);
    bench.reads.close(GateError::Deferred { until });
    let error = bench.sheets.read_grid().await.unwrap_err();
    assert!(
        matches!(&error, SheetReadError::Unavailable { retry_at, .. } if *retry_at == Some(until)),
        "{error}"
    );
    bench.reads.close(GateError::Unavailable("disk full".into()));
    let error = bench.sheets.read_bookings(None).await.unwrap_err();
    assert!(
        matches!(&error, SheetReadError::Unavailable { detail, retry_at: None } if detail.contains("disk full"))
    );
    assert!(bench.google.requests().is_empty());
}

#[tokio::test]
async fn a_read_that_takes_too_long_is_given_up_and_tried_again() {
    let bench = Bench::with(|settings| settings.read_timeout = Duration::from_millis(500)).await;
    bench.sheets.read_grid().await.unwrap();
    let gate = Gate::default();
    bench.google.inject(On::Read, Fault::Slow(gate.clone()));
    bench.sheets.read_grid().await.unwrap();
    assert_eq!(bench.clock.slept().len(), 1);
    gate.arrived().await;
    gate.open();
}

#[tokio::test]
async fn nobody_at_the_address_is_unavailable() {
    let google = SheetsSimulator::start().await.unwrap();
    let token = google.static_token();
    let bench = Bench::on(google, &token, |settings| {
        settings.read_retries.clear();
        // Port 1 of the loopback: nobody listens there.
        settings.base_url = "http://127.0.0.1:1/".into();
    })
    .await;
    let error = bench.sheets.read_grid().await.unwrap_err();
    assert!(
        matches!(&error, SheetReadError::Unavailable { detail, .. } if detail.contains("no connection")),
        "{error}"
    );
}

#[tokio::test]
async fn a_spreadsheet_that_is_not_shared_is_told_with_the_remedy() {
    let bench = Bench::new().await;
    bench.google.set_shared(REPORT, false);
    let error = bench.sheets.read_grid().await.unwrap_err();
    let SheetReadError::Credentials { what, detail } = &error else { panic!("{error}") };
    assert!(what.contains(REPORT) && what.contains(TAB), "{error}");
    assert!(detail.contains("PERMISSION_DENIED") && detail.contains(SERVICE_ACCOUNT), "{error}");
    assert_eq!(bench.google.counters().reads, 1);
}

#[tokio::test]
async fn a_spreadsheet_that_does_not_exist_is_told_with_the_remedy() {
    let bench = Bench::new().await;
    bench.google.remove_spreadsheet(REPORT);
    let error = bench.sheets.read_grid().await.unwrap_err();
    let SheetReadError::Shape(told) = &error else { panic!("{error}") };
    assert!(
        told.contains(REPORT) && told.contains("check its id") && told.contains(SERVICE_ACCOUNT),
        "{told}"
    );
}

#[tokio::test]
async fn rows_that_do_not_exist_are_told() {
    let bench = Bench::new().await;
    let error = bench.sheets.read_rows(&[1000, 1001]).await.unwrap_err();
    assert!(matches!(&error, SheetReadError::Shape(told) if told.contains("exceeds grid limits")), "{error}");
}

#[tokio::test]
async fn an_answer_without_what_was_asked_for_is_not_an_empty_sheet() {
    for pass in [0, 1] {
        let bench = Bench::with(|settings| settings.read_retries.clear()).await;
        bench.google.inject_after(pass, On::Read, Fault::EmptyObject);
        assert!(bench.sheets.read_grid().await.is_err(), "request {pass}");
        bench.google.inject_after(pass, On::Read, Fault::EmptyObject);
        assert!(bench.sheets.read_bookings(None).await.is_err(), "request {pass}");
    }
}

#[tokio::test]
async fn short_rows_are_filled_with_blanks() {
    let bench = Bench::new().await;
    bench.sheets.write_day(&bench.append(1, vec![crate::support::row(1)])).await.unwrap();
    bench.google.inject(On::Read, Fault::ShortRows(3));
    let block = bench.sheets.read_rows(&[2]).await.unwrap();
    assert_eq!(block.rows[0].1.len(), 18);
    assert!(block.rows[0].1[3..].iter().all(domain::cell::Cell::is_empty));
}
