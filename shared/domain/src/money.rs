//! Money as integer cents: the only representation of an amount in this product.
//!
//! Text goes in and text comes out; no binary float is involved, so half a cent has one place where it is decided
//! (N6: half away from zero beyond two places).
use crate::rules::Share;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An amount in the currency's hundredths (BRL centavos here). May be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a JSON number.
    #[error("not a decimal number")]
    NotANumber,
    /// Larger than [`Cents::MAX`] either way.
    #[error("larger than 9,999,999,999,999.99")]
    OutOfRange,
}

impl Cents {
    /// The largest amount: fifteen significant digits, which survive the spreadsheet's own numbers unchanged.
    pub const MAX: Self = Self(999_999_999_999_999);

    /// Reads the literal of a JSON number (`255.0`, `41.97`, `1e2`, `-0.05`) and rounds half away from zero beyond
    /// two places. Exact for any number of digits and any exponent.
    pub fn parse(literal: &str) -> Result<Self, MoneyError> {
        let (negative, unsigned) = match literal.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, literal),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return Err(MoneyError::NotANumber),
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(MoneyError::NotANumber);
        }
        // How many digits stand before the cent's decimal point; negative when zeros would follow it first.
        let kept = (whole.len() as i64).saturating_add(exponent).saturating_add(2);
        let cents = rounded(whole.bytes().chain(fraction.bytes()), kept)?;
        Ok(Self(if negative { -cents } else { cents }))
    }

    /// The amount with a point and two decimals: `100.01`, `-0.05`.
    pub fn to_decimal_text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
    }

    /// The amount as an exact decimal.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// The sum, unless it leaves the range.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self).filter(Self::is_in_range)
    }

    /// The difference, unless it leaves the range.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self).filter(Self::is_in_range)
    }

    /// Whether the amount is not larger than [`Cents::MAX`] either way.
    pub fn is_in_range(&self) -> bool {
        self.0.unsigned_abs() <= Self::MAX.0.unsigned_abs()
    }
}

impl std::fmt::Display for Cents {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.to_decimal_text())
    }
}

/// Splits a sale into the Novo's and the Retirada's part: the Retirada gets its share truncated toward zero, the
/// Novo all the rest, the odd cent included. A share of nothing (`x / 0`) gives all to the Novo.
pub fn split(total: Cents, share: Share) -> (Cents, Cents) {
    let parts = i128::from(total.0) * i128::from(share.numerator);
    let retirada = parts.checked_div(i128::from(share.denominator)).unwrap_or(0);
    // A share of at most one keeps both parts within the total; a larger one saturates and fails INV-7 at the row.
    let retirada = i64::try_from(retirada).unwrap_or(i64::MAX);
    (Cents(total.0.saturating_sub(retirada)), Cents(retirada))
}

/// An exponent beyond this is out of range or zero whatever the digits are.
const EXPONENT_MAX: i64 = 1_000_000_000;

fn read_exponent(text: &str) -> Result<i64, MoneyError> {
    let (sign, digits) = match text.as_bytes() {
        [b'-', ..] => (-1, text.get(1..).unwrap_or_default()),
        [b'+', ..] => (1, text.get(1..).unwrap_or_default()),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MoneyError::NotANumber);
    }
    Ok(sign * digits.parse::<i64>().map_or(EXPONENT_MAX, |exponent| exponent.min(EXPONENT_MAX)))
}

