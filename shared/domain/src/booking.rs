//! A booking: one row of the ERP tab, as read and as understood.
use crate::cell::Cell;
use serde::{Deserialize, Serialize};

mod index;
mod key;
mod names;

pub use index::{Booking, BookingIndex};
pub use key::BookingKey;
pub(crate) use names::NOBODY;

/// The cells of one ERP row that the rules look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErpRow {
    /// 1-based row number on the sheet; the greatest wins a tie.
    pub row: u32,
    /// Column D, CPF or CNPJ.
    pub document: Cell,
    /// Column G, service type.
    pub service: Cell,
    /// Column P, responsible.
    pub responsible: Cell,
    /// Column T, appointment day.
    pub day: Cell,
    /// Column AE, 1 when cancelled; read only with `booking_status_policy = exclude_cancelled`.
    pub cancelled: Cell,
    /// Column AH, `MM/YYYY` of the form; read only with `window_months`.
    pub form_month: Cell,
}

impl ErpRow {
    /// Whether the row says that the booking was cancelled: a 1 or a tick.
    pub fn is_cancelled(&self) -> bool {
        match &self.cancelled {
            Cell::Text(text) => matches!(text.trim(), "1" | "TRUE" | "VERDADEIRO"),
            Cell::Bool(ticked) => *ticked,
            Cell::Number(_) => self.cancelled.whole_number() == Some(1),
            Cell::Empty => false,
        }
    }
}

/// How many rows were read and why some of them cannot be credited. Each row is counted once, under the first reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BookingStats {
    /// Rows in all: the sum of the others.
    pub rows: usize,
    /// Rows that an order can be correlated with.
    pub usable: usize,
    /// Cancelled bookings, with `booking_status_policy = exclude_cancelled`.
    pub excluded_cancelled: usize,
    /// Neither Novo nor Retirada; most bookings are.
    pub without_kind: usize,
    /// No document that makes a key.
    pub without_document: usize,
    /// No appointment day that can be read.
    pub without_day: usize,
    /// No form month that can be read, with `window_months`.
    pub without_form_month: usize,
}
