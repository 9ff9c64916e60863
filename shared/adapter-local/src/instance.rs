//! One worker per data folder: a lock that the system lets go of when its process ends, however it ends.
use crate::files::{self, FileError};
use crate::open::OpenError;
use chrono::{DateTime, SecondsFormat, Utc};
use flows::ports::Clock;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

const LOCK_FILE: &str = "instance.lock";
/// What is read of the file at most.
const CONTENT_BYTES_MAX: u64 = 128;

/// What the holder of the lock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// One job; it ends by itself.
    Job,
    /// Everything that is due, until it is told to stop: others need not wait, it works for them.
    Everything,
}

/// The word for [`Work::Everything`] in the file; a file without it was written by a job.
const EVERYTHING: &str = "up";

/// Who works in the data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Since when.
    pub since: DateTime<Utc>,
    /// At what.
    pub work: Work,
}

/// Why the lock could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Another process works in the folder.
    #[error("another erp-sync works in this data folder{}: wait for it to end, or stop it", said(.holder.as_ref()))]
    Held {
        /// Who; unknown for the moment in which it is just starting.
        holder: Option<Holder>,
    },
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] OpenError),
}

fn said(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| {
        format!(" (process {} since {})", holder.pid, holder.since.to_rfc3339_opts(SecondsFormat::Secs, true))
    })
}

/// The right to work in a data folder. Given back when dropped, and by the system when the process dies.
#[derive(Debug)]
pub struct InstanceLock {
    _file: File,
}

impl InstanceLock {
    /// Takes the lock of an existing or new data folder, or says who has it. Never waits.
    pub fn try_acquire(dir: &Path, clock: &dyn Clock, work: Work) -> Result<Self, LockError> {
        files::ensure_folder(dir).map_err(OpenError::from)?;
        let path = dir.join(LOCK_FILE);
        let failed = |error: &std::io::Error| LockError::from(OpenError::from(FileError::of(&path, error)));
        let mut file = files::open_private(&path).map_err(OpenError::from)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Who holds it is told when it can be read; that it is held is certain.
                let read = file.take(CONTENT_BYTES_MAX).read_to_string(&mut text);
                return Err(LockError::Held { holder: read.ok().and_then(|_| parse(&text)) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        let since = clock.now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let word = match work {
            Work::Job => String::new(),
            Work::Everything => format!(" {EVERYTHING}"),
        };
        let content = format!("{} {since}{word}\n", std::process::id());
        let written =
            file.rewind().and_then(|()| file.set_len(0)).and_then(|()| file.write_all(content.as_bytes()));
        written.map_err(|error| failed(&error))?;
        Ok(Self { _file: file })
    }
}

fn parse(text: &str) -> Option<Holder> {
    let mut words = text.split_whitespace();
    let pid = words.next()?.parse().ok()?;
    let since = DateTime::parse_from_rfc3339(words.next()?).ok()?.with_timezone(&Utc);
    let work = if words.next() == Some(EVERYTHING) { Work::Everything } else { Work::Job };
    Some(Holder { pid, since, work })
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::clock::SimulatedClock;

    #[test]
    fn the_second_learns_who_is_first_and_follows_when_it_ends() {
        let dir = tempfile::tempdir().unwrap();
        let clock = SimulatedClock::at(2024, 3, 15, 12, 0);
        let first = InstanceLock::try_acquire(dir.path(), &clock, Work::Job).unwrap();
        let refused = InstanceLock::try_acquire(dir.path(), &clock, Work::Job).unwrap_err();
        let holder = Holder { pid: std::process::id(), since: clock.now(), work: Work::Job };
        assert_eq!(refused, LockError::Held { holder: Some(holder) });
        let told = format!("(process {} since 2024-03-15T12:00:00Z)", holder.pid);
        assert!(refused.to_string().contains(&told), "{refused}");
        drop(first);
        InstanceLock::try_acquire(dir.path(), &clock, Work::Job).unwrap();
    }

    #[test]
    fn one_that_works_for_everybody_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let clock = SimulatedClock::at(2024, 3, 15, 12, 0);
        let _first = InstanceLock::try_acquire(dir.path(), &clock, Work::Everything).unwrap();
        let refused = InstanceLock::try_acquire(dir.path(), &clock, Work::Job).unwrap_err();
        let holder = Holder { pid: std::process::id(), since: clock.now(), work: Work::Everything };
        assert_eq!(refused, LockError::Held { holder: Some(holder) });
    }

    #[test]
    fn what_a_dead_process_left_behind_does_not_hold_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join(LOCK_FILE),
            "4242 2024-03-15T12:00:00Z up and more than we would write",
        )
        .unwrap();
        InstanceLock::try_acquire(dir.path(), &SimulatedClock::default(), Work::Job).unwrap();
        let content = std::fs::read_to_string(dir.path().join(LOCK_FILE)).unwrap();
        assert_eq!(parse(&content).unwrap().pid, std::process::id());
    }

    #[test]
    fn an_unreadable_holder_is_still_a_holder() {
        let dir = tempfile::tempdir().unwrap();
        let _first = InstanceLock::try_acquire(dir.path(), &SimulatedClock::default(), Work::Job).unwrap();
        std::fs::write(dir.path().join(LOCK_FILE), "").unwrap();
        let refused =
            InstanceLock::try_acquire(dir.path(), &SimulatedClock::default(), Work::Job).unwrap_err();
        assert_eq!(refused, LockError::Held { holder: None });
    }

    #[test]
    fn a_missing_folder_is_told_with_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing");
        let refused = InstanceLock::try_acquire(&missing.join("data"), &SimulatedClock::default(), Work::Job)
            .unwrap_err();
        assert_eq!(refused, LockError::Folder(OpenError::Missing { path: missing }));
    }
}
