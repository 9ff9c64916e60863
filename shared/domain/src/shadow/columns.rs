//! The columns A to R, one after the other.
use super::cause::{Kind, sale_day_cause};
use super::{Compared, Difference, Reason, Shadow};
use crate::attribution::Credited;
use crate::calendar::SerialDay;
use crate::cell::TypedCell;
use crate::legacy::{LegacyCell, Pick};
use crate::rules::Share;
use crate::text::{clean, contact_digits};
use rust_decimal::Decimal;

/// A column together with both of its cells.
struct Pair<'a> {
    column: char,
    strict: &'a TypedCell,
    legacy: &'a LegacyCell,
}

impl Shadow<'_> {
    pub(super) fn explain(&self, compared: &Compared<'_>) -> Vec<Difference> {
        let cells = compared.strict.row.cells();
        let pairs = ('A'..='R').zip(&cells).zip(&compared.legacy.cells);
        let pairs = pairs.map(|((column, strict), legacy)| Pair { column, strict, legacy });
        let reasons = pairs.filter_map(|pair| self.reason(compared, &pair).map(|reason| (pair, reason)));
        let difference = |(pair, reason): (Pair<'_>, Reason)| Difference {
            column: pair.column,
            strict: shown(pair.strict),
            legacy: pair.legacy.to_string(),
            reason,
        };
        reasons.map(difference).collect()
    }

    /// `None`: both cells are the same, in form too.
    fn reason(&self, compared: &Compared<'_>, pair: &Pair<'_>) -> Option<Reason> {
        let Compared { strict, legacy, picks, .. } = compared;
        match (pair.strict, pair.legacy) {
            (TypedCell::Text(new), LegacyCell::Text(old)) if new == old => return None,
            (TypedCell::Integer(new), LegacyCell::Number(old)) if Decimal::from(*new) == *old => return None,
            (TypedCell::Money(new), LegacyCell::Number(old)) if new.to_decimal() == *old => return None,
            _ => {}
        }
        let (novo, retirada) = (legacy.novo.as_ref(), legacy.retirada.as_ref());
        let same_sale_day = legacy.sale_day.map(SerialDay::from_date) == Some(strict.row.day);
        Some(match pair.column {
            'A' => contact(compared, pair),
            'D' if same_sale_day => Reason::TypedDate,
            'R' if same_sale_day => Reason::TypedMonth,
            'R' if is_month(compared, pair) => Reason::TypedMonth,
            'D' | 'R' => sale_day_cause(compared),
            'H' => Reason::RoundedAmount,
            'J' if clean(compared.order.invoice.as_deref().unwrap_or("x")).is_empty() => Reason::BlankText,
            'J' => text(pair).unwrap_or(Reason::CleanedText),
            'K' => document(pair),
            'L' => self.day(compared, Kind::Novo, novo, picks.novo),
            'M' => self.responsible(compared, pair, Kind::Novo, novo, picks.novo),
            'O' => self.day(compared, Kind::Retirada, retirada, picks.retirada),
            'P' => self.responsible(compared, pair, Kind::Retirada, retirada, picks.retirada),
            'N' | 'Q' => self.share(compared, retirada, picks.retirada),
            'E' | 'F' | 'G' => field(compared, pair),
            _ => text(pair).unwrap_or(Reason::Unexplained),
        })
    }

    fn day(
        &self,
        compared: &Compared<'_>,
        kind: Kind,
        old: Option<&Pick>,
        new: Option<Credited<'_>>,
    ) -> Reason {
        if old.and_then(|pick| pick.day) == new.map(|credited| credited.day.0) {
            return Reason::TypedSerial;
        }
        self.selection_cause(compared, kind, old, new)
    }

    fn responsible(
        &self,
        compared: &Compared<'_>,
        pair: &Pair<'_>,
        kind: Kind,
        old: Option<&Pick>,
        new: Option<Credited<'_>>,
    ) -> Reason {
        if old.map(|pick| pick.row) == new.map(|credited| credited.row) {
            return text(pair).unwrap_or(Reason::BlankText);
        }
        self.selection_cause(compared, kind, old, new)
    }

    fn share(&self, compared: &Compared<'_>, old: Option<&Pick>, new: Option<Credited<'_>>) -> Reason {
        if old.is_some() != new.is_some() {
            return self.selection_cause(compared, Kind::Retirada, old, new);
        }
        let value_differs = match compared.legacy.cells.get(7) {
            Some(LegacyCell::Number(old)) => compared.strict.row.value.to_decimal() != *old,
            _ => true,
        };
        match new {
            Some(_) if !is_half(self.rules.split) => Reason::SplitShare,
            _ if value_differs => Reason::RoundedAmount,
            Some(_) => Reason::HalfCent,
            None => Reason::Unexplained,
        }
    }
}

fn is_half(share: Share) -> bool {
    u64::from(share.numerator) * 2 == u64::from(share.denominator)
}

/// Two days of one month are written alike in R.
fn is_month(compared: &Compared<'_>, pair: &Pair<'_>) -> bool {
    let month = compared.strict.row.month.to_date().map(|day| day.format("%-m/%Y").to_string());
    month == Some(pair.legacy.to_string())
}

fn contact(compared: &Compared<'_>, pair: &Pair<'_>) -> Reason {
    let old = pair.legacy.to_string();
    let new = shown(pair.strict);
    match () {
        () if contact_digits(&old) == new => Reason::ContactDigits,
        () if clean(&contact_digits(&old)) == new => Reason::CleanedText,
        () if !compared.same_person => Reason::OtherPerson,
        () => Reason::Unexplained,
    }
}

fn field(compared: &Compared<'_>, pair: &Pair<'_>) -> Reason {
    match text(pair) {
        Some(reason) => reason,
        None if !compared.same_person => Reason::OtherPerson,
        None if clean(&unguarded(&pair.legacy.to_string())).is_empty() => Reason::BlankText,
        None => Reason::Unexplained,
    }
}

fn document(pair: &Pair<'_>) -> Reason {
    if shown(pair.strict).is_empty() && !clean(&pair.legacy.to_string()).is_empty() {
        return Reason::UnreadableDocument;
    }
    if shown(pair.strict).is_empty() { Reason::CleanedText } else { Reason::MaskedDocument }
}

/// The reason when both texts say the same.
fn text(pair: &Pair<'_>) -> Option<Reason> {
    let (new, old) = (shown(pair.strict), pair.legacy.to_string());
    let plain = unguarded(&old);
    match () {
        () if plain == new => Some(Reason::FormulaGuard),
        () if clean(&plain) == new || clean(&old) == new => Some(Reason::CleanedText),
        () => None,
    }
}

/// The text before the old script put its apostrophe there.
fn unguarded(text: &str) -> String {
    let rest = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@']));
    rest.unwrap_or(text).to_owned()
}

fn shown(cell: &TypedCell) -> String {
    match cell {
        TypedCell::Text(text) => text.clone(),
        TypedCell::Integer(number) => number.to_string(),
        TypedCell::Money(cents) => cents.to_decimal_text(),
        TypedCell::Date(day) | TypedCell::Month(day) => day.0.to_string(),
    }
}
