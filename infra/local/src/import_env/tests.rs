//! What the old worker's variables become.
use super::*;
use crate::context::for_tests::context;
use std::path::PathBuf;

const ENV: &str = "SIGE_TOKEN=hunter2\nSIGE_USER=admin@example.com\nSIGE_APP=App\nGOOGLE_TOKEN=ya29.hunter2\n\
                   SPREADSHEET_ID=1ZyXwVuTsRqPoNmLkJiHgFeDcBa\nERP_SPREADSHEET_ID=1AbCdEfGhIjKlMnOpQrStUvWxYz\nTZ=UTC\n";

fn problems(text: &str) -> Vec<String> {
    match read(".env", text, "loja", "local") {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

fn args(dir: &tempfile::TempDir, apply: bool) -> ImportEnvArgs {
    let file: PathBuf = dir.path().join(".env");
    std::fs::write(&file, ENV).unwrap();
    ImportEnvArgs { file, name: "loja".into(), apply }
}

#[test]
fn everything_missing_or_empty_is_reported_at_once() {
    assert_eq!(
        problems("SIGE_TOKEN=\nSIGE_USER=u\n"),
        [
            ".env:1: SIGE_TOKEN: is empty: token of the SIGE API",
            ".env: SIGE_APP: is missing: app registered at SIGE",
            ".env: GOOGLE_TOKEN: is missing: Google access token or service account key",
            ".env: SPREADSHEET_ID: is missing: spreadsheet with the tab Faturamento",
            ".env: ERP_SPREADSHEET_ID: is missing: spreadsheet with the tab ERP",
        ]
    );
}

#[test]
fn malformed_values_are_named_by_variable_and_never_shown() {
    let text = ENV
        .replace("admin@example.com", "✓")
        .replace("ya29.hunter2", "hunter2\u{7f}")
        .replace("1AbCdEfGhIjKlMnOpQrStUvWxYz", "x y");
    let problems = problems(&text);
    let names = ["ERP_SPREADSHEET_ID", "SIGE_USER", "GOOGLE_TOKEN"];
    assert_eq!(problems.len(), names.len(), "{problems:?}");
    for (problem, name) in problems.iter().zip(names) {
        assert!(problem.contains(name) && !problem.contains("hunter2"), "{problem}");
    }
}

#[test]
fn the_two_spreadsheets_are_not_swapped() {
    let import = read(".env", ENV, "loja", "local").unwrap();
    assert_eq!(import.account.erp.spreadsheet, "1AbCdEfGhIjKlMnOpQrStUvWxYz");
    assert_eq!(import.account.destination.spreadsheet, "1ZyXwVuTsRqPoNmLkJiHgFeDcBa");
    assert_eq!(import.unknown, ["TZ"]);
}

#[tokio::test]
async fn without_apply_nothing_is_stored_and_with_it_everything() {
    let dir = tempfile::tempdir().unwrap();
    let (context, printed) = context(false);
    run(&context, &args(&dir, false)).await.unwrap();
    assert_eq!(context.secrets.list("erp-sync/").await.unwrap(), [""; 0]);
    assert!(flows::accounts::load(&*context.state, "loja").await.unwrap().is_none());

    run(&context, &args(&dir, true)).await.unwrap();
    let names = context.secrets.list("erp-sync/").await.unwrap();
    assert_eq!(names, ["erp-sync/local/google/loja", "erp-sync/local/sige/loja"]);
    let sige = context.secrets.get("erp-sync/local/sige/loja").await.unwrap();
    assert_eq!(sige.expose_secret(), r#"{"token":"hunter2","user":"admin@example.com","app":"App"}"#);
    assert!(flows::accounts::load(&*context.state, "loja").await.unwrap().is_some());
    assert!(!printed.text().contains("hunter2"));
}

#[tokio::test]
async fn importing_twice_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (first, _) = context(true);
    run(&first, &args(&dir, true)).await.unwrap();
    let (mut second, printed) = context(true);
    (second.state, second.secrets) = (first.state, first.secrets);
    run(&second, &args(&dir, true)).await.unwrap();
    let value: serde_json::Value = serde_json::from_str(&printed.text()).unwrap();
    assert_eq!(value["account"]["outcome"], "unchanged");
    assert_eq!(value["secrets"][0]["outcome"], "unchanged");
}
