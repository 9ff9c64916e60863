//! A company made up from a seed: what a newcomer sees in the demo, and what the tests and benchmarks run on.
//!
//! About a hundred days of a chain of device-repair shops: billed orders, a few cancelled and unbilled ones, the people
//! they belong to, and the bookings of the ERP tab. The same seed, day and size give the same company on every machine;
//! no clock is read. Every name and document is invented; documents carry valid check digits.
//!
//! The awkward cases of real data are all in it, on purpose: late-evening sales, amounts with an odd cent, null billing
//! dates, alphanumeric CNPJs, customers without document, names that look like formulas, people that are missing or
//! exist twice, an order whose amount is a text, documents stored as numbers, month-name dates, impossible dates,
//! cancelled bookings, rows that end early, and bookings before and after the sale.

mod bookings;
mod chance;
mod customers;
mod documents;
mod names;
mod orders;

pub use bookings::{ERP_COLUMNS, ERP_HEADER};
pub use orders::Landmarks;

use crate::sige::SigeAccount;
use bookings::Booking;
use chance::Chance;
use chrono::NaiveDate;
use customers::Customer;
use domain::cell::Cell;
use serde_json::Value;

/// How much of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleSize {
    /// Billed orders; about a twentieth more are cancelled or not billed.
    pub orders: usize,
    /// Rows of the ERP tab below its header.
    pub erp_rows: usize,
    /// Days with sales, the reference day's morning being one more.
    pub days: usize,
}

impl SampleSize {
    /// The size of the demo: 4,000 orders in 100 days, 25,000 bookings.
    pub const FULL: Self = Self { orders: 4_000, erp_rows: 25_000, days: 100 };
    /// Enough for a scenario test.
    pub const SMALL: Self = Self { orders: 60, erp_rows: 300, days: 10 };
}

/// The company.
#[derive(Debug, Clone)]
pub struct SampleCompany {
    /// Its credentials.
    pub account: SigeAccount,
    /// Its orders in the order in which they were created, with the fields that differ between orders; the SIGE
    /// stand-in completes them.
    pub orders: Vec<Value>,
    /// The people its SIGE account knows, likewise.
    pub people: Vec<Value>,
    /// Where the special cases are.
    pub landmarks: Landmarks,
    customers: Vec<Customer>,
    bookings: Vec<Booking>,
}

impl SampleCompany {
    /// The rows of the ERP tab below its header, oldest form first, made one by one so that the whole tab need not be
    /// in memory twice. Typed as the real tab, empty cells at the end left out: rows differ in length.
    pub fn erp_rows(&self) -> impl ExactSizeIterator<Item = Vec<Cell>> + '_ {
        self.bookings.iter().map(|booking| booking.cells(&self.customers))
    }
}

/// A company of the full size.
pub fn company(seed: u64, reference_day: NaiveDate) -> SampleCompany {
    company_of(seed, reference_day, SampleSize::FULL)
}

/// A company of another size. Sales end in the morning of the reference day; bookings go on for two weeks more.
pub fn company_of(seed: u64, reference_day: NaiveDate, size: SampleSize) -> SampleCompany {
    let customers = customers::customers(&mut Chance::new(seed, "customers"), (size.orders * 3 / 4).max(8));
    let (orders, sales, landmarks) =
        orders::orders(&mut Chance::new(seed, "orders"), reference_day, size, &customers);
    let people = customers::people(&mut Chance::new(seed, "people"), reference_day, &customers);
    let bookings =
        bookings::bookings(&mut Chance::new(seed, "bookings"), reference_day, size, &sales, &customers);
    SampleCompany { account: SigeAccount::default(), orders, people, landmarks, customers, bookings }
}

#[cfg(test)]
mod tests;
