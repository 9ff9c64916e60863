//! The bookings of an account, found by document and kind without looking at the others.
//!
//! Built once per run from all rows; a look-up is one hash and one binary search, so that ten thousand orders against
//! twenty-five thousand rows cost milliseconds.
use super::names::{Names, Services};
use super::{BookingKey, BookingStats, ErpRow};
use crate::calendar::{SerialDay, erp_day, form_month, is_slashed_day};
use crate::cell::Cell;
use crate::rules::{BookingStatusPolicy, Profile, Rules};
use crate::service::ServiceKinds;
use std::collections::HashMap;
use std::ops::Range;

/// Every usable booking by document. `profile` and `booking_status_policy` are fixed when it is built.
#[derive(Debug, Clone)]
pub struct BookingIndex {
    profile: Profile,
    stats: BookingStats,
    customers: HashMap<BookingKey, u32>,
    novos: Lane,
    retiradas: Lane,
    responsibles: Vec<String>,
}

/// One booking of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booking {
    pub(crate) customer: u32,
    /// The appointment day.
    pub day: SerialDay,
    /// The row on the sheet.
    pub row: u32,
    /// Months since year 0 of column AH.
    pub(crate) form_month: Option<i32>,
    /// The service type names both kinds.
    pub ambiguous: bool,
    responsible: u32,
}

/// The bookings of one kind, grouped by customer. Within a customer they are in the order of preference, best last:
/// by day and row (`strict`), by row alone (`legacy`).
#[derive(Debug, Clone, Default)]
struct Lane {
    bookings: Vec<Booking>,
    of_customer: Vec<Range<u32>>,
}

impl BookingIndex {
    /// Reads the rows. What cannot be used is counted, never guessed.
    pub fn build(rows: &[ErpRow], rules: &Rules) -> Self {
        let mut stats = BookingStats { rows: rows.len(), ..BookingStats::default() };
        let mut customers = HashMap::with_capacity(rows.len());
        let (mut names, mut services) = (Names::new(), Services::new());
        let (mut novos, mut retiradas) = (Vec::new(), Vec::new());
        for row in rows {
            let kinds = services.kinds_of(&row.service);
            let (key, day, form_month) = match Self::understand(row, kinds, rules) {
                Ok(understood) => understood,
                Err(reason) => {
                    *reason(&mut stats) += 1;
                    continue;
                }
            };
            stats.usable += 1;
            let next = u32::try_from(customers.len()).unwrap_or(u32::MAX);
            let booking = Booking {
                customer: *customers.entry(key).or_insert(next),
                day,
                row: row.row,
                form_month,
                ambiguous: kinds.is_ambiguous(),
                responsible: names.number_of(&row.responsible),
            };
            if kinds.novo {
                novos.push(booking);
            }
            if kinds.retirada {
                retiradas.push(booking);
            }
        }
        Self {
            profile: rules.profile,
            stats,
            novos: Lane::sorted(novos, customers.len(), rules.profile),
            retiradas: Lane::sorted(retiradas, customers.len(), rules.profile),
            customers,
            responsibles: names.into_meanings(),
        }
    }

    /// The key, day and form month of a row, or the count under which it is left out.
    fn understand(row: &ErpRow, kinds: ServiceKinds, rules: &Rules) -> Result<Understood, Count> {
        if rules.booking_status_policy == BookingStatusPolicy::ExcludeCancelled && row.is_cancelled() {
            return Err(|stats| &mut stats.excluded_cancelled);
        }
        if kinds.is_neither() {
            return Err(|stats| &mut stats.without_kind);
        }
        let Some(key) = BookingKey::of_cell(&row.document, rules.profile) else {
            return Err(|stats| &mut stats.without_document);
        };
        let Some(day) = appointment_day(&row.day, rules.profile) else {
            return Err(|stats| &mut stats.without_day);
        };
        let form_month = form_month(&row.form_month);
        if rules.window_months.is_some() && form_month.is_none() {
            return Err(|stats| &mut stats.without_form_month);
        }
        Ok((key, day, form_month))
    }

    /// The profile it was built for.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// What was read and what was left out.
    pub fn stats(&self) -> BookingStats {
        self.stats
    }

    /// The responsible of a booking of this index, `Sem vendedor` when nobody is named.
    pub fn responsible(&self, booking: &Booking) -> &str {
        self.responsibles.get(booking.responsible as usize).map_or(super::names::NOBODY, String::as_str)
    }

    /// The bookings of type Novo of a customer, the preferred one last.
    pub(crate) fn novos(&self, key: BookingKey) -> &[Booking] {
        self.customers.get(&key).map(|customer| self.novos.of(*customer)).unwrap_or_default()
    }

    /// The bookings of type Retirada of a customer, the preferred one last.
    pub(crate) fn retiradas(&self, key: BookingKey) -> &[Booking] {
        self.customers.get(&key).map(|customer| self.retiradas.of(*customer)).unwrap_or_default()
    }
}

type Understood = (BookingKey, SerialDay, Option<i32>);
type Count = fn(&mut BookingStats) -> &mut usize;

