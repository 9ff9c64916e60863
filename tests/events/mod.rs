//! The sample events are what the functions take: each file of `events/` is handed to its function in a whole
//! installation in memory, and comes to what its name says.
use crate::world::World;
use serde_json::{Value, json};
use shared::function::{Function, FunctionError};
use shared::guard::deadline_after;
use shared::metrics::Metrics;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Files that are refused on purpose, and the kind of the refusal.
const REFUSED: [(&str, &str); 1] = [("sige-backfill/refused-inverted-range.json", "BadEvent")];
/// Messages that are not taken on purpose: file, and the message that stands in the answer.
const POISON: [(&str, &str); 1] =
    [("sige-window-sync/poison-beside-good.json", "0b8f2c4e-6d1a-4f3b-9c7e-000000000002")];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("events")
}

/// The names in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn function(name: &str, world: &World) -> Arc<dyn Function> {
    let metrics = Arc::new(Metrics::new("test", world.clock.clone(), Box::new(std::io::sink())));
    match name {
        "dispatch" => dispatch::function(world.deps(), metrics),
        "sige-backfill" => sige_backfill::function(world.deps(), metrics),
        "sige-daily-sync" => sige_daily_sync::function(world.deps(), metrics),
        "sige-window-sync" => sige_window_sync::function(world.deps(), metrics),
        other => panic!("events/{other} is of no function"),
    }
}

async fn invoked(name: &str, event: Value) -> Result<Value, FunctionError> {
    let world = World::new(1).await;
    // Every day of the samples is over.
    world.clock.advance(Duration::from_secs(30 * 86_400));
    let deadline = deadline_after(&*world.clock, Duration::from_secs(300));
    function(name, &world).invoke(event, deadline).await
}

#[tokio::test]
async fn every_sample_event_comes_to_what_its_name_says() {
    for name in names(&folder()) {
        for file in names(&folder().join(&name)) {
            let path = format!("{name}/{file}");
            let text = std::fs::read_to_string(folder().join(&path)).unwrap();
            let event: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
            let outcome = invoked(&name, event).await;
            match REFUSED.iter().find(|(refused, _)| *refused == path) {
                Some((_, kind)) => assert_eq!(outcome.unwrap_err().kind(), *kind, "{path}"),
                None => {
                    let answer = outcome.unwrap_or_else(|error| panic!("{path}: {error}"));
                    let poison = POISON.iter().filter(|(poisoned, _)| *poisoned == path);
                    let failed: Vec<_> = poison.map(|(_, id)| json!({ "itemIdentifier": id })).collect();
                    if name == "sige-window-sync" {
                        assert_eq!(answer, json!({ "batchItemFailures": failed }), "{path}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_function_has_at_least_two_samples_and_they_say_their_version() {
    let functions = names(&folder().parent().unwrap().join("functions"));
    assert_eq!(names(&folder()), functions);
    for name in functions {
        let files = names(&folder().join(&name));
        assert!(files.len() >= 2, "{name} has only {files:?}");
        for file in files {
            let text = std::fs::read_to_string(folder().join(&name).join(&file)).unwrap();
            let event: Value = serde_json::from_str(&text).unwrap();
            let records = event["Records"].as_array();
            let bodies = records.into_iter().flatten().map(|record| record["body"].as_str().unwrap());
            let mut messages: Vec<Value> = bodies.map(|body| serde_json::from_str(body).unwrap()).collect();
            if records.is_none() {
                messages.push(event.clone());
            }
            assert!(messages.iter().all(|message| message["v"] == 1), "{name}/{file}");
        }
    }
}

#[test]
fn what_is_named_as_bad_is_there() {
    for (path, _) in REFUSED.iter().chain(&POISON) {
        assert!(folder().join(path).is_file(), "{path}");
    }
}
