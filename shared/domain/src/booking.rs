//! A booking: one row of the ERP tab, as read and as understood.
use crate::cell::Cell;

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
