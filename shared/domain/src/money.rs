//! Money as integer cents: the only representation of an amount in this product.
use serde::{Deserialize, Serialize};

/// An amount in the currency's hundredths (BRL centavos here). May be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);
