//! What may be repeated of a body that nobody expected.
//!
//! An error page can hold anything: the document that was asked for, an address, the token. A few words of it help
//! an operator; so the start is kept, with everything that could identify somebody masked.

/// Characters kept.
const CHARS_MAX: usize = 200;
/// Bytes looked at; a long token must not hide what follows it.
const BYTES_MAX: usize = 4_096;
/// A shorter secret is no secret, and replacing it would make the text unreadable.
const SECRET_CHARS_MIN: usize = 4;
/// A word with at least this many digits is masked: a document, a phone, an id, a token.
const DIGITS_MIN: usize = 6;

/// The first characters of a body, without secrets, documents, phones, ids, e-mail addresses and control characters.
pub(crate) fn redacted(body: &[u8], secrets: &[&str]) -> String {
    let start = body.get(..BYTES_MAX).unwrap_or(body);
    let mut text = String::from_utf8_lossy(start).into_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= SECRET_CHARS_MIN) {
        text = text.replace(secret, "***");
    }
    let clean: String = text.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    let mut out = String::with_capacity(clean.len());
    let mut rest = clean.as_str();
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) { word_length(rest) } else { first.len_utf8() };
        let (word, after) = rest.split_at(length);
        out.push_str(masked(word));
        rest = after;
    }
    let mut kept = String::with_capacity(CHARS_MAX);
    for word in out.split_whitespace() {
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    match kept.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => kept.get(..end).map(|start| format!("{start}…")).unwrap_or_default(),
        None => kept,
    }
}

fn masked(word: &str) -> &str {
    if word.contains('@') {
        "***@***"
    } else if word.chars().filter(|c| c.is_numeric()).count() >= DIGITS_MIN {
        "***"
    } else {
        word
    }
}

/// Control characters, and those that change what a terminal shows.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What documents, phones, ids and addresses are made of, their masks included.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '@' | '+' | '(' | ')' | '%')
}

/// The length of the word at the start of the text. A blank between two digits belongs to it: `11 98765 4321`,
/// `(11) 98765-4321`.
fn word_length(text: &str) -> usize {
    let mut length = 0;
    let mut characters = text.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        let joins = character == ' '
            && matches!(before, '0'..='9' | ')' | '+')
            && characters.peek().is_some_and(|next| next.is_ascii_digit() || *next == '(');
        if !is_word(character) && !joins {
            break;
        }
        before = character;
        length += character.len_utf8();
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &str) {
        assert_eq!(redacted(body.as_bytes(), &["t0ken", "", "a"]), expected);
    }

    #[test]
    fn documents_phones_and_ids_are_masked_in_every_dress() {
        check("CPF 52998224725 não encontrado", "CPF *** não encontrado");
        check("CPF 529.982.247-25!", "CPF ***!");
        check("CNPJ 12.ABC.345/01DE-35, 12ABC34501DE35", "CNPJ ***, ***");
        check("ligue (11) 98765-4321 ou +55 11 98765 4321.", "ligue *** ou ***");
        check("id 66f0c0ffee00000000070001", "id ***");
        check(r#"{"Codigo":70001,"error":"HTTP 500"}"#, r#"{"Codigo":70001,"error":"HTTP 500"}"#);
        check("cpfcnpj=52998224725&x=1", "cpfcnpj=***&x=1");
    }

    #[test]
    fn addresses_and_secrets_are_masked() {
        check("<ana.maria@example.com> bloqueada", "<***@***> bloqueada");
        check(r#"{"Message":"Token t0ken inválido"}"#, r#"{"Message":"Token *** inválido"}"#);
    }

    #[test]
    fn control_characters_and_line_breaks_become_blanks() {
        check("a\u{1b}[31mb\r\nc\0\u{202e}d", "a [31mb c d");
        assert_eq!(redacted(b"\xff\xfeab", &[]), "\u{fffd}\u{fffd}ab");
    }

    #[test]
    fn only_the_start_is_kept_and_nothing_is_cut_open_by_the_cut() {
        let long = "palavra ".repeat(1_000);
        let kept = redacted(long.as_bytes(), &[]);
        assert_eq!(kept.chars().count(), CHARS_MAX + 1);
        assert!(kept.ends_with('…'));
        let document_at_the_edge = format!("{}52998224725", "á ".repeat(97));
        assert!(!redacted(document_at_the_edge.as_bytes(), &[]).contains("529"));
        check("", "");
    }
}
