use super::*;
use crate::booking::ErpRow;
use crate::cell::Cell;
use crate::rules::{Profile, Share};
use proptest::prelude::*;

fn order() -> Order {
    Order {
        id: Some("66f0c0ffee00000000070001".into()),
        company_id: None,
        code: 70_001,
        status: "Pedido Faturado".into(),
        customer: "Marina Teste".into(),
        document: "52998224725".into(),
        email: "pedido@example.com".into(),
        seller: "Loja Centro".into(),
        amount: RawAmount::Number("300.0".into()),
        invoice: Some("1234".into()),
        billed_at: Some("2026-03-25T14:10:02.332-03:00".into()),
        created_at: Some("2026-03-25T13:58:00-03:00".into()),
    }
}

fn built(
    order: &Order,
    enrichment: &Enrichment,
    rows: &[ErpRow],
    rules: &Rules,
) -> Result<BuiltRow, QuarantineReason> {
    build_row(order, enrichment, &BookingIndex::build(rows, rules), rules)
}

fn alone(order: &Order) -> Result<BuiltRow, QuarantineReason> {
    built(order, &Enrichment::NotAsked, &[], &Rules::default())
}

fn retirada(document: &str) -> ErpRow {
    ErpRow {
        row: 2,
        document: document.into(),
        service: "Retirada".into(),
        day: Cell::from(46_105),
        responsible: " Bruno\u{200b} ".into(),
        ..ErpRow::default()
    }
}

#[test]
fn an_order_that_cannot_be_placed_or_valued_is_not_written() {
    let without_date = Order { billed_at: None, created_at: None, ..order() };
    assert_eq!(alone(&without_date), Err(QuarantineReason::NoSaleDay));
    let malformed = Order { billed_at: Some("25/03/2026".into()), ..order() };
    assert_eq!(alone(&malformed), Err(QuarantineReason::MalformedDate { field: "DataFaturamento".into() }));
    for amount in [RawAmount::NotANumber("\"300\"".into()), RawAmount::Number("300,00".into())] {
        assert_eq!(alone(&Order { amount, ..order() }), Err(QuarantineReason::AmountNotANumber));
    }
    let huge = Order { amount: RawAmount::Number("1e30".into()), ..order() };
    assert_eq!(alone(&huge), Err(QuarantineReason::AmountOutOfRange));
    let code = Order { code: i64::MAX, ..order() };
    assert_eq!(alone(&code), Err(QuarantineReason::CodeOutOfRange { value: i64::MAX }));
}

#[test]
fn a_missing_value_is_zero_with_a_flag() {
    let seen = alone(&Order { amount: RawAmount::Absent, ..order() }).unwrap();
    assert_eq!((seen.row.value, seen.flags), (Cents(0), vec![Flag::AmountAbsent]));
}

#[test]
fn an_unsound_share_is_stopped_by_the_invariant() {
    let rules = Rules { split: Share { numerator: u32::MAX, denominator: 1 }, ..Rules::default() };
    let big = Order { amount: RawAmount::Number("9999999999999.99".into()), ..order() };
    let seen = built(&big, &Enrichment::NotAsked, &[retirada("52998224725")], &rules);
    assert!(matches!(seen, Err(QuarantineReason::SplitDoesNotAddUp { .. })), "{seen:?}");
}

#[test]
fn not_found_failed_and_ambiguous_people_are_told_apart() {
    let flags = |enrichment| built(&order(), &enrichment, &[], &Rules::default()).unwrap().flags;
    let contact = Contact { mobile: "98765".into(), ..Contact::default() };
    assert_eq!(flags(Enrichment::NotAsked), []);
    assert_eq!(flags(Enrichment::NotFound), [Flag::PersonNotFound]);
    assert_eq!(flags(Enrichment::Failed), [Flag::PersonUnavailable]);
    assert_eq!(
        flags(Enrichment::Found { contact, ambiguous: true }),
        [Flag::SuspiciousContact, Flag::AmbiguousPerson]
    );
}

#[test]
fn a_blank_field_of_the_person_gives_way_to_the_order() {
    let contact = Contact { name: " \u{200b}".into(), email: "\t".into(), ..Contact::default() };
    let seen =
        built(&order(), &Enrichment::Found { contact, ambiguous: false }, &[], &Rules::default()).unwrap();
    assert_eq!((seen.row.customer.as_str(), seen.row.email.as_str()), ("Marina Teste", "pedido@example.com"));
}

