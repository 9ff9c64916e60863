use super::*;
use chrono::{DateTime, Days, Timelike, Utc};
use domain::document::{is_valid_cnpj, is_valid_cpf};
use std::collections::{BTreeMap, BTreeSet};

fn reference_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap_or_default()
}

#[test]
fn the_same_seed_gives_the_same_company_and_another_one_does_not() {
    let one = company_of(7, reference_day(), SampleSize::SMALL);
    let two = company_of(7, reference_day(), SampleSize::SMALL);
    let other = company_of(8, reference_day(), SampleSize::SMALL);
    assert_eq!((&one.orders, &one.people, one.landmarks), (&two.orders, &two.people, two.landmarks));
    assert!(one.erp_rows().eq(two.erp_rows()));
    assert_ne!(one.orders, other.orders);
}

#[test]
fn the_full_company_has_the_promised_size() {
    let company = company(1, reference_day());
    let billed =
        company.orders.iter().filter(|order| text(order, "StatusSistema") == "Pedido Faturado").count();
    assert_eq!(billed, SampleSize::FULL.orders);
    assert!((4_100..4_400).contains(&company.orders.len()));
    assert_eq!(company.erp_rows().len(), SampleSize::FULL.erp_rows);
    let codes: BTreeSet<i64> = company.orders.iter().map(|order| order["Codigo"].as_i64().unwrap()).collect();
    let ids: BTreeSet<&str> = company.orders.iter().map(|order| text(order, "ID")).collect();
    assert_eq!((codes.len(), ids.len()), (company.orders.len(), company.orders.len()));
    assert!(ids.iter().all(|id| id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit())));
}

#[test]
fn the_busiest_day_does_not_fit_on_a_page_and_no_sale_lies_in_the_future() {
    let company = company(1, reference_day());
    let mut per_day: BTreeMap<NaiveDate, usize> = BTreeMap::new();
    let mut late = 0;
    for order in company.orders.iter().filter(|order| text(order, "StatusSistema") == "Pedido Faturado") {
        let billed = DateTime::parse_from_rfc3339(text(order, "DataFaturamento")).unwrap();
        late += usize::from(billed.with_timezone(&Utc).date_naive() != billed.date_naive());
        *per_day.entry(billed.date_naive()).or_default() += 1;
        assert!(billed.date_naive() < reference_day() || billed.hour() < 10);
    }
    assert!(per_day[&company.landmarks.busiest_day] > 100);
    assert_eq!(per_day.keys().next_back(), Some(&reference_day()));
    assert!(late > 100, "late-evening sales fall on the next day in UTC");
}

#[test]
fn the_awkward_orders_are_where_the_landmarks_say() {
    for size in [SampleSize::SMALL, SampleSize::FULL] {
        let company = company_of(3, reference_day(), size);
        let order = |code: i64| company.orders.iter().find(|order| order["Codigo"] == code).unwrap();
        let quarantined = order(company.landmarks.quarantined_code);
        assert_eq!(quarantined["ValorFinal"], "a combinar");
        let day_before = reference_day().checked_sub_days(Days::new(1)).unwrap().to_string();
        assert!(text(quarantined, "DataFaturamento").starts_with(&day_before));
        let texts = company.orders.iter().filter(|order| order["ValorFinal"].is_string()).count();
        assert_eq!(texts, 1);
        let undated = order(company.landmarks.without_billing_date_code);
        assert!(text(undated, "DataFaturamento").starts_with("0001-"));
        assert!(text(undated, "Data").starts_with("2026-11-18"));
    }
}

#[test]
fn documents_are_valid_by_the_products_own_rule_and_of_every_kind() {
    let company = company(1, reference_day());
    let mut kinds: BTreeMap<(usize, bool), usize> = BTreeMap::new();
    for customer in &company.customers {
        let document = customer.document.as_str();
        let has_letters = document.bytes().any(|b| b.is_ascii_uppercase());
        assert!(is_valid_cpf(document) || is_valid_cnpj(document), "{document}");
        *kinds.entry((document.len(), has_letters)).or_default() += 1;
    }
    assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), [(11, false), (14, false), (14, true)]);
    assert!(kinds.values().all(|count| *count > 20));
}