/// The first `kept` digits as an integer, one more when the next digit is 5 or greater.
fn rounded(digits: impl Iterator<Item = u8>, kept: i64) -> Result<i64, MoneyError> {
    let mut cents: i64 = 0;
    let mut position: i64 = 0;
    for byte in digits {
        let digit = i64::from(byte - b'0');
        if position < kept {
            cents = cents
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(digit))
                .ok_or(MoneyError::OutOfRange)?;
        } else if position == kept && digit >= 5 {
            cents = cents.checked_add(1).ok_or(MoneyError::OutOfRange)?;
        }
        position += 1;
    }
    while position < kept && cents != 0 {
        cents = cents.checked_mul(10).ok_or(MoneyError::OutOfRange)?;
        position += 1;
    }
    if Cents(cents).is_in_range() { Ok(cents) } else { Err(MoneyError::OutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(literal: &str, cents: i64) {
        assert_eq!(Cents::parse(literal), Ok(Cents(cents)), "{literal}");
    }

    #[test]
    fn a_json_number_becomes_cents() {
        check("300.0", 30_000);
        check("41.97", 4_197);
        check("0", 0);
        check("-0.05", -5);
        check("1e2", 10_000);
        check("1.5E+3", 150_000);
        check("12345e-3", 1_235);
        check("100.01", 10_001);
        check("0e999999999999999999999", 0);
        check("1e-99999999999999999999", 0);
        check("9999999999999.99", Cents::MAX.0);
    }

    #[test]
    fn half_a_cent_goes_away_from_zero() {
        check("0.005", 1);
        check("-0.005", -1);
        check("0.0049999999999999999999999999999999999999", 0);
        check("2.675", 268);
        check("1.005", 101);
        check("5e-3", 1);
        check("0.5e-2", 1);
        check("0.4e-2", 0);
        check("99e-5", 0);
    }

    #[test]
    fn what_is_not_a_json_number_is_refused() {
        for text in
            ["", "-", "1,5", "1.", ".5", "abc", "1e", "1e+", "NaN", "--1", "1 ", "0x10", "R$ 5", "1e1.5", "٣"]
        {
            assert_eq!(Cents::parse(text), Err(MoneyError::NotANumber), "{text:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for text in
            ["10000000000000", "9999999999999.995", "1e13", "1e999999999999", "-1e30", "99999999999999999999"]
        {
            assert_eq!(Cents::parse(text), Err(MoneyError::OutOfRange), "{text}");
        }
    }

    #[test]
    fn the_odd_cent_stays_with_the_novo() {
        let half = Share::default();
        assert_eq!(split(Cents(10_001), half), (Cents(5_001), Cents(5_000)));
        assert_eq!(split(Cents(-10_001), half), (Cents(-5_001), Cents(-5_000)));
        assert_eq!(split(Cents(1), half), (Cents(1), Cents(0)));
        assert_eq!(split(Cents(100), Share { numerator: 1, denominator: 3 }), (Cents(67), Cents(33)));
        assert_eq!(split(Cents(100), Share { numerator: 1, denominator: 0 }), (Cents(100), Cents(0)));
    }

    #[test]
    fn the_text_has_two_decimals_and_its_sign() {
        assert_eq!(Cents(-5).to_decimal_text(), "-0.05");
        assert_eq!(Cents(10_001).to_string(), "100.01");
        assert_eq!(Cents(0).to_decimal_text(), "0.00");
        assert_eq!(Cents(i64::MIN).to_decimal_text(), "-92233720368547758.08");
    }

    #[test]
    fn sums_stop_at_the_range() {
        assert_eq!(Cents::MAX.checked_add(Cents(1)), None);
        assert_eq!(Cents(i64::MIN).checked_sub(Cents(1)), None);
        assert_eq!(Cents(5).checked_sub(Cents(7)), Some(Cents(-2)));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(cents in -Cents::MAX.0..=Cents::MAX.0) {
            prop_assert_eq!(Cents::parse(&Cents(cents).to_decimal_text()), Ok(Cents(cents)));
        }

        #[test]
        fn rounding_agrees_with_an_exact_decimal(mantissa in any::<i32>(), scale in 0u32..9) {
            let exact = Decimal::new(i64::from(mantissa), scale);
            let rounded = exact.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
            prop_assert_eq!(Cents::parse(&exact.to_string()).unwrap().to_decimal(), rounded);
        }

        #[test]
        fn both_parts_add_up_and_the_retirada_never_gets_more_than_its_share(
            cents in -Cents::MAX.0..=Cents::MAX.0, numerator in 0u32..1000, more in 0u32..1000,
        ) {
            let share = Share { numerator, denominator: numerator + more + 1 };
            let (novo, retirada) = split(Cents(cents), share);
            prop_assert_eq!(novo.checked_add(retirada), Some(Cents(cents)));
            prop_assert!(retirada.0.abs() <= cents.abs() && novo.0.abs() <= cents.abs());
            prop_assert!(i128::from(retirada.0).abs() * i128::from(share.denominator)
                <= i128::from(cents).abs() * i128::from(numerator));
        }
    }
}
