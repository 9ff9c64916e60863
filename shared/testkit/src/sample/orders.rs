//! The orders: spread over the days, with the awkward ones at fixed places.
use super::SampleSize;
use super::chance::Chance;
use super::customers::Customer;
use super::{documents, names};
use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde_json::{Map, Value, json};

/// `Codigo` of the first order.
const FIRST_CODE: i64 = 70_001;
/// The API's null date.
const NO_DATE: &str = "0001-01-01T00:00:00-02:00";
/// Orders of the reference day's own morning, so that an unfinished day exists.
const ORDERS_THIS_MORNING: usize = 5;

/// Where the special cases are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Landmarks {
    /// The day with more orders than fit on a page (in a full-size company), three days before the reference day.
    pub busiest_day: NaiveDate,
    /// The order billed the day before the reference day whose amount is a text.
    pub quarantined_code: i64,
    /// The order created two days before the reference day whose billing date is the null date.
    pub without_billing_date_code: i64,
}

/// A billed order, as far as bookings care.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sale {
    pub(super) customer: usize,
    pub(super) day: NaiveDate,
}

/// What is special about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Special {
    None,
    AmountIsText,
    NoAmount,
    NoBillingDate,
    Status(&'static str),
}

pub(super) fn orders(
    chance: &mut Chance,
    reference_day: NaiveDate,
    size: SampleSize,
    customers: &[Customer],
) -> (Vec<Value>, Vec<Sale>, Landmarks) {
    let before = |days: u64| reference_day.checked_sub_days(Days::new(days)).unwrap_or(reference_day);
    let mut landmarks =
        Landmarks { busiest_day: before(3), quarantined_code: 0, without_billing_date_code: 0 };
    let mut orders = Vec::with_capacity(size.orders * 21 / 20 + 1);
    let mut sales = Vec::with_capacity(size.orders);
    for (day, count) in calendar(reference_day, size) {
        for place in 0..count {
            let code = FIRST_CODE + i64::try_from(orders.len()).unwrap_or_default();
            let special = match place {
                0 if day == before(1) => Special::AmountIsText,
                0 if day == before(2) => Special::NoBillingDate,
                0 if day == before(4) => Special::NoAmount,
                _ => Special::None,
            };
            match special {
                Special::AmountIsText => landmarks.quarantined_code = code,
                Special::NoBillingDate => landmarks.without_billing_date_code = code,
                _ => {}
            }
            // One sale in fifty is made to nobody in particular.
            let customer = (!chance.per_mille(20)).then(|| chance.below(customers.len() as u32) as usize);
            let known = customer.and_then(|number| Some((number, customers.get(number)?)));
            let time = Time { day, minute: minute_of(chance, place, count, day == reference_day) };
            orders.push(order(chance, code, time, known, special));
            sales.extend(customer.map(|customer| Sale { customer, day }));
            if chance.per_mille(50) {
                let code = FIRST_CODE + i64::try_from(orders.len()).unwrap_or_default();
                let status = chance.pick(&["Pedido Cancelado", "Pedido Não Faturado", "Orçamento", "Pedido"]);
                orders.push(order(chance, code, time, known, Special::Status(status)));
            }
        }
    }
    (orders, sales, landmarks)
}

/// How many orders each day has, oldest day first: fewer on Sundays, many on the busiest day.
fn calendar(reference_day: NaiveDate, size: SampleSize) -> Vec<(NaiveDate, usize)> {
    let days = u64::try_from(size.days).unwrap_or_default();
    let day_before = |ago: u64| reference_day.checked_sub_days(Days::new(ago)).unwrap_or(reference_day);
    let weights: Vec<(NaiveDate, usize)> = (1..=days)
        .rev()
        .map(|ago| {
            let day = day_before(ago);
            let weight = match (ago, day.weekday()) {
                (3, _) => 32,
                (_, Weekday::Sun) => 3,
                (_, Weekday::Sat) => 12,
                _ => 10,
            };
            (day, weight)
        })
        .collect();
    let this_morning = ORDERS_THIS_MORNING.min(size.orders);
    let to_spread = size.orders - this_morning;
    let total: usize = weights.iter().map(|(_, weight)| weight).sum::<usize>().max(1);
    let (mut weight_so_far, mut spread) = (0, 0);
    let mut calendar: Vec<(NaiveDate, usize)> = weights
        .into_iter()
        .map(|(day, weight)| {
            weight_so_far += weight;
            let until_here = to_spread * weight_so_far / total;
            let count = until_here - spread;
            spread = until_here;
            (day, count)
        })
        .collect();
    calendar.push((reference_day, size.orders - spread));
    calendar
}

