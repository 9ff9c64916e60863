use super::*;

fn row(document: &str, service: &str, day: &str) -> Vec<String> {
    let mut cells = vec![String::new(); COLUMNS];
    (cells[DOCUMENT], cells[SERVICE], cells[DAY]) = (document.into(), service.into(), day.into());
    cells
}

fn csv(rows: &[Vec<String>], delimiter: &str) -> ErpTab {
    let text = rows.iter().map(|row| row.join(delimiter)).collect::<Vec<_>>().join("\n");
    parse(text.as_bytes(), "erp.csv").unwrap()
}

#[test]
fn the_header_is_recognised_with_either_separator_and_rows_keep_their_number() {
    let rows =
        [row("CPF", "Tipo de serviço", "Data"), row("1", "Novo", "24/03/2026"), row("2", "Retirada", "x")];
    for delimiter in [",", ";"] {
        let tab = csv(&rows, delimiter);
        assert!(tab.has_header);
        assert_eq!(tab.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(tab.rows[0].document, Cell::from("1"));
    }
}

#[test]
fn a_first_row_with_data_is_no_header() {
    for first in [
        row("1", "Novo", "24/03/2026"),
        row("", "Novo", "amanhã"),
        row("-", "Novo", ""),
        row("-", "Novo", "46105"),
    ] {
        let tab = csv(std::slice::from_ref(&first), ",");
        assert!(!tab.has_header && tab.rows.len() == 1, "{first:?}");
    }
    let twice = csv(&[row("CPF", "", "Data"), row("CPF", "", "Data")], ",");
    assert!(twice.has_header && twice.rows.len() == 1);
}

#[test]
fn rows_that_end_before_the_day_are_remembered_and_blank_ones_left_out() {
    let tab = csv(&[row("1", "Retirada", ""), row("", "", ""), row("1", "Retirada", "24/03/2026")], ",");
    assert_eq!((tab.short_rows, tab.rows.len()), (HashSet::from([1]), 2));
    let json = parse(br#"[["","","","1","","","Retirada"],[],["a",null,""]]"#, "erp.json").unwrap();
    assert_eq!((json.short_rows, json.rows.len()), (HashSet::from([1, 3]), 2));
}

#[test]
fn a_serial_number_in_a_csv_is_a_day() {
    let with = |day: &str| csv(&[row("1", "Novo", day)], ";").rows[0].day.clone();
    assert_eq!(with("46105"), Cell::from(46_105));
    assert_eq!(with("46105,75"), Cell::Number("46105.75".parse().unwrap()));
    assert_eq!(with("24/03/2026"), Cell::from("24/03/2026"));
    let mut with_month = row("46105", "Novo", "24/03/2026");
    with_month[FORM_MONTH] = "46082".into();
    let tab = csv(&[with_month], ",");
    assert_eq!((&tab.rows[0].form_month, &tab.rows[0].document), (&Cell::from(46_082), &Cell::from("46105")));
}

#[test]
fn unformatted_and_formatted_json_say_the_same() {
    let number = parse(
        br#"[["","","",52998224725,"","","Novo","","","","","","","","","Ana","","","",46105.5]]"#,
        "x",
    )
    .unwrap();
    let text = parse(
        br#"[["","","","52998224725","","","Novo","","","","","","","","","Ana","","","","24/03/2026"]]"#,
        "x",
    )
    .unwrap();
    let day = |tab: &ErpTab| erp_day(&tab.rows[0].day);
    assert_eq!(day(&number), day(&text));
    assert_eq!(number.rows[0].document, Cell::from(52_998_224_725));
    assert!(number.short_rows.is_empty());
}

#[test]
fn an_answer_without_values_is_an_empty_tab() {
    let empty = parse(br#"{"range":"ERP!A1:AH1","majorDimension":"ROWS"}"#, "erp.json").unwrap();
    assert!(empty.rows.is_empty());
}

#[test]
fn the_end_of_a_line_changes_neither_the_rows_nor_their_order() {
    let rows = [
        row("1", "Novo", "24/03/2026"),
        row("1", "\"Reti\nrada\"", ""),
        row("1", "Retirada", "25/03/2026"),
        row("1", "Retirada", "26/03/2026"),
    ];
    let lines: Vec<_> = rows.iter().map(|row| row.join(",")).collect();
    let [lf, crlf, cr] = ["\n", "\r\n", "\r"].map(|end| {
        let text: String = lines.iter().map(|line| format!("{line}{end}")).collect();
        parse(text.as_bytes(), "erp.csv").unwrap()
    });
    assert_eq!(lf.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!((&lf.short_rows, lf.has_header), (&HashSet::from([2]), false));
    for other in [crlf, cr] {
        assert_eq!((&other.rows, &other.short_rows), (&lf.rows, &lf.short_rows));
    }
}

#[test]
fn a_bad_row_is_reported_at_its_line_whatever_ends_a_line() {
    let good = row("1", "Novo", "24/03/2026").join(",");
    let tall = row("1", "\"No\nvo\"", "24/03/2026").join(",");
    for end in ["\n", "\r\n", "\r"] {
        let line_of = |lines: &[&str]| {
            let text: String = lines.iter().map(|line| format!("{}{end}", line.replace('\n', end))).collect();
            parse(text.as_bytes(), "erp.csv").unwrap_err().line
        };
        assert_eq!(line_of(&["a,b"]), Some(1), "{end:?}");
        assert_eq!(line_of(&[&good, &good, &good, "a,b", &good]), Some(4), "{end:?}");
        assert_eq!(line_of(&[&good, &tall, "a,b"]), Some(4), "{end:?}");
        assert_eq!(line_of(&["", &good, "", "a,b"]), Some(4), "{end:?}");
    }
}
