//! Files as the stores need them: visible whole or not at all, readable by their owner only, and
//! errors that name the path and what to do.
use crate::system::random_bytes;
use std::ffi::OsString;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Mode of files that hold a key, a secret or data.
pub(crate) const PRIVATE_FILE: u32 = 0o600;
/// Mode of folders that hold them.
pub(crate) const PRIVATE_FOLDER: u32 = 0o700;
/// Files that are still being written start with it.
pub(crate) const TEMPORARY_PREFIX: &str = ".tmp-";

/// What went wrong with a file or folder, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileError {
    #[error("{0} does not exist: create it, or name another folder")]
    Missing(PathBuf),
    #[error("{0} is not a folder: move it away, or name another folder")]
    NotAFolder(PathBuf),
    #[error("{0} cannot be written by this user: change its owner or mode, or name another folder")]
    NotWritable(PathBuf),
    #[error("the disk that holds {0} is full: free some space and try again")]
    DiskFull(PathBuf),
    #[error("{path} is open to others (mode {mode:04o}): chmod {wanted:o} {path}")]
    Loose { path: PathBuf, mode: u32, wanted: u32 },
    #[error("{path}: {reason}")]
    Failed { path: PathBuf, reason: String },
}

impl FileError {
    /// The decision behind an error of the operating system.
    pub(crate) fn of(path: &Path, error: &std::io::Error) -> Self {
        let path = path.to_path_buf();
        match error.kind() {
            ErrorKind::NotFound => Self::Missing(path),
            ErrorKind::NotADirectory => Self::NotAFolder(path),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::NotWritable(path),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull(path),
            _ => Self::Failed { path, reason: error.to_string() },
        }
    }
}

/// Refuses what its group or the world may read or write.
pub(crate) fn refuse_loose(path: &Path, metadata: &Metadata, wanted: u32) -> Result<(), FileError> {
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(FileError::Loose { path: path.to_path_buf(), mode, wanted })
}

/// Makes a private folder unless it is there. Its parent must exist.
pub(crate) fn ensure_folder(path: &Path) -> Result<(), FileError> {
    match DirBuilder::new().mode(PRIVATE_FOLDER).create(path) {
        Ok(()) => sync_folder(path.parent().unwrap_or(Path::new("."))),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(FileError::NotAFolder(path.to_path_buf()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(FileError::Missing(path.parent().unwrap_or(path).to_path_buf()))
        }
        Err(error) => Err(FileError::of(path, &error)),
    }
}

/// Makes the private folders between a root that exists and the file.
pub(crate) fn ensure_folders(root: &Path, file: &Path) -> Result<(), FileError> {
    let mut folder = root.to_path_buf();
    let below = file.parent().and_then(|parent| parent.strip_prefix(root).ok()).unwrap_or(Path::new(""));
    for segment in below.components() {
        folder.push(segment);
        ensure_folder(&folder)?;
    }
    Ok(())
}

/// Opens a private file for reading and writing, making it when it is not there.
pub(crate) fn open_private(path: &Path) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(PRIVATE_FILE);
    options.open(path).map_err(|error| FileError::of(path, &error))
}

/// Replaces a file in one step: who reads sees the old bytes or the new ones, also after a power cut.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut name = OsString::from(TEMPORARY_PREFIX);
    name.push(hex::encode(random_bytes::<8>()));
    let temporary = folder.join(name);
    let outcome = write_new(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
    if let Err(error) = outcome {
        if temporary.exists()
            && let Err(left) = std::fs::remove_file(&temporary)
        {
            tracing::warn!(path = %temporary.display(), error = %left, "a temporary file stays behind");
        }
        return Err(FileError::of(path, &error));
    }
    sync_folder(folder)
}

fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes renames and removals in a folder survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), FileError> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|file| file.sync_all()).map_err(|error| FileError::of(folder, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_names_the_path_and_the_remedy() {
        let said = |kind: ErrorKind| FileError::of(Path::new("/data/key"), &kind.into()).to_string();
        assert_eq!(
            said(ErrorKind::StorageFull),
            "the disk that holds /data/key is full: free some space and try again"
        );
        assert!(said(ErrorKind::ReadOnlyFilesystem).starts_with("/data/key cannot be written by this user"));
        assert!(said(ErrorKind::PermissionDenied).starts_with("/data/key cannot be written by this user"));
        assert!(said(ErrorKind::NotFound).starts_with("/data/key does not exist"));
    }

    #[test]
    fn a_full_device_is_told_as_a_full_disk() {
        let mut device = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = device.write_all(b"x").and_then(|()| device.sync_all()).unwrap_err();
        assert_eq!(FileError::of(Path::new("/data"), &error), FileError::DiskFull("/data".into()));
    }

    #[test]
    fn a_replaced_file_is_private_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("value");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, PRIVATE_FILE);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_replacement_leaves_the_old_file_and_no_temporary() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        std::fs::create_dir(&path).unwrap();
        assert!(replace(&path, b"value").is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_made_only_below_one_that_exists() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing");
        assert_eq!(ensure_folder(&missing.join("data")), Err(FileError::Missing(missing.clone())));
        ensure_folder(&missing).unwrap();
        ensure_folder(&missing).unwrap();
        std::fs::write(dir.path().join("file"), b"").unwrap();
        let file = dir.path().join("file");
        assert_eq!(ensure_folder(&file), Err(FileError::NotAFolder(file)));
    }
}
