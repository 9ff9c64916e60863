//! One row of the Faturamento sheet: 18 columns, A to R.
use crate::calendar::SerialDay;
use crate::money::Cents;
use serde::{Deserialize, Serialize};

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
