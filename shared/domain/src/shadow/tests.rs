use super::*;
use crate::cell::Cell;
use crate::order::RawAmount;
use crate::rules::{BookingStatusPolicy, Share};
use std::collections::BTreeMap;

mod generated;

fn order() -> Order {
    Order {
        id: Some("a".into()),
        company_id: None,
        code: 7,
        status: "Pedido Faturado".into(),
        customer: "Marina".into(),
        document: "52998224725".into(),
        email: "marina@example.com".into(),
        seller: "Loja".into(),
        amount: RawAmount::Number("300".into()),
        invoice: Some("9".into()),
        billed_at: Some("2026-03-25T14:10:02-03:00".into()),
        created_at: Some("2026-03-24T14:10:02-03:00".into()),
    }
}

fn row(row: u32, service: &str, day: &str, responsible: &str) -> ErpRow {
    ErpRow {
        row,
        document: "52998224725".into(),
        service: service.into(),
        day: day.into(),
        responsible: responsible.into(),
        ..ErpRow::default()
    }
}

/// The differences that are more than presentation, as `column reason`.
fn differences(order: &Order, rows: &[ErpRow], rules: &Rules) -> Vec<String> {
    let shadow = Shadow::new(rows, HashSet::new(), rules, Defects::as_published());
    let seen = shadow.compare(order, &Enrichment::NotFound, None);
    let of_value = seen.differences.iter().filter(|difference| !difference.reason.is_presentation());
    of_value.map(|difference| format!("{} {}", difference.column, difference.reason)).collect()
}

#[track_caller]
fn check(order: &Order, rows: &[ErpRow], expected: &[&str]) {
    assert_eq!(differences(order, rows, &Rules::default()), expected);
}

#[test]
fn an_ordinary_order_differs_in_presentation_only() {
    let rows = [row(2, "Novo", "20/03/2026", "Ana"), row(3, "Retirada", "24/03/2026", "Bruno")];
    check(&order(), &rows, &[]);
    let shadow = Shadow::new(&rows, HashSet::new(), &Rules::default(), Defects::as_published());
    let seen = shadow.compare(&order(), &Enrichment::NotFound, None);
    let forms: Vec<_> =
        seen.differences.iter().map(|difference| (difference.column, difference.reason)).collect();
    let expected = [
        ('D', Reason::TypedDate),
        ('L', Reason::TypedSerial),
        ('O', Reason::TypedSerial),
        ('R', Reason::TypedMonth),
    ];
    assert_eq!(forms, expected);
    assert_eq!(
        (seen.differences[1].strict.as_str(), seen.differences[1].legacy.as_str()),
        ("46101", "'46101")
    );
}

#[test]
fn each_cause_is_named() {
    let novos = [row(2, "Novo", "12/03/2026", "Ana"), row(3, "Novo", "30/03/2026", "Duda")];
    check(&order(), &novos, &["L novo_after_sale", "M novo_after_sale"]);
    let unsorted = [row(2, "Retirada", "24/03/2026", "Ana"), row(3, "Retirada", "20/03/2026", "Duda")];
    check(&order(), &unsorted, &["O not_the_latest", "P not_the_latest"]);
    let split = |reason: &str| ["N", "O", "P", "Q"].map(|column| format!("{column} {reason}"));
    let check_split = |order: &Order, row: ErpRow, reason: &str| {
        assert_eq!(differences(order, &[row], &Rules::default()), split(reason));
    };
    check_split(&order(), row(2, "Retirada", "24/Mar/2026", "Ana"), "month_name_date");
    check_split(&order(), row(2, "Retirada", "2026-03-24", "Ana"), "other_date_form");
    check_split(&order(), row(2, "Retirada", "31/02/2026", "Ana"), "rolled_over_date");
    check_split(&order(), row(2, "Retirada", "31/12/1899", "Ana"), "date_out_of_range");
    check_split(&order(), row(2, "Rétirada", "24/03/2026", "Ana"), "accented_type");
    let anonymous = Order { document: "".into(), ..order() };
    let unnamed =
        |document: &str| ErpRow { document: document.into(), ..row(2, "Retirada", "24/03/2026", "Ana") };
    check_split(&anonymous, unnamed("-"), "anonymous_match");
    let lettered = Order { document: "12ABC34501DE35".into(), ..order() };
    check_split(&lettered, unnamed("12XYZ34501WK35"), "letters_stripped");
    let short = Order { document: "1234567890".into(), ..order() };
    assert_eq!(differences(&short, &[unnamed("01234567890")], &Rules::default())[0], "N lost_zeros");
    let odd = Order { amount: RawAmount::Number("100.01".into()), ..order() };
    check(&odd, &[unnamed("52998224725")], &["N half_cent", "Q half_cent"]);
    check(&order(), &[row(2, "Novo", "amanhã", "Ana")], &["M undated_booking"]);
}

