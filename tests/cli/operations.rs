//! What an operator does: every change is shown first, happens with --apply, and happens once.
use super::installation::{Simulators, installation};
use crate::erp_sync::Place;
use serde_json::{Value, json};

fn account(simulators: &Simulators) -> String {
    simulators.text("account").to_owned()
}

/// A plan of three days that nobody has worked on, since SIGE was away when it was asked for.
fn with_an_open_plan() -> (Place, Simulators, String) {
    let (place, mut simulators) = installation();
    simulators.end();
    let text = simulators.text("config").replace("[sheets]\n", "retry_delays_ms = []\n\n[sheets]\n");
    place.write("erp-sync.toml", &text);
    let line = ["run", "sige-backfill", "--from", "2026-04-01", "--to", "2026-04-03", "--no-wait"];
    place.run(&line).refused(1, &[]);
    let plans = place.run(&["runs", "list", "--plans", "--json"]).done().json();
    let plan = plans[0]["plan"].as_str().expect("a plan").to_owned();
    (place, simulators, plan)
}

fn state_of(place: &Place, plan: &str) -> Value {
    place.run(&["runs", "show", plan, "--json"]).done().json()["state"].clone()
}

#[test]
fn a_plan_is_cancelled_and_resumed_and_its_days_stay_what_they_are() {
    let (place, _simulators, plan) = with_an_open_plan();
    let dry = place.run(&["runs", "cancel", &plan, "--json"]).done();
    assert_eq!((dry.json()["changed"].clone(), dry.json()["applied"].clone()), (json!(true), json!(false)));
    assert!(dry.stderr.contains("--apply"), "{dry:?}");
    assert_eq!(state_of(&place, &plan), "open");

    let done = place.run(&["runs", "cancel", &plan, "--apply", "--json"]).done().json();
    assert_eq!(done["applied"], true);
    assert_eq!(state_of(&place, &plan), "cancelled");
    let again = place.run(&["runs", "cancel", &plan, "--apply", "--json"]).done().json();
    assert_eq!(again["changed"], false);
    // Nobody waits for it any more: watching it ends at once, and says what is left.
    place.run(&["runs", "watch", &plan]).refused(1, &["3 still to do"]);

    let dry = place.run(&["runs", "resume", &plan]).done();
    assert!(dry.stdout.contains("would be resumed"), "{dry:?}");
    // SIGE is still away; the days are asked for again and wait.
    let resumed = place.run(&["runs", "resume", &plan, "--apply", "--no-wait"]);
    assert_eq!(resumed.code, Some(1), "{resumed:?}");
    assert_eq!(state_of(&place, &plan), "open");
    let watched = place.run(&["runs", "watch", &plan]).refused(1, &["still to do"]);
    assert!(watched.stdout.contains("unavailable") || watched.stdout.contains("nobody works"), "{watched:?}");
    for line in [["runs", "cancel", "nothing"], ["runs", "show", "nothing"], ["runs", "watch", "nothing"]] {
        place.run(&line).refused(2, &["nothing", "runs list"]);
    }
}

#[test]
fn the_run_journal_is_listed_and_each_entry_is_shown() {
    let (place, simulators) = installation();
    let name = account(&simulators);
    place.run(&["run", "sige-daily-sync"]).done();
    let runs = place.run(&["runs", "list", "--json"]).done().json();
    let outcomes: Vec<_> = runs.as_array().expect("runs").iter().map(|run| run["outcome"].clone()).collect();
    assert_eq!(outcomes, ["planned", "written", "written", "written", "written", "written"]);
    assert!(runs.as_array().expect("runs").iter().all(|run| run["account"] == name.as_str()));
    let windows = ["runs", "list", "--function", "sige-window-sync", "--limit", "2", "--json"];
    let finished = place.run(&windows).done();
    assert_eq!(finished.json().as_array().map(Vec::len), Some(2));
    assert!(finished.stderr.contains("3 older ones"), "{finished:?}");
    let id = runs[3]["id"].as_str().expect("an id");
    assert_eq!(place.run(&["runs", "show", id, "--json"]).done().json()["id"], id);
    let table = place.run(&["runs", "list", "--plans"]).done().stdout;
    assert!(table.contains("finished") && table.contains("daily"), "{table}");
    let plan = runs[0]["plan"].as_str().expect("a plan");
    let watched = place.run(&["runs", "watch", plan, "--json"]).done().json();
    assert_eq!(watched["accounts"][0]["days"].as_array().map(Vec::len), Some(5));
}

