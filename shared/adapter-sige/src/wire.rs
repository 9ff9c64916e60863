//! The API's JSON as the product's types.
//!
//! What this module insists on: the document is a bare array, every element is an object, every order has a `Codigo`.
//! Anything else is an error that says what was found and where; it is never read as "no orders", because an empty
//! day would delete rows. What it forgives: names in another capitalisation (white labels of the product answer in
//! camelCase), nulls, numbers where a text is expected, fields it does not know, a byte order mark.
//!
//! No value of a record appears in an error: messages name the position, the field and the kind of JSON found.

mod error;
mod fields;
mod literal;

pub use error::{Found, Problem, WireError};

use domain::order::{Order, RawAmount};
use domain::person::{Contact, PersonRecord};
use error::Record;
use fields::{FieldNames, Fields};
use serde_json::value::RawValue;

/// Longest number literal that is still an amount; a longer one is kept, cut, as "not a number".
const AMOUNT_LITERAL_CHARS_MAX: usize = 64;

/// The fields of an order that are read, as the API spells them. The order of the names is the order of the slots.
const ORDER_FIELDS: FieldNames<12> = FieldNames([
    "ID",
    "EmpresaID",
    "Codigo",
    "StatusSistema",
    "Cliente",
    "ClienteCNPJ",
    "ClienteEmail",
    "Vendedor",
    "ValorFinal",
    "NumeroNFe",
    "DataFaturamento",
    "Data",
]);

/// The fields of a person that are read. `Senha` and `Salt` are absent on purpose.
const PERSON_FIELDS: FieldNames<7> =
    FieldNames(["ID", "CNPJ_CPF", "UltimaAlteracao", "NomeFantasia", "Celular", "Telefone", "Email"]);

/// Reads an answer of `Pedidos/Pesquisar`: a JSON array of orders, in the source's order.
///
/// # Errors
/// [`WireError`] when the bytes are not a JSON array of objects, when an order has no whole-number `Codigo`, or when a
/// text field holds an object, an array or a boolean. A strange `ValorFinal` is no error: it becomes
/// [`RawAmount::NotANumber`] and the rules quarantine that order alone.
pub fn parse_orders(body: &[u8]) -> Result<Vec<Order>, WireError> {
    let elements = fields::array(body, Record::Order)?;
    elements.iter().enumerate().map(|(index, element)| order(index, element)).collect()
}

/// Reads an answer of `Pessoas/Pesquisar`: a JSON array of people, unmatched.
///
/// # Errors
/// [`WireError`] when the bytes are not a JSON array of objects or a text field holds an object, an array or a
/// boolean.
pub fn parse_people(body: &[u8]) -> Result<Vec<PersonRecord>, WireError> {
    let elements = fields::array(body, Record::Person)?;
    elements.iter().enumerate().map(|(index, element)| person(index, element)).collect()
}

fn order(index: usize, element: &RawValue) -> Result<Order, WireError> {
    let fields = Fields::read(&ORDER_FIELDS, element, Record::Order, index)?;
    Ok(Order {
        id: fields.identifier("ID")?,
        company_id: fields.identifier("EmpresaID")?,
        code: fields.required_integer("Codigo")?,
        status: fields.text("StatusSistema")?,
        customer: fields.text("Cliente")?,
        document: fields.text("ClienteCNPJ")?,
        email: fields.text("ClienteEmail")?,
        seller: fields.text("Vendedor")?,
        amount: amount(fields.raw("ValorFinal")),
        invoice: fields.invoice_number("NumeroNFe")?,
        billed_at: fields.optional_text("DataFaturamento")?,
        created_at: fields.optional_text("Data")?,
    })
}

fn person(index: usize, element: &RawValue) -> Result<PersonRecord, WireError> {
    let fields = Fields::read(&PERSON_FIELDS, element, Record::Person, index)?;
    Ok(PersonRecord {
        id: fields.text("ID")?,
        document: fields.text("CNPJ_CPF")?,
        updated_at: fields.text("UltimaAlteracao")?,
        contact: Contact {
            name: fields.text("NomeFantasia")?,
            mobile: fields.text("Celular")?,
            phone: fields.text("Telefone")?,
            email: fields.text("Email")?,
        },
    })
}

/// The literal as it stands in the document: no float ever sees an amount.
fn amount(value: Option<&RawValue>) -> RawAmount {
    let Some(literal) = value.map(RawValue::get).filter(|literal| *literal != "null") else {
        return RawAmount::Absent;
    };
    let is_short = literal.len() <= AMOUNT_LITERAL_CHARS_MAX;
    if is_short && Found::of(literal.as_bytes()) == Found::Number {
        RawAmount::Number(literal.to_owned())
    } else {
        RawAmount::NotANumber(literal.chars().take(AMOUNT_LITERAL_CHARS_MAX).collect())
    }
}

#[cfg(test)]
mod tests;
