//! The defects of the old worker that are a matter of rules (domain reference, section 1.6): one test each, which
//! fails as soon as the defect comes back. The defects of transport and writing have theirs beside the flows.
#![expect(clippy::unwrap_used, reason = "a test binary")]

use domain::booking::{BookingIndex, ErpRow};
use domain::calendar::{SerialDay, sale_day};
use domain::cell::{Cell, TypedCell};
use domain::csv::{CsvField, write_csv};
use domain::document::normalise_text;
use domain::flag::Flag;
use domain::money::Cents;
use domain::order::{Order, RawAmount, unique_orders};
use domain::person::Enrichment;
use domain::row::{BuiltRow, FaturamentoRow, build_row, owned_code};
use domain::rules::{Profile, Rules};

fn order() -> Order {
    Order {
        id: Some("66f0c0ffee00000000000007".into()),
        company_id: None,
        code: 7,
        status: "Pedido Faturado".into(),
        customer: "Marina Teste".into(),
        document: "52998224725".into(),
        email: String::new(),
        seller: "Loja Centro".into(),
        amount: RawAmount::Number("100.01".into()),
        invoice: None,
        billed_at: Some("2026-03-25T14:10:02-03:00".into()),
        created_at: Some("2026-03-20T09:00:00-03:00".into()),
    }
}

fn booking(row: u32, service: &str, day: &str, responsible: &str) -> ErpRow {
    ErpRow {
        row,
        document: "52998224725".into(),
        service: service.into(),
        day: day.into(),
        responsible: responsible.into(),
        ..ErpRow::default()
    }
}

fn built(order: &Order, rows: &[ErpRow], profile: Profile) -> BuiltRow {
    let rules = Rules { profile, ..Rules::default() };
    build_row(order, &Enrichment::NotFound, &BookingIndex::build(rows, &rules), &rules).unwrap()
}

fn strict(order: &Order, rows: &[ErpRow]) -> FaturamentoRow {
    built(order, rows, Profile::Strict).row
}

fn both(order: &Order, rows: &[ErpRow]) -> [FaturamentoRow; 2] {
    [Profile::Strict, Profile::Legacy].map(|profile| built(order, rows, profile).row)
}

#[test]
fn d3_a_sale_of_the_evening_stays_on_its_day_and_in_its_month() {
    let late = Order { billed_at: Some("2026-03-31T21:00:00-03:00".into()), ..order() };
    for row in both(&late, &[]) {
        assert_eq!((row.day, row.month), (SerialDay(46_112), SerialDay(46_082)));
    }
    let same_instant = Order { billed_at: Some("2026-04-01T00:00:00Z".into()), ..order() };
    assert_eq!(strict(&same_instant, &[]).day, SerialDay(46_112));
}

#[test]
fn d4_a_novo_for_after_the_sale_is_not_credited() {
    let rows = [booking(2, "Novo", "12/03/2026", "Ana"), booking(3, "Novo", "26/03/2026", "Duda")];
    assert_eq!(strict(&order(), &rows).novo_responsible, "Ana");
}

#[test]
fn d5_the_latest_appointment_is_credited_wherever_it_stands_on_the_sheet() {
    let rows = [booking(2, "Retirada", "24/03/2026", "Ana"), booking(3, "Retirada", "10/03/2026", "Duda")];
    assert_eq!(strict(&order(), &rows).retirada_responsible, "Ana");
}

#[test]
fn d6_an_anonymous_sale_is_never_split() {
    for document in ["", " ", "-", "NÃO INFORMADO"] {
        let anonymous = Order { document: document.into(), ..order() };
        let unnamed = ErpRow { document: document.into(), ..booking(2, "Retirada", "24/03/2026", "Ana") };
        for row in both(&anonymous, &[unnamed]) {
            assert_eq!((row.retirada_day, row.retirada_value), (None, Cents(0)), "{document:?}");
        }
    }
}

#[test]
fn d7_a_row_without_its_last_cells_is_counted_and_stops_nothing() {
    let short = ErpRow { day: Cell::Empty, ..booking(3, "Retirada", "", "") };
    let rows = [booking(2, "Retirada", "24/03/2026", "Ana"), short];
    for row in both(&order(), &rows) {
        assert_eq!(row.retirada_responsible, "Ana");
    }
    assert_eq!(BookingIndex::build(&rows, &Rules::default()).stats().without_day, 1);
}

#[test]
fn d8_a_day_that_no_calendar_has_is_not_another_day() {
    for row in both(&order(), &[booking(2, "Retirada", "31/02/2026", "Ana")]) {
        assert_eq!(row.retirada_day, None);
    }
}

#[test]
fn d9_both_parts_are_whole_cents_and_add_up() {
    for row in both(&order(), &[booking(2, "Retirada", "24/03/2026", "Ana")]) {
        assert_eq!(
            (row.value, row.novo_value, row.retirada_value),
            (Cents(10_001), Cents(5_001), Cents(5_000))
        );
    }
}

