//! Why an order cannot become a row. Stored as a code with parameters; shown as a sentence that names the field.
use crate::money::Cents;
use serde::{Deserialize, Serialize};

/// The rule that an order breaks. It is shown to a person, who corrects it in SIGE; nothing is guessed in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum QuarantineReason {
    /// Neither `DataFaturamento` nor `Data` holds a date.
    #[error("neither DataFaturamento nor Data holds a date")]
    NoSaleDay,
    /// The date that decides cannot be read.
    #[error("{field} is not a date: expected a form such as 2026-03-25T14:10:02-03:00")]
    MalformedDate {
        /// The field of the order.
        field: String,
    },
    /// `ValorFinal` is not a JSON number.
    #[error("ValorFinal is not a number")]
    AmountNotANumber,
    /// `ValorFinal` does not fit.
    #[error("ValorFinal is out of range: the largest amount is {max}", max = Cents::MAX)]
    AmountOutOfRange,
    /// `Codigo` is too large for a number cell, which would change it.
    #[error("Codigo {value} is out of range: a number cell holds at most 15 digits exactly")]
    CodeOutOfRange {
        /// `Codigo`.
        value: i64,
    },
    /// INV-7 does not hold: the share is not one between 0 and 1.
    #[error("the parts of the split do not add up: N {novo} and Q {retirada} are not H {value}")]
    SplitDoesNotAddUp {
        /// H.
        value: Cents,
        /// N.
        novo: Cents,
        /// Q.
        retirada: Cents,
    },
}

impl QuarantineReason {
    /// The code under which the reason is stored.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSaleDay => "no_sale_day",
            Self::MalformedDate { .. } => "malformed_date",
            Self::AmountNotANumber => "amount_not_a_number",
            Self::AmountOutOfRange => "amount_out_of_range",
            Self::CodeOutOfRange { .. } => "code_out_of_range",
            Self::SplitDoesNotAddUp { .. } => "split_does_not_add_up",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_stored_as_code_and_parameters_and_read_back() {
        let reasons = [
            QuarantineReason::NoSaleDay,
            QuarantineReason::MalformedDate { field: "Data".into() },
            QuarantineReason::AmountNotANumber,
            QuarantineReason::AmountOutOfRange,
            QuarantineReason::CodeOutOfRange { value: i64::MAX },
            QuarantineReason::SplitDoesNotAddUp { value: Cents(100), novo: Cents(50), retirada: Cents(51) },
        ];
        for reason in reasons {
            let stored = serde_json::to_value(&reason).unwrap();
            assert_eq!(stored["code"], reason.code());
            assert_eq!(serde_json::from_value::<QuarantineReason>(stored).unwrap(), reason);
        }
    }

    #[test]
    fn a_reason_names_the_field() {
        let shown = QuarantineReason::MalformedDate { field: "DataFaturamento".into() }.to_string();
        assert!(shown.starts_with("DataFaturamento is not a date"), "{shown}");
        assert!(QuarantineReason::AmountOutOfRange.to_string().contains("9999999999999.99"));
    }
}
