//! Groups and deduplication ids as SQS takes them: printable ASCII without blanks, which is what ours are made of.
//! Others are replaced by their hash; a group then travels beside it, so that it comes back as it was sent.
use sha2::{Digest, Sha256};

/// The message attribute with a group that SQS does not take as such.
pub(crate) const GROUP_ATTRIBUTE: &str = "group";

/// An id as it goes to SQS.
pub(crate) struct WireId {
    pub(crate) id: String,
    /// Whether it stands for another text.
    pub(crate) replaced: bool,
}

impl WireId {
    pub(crate) fn of(text: &str) -> Self {
        if text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Self { id: text.to_owned(), replaced: false };
        }
        Self { id: hex::encode(Sha256::digest(text.as_bytes())), replaced: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sqs_takes_stays_readable_and_the_rest_is_replaced() {
        for plain in
            ["1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms", "schedule/2024-03-15T12:00:00.000Z", "a#b~"]
        {
            let wire = WireId::of(plain);
            assert!(wire.id == plain && !wire.replaced, "{plain}");
        }
        let mut seen = std::collections::BTreeSet::new();
        for odd in ["group é", "a b", "\n", "é", "e\u{301}"] {
            let wire = WireId::of(odd);
            assert!(wire.replaced && wire.id.len() == 64, "{odd}");
            assert!(seen.insert(wire.id), "{odd} has the place of another");
        }
    }
}