#[test]
fn texts_are_cleaned_and_a_cut_is_flagged() {
    let long = Order {
        customer: "x".repeat(501),
        seller: "Loja\tCentro ".into(),
        invoice: Some(" \n".into()),
        ..order()
    };
    let seen = alone(&long).unwrap();
    assert_eq!((seen.row.customer.len(), seen.row.seller.as_str()), (500, "Loja Centro"));
    assert_eq!(seen.row.label, "Pedido 70001");
    assert_eq!(seen.flags, [Flag::TextCut]);
    let seen = built(&order(), &Enrichment::NotAsked, &[retirada("52998224725")], &Rules::default()).unwrap();
    assert_eq!(seen.row.retirada_responsible, "Bruno");
}

#[test]
fn the_legacy_profile_correlates_by_digits_and_still_writes_the_canonical_document() {
    let rules = Rules { profile: Profile::Legacy, ..Rules::default() };
    let short = Order { document: "123".into(), ..order() };
    let seen = built(&short, &Enrichment::NotAsked, &[retirada("1-2-3")], &rules).unwrap();
    assert_eq!((seen.row.retirada_value, seen.row.document.as_str()), (Cents(15_000), ""));
    let strict = built(&short, &Enrichment::NotAsked, &[retirada("1-2-3")], &Rules::default()).unwrap();
    assert_eq!((strict.row.retirada_day, strict.flags), (None, vec![Flag::UnreadableDocument]));
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z =+@.-]{0,12}", "\\PC{0,6}", Just(String::new())]
}

fn any_order() -> impl Strategy<Value = Order> {
    let document = prop::sample::select(vec![
        "52998224725",
        "529.982.247-25",
        "",
        "12ABC34501DE35",
        "123",
        "1234567890",
    ]);
    let date = prop::sample::select(vec![
        Some("2026-03-25T21:30:00-03:00"),
        Some("2026-04-01T01:00:00Z"),
        Some("0001-01-01T00:00:00-02:00"),
        Some("2026-01-01"),
        None,
    ]);
    let amount = prop_oneof![
        (-10_000_000i64..10_000_000, 0u32..5).prop_map(|(mantissa, scale)| {
            RawAmount::Number(rust_decimal::Decimal::new(mantissa, scale).to_string())
        }),
        Just(RawAmount::Absent),
    ];
    (document, date, amount, any_text(), any_text()).prop_map(|(document, date, amount, customer, seller)| {
        Order {
            document: document.into(),
            billed_at: date.map(str::to_owned),
            amount,
            customer,
            seller,
            ..order()
        }
    })
}

fn any_rows() -> impl Strategy<Value = Vec<ErpRow>> {
    let service = prop::sample::select(vec!["Novo serviço", "Retirada", "Retirada novo", "Garantia"]);
    let document = prop::sample::select(vec!["52998224725", "", "12.ABC.345/01DE-35", "123", "01234567890"]);
    let one = (service, document, 46_000i64..46_200, any_text());
    prop::collection::vec(one, 0..12).prop_map(|rows| {
        (2..)
            .zip(rows)
            .map(|(row, (service, document, day, responsible))| ErpRow {
                row,
                document: document.into(),
                service: service.into(),
                day: Cell::from(day),
                responsible: responsible.as_str().into(),
                ..ErpRow::default()
            })
            .collect()
    })
}

proptest! {
    /// INV-7 and S16.
    #[test]
    fn s16_every_row_adds_up_and_its_days_are_in_order(
        order in any_order(), rows in any_rows(), legacy in any::<bool>(), numerator in 0u32..=4,
    ) {
        let profile = if legacy { Profile::Legacy } else { Profile::Strict };
        let rules = Rules { profile, split: Share { numerator, denominator: 4 }, ..Rules::default() };
        let BuiltRow { row, .. } = built(&order, &Enrichment::NotAsked, &rows, &rules).unwrap();
        prop_assert_eq!(row.novo_value.0 + row.retirada_value.0, row.value.0);
        prop_assert!(row.retirada_day.is_none_or(|day| day <= row.day));
        prop_assert!(legacy || row.novo_day.is_none_or(|day| day <= row.day));
        prop_assert_eq!(SerialDay::from_date(first_of_month(row.day.to_date().unwrap())), row.month);
        if row.retirada_day.is_none() {
            prop_assert_eq!((row.retirada_value, row.retirada_responsible.as_str()), (Cents(0), "Sem vendedor"));
        }
        prop_assert!(!row.novo_responsible.trim().is_empty() && !row.retirada_responsible.trim().is_empty());
        if order.document.is_empty() {
            prop_assert_eq!((row.novo_day, row.retirada_day), (None, None));
        }
    }

    #[test]
    fn the_same_order_always_gives_the_same_row(order in any_order(), rows in any_rows()) {
        let once = built(&order, &Enrichment::NotAsked, &rows, &Rules::default()).unwrap();
        let again = built(&order, &Enrichment::NotAsked, &rows, &Rules::default()).unwrap();
        prop_assert_eq!(once.row.hash(), again.row.hash());
        prop_assert_eq!(once, again);
    }
}