#[test]
fn a_schedule_is_paused_with_a_reason_and_resumed() {
    let place = Place::new();
    let listed = |place: &Place| -> Value { place.run(&["schedule", "list", "--json"]).done().json() };
    let before = listed(&place);
    let daily = |listed: &Value| -> Value {
        let all = listed.as_array().expect("schedules").clone();
        all.into_iter().find(|schedule| schedule["schedule"] == "sige-daily-sync").expect("the daily one")
    };
    assert_eq!(daily(&before)["zone"], "America/Sao_Paulo");
    assert_eq!(
        (daily(&before)["last"].clone(), daily(&before)["paused"].clone()),
        (Value::Null, Value::Null)
    );
    // 06:00 in São Paulo, which has no daylight saving time, is 09:00 in UTC.
    assert!(daily(&before)["next"].as_str().is_some_and(|next| next.ends_with("T09:00:00Z")), "{before}");

    let pause = ["schedule", "pause", "sige-daily-sync", "--reason", "stocktaking"];
    place.run(&pause).done();
    assert_eq!(daily(&listed(&place))["paused"], Value::Null, "a dry run");
    place.run(&[&pause[..], &["--apply"]].concat()).done();
    let paused = daily(&listed(&place));
    assert_eq!(
        (paused["paused"]["by"].clone(), paused["paused"]["why"].clone()),
        (json!("tester"), json!("stocktaking"))
    );
    assert_eq!(paused["next"], Value::Null);
    let table = place.run(&["schedule", "list"]).done().stdout;
    assert!(table.contains("stocktaking"), "{table}");

    place.run(&["schedule", "resume", "sige-daily-sync", "--apply"]).done();
    assert_eq!(daily(&listed(&place))["paused"], Value::Null);
    // Without a name it is meant for all of them.
    let all = ["schedule", "pause", "--reason", "roll back", "--apply", "--json"];
    let changed = place.run(&all).done().json();
    assert_eq!(changed["schedules"].as_array().map(Vec::len), Some(2), "{changed}");
    let is_paused =
        |listed: &Value| listed.as_array().expect("schedules").iter().all(|s| s["paused"].is_object());
    assert!(is_paused(&listed(&place)));
    place.run(&["schedule", "resume", "--apply"]).done();
    assert!(!is_paused(&listed(&place)));
    place.run(&["schedule", "pause", "daily", "--reason", "x"]).refused(2, &["daily", "sige-daily-sync"]);
    place.run(&["schedule", "pause", "dispatch", "--reason", " ", "--apply"]).refused(2, &["reason"]);
}

#[test]
fn queues_are_listed_and_dead_letters_are_handled_by_name() {
    let place = Place::new();
    let listed = place.run(&["queue", "list", "--json"]).done().json();
    let names: Vec<_> =
        listed.as_array().expect("queues").iter().map(|queue| queue["queue"].clone()).collect();
    for name in ["sige-windows.fifo", "sige-windows-dlq.fifo", "failed-events", "schedule-dlq"] {
        assert!(names.contains(&json!(name)), "{names:?}");
    }
    assert_eq!(place.run(&["queue", "show", "sige-windows-dlq.fifo", "--json"]).done().json(), json!([]));
    let nothing =
        place.run(&["queue", "redrive", "sige-windows-dlq.fifo", "--all", "--apply", "--json"]).done().json();
    assert_eq!(nothing["messages"], json!([]));
    place.run(&["queue", "show", "sige-windows.fifo"]).refused(2, &["sige-window-sync"]);
    place.run(&["queue", "redrive", "failed-events", "--all"]).refused(2, &["came from no queue"]);
    place.run(&["queue", "discard", "failed-events"]).refused(2, &["--all", "--message"]);
    place.run(&["queue", "discard", "failed-events", "--message", "m1"]).refused(2, &["m1", "queue show"]);
}

