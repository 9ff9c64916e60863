use super::*;
use proptest::prelude::*;

pub(super) fn row() -> FaturamentoRow {
    FaturamentoRow {
        contact: "5511987654321".into(),
        code: 70_001,
        status: "Pedido Faturado".into(),
        day: SerialDay(46_106),
        customer: "Marina T.".into(),
        phone: "(11) 3456-7890".into(),
        email: "marina@example.com".into(),
        value: Cents(10_001),
        seller: "Loja Centro".into(),
        label: "Pedido 70001 / NF Nº 1234".into(),
        document: "52998224725".into(),
        novo_day: None,
        novo_responsible: "Sem vendedor".into(),
        novo_value: Cents(5_001),
        retirada_day: Some(SerialDay(46_105)),
        retirada_responsible: "Bruno".into(),
        retirada_value: Cents(5_000),
        month: SerialDay(46_082),
    }
}

/// The cells as an unformatted read returns them.
fn read_back(row: &FaturamentoRow) -> Vec<Cell> {
    let number = |text: String| Cell::Number(text.parse().unwrap());
    row.cells()
        .into_iter()
        .map(|cell| match cell {
            TypedCell::Text(text) => Cell::from(text.as_str()),
            TypedCell::Integer(value) => Cell::from(value),
            TypedCell::Money(cents) => number(cents.to_decimal_text()),
            TypedCell::Date(day) | TypedCell::Month(day) => Cell::from(i64::from(day.0)),
        })
        .collect()
}

#[test]
fn a_row_has_the_documented_columns() {
    let cells = row().cells();
    assert_eq!(cells.len(), 18);
    assert_eq!(cells[11], TypedCell::Integer(0));
    assert_eq!(cells[14], TypedCell::Integer(46_105));
    assert_eq!(cells[10], TypedCell::Text("52998224725".into()));
    assert_eq!(cells[17], TypedCell::Month(SerialDay(46_082)));
}

#[test]
fn a_row_read_back_matches_and_any_changed_cell_does_not() {
    let cells = read_back(&row());
    assert!(row().matches(&cells));
    for column in 0..COLUMNS {
        let mut changed = cells.clone();
        changed[column] = Cell::Text("other".into());
        assert!(!row().matches(&changed), "column {}", column_letter(column));
        changed[column] = Cell::Empty;
        assert!(!row().matches(&changed), "column {}", column_letter(column));
    }
    let wider: Vec<_> = cells.iter().cloned().chain([Cell::Empty, Cell::Text(String::new())]).collect();
    assert!(row().matches(&wider));
    let note: Vec<_> = cells.into_iter().chain([Cell::from(1)]).collect();
    assert!(!row().matches(&note));
    assert!(!row().matches(&[]));
}

#[test]
fn missing_cells_count_as_empty() {
    let sparse = FaturamentoRow { contact: String::new(), phone: String::new(), ..row() };
    let mut cells = read_back(&sparse);
    assert_eq!(cells[0], Cell::Empty);
    assert!(sparse.matches(&cells));
    cells.truncate(17);
    assert!(!sparse.matches(&cells));
}

#[test]
fn money_as_text_or_half_a_cent_off_does_not_match() {
    let mut cells = read_back(&row());
    cells[7] = Cell::Text("100.01".into());
    assert!(!row().matches(&cells));
    cells[7] = Cell::Number("100.010".parse().unwrap());
    cells[13] = Cell::Number("50.005".parse().unwrap());
    assert!(!row().matches(&cells));
}

#[test]
fn a_row_is_ours_when_its_label_is_its_codes_label() {
    let owned = |code: &Cell, label: &str| owned_code(code, &label.into());
    assert_eq!(owned(&Cell::from(7), "Pedido 7"), Some(7));
    assert_eq!(owned(&Cell::from(7), "Pedido 7 / NF Nº 9"), Some(7));
    assert_eq!(owned(&Cell::Number("7.0".parse().unwrap()), "Pedido 7 "), Some(7));
    assert_eq!(owned(&Cell::from(7), "Pedido 70"), None);
    assert_eq!(owned(&Cell::from(7), "pedido 7"), None);
    assert_eq!(owned(&Cell::from(7), "Pedido 8"), None);
    assert_eq!(owned(&Cell::from(7), ""), None);
    assert_eq!(owned(&"7".into(), "Pedido 7"), None);
    assert_eq!(owned(&Cell::Number("7.5".parse().unwrap()), "Pedido 7.5"), None);
    assert_eq!(owned_code(&Cell::from(7), &Cell::from(7)), None);
    assert_eq!(owned_code(&Cell::Empty, &"Pedido ".into()), None);
}

#[test]
fn hashes_are_stable_short_and_tell_rows_apart() {
    let hash = row().hash();
    assert_eq!(hash.len(), 64);
    assert_eq!(hash16(&hash), &hash[..16]);
    assert_eq!(hash16("abc"), "abc");
    assert_ne!(row().hash(), FaturamentoRow { label: "Pedido 70001".into(), ..row() }.hash());
    let shifted =
        FaturamentoRow { phone: "(11) 3456-7890m".into(), email: "arina@example.com".into(), ..row() };
    assert_ne!(row().hash(), shifted.hash());
    let zero_day = FaturamentoRow { retirada_day: None, ..row() };
    assert_ne!(row().hash(), zero_day.hash());
}

#[test]
fn the_hash_of_a_day_depends_on_its_rows_and_their_order() {
    let other = FaturamentoRow { code: 70_002, ..row() };
    let day = day_hash(&[row(), other.clone()]);
    assert_ne!(day, day_hash(&[other, row()]));
    assert_ne!(day, day_hash(&[row()]));
    assert_ne!(day_hash(&[]), day_hash(&[row()]));
    assert_ne!(day_hash(&[row()]), row().hash());
    // Stored beside every day ever written: a change of the canonical form rewrites them all.
    assert_eq!(day_hash(&[]), "a83a5a1c0ec276488b0ce8b00ab4b9a5b202b846d8f5769ad471e3c49178e087");
    assert_eq!(hash16(&row().hash()), "d1bb47c7ee2326cd");
}

proptest! {
    #[test]
    fn different_texts_have_different_hashes(left in "\\PC{0,8}", right in "\\PC{0,8}", cut in 0usize..8) {
        let with = |phone: &str, email: &str| FaturamentoRow { phone: phone.into(), email: email.into(), ..row() }.hash();
        let whole = format!("{left}{right}");
        if let (Some(first), Some(second)) = (whole.get(..cut), whole.get(cut..)) {
            prop_assert_eq!(with(first, second) == with(&left, &right), first == left);
        }
    }
}
