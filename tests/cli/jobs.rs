//! The jobs from outside: a company's files and secrets, the simulators as another process, and what a script sees.
use super::installation::{Simulators, installation, outcomes};
use crate::erp_sync::{Finished, Place};
use serde_json::Value;

#[test]
fn what_simulate_prints_is_a_working_installation_and_a_second_run_writes_nothing() {
    let (place, _simulators) = installation();
    place.run(&["config", "check"]).done();
    let first = place.run(&["run", "sige-daily-sync", "--json"]).done().json();
    assert_eq!(outcomes(&first), ["written"; 5], "{first}");
    assert!(first["write_requests"].as_u64().is_some_and(|count| count >= 1), "{first}");
    let second = place.run(&["run", "sige-daily-sync", "--json"]).done().json();
    assert_eq!(outcomes(&second), ["unchanged"; 5], "{second}");
    assert_eq!(second["write_requests"], 0);
}

#[test]
fn the_simulators_end_quietly_when_asked() {
    let place = Place::new();
    assert_eq!(Simulators::start(&place).end(), Some(0));
    assert_eq!(place.files(), [""; 0], "they leave nothing behind");
}

#[test]
fn a_job_without_accounts_says_how_to_add_one() {
    let place = Place::new();
    let range = ["--from", "2026-04-01", "--to", "2026-04-02"];
    for line in [&["run", "sige-daily-sync"][..], &[&["run", "sige-backfill"][..], &range].concat()] {
        place.run(line).refused(2, &["no account", "accounts apply", "import-env"]);
    }
}

#[test]
fn a_range_that_cannot_be_meant_is_refused_before_anything_is_asked() {
    let (place, mut simulators) = installation();
    simulators.end();
    let backfill = |from: &str, to: &str| -> Finished {
        place.run(&["run", "sige-backfill", "--from", from, "--to", to])
    };
    backfill("2026-04-02", "2026-04-01").refused(2, &["inverted"]);
    backfill("01/04/2026", "01/04/2099").refused(2, &["2099-04-01", "not over yet"]);
    backfill("2001-01-01", "2026-01-01").refused(2, &["backfill_days_max"]);
    place
        .run(&["run", "sige-daily-sync", "--date", "2099-01-01"])
        .refused(2, &["2099-01-01", "not over yet"]);
    place.run(&["run", "sige-daily-sync", "--account", "nobody"]).refused(2, &["nobody"]);
}

#[test]
fn a_missing_secret_is_named_with_the_command_that_sets_it() {
    let place = Place::new();
    let simulators = Simulators::start(&place);
    place.write("erp-sync.toml", simulators.text("config"));
    place.write("accounts.toml", simulators.text("accounts"));
    place.run(&["accounts", "apply", "--apply"]).done();
    let set = format!("erp-sync secrets set sige/{}", simulators.text("account"));
    place.run(&["run", "sige-daily-sync"]).refused(2, &[&set]);
}

#[test]
fn a_system_that_is_down_ends_the_run_with_1_and_a_reason() {
    let (place, mut simulators) = installation();
    simulators.end();
    let text = format!("{}\nretry_delays_ms = []\n", simulators.text("config"));
    place.write("erp-sync.toml", &text.replace("[sheets]\n", "retry_delays_ms = []\n\n[sheets]\n"));
    let failed = place.run(&["run", "sige-daily-sync", "--no-wait", "--json"]).refused(1, &[]);
    assert!(!failed.stdout.contains("\"written\""), "{failed:?}");
    assert!(failed.stdout.contains("unavailable"), "{failed:?}");
}

#[test]
fn a_dry_run_of_a_backfill_lists_the_days_and_writes_nothing() {
    let (place, _simulators) = installation();
    let line = ["run", "sige-backfill", "--from", "2026-04-01", "--to", "2026-04-03", "--dry-run", "--json"];
    let report = place.run(&line).done().json();
    assert_eq!((&report["dry_run"], &report["write_requests"]), (&Value::Bool(true), &Value::from(0)));
    assert_eq!(outcomes(&report).len(), 3, "{report}");
}
