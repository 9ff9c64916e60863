//! `erp-sync up` as a process: commands beside it, how it ends, and what the next one takes up.
use super::{Setting, Shop, crash_free};
use crate::erp_sync::Place;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use testkit::sheets::{Fault, Gate, On};

/// A running `erp-sync up`; it is killed when a test forgets it.
pub struct Up {
    child: Child,
    /// What it printed when it started.
    pub welcome: Value,
    notes: BufReader<ChildStderr>,
}

impl Up {
    pub fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut command = place.command();
        command.args(["up", "--json"]).args(arguments).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("up starts");
        let notes = BufReader::new(child.stderr.take().expect("a pipe"));
        let stdout = child.stdout.take().expect("a pipe");
        let welcome = serde_json::Deserializer::from_reader(stdout).into_iter::<Value>().next();
        let welcome = welcome.and_then(Result::ok).unwrap_or(Value::Null);
        Self { child, welcome, notes }
    }

    /// Reads what it tells people until it says this; gives the line.
    pub fn says(&mut self, part: &str) -> String {
        self.says_one_of(&[part])
    }

    /// Reads until a day has been worked on.
    pub fn finishes_a_day(&mut self) -> String {
        self.says_one_of(&["written run=", "unchanged run="])
    }

    fn says_one_of(&mut self, parts: &[&str]) -> String {
        let mut told = String::new();
        loop {
            let mut line = String::new();
            let read = self.notes.read_line(&mut line).expect("UTF-8");
            assert!(read > 0, "it ended without saying one of {parts:?}: {told}");
            told.push_str(&line);
            if parts.iter().any(|part| line.contains(part)) {
                return line;
            }
        }
    }

    /// Asks it to end, as a service manager does.
    pub fn ask_to_end(&self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(asked.success());
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is ours").is_none()
    }

    /// Waits for its end; the code, and the rest of what it told.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let mut told = String::new();
        self.notes.read_to_string(&mut told).expect("UTF-8");
        (self.child.wait().expect("it ends").code(), told)
    }

    pub fn kill(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // It has ended already when the test was about that.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits in a thread of its own: the simulators live in this process and have to answer meanwhile.
async fn meanwhile<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

async fn up(shop: &Shop, arguments: &'static [&'static str]) -> Up {
    let place = shop.place.clone();
    meanwhile(move || Up::start(&place, arguments)).await
}

