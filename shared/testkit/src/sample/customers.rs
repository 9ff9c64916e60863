//! The customers, and the people that the SIGE account knows of them.
use super::chance::Chance;
use super::{documents, names};
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

/// One customer.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) name: String,
    /// Canonical, never empty; the customer without document is not one of these.
    pub(super) document: String,
    /// National digits of a mobile phone.
    pub(super) mobile: String,
    pub(super) email: String,
}

pub(super) fn customers(chance: &mut Chance, count: usize) -> Vec<Customer> {
    (0..count).map(|number| customer(chance, number)).collect()
}

fn customer(chance: &mut Chance, number: usize) -> Customer {
    let last = chance.pick(names::LAST);
    let (document, person_name) = match chance.below(1000) {
        0..=19 => (documents::alphanumeric_cnpj(chance), format!("{last} {}", chance.pick(names::TRADES))),
        20..=89 => (documents::cnpj(chance), format!("{last} {}", chance.pick(names::TRADES))),
        _ => (
            documents::cpf(chance),
            format!("{} {} {last}", chance.pick(names::FIRST), chance.pick(names::LAST)),
        ),
    };
    let email = format!("{}.{number}@example.com", names::plain(&person_name));
    // Every awkward name occurs even in a small company.
    let awkward =
        (number % 25 == 4).then(|| names::AWKWARD.get(number / 25 % names::AWKWARD.len())).flatten();
    let name = awkward.map_or(person_name, |name| (*name).to_owned());
    let mobile = format!("{}9{:04}{:04}", 11 + chance.below(80), chance.below(10_000), chance.below(10_000));
    Customer { name, document, mobile, email }
}

/// The people of the account: one in 25 customers is unknown, one in 40 is there twice.
pub(super) fn people(chance: &mut Chance, reference_day: NaiveDate, customers: &[Customer]) -> Vec<Value> {
    let mut people = Vec::with_capacity(customers.len());
    for (number, customer) in customers.iter().enumerate() {
        let copies = match number % 200 {
            0..=7 => 0,
            8..=12 => 2,
            _ => 1,
        };
        for copy in 0..copies {
            people.push(person(chance, reference_day, customer, number, copy));
        }
    }
    people
}

fn person(
    chance: &mut Chance,
    reference_day: NaiveDate,
    customer: &Customer,
    number: usize,
    copy: u32,
) -> Value {
    let day =
        reference_day.checked_sub_days(Days::new(u64::from(chance.below(300)))).unwrap_or(reference_day);
    let digits = &customer.mobile;
    let (area, rest) = digits.split_at_checked(2).unwrap_or((digits, ""));
    let (start, end) = rest.split_at_checked(5).unwrap_or((rest, ""));
    let mobile = match chance.below(4) {
        0 => format!("+55 ({area}) {start}-{end}"),
        1 => format!("({area}) {start}-{end}"),
        2 => format!("+55{digits}"),
        _ => digits.clone(),
    };
    let phone = if chance.per_mille(400) {
        format!("({area}) 3{:03}-{:04}", chance.below(1000), chance.below(10_000))
    } else {
        String::new()
    };
    let document =
        if chance.per_mille(150) { documents::masked(&customer.document) } else { customer.document.clone() };
    json!({
        "ID": format!("66f0c0ffee{copy}0000c{number:08}"),
        "UltimaAlteracao": format!("{day}T{:02}:{:02}:12.5-03:00", 8 + chance.below(10), chance.below(60)),
        "PessoaFisica": customer.document.len() == 11,
        "NomeFantasia": customer.name,
        "CNPJ_CPF": document,
        "Telefone": phone,
        "Celular": mobile,
        "Email": if chance.per_mille(100) { "" } else { customer.email.as_str() },
    })
}