#[test]
fn d10_a_document_is_a_text_and_its_lost_zeros_are_found_again() {
    let customer = Order { document: "012.345.678-90".into(), ..order() };
    let rows =
        [ErpRow { document: Cell::from(1_234_567_890), ..booking(2, "Retirada", "24/03/2026", "Ana") }];
    let row = strict(&customer, &rows);
    assert_eq!(row.retirada_responsible, "Ana");
    let [.., document, _, _, _, _, _, _, _] = row.cells();
    assert_eq!(document, TypedCell::Text("01234567890".into()));
}

#[test]
fn d11_two_alphanumeric_cnpjs_do_not_collide() {
    let customer = Order { document: "12.ABC.345/01DE-35".into(), ..order() };
    let stranger =
        ErpRow { document: "12XYZ34501WK35".into(), ..booking(2, "Retirada", "24/03/2026", "Ana") };
    assert_eq!(strict(&customer, &[stranger]).retirada_day, None);
    let same = ErpRow { document: "12abc34501de35".into(), ..booking(2, "Retirada", "24/03/2026", "Ana") };
    let row = strict(&customer, &[same]);
    assert_eq!((row.retirada_responsible.as_str(), row.document.as_str()), ("Ana", "12ABC34501DE35"));
}

#[test]
fn d12_a_formula_is_a_text_in_the_sheet_and_guarded_in_a_file() {
    for formula in ["=1+1", "\t=1+1", "\u{200b}=1+1", "＝1+1", "\r\n@x"] {
        let row = strict(&Order { customer: formula.into(), ..order() }, &[]);
        assert!(row.cells().contains(&TypedCell::Text(row.customer.clone())));
        let file = write_csv(&["E"], [[CsvField::Text(row.customer)]]).unwrap();
        assert!(file.starts_with("E\r\n'"), "{file:?}");
    }
}

#[test]
fn d13_an_invoice_issued_later_changes_the_label_but_not_whose_row_it_is() {
    let invoiced = Order { invoice: Some("9".into()), ..order() };
    let (before, after) = (built(&order(), &[], Profile::Strict), built(&invoiced, &[], Profile::Strict));
    assert_eq!(before.identity, after.identity);
    assert_eq!((before.row.label.as_str(), after.row.label.as_str()), ("Pedido 7", "Pedido 7 / NF Nº 9"));
    for label in [before.row.label, after.row.label] {
        assert_eq!(owned_code(&Cell::from(7), &Cell::Text(label)), Some(7));
    }
    assert_eq!(unique_orders(vec![order(), invoiced.clone()]), [invoiced]);
}

#[test]
fn d14_the_null_date_of_the_api_is_no_date() {
    let null = Some("0001-01-01T00:00:00-02:00");
    let unbilled = Order { billed_at: null.map(str::to_owned), ..order() };
    for row in both(&unbilled, &[]) {
        assert_eq!(row.day, SerialDay(46_101));
    }
    assert_eq!(sale_day(null, null), None);
}

#[test]
fn d16_a_date_with_the_name_of_the_month_is_read() {
    for day in ["24/Mar/2026", "24-Mar-2026"] {
        assert_eq!(
            strict(&order(), &[booking(2, "Retirada", day, "Ana")]).retirada_day,
            Some(SerialDay(46_105))
        );
    }
}

#[test]
fn d17_an_appointment_day_is_a_number_and_its_absence_the_number_zero() {
    let row = strict(&order(), &[booking(2, "Retirada", "24/03/2026", "Ana")]);
    let cells = row.cells();
    assert_eq!(cells.get(11), Some(&TypedCell::Integer(0)));
    assert_eq!(cells.get(14), Some(&TypedCell::Integer(46_105)));
}

#[test]
fn d18_nobody_found_and_nobody_asked_successfully_are_different_remarks() {
    let rules = Rules::default();
    let index = BookingIndex::build(&[], &rules);
    let flags = |enrichment| build_row(&order(), &enrichment, &index, &rules).unwrap().flags;
    assert_eq!(flags(Enrichment::NotFound), [Flag::PersonNotFound]);
    assert_eq!(flags(Enrichment::Failed), [Flag::PersonUnavailable]);
}

#[test]
fn d19_a_part_of_a_document_is_not_the_document() {
    let part = ErpRow { document: "5299822472".into(), ..booking(2, "Retirada", "24/03/2026", "Ana") };
    let longer = ErpRow { document: "52998224725000".into(), ..booking(3, "Retirada", "24/03/2026", "Ana") };
    for row in both(&order(), &[part, longer]) {
        assert_eq!(row.retirada_day, None);
    }
    assert!(normalise_text("5299822472").key.is_none());
}
