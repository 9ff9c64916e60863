//! A file a day: `<prefix><day>.jsonl`, the day in UTC. At midnight the next one is begun and those that are too old go.
use chrono::{Days, NaiveDate};
use flows::ports::Clock;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SUFFIX: &str = ".jsonl";

/// Writes to today's file, whenever that is.
pub struct RollingFile {
    folder: PathBuf,
    prefix: &'static str,
    keep_days: u64,
    clock: Arc<dyn Clock>,
    day: NaiveDate,
    file: File,
}

impl RollingFile {
    /// Begins with today's file. The folder is made with mode 0700 if need be, files with 0600.
    ///
    /// # Errors
    /// The folder or the file cannot be made.
    pub fn open(
        folder: PathBuf,
        prefix: &'static str,
        keep_days: u64,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let day = clock.now().date_naive();
        let file = open(&folder, prefix, day)?;
        remove_old(&folder, prefix, day, keep_days);
        Ok(Self { folder, prefix, keep_days, clock, day, file })
    }

    fn roll(&mut self) -> std::io::Result<()> {
        let today = self.clock.now().date_naive();
        if today == self.day {
            return Ok(());
        }
        self.file = open(&self.folder, self.prefix, today)?;
        self.day = today;
        remove_old(&self.folder, self.prefix, today, self.keep_days);
        Ok(())
    }
}

impl Write for RollingFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.roll()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

fn open(folder: &Path, prefix: &str, day: NaiveDate) -> std::io::Result<File> {
    let path = folder.join(format!("{prefix}{day}{SUFFIX}"));
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// Best effort: a file that stays costs space, nothing else.
fn remove_old(folder: &Path, prefix: &str, today: NaiveDate, keep_days: u64) {
    let Some(oldest) = today.checked_sub_days(Days::new(keep_days)) else { return };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let day = name.to_str().and_then(|name| name.strip_prefix(prefix)?.strip_suffix(SUFFIX));
        if day.and_then(|day| day.parse().ok()).is_some_and(|day: NaiveDate| day < oldest) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;
    use testkit::clock::SimulatedClock;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_files_are_private_and_old_ones_of_the_same_kind_go() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("deep/logs");
        std::fs::create_dir_all(&folder).unwrap();
        for name in [
            "2026-05-09.jsonl",
            "2026-05-10.jsonl",
            "metrics-2026-05-09.jsonl",
            "notes.txt",
            "2020-01-01.txt",
        ] {
            std::fs::write(folder.join(name), "x").unwrap();
        }
        let clock = Arc::new(SimulatedClock::at(2026, 5, 20, 12, 0));
        RollingFile::open(folder.clone(), "", 10, clock.clone()).unwrap();
        let left = [
            "2020-01-01.txt",
            "2026-05-10.jsonl",
            "2026-05-20.jsonl",
            "metrics-2026-05-09.jsonl",
            "notes.txt",
        ];
        assert_eq!(names(&folder), left);
        RollingFile::open(folder.clone(), "metrics-", 10, clock).unwrap();
        assert!(!names(&folder).contains(&"metrics-2026-05-09.jsonl".to_owned()));
        let mode = std::fs::metadata(folder.join("2026-05-20.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn at_midnight_a_new_file_is_begun_and_the_oldest_one_goes() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(SimulatedClock::at(2026, 5, 20, 23, 59));
        let mut file = RollingFile::open(dir.path().to_owned(), "", 1, clock.clone()).unwrap();
        for line in ["one", "two", "three"] {
            writeln!(file, "{line}").unwrap();
            clock.advance(Duration::from_secs(60 * 60 * 24 - 1));
        }
        // 23:59 of the 20th, 23:58:59 of the 21st, 23:58:58 of the 22nd.
        assert_eq!(names(dir.path()), ["2026-05-21.jsonl", "2026-05-22.jsonl"]);
        let text = std::fs::read_to_string(dir.path().join("2026-05-22.jsonl")).unwrap();
        assert_eq!(text, "three\n");
    }
}
