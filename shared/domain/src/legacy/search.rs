//! The script's one pass over the ERP tab, from the bottom up.
use super::{Defects, Script, dates};
use crate::booking::ErpRow;
use crate::calendar::SerialDay;
use crate::cell::Cell;
use chrono::NaiveDate;
use rust_decimal::prelude::ToPrimitive;
use std::borrow::Cow;

/// A booking that the script took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// The row of the ERP tab.
    pub row: u32,
    /// The serial number it posted. A Novo whose date it could not read names the responsible all the same.
    pub day: Option<i32>,
    /// The responsible as written, `Sem vendedor` when empty.
    pub responsible: String,
}

/// Why the script posted nothing for an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptFailure {
    /// D7: the whole run stopped, and no order of the day was written.
    #[error(
        "the old script stopped at row {row} of the ERP tab, which ends before column T: it wrote nothing that day"
    )]
    ShortRow {
        /// The row of the ERP tab.
        row: u32,
    },
    /// It would have posted something that is not an amount.
    #[error("ValorFinal is not a number, and what the old script posted for it is not an amount")]
    AmountNotANumber,
}

pub(super) struct Found {
    pub(super) novo: Option<Pick>,
    pub(super) retirada: Option<Pick>,
}

impl Script<'_> {
    pub(super) fn search(&self, document: &str, sale_day: Option<NaiveDate>) -> Result<Found, ScriptFailure> {
        let mut found = Found { novo: None, retirada: None };
        let document = digits(document);
        if document.is_empty() && !self.defects.anonymous_match {
            return Ok(found);
        }
        for row in self.bottom_up.get(&document).into_iter().flatten() {
            let day = day_read(row, self.defects);
            // A Novo without a readable date is remembered for its responsible, but the search for a date goes on.
            if names_kind(row, "novo") && found.novo.as_ref().is_none_or(|novo| novo.day.is_none()) {
                found.novo = Some(pick(row, day));
            }
            if names_kind(row, "retirada") && found.retirada.is_none() {
                if self.short_rows.contains(&row.row) {
                    if self.defects.short_row_crash {
                        return Err(ScriptFailure::ShortRow { row: row.row });
                    }
                    continue;
                }
                let sale = sale_day.map(|day| SerialDay::from_date(day).0);
                if day.zip(sale).is_some_and(|(day, sale)| day <= sale) {
                    found.retirada = Some(pick(row, day));
                }
            }
        }
        Ok(found)
    }
}

/// Whether the script finds a word in the service type: lower case, accents as they are.
pub(crate) fn names_kind(row: &ErpRow, word: &str) -> bool {
    row.service.as_text().to_lowercase().contains(word)
}

/// The day that the script reads in column T. Its read was a formatted one, so a serial number is shown as a date.
pub(crate) fn day_read(row: &ErpRow, defects: Defects) -> Option<i32> {
    let text = match &row.day {
        Cell::Number(serial) => {
            let day = serial.floor().to_i32().map(SerialDay).and_then(SerialDay::to_date);
            day.map(|day| Cow::Owned(dates::day_text(Some(day)))).unwrap_or_default()
        }
        other => other.as_text(),
    };
    if defects.rolled_over_date { dates::rolled_over_day(&text) } else { dates::real_day(&text) }
}

pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn pick(row: &ErpRow, day: Option<i32>) -> Pick {
    let responsible = row.responsible.as_text();
    let responsible = if responsible.is_empty() { crate::booking::NOBODY.into() } else { responsible };
    Pick { row: row.row, day, responsible: responsible.into_owned() }
}