fn outcomes(report: &Value) -> Vec<&str> {
    let days = report["accounts"][0]["days"].as_array().unwrap();
    days.iter().map(|day| day["outcome"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_beside_it_asks_for_the_work_and_watches_it() {
    let shop = Shop::open(Setting::default()).await;
    let mut up = up(&shop, &[]).await;
    let finished = shop.run(&["run", "sige-daily-sync", "--json", "--watch"]).await.done();
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(outcomes(&report), ["written"; 5], "{report}");
    assert!(report["write_requests"].is_null(), "the writes were the other process's");
    assert!(shop.writes() >= 4);
    assert!(finished.stderr.contains("erp-sync up (process"), "{}", finished.stderr);
    assert!(finished.stderr.contains("5 of 5 days"), "{}", finished.stderr);
    assert!(up.is_running());
    up.ask_to_end();
    let (code, told) = meanwhile(move || up.ended()).await;
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(told.matches(" written ").count(), 5, "a line for each day: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_waiting_a_command_beside_it_only_asks() {
    let shop = Shop::open(Setting::default()).await;
    let gate = Gate::default();
    shop.installation.sheets.inject(On::Write, Fault::Slow(gate.clone()));
    let up = up(&shop, &[]).await;
    let finished = shop.run(&["run", "sige-daily-sync", "--json", "--no-wait"]).await.done();
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(outcomes(&report), ["pending"; 5]);
    assert!(report["submitted_to"].as_str().unwrap().starts_with("erp-sync up"), "{report}");
    // Nothing has been written when the command is done; it is, once the sheet answers.
    gate.arrived().await;
    gate.open();
    assert!(!outcomes(&shop.daily().await).contains(&"pending"));
    drop(up);
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_in_the_middle_of_a_window_it_finishes_that_window_and_no_other() {
    let expected = crash_free().await;
    let shop = Shop::open(Setting::default()).await;
    let gate = Gate::default();
    shop.installation.sheets.inject(On::Write, Fault::Slow(gate.clone()));
    let mut up = up(&shop, &[]).await;
    shop.run(&["run", "sige-daily-sync", "--no-wait"]).await.done();
    gate.arrived().await;
    up.ask_to_end();
    let mut up = meanwhile(move || {
        up.says("no new work is taken");
        up
    })
    .await;
    assert!(up.is_running(), "the write is still under way");
    gate.open();
    let (code, told) = meanwhile(move || up.ended()).await;
    assert_eq!(code, Some(0), "{told}");
    let counters = shop.installation.sheets.counters();
    assert_eq!((counters.writes, counters.applied_writes), (1, 1), "{told}");
    let report = shop.daily().await;
    assert_eq!(shop.rows(), expected);
    assert_eq!(outcomes(&report).iter().filter(|outcome| **outcome == "unchanged").count(), 1, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_twice_it_hands_back_what_it_has_and_the_next_one_adopts_the_write() {
    let expected = crash_free().await;
    let shop = Shop::open(Setting::default()).await;
    let gate = Gate::default();
    shop.installation.sheets.inject(On::Write, Fault::Slow(gate.clone()));
    let mut up = up(&shop, &[]).await;
    shop.run(&["run", "sige-daily-sync", "--no-wait"]).await.done();
    gate.arrived().await;
    let (code, told) = meanwhile(move || {
        up.ask_to_end();
        up.says("no new work is taken");
        up.ask_to_end();
        up.ended()
    })
    .await;
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("handed back unfinished"), "{told}");
    gate.open();
    while shop.installation.sheets.counters().applied_writes == 0 {
        tokio::task::yield_now().await;
    }
    shop.daily().await;
    assert_eq!(shop.rows(), expected);
    let counters = shop.installation.sheets.counters();
    assert_eq!(counters.writes, counters.applied_writes);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_window_the_next_one_takes_it_up_at_once() {
    let expected = crash_free().await;
    let shop = Shop::open(Setting::default()).await;
    let gate = Gate::default();
    shop.installation.sheets.inject(On::Write, Fault::Slow(gate.clone()));
    let killed = up(&shop, &[]).await;
    shop.run(&["run", "sige-daily-sync", "--no-wait"]).await.done();
    gate.arrived().await;
    meanwhile(move || killed.kill()).await;
    gate.open();
    while shop.installation.sheets.counters().applied_writes == 0 {
        tokio::task::yield_now().await;
    }
    // Its message is hidden for half an hour and its lease believed for five minutes, were it not for the start.
    let mut next = up(&shop, &[]).await;
    let next = meanwhile(move || {
        for _ in 0..5 {
            next.finishes_a_day();
        }
        next
    });
    let next = next.await;
    assert_eq!(shop.rows(), expected);
    drop(next);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watching_command_goes_on_by_itself_when_the_service_dies() {
    let shop = Shop::open(Setting { settle_after_s: 1, ..Setting::default() }).await;
    let gate = Gate::default();
    shop.installation.sheets.inject(On::Write, Fault::Slow(gate.clone()));
    let service = up(&shop, &[]).await;
    let watching = shop.run(&["run", "sige-daily-sync", "--json"]);
    let killing = async {
        gate.arrived().await;
        meanwhile(move || service.kill()).await;
        gate.open();
    };
    let (finished, ()) = tokio::join!(watching, killing);
    let finished = finished.done();
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert!(!outcomes(&report).contains(&"pending"), "{report}");
    assert!(finished.stderr.contains("goes on with the work"), "{}", finished.stderr);
}

/// The body of a page of this machine.
fn page(url: &str) -> Value {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    serde_json::from_str(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_page_tells_what_was_done_and_what_waits() {
    let shop = Shop::open(Setting::default()).await;
    let up = up(&shop, &["--mode", "all", "--port", "0"]).await;
    let url = up.welcome["health"].as_str().unwrap().to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let asked = url.clone();
    let before = meanwhile(move || page(&asked)).await;
    assert_eq!(before["last_completed"], Value::Null);
    assert_eq!(before["queues"]["sige-windows.fifo"]["waiting"], 0);
    shop.daily().await;
    let after = meanwhile(move || page(&url)).await;
    let done = &after["last_completed"];
    assert_eq!(
        (&done["function"], &done["outcome"]),
        (&"sige-window-sync".into(), &"written".into()),
        "{after}"
    );
    assert_eq!(after["schedules"][0]["function"], "sige-daily-sync");
    assert!(after["schedules"][0]["next"].is_string(), "{after}");
    drop(up);
}
