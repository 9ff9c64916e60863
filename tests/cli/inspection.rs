//! What an operator looks at: probes, logs, the trace of a document.
use super::installation::installation;
use crate::erp_sync::Place;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn everything_that_answers_is_ok_and_nothing_is_written() {
    let (place, _simulators) = installation();
    let probed = place.run(&["status", "--json"]).done().json();
    let systems: Vec<_> = probed
        .as_array()
        .expect("probes")
        .iter()
        .map(|probe| probe["system"].as_str().expect("a name"))
        .collect();
    for system in ["state store", "queues", "blob store", "secret store", "sige"] {
        assert!(systems.contains(&system), "{systems:?}");
    }
    assert!(systems.iter().any(|system| system.contains("destination")), "{systems:?}");
    assert!(probed.as_array().expect("probes").iter().all(|probe| probe["ok"] == true), "{probed}");
    assert!(probed[0]["latency_ms"].as_u64().is_some(), "{probed}");
    assert_eq!(place.run(&["runs", "list", "--json"]).done().json(), json!([]));
}

#[test]
fn what_does_not_answer_is_named_with_its_remedy_and_ends_with_1() {
    let (place, mut simulators) = installation();
    simulators.end();
    let text = simulators.text("config").replace("[sheets]\n", "retry_delays_ms = []\n\n[sheets]\n");
    place.write("erp-sync.toml", &format!("{text}\nretry_delays_ms = []\n"));
    let failed = place.run(&["status"]).refused(1, &["probes failed"]);
    assert!(failed.stdout.contains("FAILED") && failed.stdout.contains("sige.base_url"), "{failed:?}");
    let missing = place.run(&["status", "--account", "nobody"]).refused(2, &["nobody"]);
    assert!(missing.stdout.is_empty());
}

#[test]
fn an_installation_without_accounts_has_its_stores_probed() {
    let place = Place::new();
    let probed = place.run(&["status", "--json"]).done().json();
    assert_eq!(probed.as_array().map(Vec::len), Some(4), "{probed}");
}

#[test]
fn the_log_is_filtered_and_passed_on_as_json_lines() {
    let (place, simulators) = installation();
    place.run(&["run", "sige-daily-sync"]).done();
    let runs = place.run(&["runs", "list", "--function", "sige-window-sync", "--json"]).done().json();
    let run = runs[0]["id"].as_str().expect("a run");
    let lines = |arguments: &[&str]| -> Vec<Value> {
        let finished = place.run(&[&["logs"], arguments].concat()).done();
        finished.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let all = lines(&[]);
    assert!(all.len() >= 5, "{all:?}");
    let of_run = lines(&["--run", run, "--json"]);
    assert!(!of_run.is_empty() && of_run.iter().all(|line| line["run"] == run), "{of_run:?}");
    let of_function = lines(&["--function", "sige-window-sync", "--account", simulators.text("account")]);
    assert!(!of_function.is_empty() && of_function.len() <= all.len());
    assert_eq!(lines(&["--limit", "1"]).len(), 1);
    assert!(lines(&["--date", "2020-01-01"]).is_empty());
    place.run(&["logs", "--date", "2020-01-01"]).done();
    place.run(&["logs", "--date", "2020-01-01", "--follow"]).refused(2, &["--follow"]);
}

#[test]
fn lines_are_followed_until_it_is_ended() {
    let (place, _simulators) = installation();
    place.run(&["run", "sige-daily-sync"]).done();
    let mut command = place.command();
    let mut following =
        command.args(["logs", "--follow"]).stdout(Stdio::piped()).spawn().expect("it follows the log");
    let mut lines = BufReader::new(following.stdout.take().expect("a pipe")).lines();
    let first = lines.next().expect("a line").expect("UTF-8");
    assert!(serde_json::from_str::<Value>(&first).is_ok(), "{first}");
    // What another process does comes by itself.
    place.run(&["run", "sige-daily-sync"]).done();
    assert!(lines.any(|line| line.expect("UTF-8").contains("\"unchanged\"")), "no line of the second run");
    let asked = std::process::Command::new("kill").arg(following.id().to_string()).status().expect("kill");
    assert!(asked.success());
    assert_eq!(following.wait().expect("it ends").code(), Some(0));
}

#[test]
fn an_order_and_its_day_are_traced() {
    let (place, simulators) = installation();
    let name = simulators.text("account");
    place.run(&["run", "sige-daily-sync"]).done();
    let plans = place.run(&["runs", "list", "--plans", "--json"]).done().json();
    let plan = plans[0]["plan"].as_str().expect("a plan");
    let planned = place.run(&["runs", "show", plan, "--json"]).done().json();
    let day = planned["days"][0]["day"].as_str().expect("a day").to_owned();
    let trace = place.run(&["doc", "show", name, &day, "--json"]).done().json()["traces"][0].clone();
    assert_eq!(trace["ledger"]["rows"], 3, "{trace}");
    assert_eq!(trace["plans"][0]["id"], plan);
    assert_eq!(trace["runs"].as_array().map(Vec::len), Some(1));
    assert_eq!(trace["before_images"].as_array().map(Vec::len), Some(1));
    let text = place.run(&["doc", "show", name, &day]).done().stdout;
    assert!(text.contains("3 rows") && text.contains("before-image"), "{text}");
    place.run(&["doc", "show", name, "999999999"]).refused(2, &["999999999", "ledger"]);
    place.run(&["doc", "show", "nobody", &day]).refused(2, &["nobody"]);
}
