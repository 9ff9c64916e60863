//! What every request must look like: cells in their places, one narrow scope, any name of a tab.
use crate::support::{Bench, ERP, REPORT, TAB, row};
use domain::cell::TypedCell;
use flows::ports::{ReportSheet, SheetWriteError};
use serde_json::Value;
use testkit::sheets::{Fault, On, Operation, TabSeed};

#[tokio::test]
async fn an_empty_cell_does_not_move_the_others_to_the_left() {
    let bench = Bench::new().await;
    let mut cells = row(70001);
    for column in [0, 4, 5, 8, 17] {
        cells[column] = TypedCell::Text(String::new());
    }
    bench.sheets.write_day(&bench.append(1, vec![cells.clone()])).await.unwrap();
    let read = bench.sheets.read_rows(&[2]).await.unwrap();
    for (written, read) in cells.iter().zip(&read.rows[0].1) {
        assert!(written.matches(read), "{written:?} was read back as {read:?}");
    }
    let sent =
        bench.google.requests().into_iter().find(|entry| entry.operation == Operation::BatchUpdate).unwrap();
    assert!(!sent.body.contains("null"), "{}", sent.body);
    let sent = sent.json();
    let values = sent.pointer("/requests/0/updateCells/rows/0/values").and_then(Value::as_array).unwrap();
    assert_eq!(values.len(), 18);
    assert_eq!(values[5], serde_json::json!({}));
}

#[tokio::test]
async fn one_token_for_spreadsheets_only_is_asked_for() {
    let bench = Bench::new().await;
    bench.sheets.read_bookings(None).await.unwrap();
    bench.sheets.read_grid().await.unwrap();
    bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap();
    bench.sheets.read_rows(&[2]).await.unwrap();
    assert_eq!(bench.google.scopes_asked(), ["https://www.googleapis.com/auth/spreadsheets"]);
}

#[tokio::test]
async fn the_status_and_the_wait_of_a_refusal_are_seen() {
    let bench = Bench::new().await;
    bench.google.inject(On::Write, Fault::status_after(429, 90));
    let error = bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap_err();
    let SheetWriteError::NotSent { detail, retry_at } = error else { panic!("{error}") };
    assert!(detail.contains("http 429") && detail.contains("RESOURCE_EXHAUSTED"), "{detail}");
    assert_eq!((retry_at.unwrap() - flows_now(&bench)).num_seconds(), 90);
}

fn flows_now(bench: &Bench) -> chrono::DateTime<chrono::Utc> {
    use flows::ports::Clock;
    bench.clock.now()
}

#[tokio::test]
async fn a_tab_may_have_any_name() {
    let names = [
        "a#b",
        "a?b=c&d",
        "100%",
        "2026/03",
        "It's",
        "'quoted'",
        "two words",
        "Março é açaí",
        "A1",
        "a+b",
        "!x!",
        "%2F",
    ];
    for name in names {
        let bench = Bench::with(|settings| {
            name.clone_into(&mut settings.destination.tab);
            name.clone_into(&mut settings.bookings.tab);
        })
        .await;
        bench.google.add_spreadsheet(ERP, [TabSeed::new("Outra"), TabSeed::bookings(name)]);
        bench.google.add_spreadsheet(REPORT, [TabSeed::new("Outra"), TabSeed::destination(name)]);
        bench.google.edit(ERP, name, |tab| tab.set(2, 3, "52998224725"));
        let sheet_id = bench.google.sheet_id(REPORT, name).unwrap();
        let write = flows::ports::DayWrite { sheet_id, row_count: 1000, ..day(1) };
        bench.sheets.write_day(&write).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let grid = bench.sheets.read_grid().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(grid.codes, [Some(70001)], "{name}");
        let rows = bench.sheets.read_rows(&[2]).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows.rows[0].1[1], domain::cell::Cell::from(70001), "{name}");
        let bookings =
            bench.sheets.read_bookings(None).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(bookings.rows.len(), 1, "{name}");
    }
}

fn day(generation: i32) -> flows::ports::DayWrite {
    flows::ports::DayWrite {
        sheet_id: 0,
        update: Vec::new(),
        delete: Vec::new(),
        append: vec![row(70001)],
        append_after: 1,
        row_count: 0,
        replace_markers: Vec::new(),
        marker: crate::support::marker(generation),
    }
}

#[tokio::test]
async fn every_call_is_compact_and_says_which_fields_it_wants() {
    let bench = Bench::new().await;
    bench.sheets.read_bookings(None).await.unwrap();
    bench.sheets.read_grid().await.unwrap();
    bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap();
    bench.sheets.read_rows(&[2]).await.unwrap();
    let calls = bench.google.requests();
    let calls: Vec<_> = calls.iter().filter(|call| call.operation != Operation::Token).collect();
    assert_eq!(calls.len(), 6);
    for call in calls {
        assert_eq!(call.parameter("prettyPrint"), Some("false"), "{}", call.path);
        assert!(call.parameter("fields").is_some_and(|fields| !fields.is_empty()), "{}", call.path);
        if call.operation == Operation::ValuesBatchGet {
            assert_eq!(call.parameter("valueRenderOption"), Some("UNFORMATTED_VALUE"));
            assert_eq!(call.parameter("dateTimeRenderOption"), Some("SERIAL_NUMBER"));
        }
        assert_eq!(call.status, Some(200));
    }
}

#[tokio::test]
async fn texts_that_look_like_formulas_and_numbers_stay_texts() {
    let bench = Bench::new().await;
    let texts = [
        "=1+1",
        "+55 11 98765-4321",
        "-2",
        "@x",
        "\t=1",
        "01234567890",
        "3/2026",
        "'x",
        "TRUE",
        "＝1",
        "\u{200b}=1",
    ];
    let mut cells = row(1);
    for (column, text) in [0, 2, 4, 5, 6, 8, 9, 10, 12, 15].into_iter().zip(texts) {
        cells[column] = TypedCell::Text(text.into());
    }
    bench.sheets.write_day(&bench.append(1, vec![cells.clone()])).await.unwrap();
    for (written, shown) in cells.iter().zip(&bench.report()[0]) {
        if let TypedCell::Text(text) = written {
            assert_eq!(shown.as_text(), Some(text.as_str()));
        }
    }
    assert_eq!(bench.google.counters().formula_writes, 0);
}

#[tokio::test]
async fn a_base_url_without_a_trailing_slash_works() {
    let bench =
        Bench::with(|settings| settings.base_url = settings.base_url.trim_end_matches('/').to_owned()).await;
    assert_eq!(bench.sheets.read_grid().await.unwrap().row_count, 1000);
    assert_eq!(bench.google.snapshot(REPORT, TAB).len(), 1);
}