/// A minute on the company's wall clock.
#[derive(Debug, Clone, Copy)]
struct Time {
    day: NaiveDate,
    minute: u32,
}

/// Between 8:00 and 20:00 in the order of the day; the last ones of a day after 21:00, the next day in UTC.
fn minute_of(chance: &mut Chance, place: usize, count: usize, is_morning: bool) -> u32 {
    let share = |span: usize| u32::try_from(span * place / count.max(1)).unwrap_or_default();
    if is_morning {
        8 * 60 + share(60)
    } else if (count - place) * 16 <= count {
        21 * 60 + chance.below(3 * 60)
    } else {
        8 * 60 + share(12 * 60)
    }
}

fn order(
    chance: &mut Chance,
    code: i64,
    time: Time,
    known: Option<(usize, &Customer)>,
    special: Special,
) -> Value {
    let created = Time { minute: time.minute.saturating_sub(2 + chance.below(90)), ..time };
    let is_billed = !matches!(special, Special::Status(_));
    let status = if let Special::Status(status) = special { status } else { "Pedido Faturado" };
    let billed_at = match special {
        Special::NoBillingDate => NO_DATE.to_owned(),
        _ if is_billed => stamp(chance, time),
        _ => NO_DATE.to_owned(),
    };
    let mut fields = Map::with_capacity(12);
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("ID", format!("66f0c0ffee{code:014}").into());
    put("Codigo", code.into());
    put("StatusSistema", status.into());
    put("ClienteID", known.map_or(Value::Null, |(number, _)| format!("66f0c0ffee00000c{number:08}").into()));
    put("Cliente", known.map_or("CONSUMIDOR NÃO IDENTIFICADO", |(_, customer)| &customer.name).into());
    put("ClienteCNPJ", known.map_or(String::new(), |(_, customer)| document(chance, customer)).into());
    put(
        "ClienteEmail",
        known.map_or("", |(_, customer)| if code % 3 == 0 { "" } else { &customer.email }).into(),
    );
    put("Vendedor", chance.pick(names::SHOPS).into());
    put(
        "ValorFinal",
        match special {
            Special::AmountIsText => json!("a combinar"),
            Special::NoAmount => Value::Null,
            _ => amount(chance),
        },
    );
    put("NumeroNFe", invoice(chance, code, is_billed));
    put("Data", stamp(chance, created).into());
    put("DataFaturamento", billed_at.into());
    Value::Object(fields)
}

fn document(chance: &mut Chance, customer: &Customer) -> String {
    if chance.per_mille(30) { documents::masked(&customer.document) } else { customer.document.clone() }
}

/// From 19.90 to about 2,000.00, odd cents and round sums; as the API writes it, without a trailing zero beyond the first.
fn amount(chance: &mut Chance) -> Value {
    let cents = match chance.below(10) {
        0..=3 => 1_000 * (5 + chance.below(120)),
        4..=6 => 1_990 + 1_000 * chance.below(90),
        _ => 1_990 + chance.below(200_000),
    };
    let (whole, rest) = (cents / 100, cents % 100);
    let literal =
        if rest.is_multiple_of(10) { format!("{whole}.{}", rest / 10) } else { format!("{whole}.{rest:02}") };
    serde_json::from_str(&literal).unwrap_or_default()
}

fn invoice(chance: &mut Chance, code: i64, is_billed: bool) -> Value {
    match chance.below(10) {
        _ if !is_billed => Value::Null,
        0 | 1 => Value::Null,
        2 => (code - 60_000).into(),
        _ => (code - 60_000).to_string().into(),
    }
}

/// With up to three digits of a second's fraction, trailing zeros dropped, as the API writes it.
fn stamp(chance: &mut Chance, time: Time) -> String {
    let Time { day, minute } = time;
    let second = chance.below(60);
    let fraction = format!("{:03}", chance.below(1000));
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{day}T{:02}:{:02}:{second:02}{point}{fraction}-03:00", minute / 60, minute % 60)
}
