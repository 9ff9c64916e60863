//! Batches against one small tab.
use super::super::cell::CellValue;
use super::super::render::Locale;
use super::super::seed::TabSeed;
use super::*;

fn book() -> Workbook {
    let mut book = Workbook::new("S1", Locale::PtBr);
    let row = |number: u32| vec![CellValue::from(number), CellValue::from("texto")];
    TabSeed::new("T").grid(5, 3).fill(3, row).pattern(0, "0.00").add_to(&mut book).unwrap();
    book
}

fn one(book: &mut Workbook, request: Value) -> Result<Value, ApiError> {
    apply(book, vec![request]).map(|mut replies| replies.remove(0))
}

fn values(book: &Workbook) -> Vec<Vec<CellValue>> {
    let tab = book.tab(0).unwrap();
    (0..tab.used_rows()).map(|row| tab.row(row).iter().map(|cell| cell.value.clone()).collect()).collect()
}

#[test]
fn a_start_touches_only_what_is_given_and_a_range_clears_the_rest() {
    let cell = json!({ "userEnteredValue": { "numberValue": 9 } });
    let mut started = book();
    let start = json!({ "sheetId": 0, "rowIndex": 0, "columnIndex": 0 });
    let rows = json!([{ "values": [cell] }, {}]);
    one(
        &mut started,
        json!({ "updateCells": { "start": start, "rows": rows, "fields": "userEnteredValue" } }),
    )
    .unwrap();
    assert_eq!(values(&started)[..2], [vec![9.into(), "texto".into()], vec![1.into(), "texto".into()]]);
    let mut ranged = book();
    let range = json!({ "sheetId": 0, "endRowIndex": 2, "endColumnIndex": 2 });
    one(
        &mut ranged,
        json!({ "updateCells": { "range": range, "rows": rows, "fields": "userEnteredValue" } }),
    )
    .unwrap();
    assert_eq!(values(&ranged)[..2], [vec![9.into(), CellValue::Empty], vec![CellValue::Empty; 2]]);
}

#[test]
fn only_the_masked_parts_of_a_cell_change() {
    let mut book = book();
    let start = json!({ "sheetId": 0, "rowIndex": 1 });
    let bold = json!({ "userEnteredFormat": { "textFormat": { "bold": true } } });
    let update = |fields: &str, cell: &Value| json!({ "updateCells": { "start": start, "rows": [{ "values": [cell] }], "fields": fields } });
    one(&mut book, update("userEnteredFormat.textFormat", &bold)).unwrap();
    let format = |book: &Workbook| book.format(book.tab(0).unwrap().cell(1, 0).format).clone();
    assert_eq!(format(&book)["numberFormat"]["pattern"], "0.00");
    assert_eq!(format(&book)["textFormat"]["bold"], true);
    one(&mut book, update("userEnteredFormat.numberFormat", &json!({}))).unwrap();
    assert_eq!(format(&book), json!({ "textFormat": { "bold": true } }));
    one(&mut book, update("*", &json!({}))).unwrap();
    assert_eq!((format(&book), values(&book)[1][0].clone()), (json!({}), CellValue::Empty));
    for fields in ["", "userEnteredColour", "note"] {
        assert_eq!(one(&mut book, update(fields, &bold)).unwrap_err().code, 400, "{fields}");
    }
}

#[test]
fn a_cell_is_repeated_over_its_range() {
    let mut book = book();
    let cell = json!({ "userEnteredValue": { "stringValue": "=1" } });
    let range = json!({ "sheetId": 0, "startRowIndex": 3, "startColumnIndex": 2 });
    one(&mut book, json!({ "repeatCell": { "range": range, "cell": cell, "fields": "userEnteredValue" } }))
        .unwrap();
    let tab = book.tab(0).unwrap();
    assert_eq!([3, 4].map(|row| tab.cell(row, 2).value.clone()), ["=1".into(), "=1".into()]);
}

#[test]
fn limits_of_cells_and_texts_are_kept() {
    let mut book = book();
    let grow =
        |length: u64| json!({ "appendDimension": { "sheetId": 0, "dimension": "ROWS", "length": length } });
    assert!(one(&mut book.clone(), grow(3_333_329)).unwrap_err().message.contains("10000000"));
    one(&mut book, grow(3_333_328)).unwrap();
    let text = |chars: usize| {
        let cell = json!({ "userEnteredValue": { "stringValue": "é".repeat(chars) } });
        json!({ "updateCells": { "start": {}, "rows": [{ "values": [cell] }], "fields": "userEnteredValue" } })
    };
    one(&mut book, text(50_000)).unwrap();
    assert!(one(&mut book, text(50_001)).unwrap_err().message.contains("50000"));
}

#[test]
fn what_is_no_request_is_refused_by_its_place() {
    for (request, told) in [
        (json!({}), "requests[0]: No request set"),
        (json!({ "makeCoffee": {} }), "\"makeCoffee\" at 'requests[0]'"),
        (json!({ "deleteSheet": {}, "addSheet": {} }), "No request set"),
        (json!({ "deleteSheet": { "sheetID": 0 } }), "requests[0].deleteSheet"),
        (json!({ "appendDimension": { "dimension": "DEPTH", "length": 1 } }), "DEPTH"),
        (json!({ "appendDimension": { "dimension": "ROWS", "length": 0 } }), "greater than zero"),
        (
            json!({ "deleteDimension": { "range": { "sheetId": 9, "dimension": "ROWS" } } }),
            "No grid with id: 9",
        ),
    ] {
        let error = one(&mut book(), request).unwrap_err();
        assert!(error.code == 400 && error.message.contains(told), "{}", error.message);
    }
    assert_eq!(apply(&mut book(), vec![]).unwrap_err().code, 400);
}
