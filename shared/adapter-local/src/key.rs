//! The key file: 32 bytes in hex, for its owner's eyes only.
use crate::files::{self, FileError, PRIVATE_FILE};
use crate::open::OpenError;
use crate::seal::{KEY_BYTES, Sealer};
use crate::system::random_bytes;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// What is read of a key file at most; a longer one is not a key file.
const KEY_FILE_BYTES_MAX: u64 = 256;

/// Reads the key file. When there is none, makes one, unless data exists that was sealed with the lost one.
pub(crate) fn load_or_create(path: &Path, data_exists: bool) -> Result<Sealer, OpenError> {
    match File::open(path) {
        Ok(file) => load(path, file),
        Err(error) if error.kind() == ErrorKind::NotFound && data_exists => {
            Err(OpenError::KeyMissing { path: path.to_path_buf() })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => create(path),
        Err(error) => Err(FileError::of(path, &error).into()),
    }
}

fn create(path: &Path) -> Result<Sealer, OpenError> {
    let key = random_bytes::<KEY_BYTES>();
    files::replace(path, format!("{}\n", hex::encode(key)).as_bytes())?;
    Ok(Sealer::new(&key))
}

fn load(path: &Path, file: File) -> Result<Sealer, OpenError> {
    let failed = |error: &std::io::Error| OpenError::from(FileError::of(path, error));
    files::refuse_loose(path, &file.metadata().map_err(|error| failed(&error))?, PRIVATE_FILE)?;
    let mut text = Vec::new();
    file.take(KEY_FILE_BYTES_MAX).read_to_end(&mut text).map_err(|error| failed(&error))?;
    let mut key = [0; KEY_BYTES];
    match hex::decode_to_slice(text.trim_ascii(), &mut key) {
        Ok(()) => Ok(Sealer::new(&key)),
        Err(_) => Err(OpenError::BadKeyFile { path: path.to_path_buf() }),
    }
}
