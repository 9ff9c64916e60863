//! The old daily script as an oracle: the row it would have posted for an order.
//!
//! It is reproduced for one purpose, the shadow run: finance sees, order by order, what the old script wrote and why
//! the new row differs. Facts of its behaviour are in the domain reference, section 1.3; nothing here is used to write
//! a sheet. Known limits: numbers in date texts are read when they are whole (the script's language also takes `1e1`).
use crate::booking::ErpRow;
use crate::calendar::checked_sale_day;
use crate::money::Cents;
use crate::order::{Order, RawAmount};
use crate::person::Contact;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{HashMap, HashSet};

mod dates;
mod search;

use search::Found;
pub use search::{Pick, ScriptFailure};
pub(crate) use search::{day_read, digits, names_kind};

/// A cell as the script posted it, with `USER_ENTERED`: a leading apostrophe is part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegacyCell {
    /// A JSON string.
    Text(String),
    /// A JSON number. Amounts are exact here: half of 100.01 is 50.005.
    Number(Decimal),
}

impl std::fmt::Display for LegacyCell {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Number(number) => write!(formatter, "{}", number.normalize()),
        }
    }
}

/// Which of the script's accidents are reproduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defects {
    /// D3: the sale day is counted in UTC.
    pub utc_day: bool,
    /// D6: an order without a document matches every booking without one.
    pub anonymous_match: bool,
    /// D7: a Retirada row that ends before column T stops the whole run.
    pub short_row_crash: bool,
    /// D8: 31 February is 3 March.
    pub rolled_over_date: bool,
    /// D14: the API's null date is taken for the year 1.
    pub sentinel_date: bool,
}

impl Defects {
    /// The script as it was published: what is on the sheet today.
    pub fn as_published() -> Self {
        Self {
            utc_day: true,
            anonymous_match: true,
            short_row_crash: true,
            rolled_over_date: true,
            sentinel_date: true,
        }
    }

    /// The script's rules without its accidents.
    pub fn repaired() -> Self {
        Self {
            utc_day: false,
            anonymous_match: false,
            short_row_crash: false,
            rolled_over_date: false,
            sentinel_date: false,
        }
    }
}

/// The old script, with the ERP tab read.
#[derive(Debug, Clone)]
pub struct Script<'rows> {
    bottom_up: HashMap<String, Vec<&'rows ErpRow>>,
    short_rows: HashSet<u32>,
    defects: Defects,
}

/// What the script posted for an order, and how it got there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptRow {
    /// The cells A to R.
    pub cells: [LegacyCell; 18],
    /// The sale day it counted with; none when it could not read the date.
    pub sale_day: Option<NaiveDate>,
    /// The booking behind L and M.
    pub novo: Option<Pick>,
    /// The booking behind O and P.
    pub retirada: Option<Pick>,
}

impl<'rows> Script<'rows> {
    /// Reads the rows of the ERP tab. `short_rows` are the numbers of those that end before column T, as `values.get`
    /// returns a row whose last cells are empty; only D7 asks for them.
    pub fn new(rows: &'rows [ErpRow], short_rows: HashSet<u32>, defects: Defects) -> Self {
        let mut sorted: Vec<_> = rows.iter().collect();
        sorted.sort_by_key(|row| std::cmp::Reverse(row.row));
        let mut bottom_up: HashMap<String, Vec<&ErpRow>> = HashMap::new();
        for row in sorted {
            bottom_up.entry(digits(&row.document.as_text())).or_default().push(row);
        }
        Self { bottom_up, short_rows, defects }
    }

    /// The row of an order. `person` is the first element of what the person look-up returned.
    pub fn row(&self, order: &Order, person: Option<&Contact>) -> Result<ScriptRow, ScriptFailure> {
        let nobody = Contact::default();
        let person = person.unwrap_or(&nobody);
        let sale_day = self.sale_day(order);
        let value = amount(&order.amount)?;
        let Found { novo, retirada } = self.search(&order.document, sale_day)?;
        let half = value * Decimal::new(5, 1);
        let (novo_value, retirada_value) =
            if retirada.is_some() { (half, half) } else { (value, Decimal::ZERO) };
        let invoice = order.invoice.as_deref().filter(|invoice| !invoice.is_empty());
        let text = |text: &str| LegacyCell::Text(guarded(text));
        let cells = [
            text(&person.mobile.replacen('+', "", 1)),
            LegacyCell::Number(Decimal::from(order.code)),
            text(&order.status),
            LegacyCell::Text(dates::day_text(sale_day)),
            text(either(&person.name, &order.customer)),
            text(&person.phone),
            text(either(&person.email, &order.email)),
            LegacyCell::Number(value.normalize()),
            text(&order.seller),
            text(&crate::row::label(order.code, invoice)),
            text(&order.document),
            serial(novo.as_ref()),
            text(novo.as_ref().map_or(crate::booking::NOBODY, |pick| &pick.responsible)),
            LegacyCell::Number(novo_value.normalize()),
            serial(retirada.as_ref()),
            text(retirada.as_ref().map_or(crate::booking::NOBODY, |pick| &pick.responsible)),
            LegacyCell::Number(retirada_value.normalize()),
            LegacyCell::Text(dates::month_text(sale_day)),
        ];
        Ok(ScriptRow { cells, sale_day, novo, retirada })
    }

    fn sale_day(&self, order: &Order) -> Option<NaiveDate> {
        let (billed_at, created_at) = (order.billed_at.as_deref(), order.created_at.as_deref());
        match (self.defects.sentinel_date, self.defects.utc_day) {
            (false, false) => checked_sale_day(billed_at, created_at).ok(),
            (false, true) => dates::first_present(billed_at, created_at).and_then(dates::utc_day),
            (true, utc) => {
                let text = [billed_at, created_at].into_iter().flatten().find(|text| !text.is_empty())?;
                if utc { dates::utc_day(text) } else { dates::civil_day(text) }
            }
        }
    }
}

/// The language's `a || b` for texts: the second when the first is empty; blanks are not empty.
fn either<'text>(first: &'text str, second: &'text str) -> &'text str {
    if first.is_empty() { second } else { first }
}

/// The script's guard: an apostrophe before `=`, `+`, `-` or `@` in the first place, and nowhere else (D12).
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() }
}

fn serial(pick: Option<&Pick>) -> LegacyCell {
    match pick.and_then(|pick| pick.day) {
        Some(serial) => LegacyCell::Text(format!("'{serial}")),
        None => LegacyCell::Number(Decimal::ZERO),
    }
}

fn amount(amount: &RawAmount) -> Result<Decimal, ScriptFailure> {
    let literal = match amount {
        RawAmount::Absent => return Ok(Decimal::ZERO),
        RawAmount::NotANumber(_) => return Err(ScriptFailure::AmountNotANumber),
        RawAmount::Number(literal) => literal,
    };
    let exact = match literal.contains(['e', 'E']) {
        true => Decimal::from_scientific(literal).ok(),
        false => literal.parse::<Decimal>().ok(),
    };
    // More digits than a decimal holds: the cents say all that a sheet would show.
    let cents = || Cents::parse(literal).ok().map(Cents::to_decimal);
    exact.or_else(cents).ok_or(ScriptFailure::AmountNotANumber)
}

#[cfg(test)]
mod tests;