#[test]
fn a_lease_that_nobody_holds_is_not_ended() {
    let (place, simulators) = installation();
    let name = account(&simulators);
    let line = ["release", "--account", &name, "--reason", "gone", "--apply", "--json"];
    let released = place.run(&line).done().json();
    assert_eq!((released["holder"].clone(), released["applied"].clone()), (Value::Null, json!(false)));
    place.run(&["release", "--account", "nobody", "--reason", "gone"]).refused(2, &["nobody"]);
    place.run(&["release", "--account", &name]).refused(2, &["--reason"]);
}

/// A destination whose header is wrong fails every day; a person puts it right and tries again.
#[test]
fn days_that_failed_are_listed_tried_again_and_put_aside() {
    let (place, simulators) = installation();
    let name = account(&simulators);
    let accounts = simulators.text("accounts");
    place.write("accounts.toml", &format!("{accounts}\ndestination.tab = \"Outra\"\n"));
    place.run(&["accounts", "apply", "--apply"]).done();
    let line = ["run", "sige-daily-sync", "--json"];
    place.run(&line).refused(1, &[]);
    let held = place.run(&["quarantine", "list", "--json"]).done().json();
    let days: Vec<_> = held.as_array().expect("days").iter().filter(|held| held["kind"] == "day").collect();
    assert_eq!(days.len(), 5, "{held}");
    let day = days[0]["day"].as_str().expect("a day").to_owned();
    let shown = place.run(&["quarantine", "show", &name, &day]).done().stdout;
    assert!(shown.contains("failed") && shown.contains(&day), "{shown}");

    place.run(&["quarantine", "discard", &name, &day]).done();
    let discard = ["quarantine", "discard", &name, &day, "--apply", "--json"];
    assert_eq!(place.run(&discard).done().json()["discarded"].as_array().map(Vec::len), Some(1));
    place.run(&discard).refused(2, &[&day, "quarantine list"]);

    place.write("accounts.toml", accounts);
    place.run(&["accounts", "apply", "--apply"]).done();
    let dry = place.run(&["quarantine", "retry", &name, "--all", "--json"]).done().json();
    assert_eq!((dry["days"].as_array().map(Vec::len), dry["plan"].clone()), (Some(4), Value::Null));
    let retried = place.run(&["quarantine", "retry", &name, "--all", "--apply", "--json"]).done().json();
    let outcomes = &retried["run"]["accounts"][0]["days"];
    assert!(outcomes.as_array().expect("days").iter().all(|day| day["outcome"] == "written"), "{retried}");
    // What is left is the sample's order without an amount: put aside, it is no longer told of.
    let left = place.run(&["quarantine", "list", "--account", &name, "--json"]).done().json();
    assert_eq!((left.as_array().map(Vec::len), left[0]["kind"].clone()), (Some(1), json!("order")), "{left}");
    let code = left[0]["code"].to_string();
    place.run(&["quarantine", "discard", &name, &code, "--apply"]).done();
    assert_eq!(place.run(&["quarantine", "list", "--json"]).done().json(), json!([]));
    let again = place.run(&line).done().json();
    let days = again["accounts"][0]["days"].as_array().expect("days").clone();
    assert!(days.iter().all(|day| day["quarantined"] == 0), "{again}");
    let trace = place.run(&["doc", "show", &name, &code, "--json"]).done().json();
    assert_eq!(trace["traces"][0]["order"]["state"], "discarded");
}
