//! Why the two selections credit different bookings.
use super::{Compared, Reason, Shadow};
use crate::attribution::Credited;
use crate::booking::ErpRow;
use crate::calendar::{ErpDayError, SerialDay, erp_day, form_month, month_number};
use crate::cell::Cell;
use crate::document::Reading;
use crate::legacy::{Pick, day_read, digits, names_kind};
use crate::order::Order;
use crate::rules::BookingStatusPolicy;
use chrono::Datelike;

/// One of the two kinds, as both sides see it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Novo,
    Retirada,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Novo => "novo",
            Self::Retirada => "retirada",
        }
    }
}

impl Shadow<'_> {
    /// The cause when the old script took `old` and the new rules take `new`, two different bookings or one and none.
    pub(super) fn selection_cause(
        &self,
        compared: &Compared<'_>,
        kind: Kind,
        old: Option<&Pick>,
        new: Option<Credited<'_>>,
    ) -> Reason {
        let row_of = |number: u32| self.rows.get(&number).copied();
        let dated = old.filter(|pick| pick.day.is_some()).and_then(|pick| row_of(pick.row));
        let refused = dated.and_then(|row| self.why_refused(compared, row));
        let missed = new
            .and_then(|credited| row_of(credited.row))
            .and_then(|row| self.why_missed(compared, kind, row));
        match (refused.or(missed), dated, new) {
            (Some(reason), _, _) => reason,
            // Both bookings are open to both sides: they prefer different ones.
            (None, Some(_), Some(_)) => Reason::NotTheLatest,
            (None, None, None) if old.is_some() => Reason::UndatedBooking,
            (None, _, _) => Reason::Unexplained,
        }
    }

    /// Why the new rules do not admit a booking that the old script credited.
    fn why_refused(&self, compared: &Compared<'_>, row: &ErpRow) -> Option<Reason> {
        if let Some(reason) = why_not_the_same_document(compared.order, row) {
            return Some(reason);
        }
        if self.rules.booking_status_policy == BookingStatusPolicy::ExcludeCancelled && row.is_cancelled() {
            return Some(Reason::CancelledBooking);
        }
        let day = match erp_day(&row.day) {
            Ok(day) => day,
            Err(ErpDayError::OutOfRange) => return Some(Reason::DateOutOfRange),
            Err(ErpDayError::Empty | ErpDayError::NotADate | ErpDayError::NotACalendarDay) => {
                return Some(Reason::RolledOverDate);
            }
        };
        let sale = compared.strict.row.day;
        if day > sale {
            let script_day = compared.legacy.sale_day.map(SerialDay::from_date);
            let sold_later = script_day.is_some_and(|script_day| day <= script_day);
            let is_retirada = compared.legacy.retirada.as_ref().is_some_and(|pick| pick.row == row.row);
            return Some(if sold_later && is_retirada { Reason::UtcDay } else { Reason::NovoAfterSale });
        }
        if self.rules.lookback_days.is_some_and(|days| day.0 < sale.0.saturating_sub_unsigned(days)) {
            return Some(Reason::LookbackDays);
        }
        let newest = sale.to_date().map(month_number)?;
        let in_window = |months: u32| {
            form_month(&row.form_month)
                .is_some_and(|month| month <= newest && month > newest.saturating_sub_unsigned(months))
        };
        self.rules.window_months.is_some_and(|months| !in_window(months)).then_some(Reason::WindowMonths)
    }

    /// Why the old script could not take a booking that the new rules credit.
    fn why_missed(&self, compared: &Compared<'_>, kind: Kind, row: &ErpRow) -> Option<Reason> {
        if digits(&compared.order.document) != digits(&row.document.as_text()) {
            return Some(Reason::LostZeros);
        }
        if !names_kind(row, kind.word()) {
            return Some(Reason::AccentedType);
        }
        let Some(day) = day_read(row, self.defects) else {
            let has_a_month_name = row.day.as_text().chars().filter(char::is_ascii_alphabetic).count() >= 3;
            return Some(if has_a_month_name { Reason::MonthNameDate } else { Reason::OtherDateForm });
        };
        let sale = compared.legacy.sale_day.map(SerialDay::from_date);
        let is_in_time = kind == Kind::Novo || sale.is_some_and(|sale| day <= sale.0);
        if is_in_time { None } else { Some(sale_day_cause(compared)) }
    }
}

/// Why the old script counted with another sale day.
pub(super) fn sale_day_cause(compared: &Compared<'_>) -> Reason {
    match compared.legacy.sale_day {
        None => Reason::BlankText,
        Some(day) if day.year() < 1900 => Reason::SentinelDate,
        Some(day) if SerialDay::from_date(day) > compared.strict.row.day => Reason::UtcDay,
        Some(_) => Reason::Unexplained,
    }
}

fn why_not_the_same_document(order: &Order, row: &ErpRow) -> Option<Reason> {
    if digits(&order.document).is_empty() {
        return Some(Reason::AnonymousMatch);
    }
    let (of_order, of_row) = (Reading::of_text(&order.document).key, Reading::of_cell(&row.document).key);
    if of_order.is_some() && of_order == of_row {
        return None;
    }
    let has_letters = |text: &str| text.contains(|character: char| character.is_ascii_alphabetic());
    let letters =
        has_letters(&order.document) || matches!(&row.document, Cell::Text(text) if has_letters(text));
    Some(if letters { Reason::LettersStripped } else { Reason::UnreadableDocument })
}
