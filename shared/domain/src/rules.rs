//! The options of an account that change what a row says.
use serde::{Deserialize, Serialize};

/// Which selection rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Greatest date not after the sale, for both kinds (section 4.2).
    #[default]
    Strict,
    /// The old script's selection, without its accidents: bottom-up first match, Novo unbounded, digits-only key.
    Legacy,
}

/// Whether cancelled bookings count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingStatusPolicy {
    /// Every booking counts, as in the old worker.
    #[default]
    Ignore,
    /// Rows with AE = 1 are skipped.
    ExcludeCancelled,
}

/// The Retirada's share of a sale: `numerator / denominator`, 1/2 by default. Between 0 and 1, both included; a share
/// that is stored or configured otherwise is refused when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedShare")]
pub struct Share {
    /// Parts that go to the Retirada.
    pub numerator: u32,
    /// Parts in all; greater than zero and not less than the numerator.
    pub denominator: u32,
}

/// Everything that an account may choose about correlation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rules {
    /// Selection rules.
    pub profile: Profile,
    /// Bookings older than this many days before the sale do not count; none by default.
    pub lookback_days: Option<u32>,
    /// Only bookings whose form month (AH) is in the sale month or the `n - 1` before; none by default.
    pub window_months: Option<u32>,
    /// Whether cancelled bookings count.
    pub booking_status_policy: BookingStatusPolicy,
    /// The Retirada's share.
    pub split: Share,
}

/// Why a text or a pair of numbers is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// Not two whole numbers with a slash between them.
    #[error("a share is written as a fraction such as 1/2")]
    NotAFraction,
    /// Nothing can be divided by zero.
    #[error("the denominator of a share must be greater than zero")]
    ZeroDenominator,
    /// The Retirada would get more than the sale.
    #[error("a share must not be greater than 1")]
    MoreThanOne,
}

impl Share {
    /// A share between 0 and 1.
    pub fn new(numerator: u32, denominator: u32) -> Result<Self, ShareError> {
        match denominator {
            0 => Err(ShareError::ZeroDenominator),
            _ if numerator > denominator => Err(ShareError::MoreThanOne),
            _ => Ok(Self { numerator, denominator }),
        }
    }
}

impl std::str::FromStr for Share {
    type Err = ShareError;

    /// Reads `N/D`.
    fn from_str(text: &str) -> Result<Self, ShareError> {
        let whole = |digits: &str| digits.trim().parse::<u32>().map_err(|_| ShareError::NotAFraction);
        let (numerator, denominator) = text.split_once('/').ok_or(ShareError::NotAFraction)?;
        Self::new(whole(numerator)?, whole(denominator)?)
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.numerator, self.denominator)
    }
}

/// What is stored, before it is judged.
#[derive(Deserialize)]
struct UncheckedShare {
    numerator: u32,
    denominator: u32,
}

impl TryFrom<UncheckedShare> for Share {
    type Error = ShareError;

    fn try_from(share: UncheckedShare) -> Result<Self, ShareError> {
        Self::new(share.numerator, share.denominator)
    }
}

impl Default for Share {
    fn default() -> Self {
        Self { numerator: 1, denominator: 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_fraction_of_at_most_one() {
        assert_eq!("1/2".parse(), Ok(Share::default()));
        assert_eq!(" 0 / 3 ".parse(), Ok(Share { numerator: 0, denominator: 3 }));
        assert_eq!("2/2".parse::<Share>().unwrap().to_string(), "2/2");
        assert_eq!("1/0".parse::<Share>(), Err(ShareError::ZeroDenominator));
        assert_eq!("3/2".parse::<Share>(), Err(ShareError::MoreThanOne));
        for text in ["", "0.5", "1", "-1/2", "1/2/3", "a/b", "50%"] {
            assert_eq!(text.parse::<Share>(), Err(ShareError::NotAFraction), "{text}");
        }
    }

    #[test]
    fn an_impossible_share_is_refused_when_it_is_read() {
        assert!(serde_json::from_str::<Share>(r#"{"numerator":1,"denominator":2}"#).is_ok());
        let error = serde_json::from_str::<Share>(r#"{"numerator":1,"denominator":0}"#).unwrap_err();
        assert!(error.to_string().contains("greater than zero"), "{error}");
    }

    #[test]
    fn an_account_without_options_gets_the_documented_defaults() {
        let rules = Rules::default();
        assert_eq!(rules.profile, Profile::Strict);
        assert_eq!((rules.lookback_days, rules.window_months), (None, None));
        assert_eq!(rules.booking_status_policy, BookingStatusPolicy::Ignore);
        assert_eq!(rules.split.to_string(), "1/2");
    }
}
