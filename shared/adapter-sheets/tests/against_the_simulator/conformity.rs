//! What the adapter sends, and what the simulator answers it, judged by Google's description of the API.
use crate::support::{Bench, ERP, REPORT, TAB, marker, row};
use flows::ports::{DayWrite, ReportSheet};
use testkit::sheets::python::discovery_document;
use testkit::sheets::{CellValue, Discovery, Fault, On, Operation, TabSeed};

async fn violations(bench: &Bench) -> Vec<String> {
    let document = tokio::task::spawn_blocking(discovery_document).await.unwrap().unwrap();
    let discovery = Discovery::parse(&document).unwrap();
    let calls = bench.google.requests();
    let calls = calls.iter().filter(|call| call.operation != Operation::Token);
    calls.flat_map(|call| discovery.violations(call)).collect()
}

#[tokio::test]
async fn every_request_and_answer_is_in_the_description() {
    let bench = Bench::with(|settings| {
        settings.read_cancelled = true;
        settings.read_form_month = true;
    })
    .await;
    bench.google.record_answers(true);
    let booking = |number: u32| vec![CellValue::from(number); 34];
    bench.google.add_spreadsheet(ERP, [TabSeed::bookings("ERP").fill(40, booking).grid(20_000, 34)]);
    bench.sheets.read_bookings(Some(10)).await.unwrap();
    bench.google.add_spreadsheet(REPORT, [TabSeed::destination(TAB).grid(3, 18)]);
    bench.sheets.write_day(&bench.append(1, (1..=9).map(row).collect())).await.unwrap();
    bench.sheets.read_grid().await.unwrap();
    bench.sheets.read_rows(&[2, 3, 5]).await.unwrap();
    let write = DayWrite {
        update: vec![(2, row(20)), (9, row(21))],
        delete: vec![3, 4, 6],
        append: vec![row(22)],
        append_after: 7,
        replace_markers: vec![marker(1).metadata_id],
        ..bench.append(2, vec![])
    };
    bench.sheets.write_day(&write).await.unwrap();
    let calls = bench.google.requests();
    assert!(calls.iter().all(|call| call.status == Some(200)), "{calls:#?}");
    let kinds = [
        "appendDimension",
        "updateCells",
        "deleteDimension",
        "deleteDeveloperMetadata",
        "createDeveloperMetadata",
    ];
    let bodies: String = calls.iter().map(|call| call.body.as_str()).collect();
    assert!(kinds.iter().all(|kind| bodies.contains(kind)), "a kind of request was not judged");
    assert_eq!(violations(&bench).await, Vec::<String>::new());
}

#[tokio::test]
async fn refusals_look_like_google_s() {
    let bench = Bench::with(|settings| settings.read_retries.clear()).await;
    bench.google.record_answers(true);
    for code in [400, 403, 404, 409, 429, 500, 503, 504] {
        bench.google.inject(On::Read, Fault::status(code));
        assert!(bench.sheets.read_grid().await.is_err());
    }
    bench.google.inject(On::Read, Fault::ExpireToken);
    bench.sheets.read_grid().await.unwrap();
    let copy = bench.append(1, vec![row(1)]);
    bench.sheets.write_day(&copy).await.unwrap();
    assert!(bench.sheets.write_day(&copy).await.is_err());
    let statuses: Vec<_> = bench.google.requests().iter().filter_map(|call| call.status).collect();
    assert!(statuses.contains(&401) && statuses.contains(&400));
    assert_eq!(violations(&bench).await, Vec::<String>::new());
}
