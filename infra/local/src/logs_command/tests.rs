use super::*;
use std::io::Write as _;
use std::sync::Arc;
use testkit::clock::SimulatedClock;

const WRITTEN: &str = r#"{"timestamp":"2026-05-20T06:00:01.250Z","level":"INFO","message":"written","run":"r1","account":"matriz","day":"2026-05-19","rows":12,"target":"flows::window_sync"}"#;
const REFUSED: &str = r#"{"timestamp":"2026-05-20T06:00:02Z","level":"ERROR","message":"the invocation failed","function":"sige-backfill","account":"filial","target":"shared::function"}"#;

fn wanted(function: Option<&str>, run: Option<&str>, account: Option<&str>) -> Wanted {
    let text = |text: Option<&str>| text.map(str::to_owned);
    Wanted { function: text(function), run: text(run), account: text(account) }
}

#[test]
fn lines_are_chosen_by_function_run_and_account() {
    let (written, refused) = (LogLine::read(WRITTEN), LogLine::read(REFUSED));
    assert!(wanted(None, None, None).takes(&written));
    assert!(wanted(Some("sige-window-sync"), Some("r1"), Some("matriz")).takes(&written));
    assert!(!wanted(Some("sige-window-sync"), Some("r2"), None).takes(&written));
    assert!(!wanted(Some("dispatch"), None, None).takes(&written));
    assert!(wanted(Some("sige-backfill"), None, Some("filial")).takes(&refused));
    assert!(!wanted(Some("sige-window-sync"), None, None).takes(&refused));
    assert!(!wanted(None, Some("r1"), None).takes(&refused));
}

#[test]
fn a_line_reads_as_time_level_message_and_the_rest() {
    assert_eq!(
        LogLine::read(WRITTEN).readable(),
        "06:00:01.250Z INFO  written run=r1 account=matriz day=2026-05-19 rows=12"
    );
    assert_eq!(LogLine::read(WRITTEN).json(), WRITTEN);
}

#[test]
fn what_is_no_json_is_shown_and_passed_on_as_a_message() {
    let line = LogLine::read("thread 'main' panicked");
    assert_eq!(line.readable(), "thread 'main' panicked");
    assert_eq!(line.json(), r#"{"message":"thread 'main' panicked"}"#);
    assert!(!wanted(Some("dispatch"), None, None).takes(&line));
}

#[tokio::test]
async fn a_file_is_followed_line_by_line_and_over_midnight() {
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().join("logs");
    std::fs::create_dir_all(&logs).unwrap();
    let clock = Arc::new(SimulatedClock::at(2026, 5, 20, 23, 59));
    let day = "2026-05-20".parse().unwrap();
    let mut source = FileLogs::new(dir.path(), day, clock.clone());
    assert!(source.read().await.unwrap().is_empty(), "there is no file yet");
    let write = |name: &str, text: &str| {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(logs.join(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let (begun, end) = REFUSED.split_at(40);
    write("2026-05-20.jsonl", &format!("{WRITTEN}\n{begun}"));
    assert_eq!(source.read().await.unwrap(), [LogLine::read(WRITTEN)]);
    assert!(source.read().await.unwrap().is_empty(), "half a line is no line");
    write("2026-05-20.jsonl", &format!("{end}\n"));
    assert_eq!(source.read().await.unwrap(), [LogLine::read(REFUSED)]);
    write("2026-05-20.jsonl", &format!("{WRITTEN}\n"));
    write("2026-05-21.jsonl", &format!("{REFUSED}\n"));
    clock.advance(Duration::from_secs(120));
    assert_eq!(source.read().await.unwrap(), [LogLine::read(WRITTEN), LogLine::read(REFUSED)]);
}

#[tokio::test]
async fn another_day_is_read_and_not_rolled_over() {
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().join("logs");
    std::fs::create_dir_all(&logs).unwrap();
    std::fs::write(logs.join("2026-05-18.jsonl"), format!("{WRITTEN}\n\n")).unwrap();
    std::fs::write(logs.join("2026-05-20.jsonl"), format!("{REFUSED}\n")).unwrap();
    let clock = Arc::new(SimulatedClock::at(2026, 5, 20, 12, 0));
    let mut source = FileLogs::new(dir.path(), "2026-05-18".parse().unwrap(), clock);
    assert_eq!(source.read().await.unwrap(), [LogLine::read(WRITTEN)]);
    assert!(source.read().await.unwrap().is_empty());
}
