use super::*;
use crate::cell::Cell;

fn order() -> Order {
    Order {
        id: Some("a".into()),
        company_id: None,
        code: 7,
        status: "Pedido Faturado".into(),
        customer: "Marina".into(),
        document: "52998224725".into(),
        email: "".into(),
        seller: "-Loja".into(),
        amount: RawAmount::Number("100.01".into()),
        invoice: None,
        billed_at: Some("2026-03-25T14:10:02-03:00".into()),
        created_at: None,
    }
}

fn row(row: u32, service: &str, day: &str, responsible: &str) -> ErpRow {
    ErpRow {
        row,
        document: "529.982.247-25".into(),
        service: service.into(),
        day: day.into(),
        responsible: responsible.into(),
        ..ErpRow::default()
    }
}

/// Columns L to Q of the row.
fn posted(order: &Order, rows: &[ErpRow], defects: Defects) -> Vec<String> {
    let row = Script::new(rows, HashSet::new(), defects).row(order, None).unwrap();
    row.cells[11..17].iter().map(LegacyCell::to_string).collect()
}

const NOBODY: &str = "Sem vendedor";

#[test]
fn the_lowest_row_wins_and_half_of_the_odd_cent_stays_exact() {
    let rows = [
        row(2, "Retirada", "24/03/2026", "a"),
        row(3, "Retirada", "01/02/2026", "b"),
        row(4, "Retirada", "26/03/2026", "c"),
        row(5, "Novo", "30/12/2026", "=d"),
    ];
    assert_eq!(
        posted(&order(), &rows, Defects::as_published()),
        ["'46386", "'=d", "50.005", "'46054", "b", "50.005"]
    );
}

#[test]
fn a_novo_without_a_readable_date_gives_its_responsible_away() {
    let rows = [row(2, "Novo", "20/Mar/2026", "a"), row(3, "Novo", "", "b")];
    assert_eq!(posted(&order(), &rows, Defects::as_published()), ["0", "a", "100.01", "0", NOBODY, "0"]);
    let rows = [row(2, "Novo", "20/03/2026", "a"), row(3, "Novo", "", "b")];
    assert_eq!(posted(&order(), &rows, Defects::as_published())[..2], ["'46101", "a"]);
}

#[test]
fn a_serial_number_is_read_as_the_date_that_the_sheet_shows() {
    let rows = [ErpRow { day: Cell::Number("46105.75".parse().unwrap()), ..row(2, "Retirada", "", "a") }];
    assert_eq!(posted(&order(), &rows, Defects::as_published())[3], "'46105");
}

#[test]
fn a_short_row_stops_the_run_only_when_the_script_gets_there() {
    let rows = [row(2, "Retirada", "", ""), row(3, "Retirada", "24/03/2026", "b")];
    let with = |short: u32, defects| Script::new(&rows, HashSet::from([short]), defects).row(&order(), None);
    assert!(with(2, Defects::as_published()).is_ok());
    let rows = [row(2, "Retirada", "24/03/2026", "b"), row(3, "Retirada", "", "")];
    let with = |short: u32, defects| Script::new(&rows, HashSet::from([short]), defects).row(&order(), None);
    assert_eq!(with(3, Defects::as_published()), Err(ScriptFailure::ShortRow { row: 3 }));
    assert_eq!(with(3, Defects::repaired()).unwrap().retirada.unwrap().row, 2);
}

#[test]
fn each_accident_can_be_left_out() {
    let anonymous = Order { document: "".into(), ..order() };
    let rows = [ErpRow { document: "CPF".into(), ..row(2, "Retirada", "24/03/2026", "b") }];
    assert_eq!(posted(&anonymous, &rows, Defects::as_published())[4], "b");
    assert_eq!(posted(&anonymous, &rows, Defects::repaired())[4], NOBODY);

    let rolled = [row(2, "Retirada", "31/02/2026", "b")];
    assert_eq!(posted(&order(), &rolled, Defects::as_published())[3], "'46084");
    assert_eq!(posted(&order(), &rolled, Defects::repaired())[3], "0");

    let day = |order: &Order, defects| {
        Script::new(&[], HashSet::new(), defects).row(order, None).unwrap().cells[3].to_string()
    };
    let late = Order { billed_at: Some("2026-03-31T21:30:00-03:00".into()), ..order() };
    assert_eq!(day(&late, Defects::as_published()), "01/04/2026");
    assert_eq!(day(&late, Defects::repaired()), "31/03/2026");
    let sentinel = Order {
        billed_at: Some("0001-01-01T00:00:00-02:00".into()),
        created_at: Some("2026-03-31T21:30:00-03:00".into()),
        ..order()
    };
    assert_eq!(day(&sentinel, Defects::as_published()), "01/01/1");
    assert_eq!(day(&sentinel, Defects::repaired()), "31/03/2026");
    let no_sentinel = Defects { sentinel_date: false, ..Defects::as_published() };
    assert_eq!(day(&sentinel, no_sentinel), "01/04/2026");
}

#[test]
fn the_guard_and_the_plus_are_the_scripts_own() {
    let contact =
        Contact { mobile: "+55 +11".into(), name: " ".into(), phone: "+55".into(), email: "@x".into() };
    let row =
        Script::new(&[], HashSet::new(), Defects::as_published()).row(&order(), Some(&contact)).unwrap();
    let cells: Vec<_> = row.cells.iter().map(LegacyCell::to_string).collect();
    assert_eq!(
        [&cells[0], &cells[4], &cells[5], &cells[6], &cells[8]],
        ["55 +11", " ", "'+55", "'@x", "'-Loja"]
    );
    assert_eq!(cells[9], "Pedido 7");
}

#[test]
fn what_is_not_an_amount_is_said_and_exponents_are_read() {
    let with = |amount| {
        Script::new(&[], HashSet::new(), Defects::as_published()).row(&Order { amount, ..order() }, None)
    };
    assert_eq!(with(RawAmount::NotANumber("true".into())), Err(ScriptFailure::AmountNotANumber));
    assert_eq!(with(RawAmount::Number("1e99".into())), Err(ScriptFailure::AmountNotANumber));
    assert_eq!(with(RawAmount::Number("1.5e2".into())).unwrap().cells[7].to_string(), "150");
    assert_eq!(with(RawAmount::Absent).unwrap().cells[7].to_string(), "0");
}
