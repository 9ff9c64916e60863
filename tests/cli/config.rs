//! `config init`, `config check`, and a configuration that is wrong.
use crate::erp_sync::Place;
use serde_json::json;

#[test]
fn what_init_writes_checks_as_the_defaults() {
    let place = Place::new();
    let before = place.run(&["config", "check", "--json"]).done().json();
    place.run(&["config", "init"]).done();
    let after = place.run(&["config", "check", "--json"]).done().json();
    assert_eq!(before["file"], json!(null));
    assert_eq!(after["file"], "erp-sync.toml");
    assert_eq!(before["settings"], after["settings"]);
    assert_eq!(place.files(), ["erp-sync.toml"], "checking creates nothing");
}

#[test]
fn init_refuses_to_replace_a_file_unless_forced() {
    let place = Place::new();
    place.write("erp-sync.toml", "stage = \"mine\"\n");
    place.run(&["config", "init"]).refused(2, &["erp-sync.toml", "--force"]);
    assert_eq!(place.run(&["config", "check", "--json"]).done().json()["settings"]["stage"], "mine");
    place.run(&["config", "init", "--force"]).done();
    assert_eq!(place.run(&["config", "check", "--json"]).done().json()["settings"]["stage"], "local");
}

#[test]
fn everything_wrong_is_told_at_once_with_its_line() {
    let place = Place::new();
    place.write(
        "erp-sync.toml",
        "stage = \"Prod!\"\ncolour = \"red\"\n[sige]\nbase_url = \"not a url\"\nrequests_per_hour = 0\nburts = 1\n",
    );
    place.write("accounts.toml", "[loja]\nerp.spreadsheet = \"x\"\n");
    let told = [
        "erp-sync.toml:1: stage:",
        "erp-sync.toml:2: colour: unknown key",
        "erp-sync.toml:4: sige.base_url: is not a URL",
        "erp-sync.toml:5: sige.requests_per_hour: is 0; it must be 1 to 100000",
        "erp-sync.toml:6: sige.burts: unknown key; did you mean burst?",
        "accounts.toml:2: loja.erp.spreadsheet:",
        "accounts.toml:1: loja.destination.spreadsheet: is missing",
    ];
    let refused = place.run(&["config", "check", "--json"]).refused(2, &told);
    let problems = refused.json()["error"]["problems"].as_array().cloned().unwrap_or_default();
    assert_eq!(problems.len(), told.len(), "{problems:#?}");
    assert_eq!(
        problems[0],
        json!({ "file": "erp-sync.toml", "line": 1, "key": "stage", "message": problems[0]["message"] })
    );
}

#[test]
fn every_command_that_reads_a_wrong_configuration_refuses_and_starts_nothing() {
    let place = Place::new();
    place.write("erp-sync.toml", "[sige]\nburst = 0\n");
    let lines: [&[&str]; 5] = [
        &["run", "sige-daily-sync"],
        &["run", "sige-backfill", "--from", "2026-04-01", "--to", "2026-04-02"],
        &["accounts", "list"],
        &["secrets", "list"],
        &["sige", "restore", "--account", "loja"],
    ];
    for line in lines {
        place.run(line).refused(2, &["erp-sync.toml:2: sige.burst"]);
    }
    assert_eq!(place.files(), ["erp-sync.toml"]);
}

#[test]
fn a_named_file_that_is_not_there_is_an_error_and_an_unnamed_one_is_not() {
    let place = Place::new();
    place.run(&["--config", "other.toml", "config", "check"]).refused(2, &["other.toml", "config init"]);
    place.run(&["config", "check"]).done();
}

#[test]
fn the_environment_names_the_file_and_the_data_directory_and_the_command_line_wins() {
    let place = Place::new();
    place.write("from-env.toml", "stage = \"env\"\n");
    place.write("from-line.toml", "stage = \"line\"\n");
    let check = |arguments: &[&str], config: &str| {
        let mut command = place.command();
        command.env("ERP_SYNC_CONFIG", config).env("ERP_SYNC_DATA_DIR", "elsewhere").args(arguments);
        let output = command.args(["config", "check", "--json"]).output().expect("erp-sync runs");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
    };
    assert_eq!(check(&[], "from-env.toml")["settings"]["stage"], "env");
    assert_eq!(check(&["--config", "from-line.toml"], "from-env.toml")["settings"]["stage"], "line");
    assert_eq!(check(&[], "")["settings"]["stage"], "local", "an empty variable counts as unset");
    assert_eq!(check(&[], "from-env.toml")["data_dir"], "elsewhere");
    assert_eq!(check(&["--data-dir", "here"], "from-env.toml")["data_dir"], "here");
}

#[test]
fn a_directory_or_binary_file_in_place_of_the_configuration_is_named() {
    let place = Place::new();
    std::fs::create_dir(place.path("erp-sync.toml")).expect("a directory");
    place.run(&["config", "check"]).refused(2, &["erp-sync.toml", "cannot be read"]);
}
