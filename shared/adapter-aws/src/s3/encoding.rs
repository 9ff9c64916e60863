//! Keys in addresses, and keys as listings have them: XML does not carry every character.

fn encoded(text: &str, slash_too: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            b'/' if !slash_too => encoded.push('/'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// A key as the path of an address.
pub(crate) fn in_path(key: &str) -> String {
    format!("/{}", encoded(key, false))
}

/// A value of a query.
pub(crate) fn in_query(value: &str) -> String {
    encoded(value, true)
}

/// A key as a listing has it: percent-encoded, with `+` for a blank.
pub(crate) fn decoded(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded_as_they_were() {
        assert_eq!(
            decoded("before/matriz/2024-03-15.json").as_deref(),
            Some("before/matriz/2024-03-15.json")
        );
        assert_eq!(decoded("a+b%2Bc%25%C3%A9%0A").as_deref(), Some("a b+c%é\n"));
        for wrong in ["%", "%2", "%zz", "%FF"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nothing_in_a_key_changes_the_meaning_of_an_address() {
        assert_eq!(in_path("a b/c+d?e#f%é"), "/a%20b/c%2Bd%3Fe%23f%25%C3%A9");
        assert_eq!(in_query("a/b&c=d+e"), "a%2Fb%26c%3Dd%2Be");
        for key in ["a b", "é\n", "%25", "x&y=z", "~-._"] {
            assert_eq!(decoded(&in_query(key)).as_deref(), Some(key));
        }
    }
}
