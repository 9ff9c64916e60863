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

/// The Retirada's share of a sale: `numerator / denominator`, 1/2 by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

impl Default for Share {
    fn default() -> Self {
        Self { numerator: 1, denominator: 2 }
    }
}
