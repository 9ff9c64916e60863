//! The work of the rules for a month of a large chain: 10,000 orders against 25,000 bookings, the index included.
#![expect(clippy::unwrap_used, reason = "a benchmark: a broken input must stop it")]

use divan::{Bencher, black_box};
use domain::attribution::attribute;
use domain::booking::{BookingIndex, BookingKey, ErpRow};
use domain::calendar::SerialDay;
use domain::cell::Cell;
use domain::order::{Order, RawAmount};
use domain::person::Enrichment;
use domain::row::build_row;
use domain::rules::{Profile, Rules};

const ORDERS: usize = 10_000;
const BOOKINGS: u32 = 25_000;
const CUSTOMERS: u64 = 9_000;

fn main() {
    divan::main();
}

/// A CPF with its check digits, spelled with or without a mask.
fn document(customer: u64) -> String {
    let stem = format!("{:09}", 100_000_007 + customer * 7_919);
    let digit = |digits: &str, first: u32| {
        let weights = (2..=first).rev();
        let sum: u32 =
            digits.bytes().zip(weights).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
        if sum % 11 < 2 { 0 } else { 11 - sum % 11 }
    };
    let with_first = format!("{stem}{}", digit(&stem, 10));
    let cpf = format!("{with_first}{}", digit(&with_first, 11));
    match customer % 3 {
        0 => cpf,
        _ => {
            let (a, rest) = cpf.split_at(3);
            let (b, rest) = rest.split_at(3);
            let (c, check) = rest.split_at(3);
            format!("{a}.{b}.{c}-{check}")
        }
    }
}

fn bookings() -> Vec<ErpRow> {
    const SERVICES: [&str; 4] = ["Novo serviço", "Retirada", "Avaliação Store", "Garantia"];
    (0..BOOKINGS)
        .map(|number| {
            let scattered = u64::from(number) * 2_654_435_761 % 4_294_967_291;
            let day = 45_900 + (scattered % 230) as i64;
            ErpRow {
                row: number + 2,
                document: document(scattered % CUSTOMERS).as_str().into(),
                service: SERVICES.iter().cycle().nth((scattered % 7) as usize).copied().unwrap().into(),
                responsible: format!("Pessoa {}", scattered % 60).as_str().into(),
                day: match number % 4 {
                    0 => SerialDay(day as i32)
                        .to_date()
                        .unwrap()
                        .format("%d/%m/%Y")
                        .to_string()
                        .as_str()
                        .into(),
                    _ => Cell::from(day),
                },
                ..ErpRow::default()
            }
        })
        .collect()
}

fn orders() -> Vec<Order> {
    (0..ORDERS)
        .map(|number| Order {
            id: Some(format!("66f0c0ffee{number:014}")),
            company_id: None,
            code: 70_000 + number as i64,
            status: "Pedido Faturado".into(),
            customer: format!("Cliente {number}"),
            document: document(number as u64 * 31 % CUSTOMERS),
            email: "cliente@example.com".into(),
            seller: "Loja Centro".into(),
            amount: RawAmount::Number(format!("{}.{:02}", 50 + number % 900, number % 100)),
            invoice: Some(number.to_string()),
            billed_at: Some(format!("2026-03-{:02}T14:10:02.332-03:00", 1 + number % 28)),
            created_at: None,
        })
        .collect()
}

/// The budget of the product: both parts together in less than 25 ms.
#[divan::bench(args = [Profile::Strict, Profile::Legacy])]
fn index_and_correlate(bencher: Bencher<'_, '_>, profile: Profile) {
    let rules = Rules { profile, ..Rules::default() };
    let (rows, orders) = (bookings(), orders());
    bencher.bench_local(|| {
        let index = BookingIndex::build(black_box(&rows), &rules);
        let credited = orders.iter().filter(|order| {
            let day = order.sale_day().map(SerialDay::from_date).unwrap();
            let key = BookingKey::of_order(&order.document, profile);
            attribute(day, key, &index, &rules).retirada.is_some()
        });
        credited.count()
    });
}

#[divan::bench]
fn index_alone(bencher: Bencher<'_, '_>) {
    let rows = bookings();
    bencher.bench_local(|| BookingIndex::build(black_box(&rows), &Rules::default()));
}

/// Everything up to finished rows, texts cleaned and amounts read.
#[divan::bench]
fn index_and_build_rows(bencher: Bencher<'_, '_>) {
    let rules = Rules::default();
    let (rows, orders) = (bookings(), orders());
    bencher.bench_local(|| {
        let index = BookingIndex::build(black_box(&rows), &rules);
        let built =
            orders.iter().map(|order| build_row(order, &Enrichment::NotFound, &index, &rules).unwrap());
        built.map(|built| built.row.value.0).sum::<i64>()
    });
}
