//! Text from outside, made safe to keep and to show (section 4.5).
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The longest text that goes into a cell, in characters.
pub const TEXT_LENGTH_MAX: usize = 500;

/// Control characters become blanks, zero-width and bidirectional controls go, NFC, no white space at either end, at
/// most [`TEXT_LENGTH_MAX`] characters. Cleaning twice changes nothing.
pub fn clean(text: &str) -> String {
    clean_noting_cut(text).0
}

/// The same, and whether the text was longer than the limit.
pub fn clean_noting_cut(text: &str) -> (String, bool) {
    if is_clean_inside(text) {
        return cut(text.trim());
    }
    let visible: String = text
        .chars()
        .filter(|character| !is_invisible(*character))
        .map(|character| if character.is_control() { ' ' } else { character })
        .nfc()
        .collect();
    cut(visible.trim())
}

/// Nearly every text needs nothing but its ends looked at, and thousands are read per run.
fn is_clean_inside(text: &str) -> bool {
    let is_visible = |character: char| !character.is_control() && !is_invisible(character);
    text.chars().all(is_visible) && (text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes)
}

fn cut(trimmed: &str) -> (String, bool) {
    if trimmed.len() <= TEXT_LENGTH_MAX {
        return (trimmed.to_owned(), false);
    }
    match trimmed.char_indices().nth(TEXT_LENGTH_MAX) {
        None => (trimmed.to_owned(), false),
        Some((end, _)) => (trimmed.get(..end).unwrap_or(trimmed).trim_end().to_owned(), true),
    }
}

/// Zero-width and bidirectional controls: they take no place on the screen and can hide or turn what follows.
pub fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// The ASCII digits of a phone number; no country code is added.
pub fn contact_digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

/// Whether the digits cannot be a Brazilian number: 10 or 11 national digits, 12 or 13 with the country code.
pub fn is_suspicious_contact(digits: &str) -> bool {
    !digits.is_empty() && !(10..=13).contains(&digits.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn controls_become_blanks_and_invisibles_go() {
        assert_eq!(clean("\tMarina\r\nTeste\u{7f}\u{85}"), "Marina  Teste");
        assert_eq!(clean("\u{feff}Ma\u{200b}ri\u{202e}na\u{2066}"), "Marina");
        assert_eq!(clean("Joa\u{303}o"), "João");
        assert_eq!(
            clean("=HYPERLINK(\"http://x.test\",\"clique\")"),
            "=HYPERLINK(\"http://x.test\",\"clique\")"
        );
        assert_eq!(clean("\u{200b} \u{a0}"), "");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character_and_says_so() {
        let long = "é".repeat(TEXT_LENGTH_MAX + 1);
        assert_eq!(clean_noting_cut(&long), ("é".repeat(TEXT_LENGTH_MAX), true));
        assert!(!clean_noting_cut(&"é".repeat(TEXT_LENGTH_MAX)).1);
        let blank_at_the_cut = format!("{} b", "a".repeat(TEXT_LENGTH_MAX - 1));
        assert_eq!(clean_noting_cut(&blank_at_the_cut), ("a".repeat(TEXT_LENGTH_MAX - 1), true));
    }

    #[test]
    fn a_contact_keeps_its_digits_only() {
        assert_eq!(contact_digits("+55 (11) 98765-4321"), "5511987654321");
        assert_eq!(contact_digits("não tem"), "");
        assert!(!is_suspicious_contact("") && !is_suspicious_contact("1134567890"));
        assert!(is_suspicious_contact("987654321") && is_suspicious_contact("00551198765432101"));
    }

    proptest! {
        #[test]
        fn the_short_way_and_the_long_way_agree(text in "[ a-zé\u{303}\t]{0,12}|\\PC{0,12}") {
            let long_way: String = text.chars().filter(|c| !is_invisible(*c)).map(|c| if c.is_control() { ' ' } else { c }).nfc().collect();
            prop_assert_eq!(clean(&text), long_way.trim());
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once.clone());
            prop_assert!(once.chars().count() <= TEXT_LENGTH_MAX);
            prop_assert!(!once.chars().any(|character| character.is_control() || is_invisible(character)));
        }
    }
}
