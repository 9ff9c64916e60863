//! Sealing: AES-256-GCM with a random nonce per value and the place of the value as associated data,
//! so that a sealed value opens nowhere but where it was put.
//!
//! ```text
//! sealed = format (1 byte, now 1) | nonce (12) | ciphertext | tag (16)
//! ```
use crate::system::random_bytes;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Key, Nonce, Tag};

/// Length of a key in bytes.
pub(crate) const KEY_BYTES: usize = 32;

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Where a value stands; what is sealed for one place does not open at another.
pub(crate) struct Place(Vec<u8>);

impl Place {
    /// A place named by its parts. The length of each part is part of the place: `("a", "bc")` is not
    /// `("ab", "c")`.
    pub(crate) fn new(parts: &[&[u8]]) -> Self {
        let mut place = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            place.extend_from_slice(&(part.len() as u64).to_le_bytes());
            place.extend_from_slice(part);
        }
        Self(place)
    }
}

/// Why a sealed value does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsealable {
    /// Written in a format this release does not know.
    #[error("it is sealed in format {0}, this release knows format {FORMAT}: use the release that wrote it")]
    Format(u8),
    /// The tag does not fit.
    #[error("it does not open: the key file is not the one it was written with, or it is damaged")]
    Forged,
}

/// Seals and opens with one key.
pub(crate) struct Sealer {
    cipher: Aes256Gcm,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

impl Sealer {
    pub(crate) fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self { cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)) }
    }

    /// Seals a value for its place. `None` only beyond the 64 GiB that one GCM message may hold.
    pub(crate) fn seal(&self, place: &Place, plain: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = random_bytes();
        let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + plain.len() + TAG_BYTES);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let text = sealed.get_mut(1 + NONCE_BYTES..)?;
        let tag = self.cipher.encrypt_inout_detached(&Nonce::from(nonce), &place.0, text.into()).ok()?;
        sealed.extend_from_slice(&tag);
        Some(sealed)
    }

    /// The value, when it was sealed for this place with this key and nobody touched it.
    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let (format, rest) = sealed.split_first().ok_or(Unsealable::Forged)?;
        if *format != FORMAT {
            return Err(Unsealable::Format(*format));
        }
        let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(Unsealable::Forged)?;
        let (text, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(Unsealable::Forged)?;
        let mut plain = text.to_vec();
        let tag = Tag::from(*tag);
        self.cipher
            .decrypt_inout_detached(&Nonce::from(*nonce), &place.0, plain.as_mut_slice().into(), &tag)
            .map_err(|_| Unsealable::Forged)?;
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> Place {
        Place::new(&[b"test", name.as_bytes()])
    }

    #[test]
    fn a_value_opens_at_its_place_only() {
        let sealer = Sealer::new(&[7; KEY_BYTES]);
        let sealed = sealer.seal(&place("a"), b"value").unwrap();
        assert_eq!(sealer.open(&place("a"), &sealed).unwrap(), b"value");
        assert_eq!(sealer.open(&place("b"), &sealed), Err(Unsealable::Forged));
        let (split, other) = (Place::new(&[b"a", b"bc"]), Place::new(&[b"ab", b"c"]));
        assert_ne!(split.0, other.0);
    }

    #[test]
    fn another_key_does_not_open_it() {
        let sealed = Sealer::new(&[7; KEY_BYTES]).seal(&place("a"), b"value").unwrap();
        assert_eq!(Sealer::new(&[8; KEY_BYTES]).open(&place("a"), &sealed), Err(Unsealable::Forged));
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_noticed() {
        let sealer = Sealer::new(&[7; KEY_BYTES]);
        let sealed = sealer.seal(&place("a"), b"value").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer.open(&place("a"), &changed).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(sealer.open(&place("a"), &sealed[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn the_same_value_is_never_sealed_to_the_same_bytes() {
        let sealer = Sealer::new(&[7; KEY_BYTES]);
        assert_ne!(sealer.seal(&place("a"), b"value"), sealer.seal(&place("a"), b"value"));
    }

    #[test]
    fn the_cipher_is_the_one_of_the_nist_vectors() {
        // AES-256-GCM, key and nonce zero, one zero block (test case 14 of the GCM specification).
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from([0; 32]));
        let mut text = [0_u8; 16];
        let tag =
            cipher.encrypt_inout_detached(&Nonce::from([0; 12]), b"", text.as_mut_slice().into()).unwrap();
        assert_eq!(hex::encode(text), "cea7403d4d606b6e074ec5d3baf39d18");
        assert_eq!(hex::encode(tag), "d0d1c8a799996bf0265b98b5d48ab919");
    }
}
