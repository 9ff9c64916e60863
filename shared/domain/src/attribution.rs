//! Who booked what for the customer of a sale (section 4.2).
//!
//! ```text
//!   strict                                      legacy
//!   day <= sale, greatest day, lowest row       lowest row: Novo of any day, Retirada with day <= sale
//! ```
use crate::booking::{Booking, BookingIndex, BookingKey};
use crate::calendar::{SerialDay, month_number};
use crate::rules::{Profile, Rules};

/// The bookings that are credited with a sale. Each kind is looked for on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attribution<'index> {
    /// The new service.
    pub novo: Option<Credited<'index>>,
    /// The pick-up. It alone decides whether the sale is split.
    pub retirada: Option<Credited<'index>>,
}

/// One credited booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credited<'index> {
    /// The appointment day.
    pub day: SerialDay,
    /// Who is named, or `Sem vendedor`.
    pub responsible: &'index str,
    /// The row of the ERP tab.
    pub row: u32,
    /// The service type names both kinds: flag `tipo_ambiguo`.
    pub ambiguous: bool,
}

/// Finds the bookings of a sale. Without a key there are none: an anonymous sale is never correlated.
///
/// The profile and the booking status policy are those the index was built with; `lookback_days` and `window_months`
/// are read from the rules.
pub fn attribute<'index>(
    day: SerialDay,
    key: Option<BookingKey>,
    bookings: &'index BookingIndex,
    rules: &Rules,
) -> Attribution<'index> {
    let Some(key) = key else { return Attribution::default() };
    let limits = Limits::of(day, rules);
    let credited = |booking: &Booking| Credited {
        day: booking.day,
        responsible: bookings.responsible(booking),
        row: booking.row,
        ambiguous: booking.ambiguous,
    };
    let (novo, retirada) = match bookings.profile() {
        Profile::Strict => (limits.latest(bookings.novos(key)), limits.latest(bookings.retiradas(key))),
        Profile::Legacy => {
            let unbounded = Limits { not_after: SerialDay(i32::MAX), ..limits };
            (unbounded.lowest(bookings.novos(key)), limits.lowest(bookings.retiradas(key)))
        }
    };
    Attribution { novo: novo.map(credited), retirada: retirada.map(credited) }
}

/// Which bookings come into question for one sale.
#[derive(Debug, Clone, Copy)]
struct Limits {
    not_after: SerialDay,
    not_before: SerialDay,
    /// Form months, the oldest and the newest, when a window is set.
    form_months: Option<(i32, i32)>,
}

impl Limits {
    fn of(sale: SerialDay, rules: &Rules) -> Self {
        let not_before = rules.lookback_days.map_or(i32::MIN, |days| sale.0.saturating_sub_unsigned(days));
        let form_months = rules.window_months.and_then(|months| {
            let newest = month_number(sale.to_date()?);
            Some((newest.saturating_sub_unsigned(months).saturating_add(1), newest))
        });
        Self { not_after: sale, not_before: SerialDay(not_before), form_months }
    }

    fn admit(&self, booking: &Booking) -> bool {
        let in_window = |(oldest, newest): (i32, i32)| {
            booking.form_month.is_some_and(|month| (oldest..=newest).contains(&month))
        };
        booking.day <= self.not_after
            && booking.day >= self.not_before
            && self.form_months.is_none_or(in_window)
    }

    /// Bookings sorted by day and row: the last that is admitted, looked for from the sale day backwards.
    fn latest<'lane>(&self, sorted: &'lane [Booking]) -> Option<&'lane Booking> {
        let end = sorted.partition_point(|booking| booking.day <= self.not_after);
        let in_reach = sorted.get(..end)?.iter().rev().take_while(|booking| booking.day >= self.not_before);
        in_reach.into_iter().find(|booking| self.admit(booking))
    }

    /// Bookings sorted by row: the last that is admitted.
    fn lowest<'lane>(&self, sorted: &'lane [Booking]) -> Option<&'lane Booking> {
        sorted.iter().rev().find(|booking| self.admit(booking))
    }
}

#[cfg(test)]
mod tests;
