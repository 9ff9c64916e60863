//! What writes make of every failure: certain or not, and never a second request.
use crate::support::{Bench, REPORT, TAB, row};
use chrono::TimeDelta;
use flows::ports::{Clock, DayWrite, GateError, ReportSheet, SheetWriteError};
use std::time::Duration;
use testkit::sheets::{Fault, Late, On, Operation, SERVICE_ACCOUNT, SheetsSimulator, Silence};

fn kind(error: &SheetWriteError) -> &'static str {
    match error {
        SheetWriteError::Rejected(_) => "rejected",
        SheetWriteError::Credentials(_) => "credentials",
        SheetWriteError::NotSent { .. } => "not sent",
        SheetWriteError::Unknown(_) => "unknown",
    }
}

#[tokio::test]
async fn every_failure_is_certain_or_unknown_and_one_request_leaves() {
    let drop_late = Fault::ApplyLate { silence: Silence::Drop, late: Late::OnDemand };
    let table = [
        (Fault::status(400), "rejected", 0),
        (Fault::status(403), "credentials", 0),
        (Fault::status(404), "rejected", 0),
        (Fault::status(409), "rejected", 0),
        (Fault::status(413), "rejected", 0),
        (Fault::Html { code: 404 }, "rejected", 0),
        (Fault::too_many_requests(), "not sent", 0),
        (Fault::status(408), "unknown", 0),
        (Fault::status(500), "unknown", 0),
        (Fault::status(502), "unknown", 0),
        (Fault::status(503), "unknown", 0),
        (Fault::status_after(503, 5), "unknown", 0),
        (Fault::status(504), "unknown", 0),
        (Fault::status(302), "unknown", 0),
        (Fault::Html { code: 200 }, "unknown", 0),
        (Fault::Html { code: 502 }, "unknown", 0),
        (Fault::DropBeforeApply, "unknown", 0),
        (drop_late, "unknown", 0),
        (Fault::ApplyThenDrop, "unknown", 1),
        (Fault::TruncatedJson, "unknown", 1),
        (Fault::BrokenBody, "unknown", 1),
        (Fault::EmptyObject, "unknown", 1),
    ];
    for (fault, expected, applied) in table {
        let bench = Bench::new().await;
        let name = format!("{fault:?}");
        // The connection is in use already, as in a run: a client that repeats what it sent on a connection that
        // turns out to be dead would be found here.
        bench.sheets.read_grid().await.unwrap();
        bench.google.inject(On::Write, fault);
        let error = bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap_err();
        assert_eq!(kind(&error), expected, "{name}: {error}");
        let counters = bench.google.counters();
        assert_eq!(
            (counters.faults_fired, counters.writes, counters.applied_writes),
            (1, 1, applied),
            "{name}"
        );
        assert_eq!(bench.report().len(), usize::try_from(applied).unwrap(), "{name}");
        assert_eq!((bench.writes.admitted(), bench.clock.slept().len()), (1, 0), "{name}");
    }
}

#[tokio::test]
async fn a_write_that_times_out_is_unknown_and_may_be_applied_later() {
    let bench = Bench::with(|settings| settings.write_timeout = Duration::from_millis(100)).await;
    bench.sheets.read_grid().await.unwrap();
    bench.google.inject(On::Write, Fault::ApplyLate { silence: Silence::Hang, late: Late::OnDemand });
    let error = bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap_err();
    assert!(
        matches!(&error, SheetWriteError::Unknown(told) if told.contains("no answer within 100ms")),
        "{error}"
    );
    assert!(bench.report().is_empty());
    assert_eq!(bench.google.apply_late(), [200]);
    assert_eq!(bench.report().len(), 1);
    assert_eq!(bench.google.counters().writes, 1);
}

#[tokio::test]
async fn a_write_that_is_applied_late_fails_as_a_whole_when_another_took_its_id() {
    let bench = Bench::new().await;
    let write = bench.append(1, vec![row(1)]);
    bench.google.inject(On::Write, Fault::ApplyLate { silence: Silence::Drop, late: Late::AfterRequests(2) });
    assert_eq!(kind(&bench.sheets.write_day(&write).await.unwrap_err()), "unknown");
    bench.sheets.write_day(&write).await.unwrap();
    let after = bench.google.snapshot(REPORT, TAB);
    assert_eq!(bench.google.late_writes(), 1);
    bench.sheets.read_grid().await.unwrap();
    assert_eq!(bench.google.late_writes(), 0);
    assert_eq!(bench.google.snapshot(REPORT, TAB), after);
    assert_eq!(bench.google.counters().applied_writes, 1);
}

#[tokio::test]
async fn a_write_that_waits_for_its_token_too_long_was_not_sent() {
    let bench = Bench::with(|settings| settings.write_timeout = Duration::from_millis(50)).await;
    let hang = Fault::ApplyLate { silence: Silence::Hang, late: Late::OnDemand };
    bench.google.inject(On::Only(Operation::Token), hang);
    let error = bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap_err();
    assert_eq!(kind(&error), "not sent", "{error}");
    assert_eq!(bench.google.counters().writes, 0);
}