#[test]
fn a_sale_day_that_differs_is_explained_in_every_column_it_touches() {
    let late = Order { billed_at: Some("2026-03-31T21:30:00-03:00".into()), ..order() };
    check(&late, &[], &["D utc_day", "R utc_day"]);
    let tomorrow = [row(2, "Retirada", "01/04/2026", "Ana")];
    let touched = ["D", "N", "O", "P", "Q", "R"].map(|column| format!("{column} utc_day"));
    assert_eq!(differences(&late, &tomorrow, &Rules::default()), touched);
    let sentinel = Order { billed_at: Some("0001-01-01T00:00:00-02:00".into()), ..order() };
    let touched = ["D", "N", "O", "P", "Q", "R"].map(|column| format!("{column} sentinel_date"));
    assert_eq!(
        differences(&sentinel, &[row(2, "Retirada", "24/03/2026", "Ana")], &Rules::default()),
        touched
    );
}

#[test]
fn an_option_of_the_account_is_named_as_the_cause() {
    let rows = [ErpRow { cancelled: Cell::from(1), ..row(2, "Novo", "20/03/2026", "Ana") }];
    let excluding =
        Rules { booking_status_policy: BookingStatusPolicy::ExcludeCancelled, ..Rules::default() };
    assert_eq!(differences(&order(), &rows, &excluding), ["L cancelled_booking", "M cancelled_booking"]);
    let lookback = Rules { lookback_days: Some(2), ..Rules::default() };
    assert_eq!(differences(&order(), &rows, &lookback), ["L lookback_days", "M lookback_days"]);
    let window = Rules { window_months: Some(3), ..Rules::default() };
    assert_eq!(differences(&order(), &rows, &window), ["L window_months", "M window_months"]);
    let third = Rules { split: Share { numerator: 1, denominator: 3 }, ..Rules::default() };
    let retirada = [row(2, "Retirada", "20/03/2026", "Ana")];
    assert_eq!(differences(&order(), &retirada, &third), ["N split_share", "Q split_share"]);
}

#[test]
fn a_short_row_that_stopped_the_script_is_one_difference() {
    let rows = [row(2, "Retirada", "", "")];
    let shadow = Shadow::new(&rows, HashSet::from([2]), &Rules::default(), Defects::as_published());
    let seen = shadow.compare(&order(), &Enrichment::NotFound, None);
    assert_eq!(seen.legacy, Err(ScriptFailure::ShortRow { row: 2 }));
    assert_eq!(
        seen.differences.iter().map(|d| (d.column, d.reason)).collect::<Vec<_>>(),
        [('*', Reason::ShortRow)]
    );
}

#[test]
fn the_first_of_several_people_is_named_as_the_cause() {
    let person =
        |name: &str, mobile: &str| Contact { name: name.into(), mobile: mobile.into(), ..Contact::default() };
    let shadow = Shadow::new(&[], HashSet::new(), &Rules::default(), Defects::as_published());
    let newest = Enrichment::Found { contact: person("Marina T.", "+55 11 98765-4321"), ambiguous: true };
    let seen = shadow.compare(&order(), &newest, Some(&person("M. Antiga", "11 1111-1111")));
    let reasons: BTreeMap<_, _> = seen.differences.iter().map(|d| (d.column, d.reason)).collect();
    assert_eq!((reasons[&'A'], reasons[&'E']), (Reason::OtherPerson, Reason::OtherPerson));
}

#[test]
fn every_reason_has_its_own_code_and_a_sentence() {
    let codes: HashSet<_> = Reason::ALL.iter().map(Reason::code).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
    for reason in Reason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        assert!(reason.explanation().len() > 15, "{reason}");
    }
}
