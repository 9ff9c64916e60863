//! Secrets as plain files that nobody else may read: `secrets/erp-sync/local/sige/matriz`.
//!
//! A file may also be written by hand; one line break at its end is not part of the value.
use crate::files::{self, FileError, PRIVATE_FILE, PRIVATE_FOLDER};
use crate::open::OpenError;
use async_trait::async_trait;
use flows::ports::rules::{self, SECRET_BYTES_MAX};
use flows::ports::{SecretError, SecretStore};
use secrecy::{ExposeSecret, SecretString};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Secrets below a folder.
#[derive(Debug, Clone)]
pub struct FileSecretStore {
    folder: PathBuf,
}

impl FileSecretStore {
    pub(crate) fn open(folder: PathBuf) -> Result<Self, OpenError> {
        files::ensure_folder(&folder)?;
        refuse_loose_folder(&folder)?;
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> Result<PathBuf, SecretError> {
        rules::secret_name(name)?;
        Ok(self.folder.join(name))
    }
}

fn refuse_loose_folder(folder: &Path) -> Result<(), FileError> {
    let metadata = std::fs::metadata(folder).map_err(|error| FileError::of(folder, &error))?;
    files::refuse_loose(folder, &metadata, PRIVATE_FOLDER)
}

fn refused(name: &str, reason: impl Into<String>) -> SecretError {
    SecretError::Refused { name: name.to_owned(), reason: reason.into() }
}

/// Who may not be read is refused, who cannot be read is unavailable.
fn secret_error(name: &str, error: &FileError) -> SecretError {
    match error {
        FileError::Loose { .. } | FileError::NotWritable(_) | FileError::NotAFolder(_) => {
            refused(name, error.to_string())
        }
        _ => SecretError::Unavailable(error.to_string()),
    }
}

fn read(folder: &Path, name: &str, path: &Path) -> Result<SecretString, SecretError> {
    let failed = |error: &FileError| secret_error(name, error);
    let io_failed = |error: &std::io::Error| failed(&FileError::of(path, error));
    refuse_loose_folder(folder).map_err(|error| failed(&error))?;
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(SecretError::NotFound(name.to_owned()));
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(refused(
                name,
                format!("{} cannot be read by this user: change its owner", path.display()),
            ));
        }
        Err(error) => return Err(io_failed(&error)),
    };
    let metadata = file.metadata().map_err(|error| io_failed(&error))?;
    if metadata.is_dir() {
        return Err(SecretError::NotFound(name.to_owned()));
    }
    files::refuse_loose(path, &metadata, PRIVATE_FILE).map_err(|error| failed(&error))?;
    let mut value = String::new();
    let read = file.by_ref().take(SECRET_BYTES_MAX as u64 + 2).read_to_string(&mut value);
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return Err(refused(name, format!("{} is not UTF-8 text", path.display())));
        }
        Err(error) => return Err(io_failed(&error)),
    }
    if value.ends_with('\n') {
        value.pop();
    }
    let value = SecretString::from(value);
    rules::secret_value(name, &value)?;
    Ok(value)
}

fn write(folder: &Path, name: &str, path: &Path, value: &SecretString) -> Result<(), SecretError> {
    let failed = |error: FileError| secret_error(name, &error);
    rules::secret_value(name, value)?;
    refuse_loose_folder(folder).map_err(failed)?;
    files::ensure_folders(folder, path).map_err(failed)?;
    if path.is_dir() {
        let reason = format!("{} is a folder of other secrets: choose another name", path.display());
        return Err(refused(name, reason));
    }
    // The line break makes the value come back exact, also when it ends in one itself.
    let mut text = Vec::with_capacity(value.expose_secret().len() + 1);
    text.extend_from_slice(value.expose_secret().as_bytes());
    text.push(b'\n');
    files::replace(path, &text).map_err(failed)
}

fn collect(folder: &Path, above: &str, names: &mut Vec<String>) -> Result<(), FileError> {
    let failed = |error: &std::io::Error| FileError::of(folder, error);
    for entry in std::fs::read_dir(folder).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{above}{name}/"), names)?;
        } else {
            names.push(format!("{above}{name}"));
        }
    }
    Ok(())
}

async fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SecretError> + Send + 'static,
) -> Result<T, SecretError> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|error| Err(SecretError::Unavailable(error.to_string())))
}

#[async_trait]
impl SecretStore for FileSecretStore {
    async fn get(&self, name: &str) -> Result<SecretString, SecretError> {
        let (folder, path, name) = (self.folder.clone(), self.path(name)?, name.to_owned());
        off_the_async_threads(move || read(&folder, &name, &path)).await
    }

    async fn set(&self, name: &str, value: SecretString) -> Result<(), SecretError> {
        let (folder, path, name) = (self.folder.clone(), self.path(name)?, name.to_owned());
        off_the_async_threads(move || write(&folder, &name, &path, &value)).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, SecretError> {
        let (folder, prefix) = (self.folder.clone(), prefix.to_owned());
        off_the_async_threads(move || {
            let mut names = Vec::new();
            collect(&folder, "", &mut names).map_err(|error| SecretError::Unavailable(error.to_string()))?;
            names.retain(|name| name.starts_with(&prefix));
            names.sort_unstable();
            Ok(names)
        })
        .await
    }
}
