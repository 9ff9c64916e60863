//! A wrong file or option gets one message that names it, exit code 2, and nothing on standard output.
use super::*;

const BLANK: &str = ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,";

fn order_file(content: &str) -> Place {
    Place::new(content, "[]")
}

fn erp_file(content: &[u8]) -> Place {
    Place::new("[]", "").with("erp", content)
}

#[test]
fn a_missing_file_is_named_with_its_option() {
    let place = order_file("[]");
    let told = place.refused(&["--orders", "nowhere.json"]);
    assert!(told.starts_with("nowhere.json: --orders: cannot be read: No such file"), "{told}");
    let told = place.refused(&["--people", "nobody.json", "--erp", "nothing.csv"]);
    assert!(
        told.starts_with("2 problems\n  nobody.json: --people") && told.contains("nothing.csv: --erp"),
        "{told}"
    );
}

#[test]
fn orders_that_are_not_the_apis_array_are_refused_with_the_place() {
    let told = |content: &str| order_file(content).refused(&[]);
    assert!(
        told("{}").starts_with("orders.json: expected a JSON array of orders, found an object"),
        "{}",
        told("{}")
    );
    assert!(told("").contains("orders.json") && told("").contains("found nothing"), "{}", told(""));
    assert!(told("<html>").contains("HTML"), "{}", told("<html>"));
    let cut = told("[{\n\"Codigo\": 7,");
    assert!(cut.contains("cut off at line 2"), "{cut}");
    let second = told(&format!(r#"[{}, {{"ID":"x"}}]"#, order(7, "")));
    assert!(second.contains("order 1 (counted from 0): Codigo is missing"), "{second}");
    let kind = told(r#"[{"Codigo":7,"Cliente":[1]}]"#);
    assert!(kind.contains("order 0") && kind.contains("Cliente"), "{kind}");
}

#[test]
fn people_that_are_not_the_apis_array_are_refused() {
    let place = order_file("[]").with("people.json", br#"{"data":[]}"#);
    let told = place.refused(&["--people", &place.path("people.json")]);
    assert!(told.starts_with("people.json: expected a JSON array of people, found an object"), "{told}");
}

#[test]
fn a_csv_with_other_columns_is_refused_with_its_line() {
    let told = |content: &str| erp_file(content.as_bytes()).refused(&[]);
    let ragged = told(&format!("{BLANK}\na,b\n"));
    assert_eq!(ragged, "erp:2: has 2 columns, separated by ','; the ERP tab has 34 (A to AH) in every row");
    let wide = told(&format!("\"x\ny\"{BLANK}\n{BLANK},\n"));
    assert!(wide.starts_with("erp:3: has 35 columns"), "{wide}");
    let semicolons = told("a;b;c\n");
    assert!(semicolons.starts_with("erp:1: has 3 columns, separated by ';'"), "{semicolons}");
}

#[test]
fn a_csv_in_another_encoding_is_refused_with_the_way_out() {
    let told = erp_file(b"a\nServi\xE7o\n").refused(&[]);
    assert!(told.starts_with("erp:2: is not UTF-8; export it from Google Sheets"), "{told}");
    let utf16 = erp_file(b"\xFF\xFEa\x00").refused(&[]);
    assert!(utf16.starts_with("erp:1: is not UTF-8"), "{utf16}");
}

#[test]
fn json_rows_of_another_shape_are_refused_with_the_place() {
    let told = |content: &str| erp_file(content.as_bytes()).refused(&[]);
    assert_eq!(told(""), "erp: is empty; expected the ERP tab as CSV or JSON");
    assert_eq!(told("<!DOCTYPE html>"), "erp: is a page of HTML or XML; expected the ERP tab as CSV or JSON");
    assert_eq!(told("{}"), "erp: values: must be the array of rows");
    assert_eq!(told(r#"{"range":"ERP!A:AH","values":{}}"#), "erp: values: must be the array of rows");
    assert_eq!(told(r#"{"majorDimension":"COLUMNS","values":[]}"#), "erp: majorDimension: must be ROWS");
    assert_eq!(told("[[1],7]"), "erp: row 2: expected an array of cells, found a number");
    assert_eq!(
        told(r#"[["a"],["",{"x":1}]]"#),
        "erp: row 2, column B: expected a text, a number or a boolean, found an object"
    );
    assert_eq!(told("[[1],\n[2"), "erp:2: is cut off at column 2");
    assert_eq!(told("[[1]\nx]"), "erp:2: is not valid JSON at column 1");
    let wide = format!("[[{}]]", vec!["1"; 35].join(","));
    assert_eq!(told(&wide), "erp: row 1: has 35 columns; the ERP tab has 34 (A to AH)");
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let place = order_file("[]");
    assert_eq!(
        place.refused(&["--orders", "-", "--erp", "-"]),
        "--orders and --erp are both `-`; only one file can come from standard input"
    );
    let told = place.refused(&["--from", "2026-04-01", "--to", "2026-03-31"]);
    assert_eq!(told, "--from 2026-04-01 is after --to 2026-03-31");
}

#[test]
fn a_malformed_option_names_itself_and_what_it_expects() {
    let place = order_file("[]");
    let lines: [(&[&str], &str); 9] = [
        (&["--profile", "old"], "[possible values: strict, legacy, both]"),
        (&["--format", "xml"], "[possible values: table, csv, json]"),
        (&["--lookback-days", "-1"], "--lookback-days"),
        (&["--lookback-days", "many"], "--lookback-days"),
        (&["--window-months", "0"], "--window-months"),
        (&["--split", "0.5"], "a share is written as a fraction such as 1/2"),
        (&["--split", "2/1"], "a share must not be greater than 1"),
        (&["--booking-status-policy", "some"], "[possible values: ignore, exclude_cancelled]"),
        (&["--from", "31/02/2026"], "--from"),
    ];
    for (options, told) in lines {
        let error = place.args(options).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(told), "{options:?}: {error}");
    }
}
