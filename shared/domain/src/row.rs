//! One row of the Faturamento sheet: 18 columns, A to R.
use crate::calendar::SerialDay;
use crate::cell::{Cell, TypedCell};
use crate::money::Cents;
use serde::{Deserialize, Serialize};

mod build;
mod hash;
mod header;
mod quarantine;

pub use build::{BuiltRow, build_row};
pub use hash::{day_hash, hash16};
pub use header::{HeaderMismatch, check_header, column_letter};
pub use quarantine::QuarantineReason;

/// Columns of a row.
pub const COLUMNS: usize = HEADER.len();

/// The header row of the destination tab, compared without accents and case.
pub const HEADER: [&str; 18] = [
    "Contato",
    "Código",
    "Status Venda",
    "Data",
    "Nome Cliente",
    "Telefone Cliente",
    "E-mail Cliente",
    "Valor Venda",
    "Local Técnico",
    "Nº Documento",
    "CPF/CNPJ Cliente",
    "Dia agendado novos serviços",
    "Colaborador",
    "Valor de venda do novo serviço",
    "Dia agendado retirada",
    "Responsável pela venda Retirada",
    "Valor de venda da retirada",
    "Mês",
];

/// One Faturamento row in typed form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaturamentoRow {
    /// A: digits of the mobile number.
    pub contact: String,
    /// B: `Codigo`.
    pub code: i64,
    /// C: `StatusSistema`.
    pub status: String,
    /// D: sale day.
    pub day: SerialDay,
    /// E: customer name.
    pub customer: String,
    /// F: phone.
    pub phone: String,
    /// G: e-mail.
    pub email: String,
    /// H: value of the sale.
    pub value: Cents,
    /// I: Local Técnico.
    pub seller: String,
    /// J: `Pedido {code} / NF Nº {invoice}`.
    pub label: String,
    /// K: canonical CPF or CNPJ, or empty.
    pub document: String,
    /// L: day of the Novo, if any.
    pub novo_day: Option<SerialDay>,
    /// M: responsible of the Novo.
    pub novo_responsible: String,
    /// N: H less the Retirada's share.
    pub novo_value: Cents,
    /// O: day of the Retirada, if any.
    pub retirada_day: Option<SerialDay>,
    /// P: responsible of the Retirada.
    pub retirada_responsible: String,
    /// Q: the Retirada's share.
    pub retirada_value: Cents,
    /// R: first day of the sale's month.
    pub month: SerialDay,
}

impl FaturamentoRow {
    /// The cells A to R. An absent appointment day is the number 0, as the sheet has always had it.
    pub fn cells(&self) -> [TypedCell; COLUMNS] {
        let text = |text: &String| TypedCell::Text(text.clone());
        let day_or_zero = |day: Option<SerialDay>| TypedCell::Integer(day.map_or(0, |day| i64::from(day.0)));
        [
            text(&self.contact),
            TypedCell::Integer(self.code),
            text(&self.status),
            TypedCell::Date(self.day),
            text(&self.customer),
            text(&self.phone),
            text(&self.email),
            TypedCell::Money(self.value),
            text(&self.seller),
            text(&self.label),
            text(&self.document),
            day_or_zero(self.novo_day),
            text(&self.novo_responsible),
            TypedCell::Money(self.novo_value),
            day_or_zero(self.retirada_day),
            text(&self.retirada_responsible),
            TypedCell::Money(self.retirada_value),
            TypedCell::Month(self.month),
        ]
    }

    /// Whether cells read back hold exactly this row. Trailing empty cells may be missing; anything right of R must
    /// be empty.
    pub fn matches(&self, cells: &[Cell]) -> bool {
        let mut read = cells.iter();
        let row_matches =
            self.cells().iter().all(|wanted| wanted.matches(read.next().unwrap_or(&Cell::Empty)));
        row_matches && read.all(Cell::is_empty)
    }
}

/// The text of column J: `Pedido 7`, or `Pedido 7 / NF Nº 9` once there is an invoice.
pub fn label(code: i64, invoice: Option<&str>) -> String {
    match invoice {
        Some(invoice) => format!("Pedido {code} / NF Nº {invoice}"),
        None => format!("Pedido {code}"),
    }
}

/// The code of a row that belongs to this system: B is a whole number and J is its label, with or without an invoice.
/// The label is what a person cannot type by accident; an invoice issued later changes J but not whose row it is.
pub fn owned_code(code: &Cell, label: &Cell) -> Option<i64> {
    let code = code.whole_number()?;
    let Cell::Text(text) = label else { return None };
    let rest = text.strip_prefix(&self::label(code, None))?;
    (rest.is_empty() || rest.starts_with(' ')).then_some(code)
}

#[cfg(test)]
mod tests;
