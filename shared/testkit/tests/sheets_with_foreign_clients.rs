//! The Sheets simulator under clients that nobody here wrote, each request and answer judged by
//! Google's own description of the API.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use testkit::sheets::python::{discovery_document, run_script};
use testkit::sheets::{Discovery, Locale, Operation, SheetsSimulator, TabSeed};

/// Runs a script against the simulator; every request and answer must be in the description.
async fn drive(google: &SheetsSimulator, script: &'static str, spreadsheet: &str) {
    google.record_answers(true);
    let arguments = vec![google.base_url().to_owned(), spreadsheet.to_owned()];
    let key = google.service_account_json();
    let done = tokio::task::spawn_blocking(move || run_script(script, &arguments, &key)).await.unwrap();
    if let Err(told) = done {
        let log = google.requests();
        let last = log.last().map(|entry| format!("{} {} {:?}", entry.method, entry.path, entry.answer));
        panic!("{told}\nlast request: {last:?}");
    }
    let discovery = Discovery::parse(&discovery_document().unwrap()).unwrap();
    let judged: Vec<_> =
        google.requests().into_iter().filter(|entry| entry.operation != Operation::Token).collect();
    assert!(judged.len() > 20, "only {} requests came", judged.len());
    assert!(judged.iter().all(|entry| entry.answer.is_some()));
    let violations: Vec<String> = judged.iter().flat_map(|entry| discovery.violations(entry)).collect();
    assert!(violations.is_empty(), "{violations:#?}");
    assert_eq!(google.scopes_asked(), ["https://www.googleapis.com/auth/spreadsheets"]);
}

#[tokio::test]
async fn gspread_opens_reads_writes_appends_and_finds() {
    let google = SheetsSimulator::start().await.unwrap();
    let header = ["Código", "Cliente", "Valor"].map(Into::into);
    google.add_spreadsheet("livro", [TabSeed::new("Vendas é/ou #1?").row(header), TabSeed::new("Outra")]);
    drive(&google, "drive_with_gspread.py", "livro").await;
}

#[tokio::test]
async fn the_google_client_reads_writes_marks_and_creates() {
    let google = SheetsSimulator::start().await.unwrap();
    let tab = TabSeed::new("Dados").grid(20, 5).sheet_id(7);
    google.add_spreadsheet_in(Locale::PtBr, "livro", [tab]);
    drive(&google, "drive_with_google_client.py", "livro").await;
}

#[test]
fn the_description_is_the_one_of_the_methods_that_are_used() {
    let discovery = Discovery::parse(&discovery_document().unwrap()).unwrap();
    for (schema, field) in [
        ("Request", "updateCells"),
        ("Request", "createDeveloperMetadata"),
        ("ValueRange", "values"),
        ("CellFormat", "numberFormat"),
    ] {
        assert!(discovery.knows(schema, field), "{schema}.{field}");
    }
    assert!(!discovery.knows("CellData", "formulaValue"));
}