#[test]
fn people_are_mostly_known_sometimes_missing_sometimes_twice() {
    let company = company(1, reference_day());
    let mut per_document: BTreeMap<String, usize> = BTreeMap::new();
    for person in &company.people {
        let plain = text(person, "CNPJ_CPF").chars().filter(char::is_ascii_alphanumeric).collect();
        *per_document.entry(plain).or_default() += 1;
    }
    let count = |copies| {
        company
            .customers
            .iter()
            .filter(|c| per_document.get(&c.document).copied().unwrap_or(0) == copies)
            .count()
    };
    assert!(count(1) > 2_500 && count(0) > 50 && count(2) > 50);
    let formulas = company.orders.iter().filter(|order| text(order, "Cliente").starts_with('=')).count();
    assert!(formulas > 0);
}

#[test]
fn erp_rows_are_typed_and_mistyped_as_the_real_tab() {
    let company = company(1, reference_day());
    let rows: Vec<Vec<Cell>> = company.erp_rows().collect();
    assert!(rows.iter().all(|row| row.len() <= ERP_COLUMNS && row.last() != Some(&Cell::Empty)));
    let count = |wanted: fn(&[Cell]) -> bool| rows.iter().filter(|row| wanted(row)).count();
    assert!(count(|row| matches!(row.get(3), Some(Cell::Text(_)))) > 15_000);
    assert!(count(|row| matches!(row.get(3), Some(Cell::Number(_)))) > 1_000);
    assert!(count(|row| matches!(row.get(3), Some(Cell::Empty))) > 500);
    assert!(count(|row| matches!(row.get(19), Some(Cell::Number(_)))) > 20_000);
    assert!(
        count(
            |row| matches!(row.get(19), Some(Cell::Text(day)) if day.contains("Mar") || day.contains("Oct"))
        ) > 50
    );
    assert!(count(|row| matches!(row.get(19), Some(Cell::Text(day)) if day.starts_with("31/02/"))) > 20);
    assert!(count(|row| row.len() < 20 && row.get(6) == Some(&Cell::Text("Retirada".into()))) > 10);
    assert!(count(|row| row.get(30) == Some(&Cell::Number(1.into()))) > 500);
    let forms: Vec<&Cell> = rows.iter().filter_map(|row| row.get(17)).collect();
    let serial = |cell: &Cell| if let Cell::Number(day) = cell { *day } else { 0.into() };
    assert!(forms.is_sorted_by_key(|cell| serial(cell)), "rows are in the order of the forms");
}

#[test]
fn customers_have_bookings_before_and_after_their_sale() {
    let company = company(1, reference_day());
    let sales: BTreeMap<&str, &str> = company
        .orders
        .iter()
        .map(|order| (text(order, "ClienteCNPJ"), text(order, "DataFaturamento")))
        .collect();
    let mut seen: BTreeMap<(bool, bool), usize> = BTreeMap::new();
    for row in company.erp_rows() {
        let (Some(Cell::Text(document)), Some(Cell::Text(service)), Some(Cell::Number(day))) =
            (row.get(3), row.get(6), row.get(19))
        else {
            continue;
        };
        let Some(sale) =
            sales.get(document.as_str()).and_then(|sale| sale.get(..10)?.parse::<NaiveDate>().ok())
        else {
            continue;
        };
        let serial = rust_decimal::Decimal::from(sale.to_epoch_days() + 25_569);
        *seen.entry((service == "Retirada", *day <= serial)).or_default() += 1;
    }
    assert!(seen.len() == 4 && seen.values().all(|count| *count > 20), "{seen:?}");
}

#[test]
fn a_company_of_almost_nothing_is_possible() {
    let tiny = company_of(1, reference_day(), SampleSize { orders: 1, erp_rows: 0, days: 0 });
    assert!(!tiny.orders.is_empty());
    assert_eq!(tiny.erp_rows().len(), 0);
}
