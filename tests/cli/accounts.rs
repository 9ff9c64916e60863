//! Accounts and the import of the old worker's settings, from the file to the store.
use crate::erp_sync::{Finished, Place};
use serde_json::json;

const ERP: &str = "1AbCdEfGhIjKlMnOpQrStUvWxYz";
const DESTINATION: &str = "1ZyXwVuTsRqPoNmLkJiHgFeDcBa";

fn with_accounts() -> Place {
    let place = Place::new();
    let address = format!("https://docs.google.com/spreadsheets/d/{DESTINATION}/edit#gid=0");
    place.write(
        "accounts.toml",
        &format!("[loja]\nerp.spreadsheet = \"{ERP}\"\ndestination.spreadsheet = \"{address}\"\n"),
    );
    place
}

fn env_file(place: &Place) {
    place.write(
        ".env",
        &format!(
            "SIGE_TOKEN=hunter2-sige\nexport SIGE_USER='admin@example.com'\nSIGE_APP=\"Minha App\"\n\
             GOOGLE_TOKEN=hunter2-google # one hour\nSPREADSHEET_ID={DESTINATION}\nERP_SPREADSHEET_ID={ERP}\nTZ=UTC\n"
        ),
    );
}

fn shows_no_secret(finished: &Finished) {
    assert!(!finished.stdout.contains("hunter2") && !finished.stderr.contains("hunter2"), "{finished:?}");
}

#[test]
fn applying_is_a_dry_run_until_told_otherwise_and_then_idempotent() {
    let place = with_accounts();
    let dry = place.run(&["accounts", "apply"]).done();
    assert!(dry.stdout.contains("new") && dry.stderr.contains("--apply"), "{dry:?}");
    assert_eq!(place.run(&["accounts", "list", "--json"]).done().json(), json!([]));

    let outcome = |arguments: &[&str]| place.run(arguments).done().json()["accounts"][0]["outcome"].clone();
    assert_eq!(outcome(&["accounts", "apply", "--apply", "--json"]), "created");
    assert_eq!(outcome(&["accounts", "apply", "--apply", "--json"]), "unchanged");
    let shown = place.run(&["accounts", "show", "loja", "--json"]).done().json();
    assert_eq!(shown["destination"], json!({ "spreadsheet": DESTINATION, "tab": "Faturamento" }));
    assert_eq!(shown["rules"]["profile"], "strict");
}

#[test]
fn a_change_is_shown_before_and_after() {
    let place = with_accounts();
    place.run(&["accounts", "apply", "--apply"]).done();
    let text = std::fs::read_to_string(place.path("accounts.toml")).expect("the file");
    place.write("accounts.toml", &format!("{text}resync_days = 9\nrules.profile = \"legacy\"\n"));
    let changes = place.run(&["accounts", "apply", "--json"]).done().json()["accounts"][0]["changes"].clone();
    assert_eq!(
        changes,
        json!([
            { "field": "resync_days", "from": 5, "to": 9 },
            { "field": "rules.profile", "from": "strict", "to": "legacy" },
        ])
    );
}

#[test]
fn a_wrong_file_applies_nothing_at_all() {
    let place = with_accounts();
    let text = std::fs::read_to_string(place.path("accounts.toml")).expect("the file");
    place.write("accounts.toml", &format!("{text}[bad]\nresync_days = 0\n"));
    place
        .run(&["accounts", "apply", "--apply"])
        .refused(2, &["accounts.toml:5: bad.resync_days", "bad.erp.spreadsheet"]);
    assert_eq!(place.run(&["accounts", "list", "--json"]).done().json(), json!([]));
    place
        .run(&["accounts", "apply", "--file", "none.toml"])
        .refused(2, &["none.toml: there is no such file"]);
}

#[test]
fn an_unknown_account_is_named() {
    let place = Place::new();
    place.run(&["accounts", "show", "nobody"]).refused(2, &["nobody", "accounts list"]);
    place.run(&["accounts", "resume", "nobody", "--apply"]).refused(2, &["nobody"]);
}

#[test]
fn the_old_workers_six_variables_become_an_account_and_two_secrets() {
    let place = Place::new();
    env_file(&place);
    let dry = place.run(&["import-env", ".env", "--name", "loja"]).done();
    shows_no_secret(&dry);
    assert!(dry.stderr.contains("not used: TZ"), "{dry:?}");
    assert_eq!(place.run(&["secrets", "list", "--json"]).done().json(), json!([]));

    shows_no_secret(&place.run(&["accounts", "import-env", ".env", "--name", "loja", "--apply"]).done());
    let names = place.run(&["secrets", "list", "--json"]).done();
    assert_eq!(names.json(), json!(["erp-sync/local/google/loja", "erp-sync/local/sige/loja"]));
    let shown = place.run(&["accounts", "show", "loja", "--json"]).done();
    assert_eq!(shown.json()["erp"], json!({ "spreadsheet": ERP, "tab": "ERP" }));
    assert_eq!(shown.json()["destination"]["spreadsheet"], DESTINATION);
    shows_no_secret(&shown);

    let again = place.run(&["import-env", ".env", "--name", "loja", "--apply", "--json"]).done().json();
    assert_eq!(again["account"]["outcome"], "unchanged");
    assert_eq!(again["secrets"][0]["outcome"], "unchanged");
}

#[test]
fn an_incomplete_import_names_everything_missing_and_stores_nothing() {
    let place = Place::new();
    place.write(".env", "SIGE_TOKEN=hunter2\nSIGE_USER=\nSPREADSHEET_ID=short\n");
    let refused = place.run(&["import-env", ".env", "--apply"]).refused(
        2,
        &[
            "SIGE_USER: is empty",
            "SIGE_APP: is missing",
            "GOOGLE_TOKEN: is missing",
            "ERP_SPREADSHEET_ID: is missing",
        ],
    );
    shows_no_secret(&refused);
    assert_eq!(place.run(&["secrets", "list", "--json"]).done().json(), json!([]));
    assert_eq!(place.run(&["accounts", "list", "--json"]).done().json(), json!([]));
}
