//! Chance from the system, for what must not be guessed.
use rand::Rng;

/// Bytes nobody can predict: keys, nonces, names of temporary files.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}
