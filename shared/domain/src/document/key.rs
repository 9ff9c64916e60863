//! The characters of a document on the stack, and their check digits.

/// Up to 14 characters `[0-9A-Z]`, upper-cased, everything else left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    characters: [u8; Key::CNPJ_LENGTH],
    length: usize,
}

impl Key {
    pub(crate) const CPF_LENGTH: usize = 11;
    pub(crate) const CNPJ_LENGTH: usize = 14;

    /// Keeps letters and digits; `None` when there are more than 14 or none.
    pub(crate) fn of_characters(text: impl Iterator<Item = u8>) -> Option<Self> {
        let mut key = Self { characters: [0; Self::CNPJ_LENGTH], length: 0 };
        for byte in text.filter(u8::is_ascii_alphanumeric) {
            *key.characters.get_mut(key.length)? = byte.to_ascii_uppercase();
            key.length += 1;
        }
        (key.length > 0).then_some(key)
    }

    /// The digits of a number without leading zeros; `None` when negative or longer than 14.
    pub(crate) fn of_number(number: i64) -> Option<Self> {
        let mut rest = u64::try_from(number).ok()?;
        let mut reversed = Self { characters: [0; Self::CNPJ_LENGTH], length: 0 };
        loop {
            *reversed.characters.get_mut(reversed.length)? = b'0' + (rest % 10) as u8;
            reversed.length += 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        Self::of_characters(reversed.bytes().iter().rev().copied())
    }

    fn bytes(&self) -> &[u8] {
        self.characters.get(..self.length).unwrap_or_default()
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// Fourteen bytes in one integer, so that an index hashes and compares a word, not a text.
    pub(crate) fn packed(&self) -> u128 {
        self.bytes().iter().fold(0, |packed, byte| packed << 8 | u128::from(*byte))
    }

    /// 11 digits, or 14 characters of which the last two are digits; not all equal.
    pub(crate) fn is_canonical(&self) -> bool {
        let digits_from = match self.length {
            Self::CPF_LENGTH => 0,
            Self::CNPJ_LENGTH => Self::CNPJ_LENGTH - 2,
            _ => return false,
        };
        let all_equal = self.bytes().windows(2).all(|pair| matches!(pair, [left, right] if left == right));
        !all_equal && self.bytes().iter().skip(digits_from).all(u8::is_ascii_digit)
    }

    /// The length of a document without letters.
    pub(crate) fn digits_without_letters(&self) -> Option<usize> {
        self.bytes().iter().all(u8::is_ascii_digit).then_some(self.length)
    }

    /// The same digits with zeros before them; `None` when there is nothing to fill up.
    pub(crate) fn padded_to(&self, length: usize) -> Option<Self> {
        let missing = length.checked_sub(self.length).filter(|missing| *missing > 0)?;
        Self::of_characters(std::iter::repeat_n(b'0', missing).chain(self.bytes().iter().copied()))
    }

    pub(crate) fn is_valid_cpf(&self) -> bool {
        self.length == Self::CPF_LENGTH
            && self.is_canonical()
            && self.check_digit_holds(9, &[10, 9, 8, 7, 6, 5, 4, 3, 2])
            && self.check_digit_holds(10, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
    }

    pub(crate) fn is_valid_cnpj(&self) -> bool {
        self.length == Self::CNPJ_LENGTH
            && self.is_canonical()
            && self.check_digit_holds(12, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
            && self.check_digit_holds(13, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
    }

    /// Modulo 11 over the characters before `position`; a character is worth its ASCII code less 48 (A = 17).
    fn check_digit_holds(&self, position: usize, weights: &[u32]) -> bool {
        let worth = |byte: &u8| u32::from(byte.saturating_sub(b'0'));
        let sum: u32 = self.bytes().iter().zip(weights).map(|(byte, weight)| worth(byte) * weight).sum();
        let expected = match sum % 11 {
            0 | 1 => 0,
            remainder => 11 - remainder,
        };
        self.bytes().get(position).map(worth) == Some(expected)
    }
}