#[tokio::test]
async fn nobody_at_the_address_means_not_sent() {
    let google = SheetsSimulator::start().await.unwrap();
    let token = google.static_token();
    google.add_spreadsheet(REPORT, [testkit::sheets::TabSeed::destination(TAB)]);
    let bench = Bench::on(google, &token, |settings| settings.base_url = "http://127.0.0.1:1".into()).await;
    let error = bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap_err();
    assert!(matches!(&error, SheetWriteError::NotSent { retry_at: None, .. }), "{error}");
}

#[tokio::test]
async fn a_429_says_when_to_come_back_and_asks_everybody_to_be_silent() {
    for (fault, seconds) in [
        (Fault::too_many_requests(), 60),
        (Fault::status_after(429, 7), 7),
        (Fault::status_after(429, 999_999), 900),
    ] {
        let bench = Bench::new().await;
        let until = bench.clock.now() + TimeDelta::seconds(seconds);
        bench.google.inject(On::Write, fault);
        let error = bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap_err();
        assert!(
            matches!(&error, SheetWriteError::NotSent { retry_at, .. } if *retry_at == Some(until)),
            "{error}"
        );
        assert_eq!((bench.writes.held(), bench.reads.held()), (vec![until], vec![]));
    }
}

#[tokio::test]
async fn a_closed_gate_sends_nothing() {
    let bench = Bench::new().await;
    let until = bench.clock.now() + TimeDelta::minutes(2);
    bench.writes.close(GateError::Deferred { until });
    let write = bench.append(1, vec![row(1)]);
    let error = bench.sheets.write_day(&write).await.unwrap_err();
    assert!(
        matches!(&error, SheetWriteError::NotSent { retry_at, .. } if *retry_at == Some(until)),
        "{error}"
    );
    bench.writes.close(GateError::Unavailable("disk full".into()));
    assert_eq!(kind(&bench.sheets.write_day(&write).await.unwrap_err()), "not sent");
    assert!(bench.google.requests().is_empty());
}

#[tokio::test]
async fn a_spreadsheet_that_is_not_shared_is_told_with_the_remedy() {
    let bench = Bench::new().await;
    let write = bench.append(1, vec![row(1)]);
    bench.google.set_shared(REPORT, false);
    let error = bench.sheets.write_day(&write).await.unwrap_err();
    let SheetWriteError::Credentials(told) = &error else { panic!("{error}") };
    assert!(told.contains(REPORT) && told.contains(TAB) && told.contains(SERVICE_ACCOUNT), "{told}");
}

#[tokio::test]
async fn one_bad_request_and_nothing_of_the_batch_is_applied() {
    let bench = Bench::new().await;
    bench.google.add_spreadsheet(REPORT, [testkit::sheets::TabSeed::destination(TAB).grid(20, 18)]);
    bench.sheets.write_day(&bench.append(1, vec![row(1), row(2), row(3)])).await.unwrap();
    let before =
        (bench.google.snapshot(REPORT, TAB), bench.google.metadata(REPORT), bench.google.grid(REPORT, TAB));
    let rows = bench.append(2, vec![]).row_count;
    let good = DayWrite {
        update: vec![(2, row(9))],
        delete: vec![3, 4],
        append: vec![row(10); 50],
        append_after: 2,
        ..bench.append(2, vec![])
    };
    let too_long = domain::cell::TypedCell::Text("x".repeat(50_001));
    let broken = [
        DayWrite { delete: vec![3, 2_500_000], ..good.clone() },
        DayWrite { row_count: rows + 50_000, ..good.clone() },
        DayWrite { sheet_id: 424_242, ..good.clone() },
        DayWrite { update: vec![(2, vec![too_long])], ..good.clone() },
        DayWrite {
            marker: flows::ports::Marker { value: "x".repeat(30_001), ..good.marker.clone() },
            ..good.clone()
        },
        DayWrite { marker: flows::ports::Marker { metadata_id: -1, ..good.marker.clone() }, ..good.clone() },
        DayWrite { marker: crate::support::marker(1), ..good.clone() },
        DayWrite { append_after: 900_000, ..good.clone() },
    ];
    for write in broken {
        let error = bench.sheets.write_day(&write).await.unwrap_err();
        assert_eq!(kind(&error), "rejected", "{error}");
        let after = (
            bench.google.snapshot(REPORT, TAB),
            bench.google.metadata(REPORT),
            bench.google.grid(REPORT, TAB),
        );
        assert!(after == before, "something was applied: {error}");
    }
    bench.sheets.write_day(&good).await.unwrap();
    assert_eq!(bench.report().len(), 51);
}

#[tokio::test]
async fn a_number_that_a_double_would_change_is_rejected_before_it_is_sent() {
    let bench = Bench::new().await;
    let mut cells = row(1);
    cells[1] = domain::cell::TypedCell::Integer(i64::MAX);
    let error = bench.sheets.write_day(&bench.append(1, vec![cells])).await.unwrap_err();
    assert!(
        matches!(&error, SheetWriteError::Rejected(told) if told.contains("9223372036854775807")),
        "{error}"
    );
    assert!(bench.google.requests().is_empty());
}
