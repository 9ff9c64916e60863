//! Tokens: which are asked for, when new ones are, and what is told when there is none.
use crate::support::{Bench, ERP, REPORT, row};
use adapter_sheets::{
    CredentialError, GoogleSheets, SheetsConfigError, SheetsSettings, Surroundings, TabAddress,
};
use flows::ports::{OpenGate, ReportSheet, SheetReadError, SheetWriteError};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use testkit::clock::{SeededRandomness, SimulatedClock};
use testkit::sheets::{Fault, Late, On, Operation, SERVICE_ACCOUNT, SheetsSimulator, Silence, TabSeed};

async fn with_static_token() -> Bench {
    let google = SheetsSimulator::start().await.unwrap();
    google.add_spreadsheet(ERP, [TabSeed::bookings("ERP")]);
    google.add_spreadsheet(REPORT, [TabSeed::destination("Faturamento")]);
    let token = google.static_token();
    Bench::on(google, &token, |_| {}).await
}

/// A service account that the token endpoint does not know.
async fn with_strange_account() -> Bench {
    let google = SheetsSimulator::start().await.unwrap();
    let mut key: Value = serde_json::from_str(&google.service_account_json()).unwrap();
    key["client_email"] = "stranger@elsewhere.iam.gserviceaccount.com".into();
    Bench::on(google, &key.to_string(), |_| {}).await
}

#[tokio::test]
async fn a_static_token_needs_no_token_endpoint() {
    let bench = with_static_token().await;
    bench.sheets.read_grid().await.unwrap();
    bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap();
    assert_eq!(bench.google.counters().of(Operation::Token), 0);
}

#[tokio::test]
async fn an_expired_static_token_is_a_matter_of_credentials() {
    let bench = with_static_token().await;
    bench.google.expire_tokens();
    let error = bench.sheets.read_grid().await.unwrap_err();
    assert!(matches!(&error, SheetReadError::Credentials { what, .. } if what.contains(REPORT)), "{error}");
    let error = bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap_err();
    assert!(matches!(error, SheetWriteError::Credentials(_)), "{error}");
    let counters = bench.google.counters();
    assert_eq!((counters.reads, counters.writes, counters.unauthenticated), (1, 1, 2));
}

#[tokio::test]
async fn a_service_account_gets_a_new_token_when_the_old_one_is_refused() {
    let bench = Bench::new().await;
    bench.sheets.read_grid().await.unwrap();
    bench.google.inject(On::Read, Fault::ExpireToken);
    bench.sheets.read_grid().await.unwrap();
    bench.google.inject(On::Write, Fault::ExpireToken);
    bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap();
    let counters = bench.google.counters();
    assert_eq!((counters.tokens_issued, counters.writes, counters.applied_writes), (3, 2, 1));
    assert_eq!((bench.writes.admitted(), bench.elapsed().as_secs()), (2, 0));
    assert_eq!(bench.report().len(), 1);
}

#[tokio::test]
async fn a_token_is_used_until_a_minute_before_it_ends() {
    let bench = Bench::new().await;
    let issued = async || {
        bench.sheets.read_grid().await.unwrap();
        bench.google.counters().tokens_issued
    };
    assert_eq!(issued().await, 1);
    // The simulator's tokens live for 3599 s.
    bench.clock.advance(Duration::from_secs(3538));
    assert_eq!(issued().await, 1);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(issued().await, 2);
    assert_eq!(issued().await, 2);
    assert_eq!(bench.google.counters().unauthenticated, 0);
}

#[tokio::test]
async fn many_calls_at_once_ask_for_one_token() {
    let bench = Bench::new().await;
    let (grid, rows, bookings) = tokio::join!(
        bench.sheets.read_grid(),
        bench.sheets.read_rows(&[1]),
        bench.sheets.read_bookings(None)
    );
    assert!(grid.is_ok() && rows.is_ok() && bookings.is_ok());
    assert_eq!(bench.google.counters().of(Operation::Token), 1);
}

#[tokio::test]
async fn a_token_that_is_not_replaced_in_time_leaves_the_write_unsent() {
    let bench = Bench::with(|settings| settings.write_timeout = Duration::from_millis(500)).await;
    bench.sheets.read_grid().await.unwrap();
    bench.google.inject(On::Write, Fault::status(401));
    let hang = Fault::ApplyLate { silence: Silence::Hang, late: Late::OnDemand };
    bench.google.inject(On::Only(Operation::Token), hang);
    let error = bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap_err();
    assert!(
        matches!(&error, SheetWriteError::NotSent { detail, .. } if detail.contains("within 500ms")),
        "{error}"
    );
    assert_eq!((bench.google.counters().writes, bench.report().len()), (1, 0));
}

