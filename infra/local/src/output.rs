//! The only place that prints. Results go to standard output, everything else to standard error.
//!
//! With `--json` standard output carries exactly one JSON value, of the result or of the failure. Text that came from
//! outside cannot steer the terminal. A reader that goes away (`| head`) ends the printing, not the work.
use crate::failure::Failure;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where results, notes and errors go.
#[derive(Debug)]
pub struct Output {
    json: bool,
    quiet: bool,
    sink: Mutex<Sink>,
}

struct Sink {
    writer: Box<dyn Write + Send>,
    state: SinkState,
    json_printed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum SinkState {
    Open,
    /// The reader is gone; nothing is written any more, and that is fine.
    ReaderGone,
    Failed(String),
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.state.fmt(f)
    }
}

impl Output {
    /// Prints to the process's own streams.
    pub fn standard(json: bool, quiet: bool) -> Self {
        Self::to(Box::new(std::io::stdout()), json, quiet)
    }

    /// Prints results to a writer of the caller's.
    pub fn to(writer: Box<dyn Write + Send>, json: bool, quiet: bool) -> Self {
        Self { json, quiet, sink: Mutex::new(Sink { writer, state: SinkState::Open, json_printed: false }) }
    }

    /// Whether standard output carries one JSON value.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person watches: standard error is a terminal, and neither `--json` nor `--quiet` was given.
    pub fn shows_progress(&self) -> bool {
        !self.json && !self.quiet && std::io::stderr().is_terminal()
    }

    /// The result: one JSON value with `--json`, else what `print` prints.
    pub fn result(&self, value: &impl Serialize, print: impl FnOnce(&Self)) {
        if self.json {
            self.json_value(value);
        } else {
            print(self);
        }
    }

    /// One JSON value, indented, on standard output, unless there was one before.
    pub fn json_value(&self, value: &impl Serialize) {
        if std::mem::replace(&mut self.sink().json_printed, true) {
            return;
        }
        match serde_json::to_string_pretty(value) {
            Ok(text) => self.write(&format!("{text}\n")),
            Err(error) => self.fail(format!("the result cannot be printed as JSON: {error}")),
        }
    }

    /// A line for a person on standard output; nothing with `--json`.
    pub fn line(&self, text: impl AsRef<str>) {
        if !self.json {
            self.write(&format!("{}\n", printable(text.as_ref())));
        }
    }

    /// A table for a person on standard output; nothing with `--json`.
    pub fn table<const N: usize>(&self, header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
        if self.json {
            return;
        }
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(header);
        for row in rows {
            table.add_row(row.map(|cell| printable(&cell)));
        }
        self.write(&format!("{table}\n"));
    }

    /// Text exactly as it is on standard output (scripts, files).
    pub fn raw(&self, text: &str) {
        self.write(text);
    }

    /// A remark on standard error; nothing with `--quiet`.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.quiet {
            eprint_line(text.as_ref());
        }
    }

    /// Something the user should know even with `--quiet`, on standard error.
    pub fn warn(&self, text: impl AsRef<str>) {
        eprint_line(&format!("warning: {}", text.as_ref()));
    }

    /// How the command failed: the message on standard error, and with `--json` the object on standard output, unless
    /// the result that tells of the failure stands there already.
    pub fn failure(&self, failure: &Failure) {
        eprint_line(&format!("error: {failure}"));
        if self.json {
            self.json_value(&failure.to_json());
        }
    }

    /// Says whether everything printed has arrived; a reader that went away does not count.
    ///
    /// # Errors
    /// [`Failure::Failed`] when standard output could not be written (a full disk).
    pub fn finish(&self) -> Result<(), Failure> {
        let mut sink = self.sink();
        sink.attempt(|writer| writer.flush());
        match &sink.state {
            SinkState::Failed(reason) => {
                Err(Failure::Failed(format!("standard output cannot be written: {reason}")))
            }
            SinkState::Open | SinkState::ReaderGone => Ok(()),
        }
    }

    fn write(&self, text: &str) {
        let mut sink = self.sink();
        sink.attempt(|writer| writer.write_all(text.as_bytes()));
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, reason: String) {
        self.sink().state = SinkState::Failed(reason);
    }
}

impl Sink {
    fn attempt(&mut self, act: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) {
        if self.state != SinkState::Open {
            return;
        }
        match act(&mut *self.writer) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.state = SinkState::ReaderGone,
            Err(error) => self.state = SinkState::Failed(error.to_string()),
        }
    }
}

/// Text without control characters that could steer a terminal; line breaks and tabs stay.
pub fn printable(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if steers(c) { '\u{FFFD}' } else { c }).collect()
}

/// Writes a line to standard error; when nobody can read it there is nobody to tell.
fn eprint_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(text));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    struct Fails(ErrorKind);

    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Err(self.0.into())
        }
    }

    fn printed(json: bool, print: impl FnOnce(&Output)) -> String {
        let shared = Shared::default();
        let output = Output::to(Box::new(shared.clone()), json, false);
        print(&output);
        output.finish().unwrap();
        let bytes = shared.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn with_json_only_the_value_is_printed() {
        let print = |output: &Output| {
            output.line("for people");
            output.table(["a"], [["b".to_owned()]]);
            output.result(&serde_json::json!({ "rows": 1 }), |output| output.line("never"));
        };
        let value: serde_json::Value = serde_json::from_str(&printed(true, print)).unwrap();
        assert_eq!(value["rows"], 1);
    }

    #[test]
    fn a_result_that_tells_of_a_failure_is_the_only_json_value() {
        let text = printed(true, |output| {
            output.result(&serde_json::json!({ "failed": 1 }), |_| {});
            output.failure(&Failure::Failed("see above".into()));
        });
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            serde_json::json!({ "failed": 1 })
        );
    }

    #[test]
    fn text_from_outside_cannot_steer_the_terminal() {
        let text = printed(false, |output| {
            output.table(["name"], [["\u{1b}[2Jx".to_owned()]]);
            output.line("a\rb\u{202E}c");
        });
        assert!(!text.contains('\u{1b}') && !text.contains('\r') && !text.contains('\u{202E}'), "{text:?}");
    }

    #[test]
    fn a_reader_that_goes_away_is_no_failure_and_a_full_disk_is() {
        let gone = Output::to(Box::new(Fails(ErrorKind::BrokenPipe)), false, false);
        gone.line("x");
        gone.line("y");
        assert_eq!(gone.finish(), Ok(()));
        let full = Output::to(Box::new(Fails(ErrorKind::StorageFull)), false, false);
        full.line("x");
        assert!(full.finish().unwrap_err().to_string().starts_with("standard output cannot be written"));
    }
}
