//! An order, its person and its bookings become one row.
use super::{FaturamentoRow, QuarantineReason, label};
use crate::attribution::{Attribution, Credited, attribute};
use crate::booking::{BookingIndex, BookingKey, NOBODY};
use crate::calendar::{SaleDayError, SerialDay, checked_sale_day, first_of_month};
use crate::document::{Normalised, normalise_text};
use crate::flag::Flag;
use crate::money::{Cents, MoneyError, split};
use crate::order::{Order, OrderIdentity, RawAmount};
use crate::person::{Contact, Enrichment};
use crate::rules::Rules;
use crate::text::{clean_noting_cut, contact_digits, is_suspicious_contact};
use chrono::NaiveDate;

/// A row together with whose it is and what a person should know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltRow {
    /// The 18 columns.
    pub row: FaturamentoRow,
    /// The order that the row belongs to.
    pub identity: OrderIdentity,
    /// Remarks, sorted, each once.
    pub flags: Vec<Flag>,
}

/// The largest `Codigo` that a number cell shows and keeps exactly.
const CODE_MAX: u64 = 999_999_999_999_999;

/// Builds the row of an order. The bookings must have been indexed with the same rules.
pub fn build_row(
    order: &Order,
    enrichment: &Enrichment,
    bookings: &BookingIndex,
    rules: &Rules,
) -> Result<BuiltRow, QuarantineReason> {
    let sale_day = sale_day_of(order)?;
    let day = SerialDay::from_date(sale_day);
    let mut flags = Vec::new();
    let value = value_of(&order.amount, &mut flags)?;
    if order.code.unsigned_abs() > CODE_MAX {
        return Err(QuarantineReason::CodeOutOfRange { value: order.code });
    }
    let Normalised { key, flags: document_flags } = normalise_text(&order.document);
    flags.extend(document_flags);
    let key_of_bookings = BookingKey::of_order(&order.document, bookings.profile());
    let Attribution { novo, retirada } = attribute(day, key_of_bookings, bookings, rules);
    if [novo, retirada].into_iter().flatten().any(|credited| credited.ambiguous) {
        flags.push(Flag::AmbiguousKind);
    }
    let (novo_value, retirada_value) = match retirada {
        Some(_) => split(value, rules.split),
        None => (value, Cents(0)),
    };
    let mut texts = Texts { was_cut: false };
    let person = person_of(enrichment, &mut flags);
    let contact = contact_digits(&person.mobile);
    if is_suspicious_contact(&contact) {
        flags.push(Flag::SuspiciousContact);
    }
    let invoice = texts.clean(order.invoice.as_deref().unwrap_or_default());
    let row = FaturamentoRow {
        contact: texts.clean(&contact),
        code: order.code,
        status: texts.clean(&order.status),
        day,
        customer: texts.first_present(&person.name, &order.customer),
        phone: texts.clean(&person.phone),
        email: texts.first_present(&person.email, &order.email),
        value,
        seller: texts.clean(&order.seller),
        label: texts.clean(&label(order.code, Some(invoice.as_str()).filter(|invoice| !invoice.is_empty()))),
        document: key.map(|key| key.as_str().to_owned()).unwrap_or_default(),
        novo_day: novo.map(|credited| credited.day),
        novo_responsible: responsible(novo),
        novo_value,
        retirada_day: retirada.map(|credited| credited.day),
        retirada_responsible: responsible(retirada),
        retirada_value,
        month: SerialDay::from_date(first_of_month(sale_day)),
    };
    row.check_split()?;
    if texts.was_cut {
        flags.push(Flag::TextCut);
    }
    flags.sort_unstable();
    flags.dedup();
    Ok(BuiltRow { row, identity: order.identity(), flags })
}

impl FaturamentoRow {
    /// INV-7: N and Q add up to H, to the cent.
    pub fn check_split(&self) -> Result<(), QuarantineReason> {
        let (value, novo, retirada) = (self.value, self.novo_value, self.retirada_value);
        if novo.checked_add(retirada) == Some(value) && novo.is_in_range() && retirada.is_in_range() {
            return Ok(());
        }
        Err(QuarantineReason::SplitDoesNotAddUp { value, novo, retirada })
    }
}

fn sale_day_of(order: &Order) -> Result<NaiveDate, QuarantineReason> {
    checked_sale_day(order.billed_at.as_deref(), order.created_at.as_deref()).map_err(|error| match error {
        SaleDayError::Absent => QuarantineReason::NoSaleDay,
        SaleDayError::Malformed { field } => QuarantineReason::MalformedDate { field: field.to_owned() },
    })
}

fn value_of(amount: &RawAmount, flags: &mut Vec<Flag>) -> Result<Cents, QuarantineReason> {
    match amount {
        RawAmount::Absent => {
            flags.push(Flag::AmountAbsent);
            Ok(Cents(0))
        }
        RawAmount::Number(literal) => Cents::parse(literal).map_err(|error| match error {
            MoneyError::NotANumber => QuarantineReason::AmountNotANumber,
            MoneyError::OutOfRange => QuarantineReason::AmountOutOfRange,
        }),
        RawAmount::NotANumber(_) => Err(QuarantineReason::AmountNotANumber),
    }
}

fn person_of(enrichment: &Enrichment, flags: &mut Vec<Flag>) -> Contact {
    match enrichment {
        Enrichment::NotAsked => Contact::default(),
        Enrichment::NotFound => {
            flags.push(Flag::PersonNotFound);
            Contact::default()
        }
        Enrichment::Found { contact, ambiguous } => {
            if *ambiguous {
                flags.push(Flag::AmbiguousPerson);
            }
            contact.clone()
        }
        Enrichment::Failed => {
            flags.push(Flag::PersonUnavailable);
            Contact::default()
        }
    }
}

fn responsible(credited: Option<Credited<'_>>) -> String {
    credited.map_or(NOBODY, |credited| credited.responsible).to_owned()
}

/// Cleans texts and remembers whether one had to be cut.
struct Texts {
    was_cut: bool,
}

impl Texts {
    fn clean(&mut self, text: &str) -> String {
        let (clean, was_cut) = clean_noting_cut(text);
        self.was_cut |= was_cut;
        clean
    }

    fn first_present(&mut self, preferred: &str, otherwise: &str) -> String {
        let preferred = self.clean(preferred);
        if preferred.is_empty() { self.clean(otherwise) } else { preferred }
    }
}

#[cfg(test)]
mod tests;