/// `legacy` keeps the old script's reading, three numbers between slashes, but not its rolling over of wrong dates.
fn appointment_day(cell: &Cell, profile: Profile) -> Option<SerialDay> {
    match (profile, cell) {
        (Profile::Legacy, Cell::Text(text)) if !is_slashed_day(text) => None,
        (Profile::Legacy, Cell::Text(text)) if text.contains(' ') => {
            erp_day(&Cell::Text(text.split_whitespace().collect())).ok()
        }
        _ => erp_day(cell).ok(),
    }
}

impl Lane {
    fn sorted(mut bookings: Vec<Booking>, customers: usize, profile: Profile) -> Self {
        match profile {
            Profile::Strict => {
                bookings.sort_unstable_by_key(|booking| (booking.customer, booking.day, booking.row))
            }
            Profile::Legacy => bookings.sort_unstable_by_key(|booking| (booking.customer, booking.row)),
        }
        let mut of_customer = vec![0..0; customers];
        let mut start: u32 = 0;
        for group in bookings.chunk_by(|left, right| left.customer == right.customer) {
            let end = start.saturating_add(u32::try_from(group.len()).unwrap_or(u32::MAX));
            let range = group.first().and_then(|first| of_customer.get_mut(first.customer as usize));
            if let Some(range) = range {
                *range = start..end;
            }
            start = end;
        }
        Self { bookings, of_customer }
    }

    fn of(&self, customer: u32) -> &[Booking] {
        let range = self.of_customer.get(customer as usize).cloned().unwrap_or_default();
        self.bookings.get(range.start as usize..range.end as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(row: u32, document: &str, service: &str, day: &str) -> ErpRow {
        ErpRow {
            row,
            document: document.into(),
            service: service.into(),
            day: day.into(),
            responsible: "Ana".into(),
            ..ErpRow::default()
        }
    }

    #[test]
    fn every_row_is_counted_once_under_the_first_reason() {
        let cancelled = ErpRow { cancelled: Cell::from(1), ..row(2, "", "Garantia", "x") };
        let rows = [
            cancelled,
            row(3, "52998224725", "Garantia", "24/03/2026"),
            row(4, "-", "Retirada", "24/03/2026"),
            row(5, "52998224725", "Retirada", "31/02/2026"),
            row(6, "52998224725", "Retirada", "24/03/2026"),
            ErpRow { form_month: "03/2026".into(), ..row(7, "52998224725", "Novo", "24/03/2026") },
        ];
        let rules = Rules {
            booking_status_policy: BookingStatusPolicy::ExcludeCancelled,
            window_months: Some(3),
            ..Rules::default()
        };
        let stats = BookingIndex::build(&rows, &rules).stats();
        let expected = BookingStats {
            rows: 6,
            usable: 1,
            excluded_cancelled: 1,
            without_kind: 1,
            without_document: 1,
            without_day: 1,
            without_form_month: 1,
        };
        assert_eq!(stats, expected);
        let by_default = BookingIndex::build(&rows, &Rules::default()).stats();
        assert_eq!((by_default.usable, by_default.excluded_cancelled, by_default.without_kind), (2, 0, 2));
    }

    #[test]
    fn the_order_of_the_rows_given_does_not_matter() {
        let mut rows: Vec<_> = (1..=20u32)
            .map(|number| row(number, "52998224725", "Novo", &format!("{}/03/2026", 1 + number * 7 % 28)))
            .collect();
        for profile in [Profile::Strict, Profile::Legacy] {
            let rules = Rules { profile, ..Rules::default() };
            let key = BookingKey::of_order("52998224725", profile).unwrap();
            let order_of = |rows: &[ErpRow]| -> Vec<u32> {
                BookingIndex::build(rows, &rules).novos(key).iter().map(|booking| booking.row).collect()
            };
            let before = order_of(&rows);
            rows.reverse();
            assert_eq!(order_of(&rows), before);
            assert_eq!(before.len(), 20);
        }
    }

    #[test]
    fn a_cancelled_booking_is_a_one_or_a_tick() {
        let with = |cancelled: Cell| ErpRow { cancelled, ..ErpRow::default() }.is_cancelled();
        assert!(with(Cell::from(1)) && with("1".into()) && with(Cell::Bool(true)));
        assert!(!with(Cell::from(0)) && !with(Cell::Empty) && !with("0".into()) && !with(Cell::Bool(false)));
    }

    #[test]
    fn the_legacy_profile_reads_only_what_the_old_script_read() {
        let rules = Rules { profile: Profile::Legacy, ..Rules::default() };
        let usable = |day: Cell| {
            BookingIndex::build(&[ErpRow { day, ..row(2, "1", "Novo", "") }], &rules).stats().usable == 1
        };
        assert!(
            usable("24/03/2026".into()) && usable(Cell::from(46_105)) && usable(" 24 / 3 / 2026 ".into())
        );
        assert!(
            !usable("24/Mar/2026".into()) && !usable("31/02/2026".into()) && !usable("2026-03-24".into())
        );
    }
}
