//! Blobs as sealed files.
//!
//! A key is a path. Each segment stands on disk as it is written, with everything but `A-Z a-z 0-9 - _ .`
//! percent-encoded; the file itself ends in `.blob`, so that `a` and `a/b` can stand side by side.
use crate::files::{self, FileError};
use crate::open::OpenError;
use crate::seal::{Place, Sealer};
use async_trait::async_trait;
use flows::ports::{BlobError, BlobStore, rules};
use std::fmt::Write;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest segment as it stands on disk, in bytes; file systems take 255.
const SEGMENT_BYTES_MAX: usize = 240;
const SUFFIX: &str = ".blob";

/// Blobs below a folder.
#[derive(Clone)]
pub struct FileBlobStore {
    folder: PathBuf,
    sealer: Arc<Sealer>,
}

impl std::fmt::Debug for FileBlobStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileBlobStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl FileBlobStore {
    pub(crate) fn open(folder: PathBuf, sealer: Arc<Sealer>) -> Result<Self, OpenError> {
        files::ensure_folder(&folder)?;
        Ok(Self { folder, sealer })
    }

    fn path(&self, key: &str) -> Result<PathBuf, BlobError> {
        let bad = || BlobError::BadKey(key.to_owned());
        rules::blob_key(key)?;
        let mut path = self.folder.clone();
        let mut last = String::new();
        for segment in key.split('/') {
            if !last.is_empty() {
                path.push(std::mem::take(&mut last));
            }
            last = encode(segment).ok_or_else(bad)?;
        }
        last.push_str(SUFFIX);
        path.push(last);
        Ok(path)
    }
}

fn place(key: &str) -> Place {
    Place::new(&[b"blob", key.as_bytes()])
}

fn unavailable(error: FileError) -> BlobError {
    BlobError::Unavailable(error.to_string())
}

/// A segment as it stands on disk; `None` when it is not allowed.
fn encode(segment: &str) -> Option<String> {
    if matches!(segment, "" | "." | "..") {
        return None;
    }
    // A leading dot would hide the file, the suffix of blobs would let a folder take the place of a file.
    let dots = !segment.starts_with('.') && !segment.ends_with(SUFFIX);
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => encoded.push(char::from(byte)),
            b'.' if dots => encoded.push('.'),
            _ => write!(encoded, "%{byte:02X}").ok()?,
        }
    }
    (encoded.len() <= SEGMENT_BYTES_MAX).then_some(encoded)
}

/// The segment that stands on disk like this; `None` for files that are not ours.
fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        let plain = match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        };
        bytes.push(plain);
    }
    let segment = String::from_utf8(bytes).ok()?;
    (encode(&segment).as_deref() == Some(encoded)).then_some(segment)
}

/// Every key below a folder, in no order.
fn collect(folder: &Path, above: &str, keys: &mut Vec<String>) -> Result<(), FileError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(FileError::of(folder, &error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| FileError::of(folder, &error))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_folder = entry.file_type().map_err(|error| FileError::of(&entry.path(), &error))?.is_dir();
        if is_folder {
            if let Some(segment) = decode(name) {
                collect(&entry.path(), &format!("{above}{segment}/"), keys)?;
            }
        } else if let Some(segment) = name.strip_suffix(SUFFIX).and_then(decode) {
            keys.push(format!("{above}{segment}"));
        }
    }
    Ok(())
}

fn list(root: &Path, prefix: &str, limit: usize) -> Result<Vec<String>, FileError> {
    // Only the folder that the whole segments of the prefix name can hold what starts with it.
    let above = prefix.rsplit_once('/').map_or("", |(above, _)| above);
    let mut folder = root.to_path_buf();
    let mut keys = Vec::new();
    for segment in above.split('/').filter(|_| !above.is_empty()) {
        let Some(segment) = encode(segment) else { return Ok(keys) };
        folder.push(segment);
    }
    let above = if above.is_empty() { String::new() } else { format!("{above}/") };
    collect(&folder, &above, &mut keys)?;
    keys.retain(|key| key.starts_with(prefix));
    keys.sort_unstable();
    keys.truncate(limit);
    Ok(keys)
}

async fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|error| Err(BlobError::Unavailable(error.to_string())))
}

#[async_trait]
impl BlobStore for FileBlobStore {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        let (store, path, key) = (self.clone(), self.path(key)?, key.to_owned());
        off_the_async_threads(move || {
            let sealed = store.sealer.seal(&place(&key), &bytes);
            let sealed = sealed.ok_or_else(|| BlobError::Unavailable(format!("{key} is too large")))?;
            files::ensure_folders(&store.folder, &path).map_err(unavailable)?;
            files::replace(&path, &sealed).map_err(unavailable)
        })
        .await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, BlobError> {
        let (sealer, path, key) = (self.sealer.clone(), self.path(key)?, key.to_owned());
        off_the_async_threads(move || {
            let sealed = match std::fs::read(&path) {
                Ok(sealed) => sealed,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(unavailable(FileError::of(&path, &error))),
            };
            let opened = sealer.open(&place(&key), &sealed);
            opened.map(Some).map_err(|error| BlobError::Unreadable { key, reason: error.to_string() })
        })
        .await
    }

    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, BlobError> {
        let (folder, prefix) = (self.folder.clone(), prefix.to_owned());
        off_the_async_threads(move || list(&folder, &prefix, limit).map_err(unavailable)).await
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        let path = self.path(key)?;
        off_the_async_threads(move || match std::fs::remove_file(&path) {
            Ok(()) => files::sync_folder(path.parent().unwrap_or(Path::new("."))).map_err(unavailable),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(unavailable(FileError::of(&path, &error))),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_comes_back_from_disk_as_it_was() {
        for segment in ["plain", "2024-03-15", "a.b", ".hidden", "x.blob", "Não é só", "a b%2F", "%", "#:"]
        {
            let encoded = encode(segment).unwrap();
            assert_eq!(decode(&encoded).as_deref(), Some(segment), "{encoded}");
            assert!(
                !encoded.starts_with('.') && !encoded.ends_with(SUFFIX) && encoded.is_ascii(),
                "{encoded}"
            );
        }
    }

    #[test]
    fn names_that_we_would_not_write_are_not_read() {
        for name in [".tmp-00", "%2f", "%zz", "%", "a b", "a%41"] {
            assert_eq!(decode(name), None, "{name}");
        }
    }

    #[test]
    fn a_segment_that_no_file_system_takes_is_refused() {
        assert!(encode(&"x".repeat(SEGMENT_BYTES_MAX)).is_some());
        assert!(encode(&"x".repeat(SEGMENT_BYTES_MAX + 1)).is_none());
        assert!(encode(&"é".repeat(41)).is_none());
    }
}