#[tokio::test]
async fn a_second_refusal_is_a_matter_of_credentials() {
    let bench = Bench::new().await;
    for _ in 0..2 {
        bench.google.inject(On::Read, Fault::status(401));
        bench.google.inject(On::Write, Fault::status(401));
    }
    let error = bench.sheets.read_grid().await.unwrap_err();
    assert!(
        matches!(&error, SheetReadError::Credentials { detail, .. } if detail.contains(SERVICE_ACCOUNT)),
        "{error}"
    );
    let error = bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap_err();
    assert!(
        matches!(&error, SheetWriteError::Credentials(told) if told.contains(SERVICE_ACCOUNT)),
        "{error}"
    );
    let counters = bench.google.counters();
    assert_eq!((counters.reads, counters.writes, counters.applied_writes), (2, 2, 0));
}

#[tokio::test]
async fn an_unknown_service_account_is_named_and_not_tried_again() {
    let bench = with_strange_account().await;
    let error = bench.sheets.read_grid().await.unwrap_err();
    let SheetReadError::Credentials { what, detail } = &error else { panic!("{error}") };
    assert!(what.contains("stranger@elsewhere") && detail.contains("account not found"), "{error}");
    assert_eq!((bench.google.counters().reads, bench.google.counters().of(Operation::Token)), (0, 1));
}

#[tokio::test]
async fn a_write_without_a_token_was_not_sent() {
    let bench = with_strange_account().await;
    let write = flows::ports::DayWrite { sheet_id: 0, row_count: 1000, ..day() };
    let error = bench.sheets.write_day(&write).await.unwrap_err();
    assert!(
        matches!(&error, SheetWriteError::Credentials(told) if told.contains("stranger@elsewhere")),
        "{error}"
    );
    assert_eq!(bench.google.counters().writes, 0);
}

fn day() -> flows::ports::DayWrite {
    flows::ports::DayWrite {
        sheet_id: 0,
        update: Vec::new(),
        delete: Vec::new(),
        append: vec![row(1)],
        append_after: 1,
        row_count: 0,
        replace_markers: Vec::new(),
        marker: crate::support::marker(1),
    }
}

#[tokio::test]
async fn a_sick_token_endpoint_is_waited_for_by_reads_and_told_by_writes() {
    let bench = Bench::new().await;
    let sick = [Fault::Html { code: 502 }, Fault::DropBeforeApply, Fault::TruncatedJson, Fault::EmptyObject];
    let count = sick.len();
    for fault in sick {
        bench.google.inject(On::Only(Operation::Token), fault);
    }
    bench.sheets.read_grid().await.unwrap();
    // The answer without a token is asked about again at once.
    assert_eq!(bench.clock.slept().len(), count - 1);
    assert_eq!(bench.google.counters().faults_fired, u64::try_from(count).unwrap());

    let bench = Bench::new().await;
    bench.google.inject(On::Only(Operation::Token), Fault::Html { code: 502 });
    let error = bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap_err();
    assert!(matches!(error, SheetWriteError::NotSent { .. }), "{error}");
    assert_eq!(bench.google.counters().writes, 0);
}

async fn refusal(secret: &str) -> SheetsConfigError {
    let settings = SheetsSettings::new(TabAddress::new(ERP, "ERP"), TabAddress::new(REPORT, "Faturamento"));
    let around = Surroundings {
        clock: Arc::new(SimulatedClock::default()),
        randomness: Arc::new(SeededRandomness::new(1)),
        read_gate: Arc::new(OpenGate),
        write_gate: Arc::new(OpenGate),
    };
    GoogleSheets::new(settings, &secret.to_owned().into(), around).await.unwrap_err()
}

#[tokio::test]
async fn a_key_that_is_no_rsa_key_is_found_before_any_call() {
    let google = SheetsSimulator::start().await.unwrap();
    let mut key: Value = serde_json::from_str(&google.service_account_json()).unwrap();
    key["private_key"] = "-----BEGIN PRIVATE KEY-----\nc2VncmVkbw==\n-----END PRIVATE KEY-----\n".into();
    let error = refusal(&key.to_string()).await;
    let expected = CredentialError::Field { field: "private_key", problem: "is not a usable RSA key" };
    assert!(matches!(&error, SheetsConfigError::Credential(found) if *found == expected), "{error}");
    assert!(!format!("{error} {error:?}").contains("c2Vn"));
}

#[tokio::test]
async fn neither_key_nor_token_is_shown() {
    let bench = Bench::new().await;
    let shown = format!("{:?}", bench.sheets);
    assert!(shown.contains(SERVICE_ACCOUNT) && !shown.contains("PRIVATE"), "{shown}");
    let bench = with_static_token().await;
    let token = bench.google.static_token();
    assert!(!format!("{:?}", bench.sheets).contains(&token));
    bench.google.expire_tokens();
    let error = bench.sheets.read_grid().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&token));
}
