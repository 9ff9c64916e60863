//! Invented documents with valid check digits, computed here from the official rules so that the product's own
//! validation is judged by somebody else.
use super::chance::Chance;

const CPF_DIGITS: usize = 9;
const CNPJ_CHARACTERS: usize = 12;

/// Eleven digits.
pub(super) fn cpf(chance: &mut Chance) -> String {
    let mut digits: Vec<u8> = (0..CPF_DIGITS).map(|_| digit(chance)).collect();
    // One in ten begins with a zero: the cases that a number cell loses.
    if chance.per_mille(100) {
        digits.splice(..1, [b'0']);
    }
    for _ in 0..2 {
        let weights = (2..).take(digits.len());
        let sum =
            digits.iter().rev().zip(weights).map(|(character, weight)| value(*character) * weight).sum();
        digits.push(check_digit(sum));
    }
    text(digits)
}

/// Fourteen digits.
pub(super) fn cnpj(chance: &mut Chance) -> String {
    let mut characters: Vec<u8> = (0..CNPJ_CHARACTERS - 4).map(|_| digit(chance)).collect();
    characters.extend(*b"0001");
    with_cnpj_check_digits(characters)
}

/// Twelve characters `[0-9A-Z]` and two digits: the CNPJ given out since July 2026.
pub(super) fn alphanumeric_cnpj(chance: &mut Chance) -> String {
    const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut characters: Vec<u8> = (0..CNPJ_CHARACTERS).map(|_| chance.pick(ALPHABET)).collect();
    characters.splice(2..3, [b'A' + u8::try_from(chance.below(26)).unwrap_or_default()]);
    with_cnpj_check_digits(characters)
}

/// `000.000.000-00` or `00.000.000/0000-00`.
pub(super) fn masked(document: &str) -> String {
    let marks: &[(usize, char)] = match document.len() {
        11 => &[(3, '.'), (6, '.'), (9, '-')],
        14 => &[(2, '.'), (5, '.'), (8, '/'), (12, '-')],
        _ => &[],
    };
    let mut out = String::with_capacity(18);
    for (position, character) in document.chars().enumerate() {
        out.extend(marks.iter().filter(|(at, _)| *at == position).map(|(_, mark)| mark));
        out.push(character);
    }
    out
}

fn with_cnpj_check_digits(mut characters: Vec<u8>) -> String {
    for _ in 0..2 {
        let weights = (2..=9).cycle();
        let sum =
            characters.iter().rev().zip(weights).map(|(character, weight)| value(*character) * weight).sum();
        characters.push(check_digit(sum));
    }
    text(characters)
}

/// A character's value is its ASCII code minus 48: digits keep their own.
fn value(character: u8) -> u32 {
    u32::from(character.saturating_sub(b'0'))
}

fn check_digit(sum: u32) -> u8 {
    match sum % 11 {
        0 | 1 => b'0',
        rest => b'0' + u8::try_from(11 - rest).unwrap_or_default(),
    }
}

fn digit(chance: &mut Chance) -> u8 {
    b'0' + u8::try_from(chance.below(10)).unwrap_or_default()
}

fn text(characters: Vec<u8>) -> String {
    characters.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_examples_have_these_check_digits() {
        assert_eq!(with_cnpj_check_digits(b"12ABC34501DE".to_vec()), "12ABC34501DE35");
        assert_eq!(with_cnpj_check_digits(b"112223330001".to_vec()), "11222333000181");
        assert_eq!(masked("52998224725"), "529.982.247-25");
        assert_eq!(masked("12ABC34501DE35"), "12.ABC.345/01DE-35");
    }
}
