//! The golden cases through the files of a user: orders, people and the ERP tab in each of its forms.
use super::*;
use serde_json::{Value, json};

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/sige.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The files of a case; people get the document that the API would have found them by.
fn place(golden: &Value, case: &Value, erp: &str) -> Place {
    let mut order = golden["base_order"].clone();
    for (field, value) in case["order_overrides"].as_object().unwrap() {
        order[field] = value.clone();
    }
    let mut people = case["person"].as_object().cloned().into_iter().collect::<Vec<_>>();
    for person in &mut people {
        person.insert("CNPJ_CPF".into(), "52998224725".into());
        person.insert("Senha".into(), "secret".into());
    }
    let people = serde_json::to_vec(&people).unwrap();
    Place::new(&json!([order]).to_string(), erp).with("people.json", &people)
}

fn json_rows(case: &Value) -> Vec<Vec<Value>> {
    let row = |booking: &Value| {
        let mut cells = vec![Value::from(""); 20];
        for (column, field) in [(3, "cpf"), (6, "tipo"), (15, "resp"), (19, "data")] {
            cells[column] = booking[field].clone();
        }
        cells
    };
    case["erp_rows"].as_array().unwrap().iter().map(row).collect()
}

fn csv_rows(case: &Value, delimiter: &str) -> String {
    let mut header: Vec<_> = (0..34).map(|column| format!("Coluna {column}")).collect();
    header[3] = "CPF".into();
    header[19] = "Data do agendamento".into();
    let text = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
    let rows = json_rows(case).into_iter().map(|row| {
        let padded = row.iter().map(text).chain(std::iter::repeat_n(String::new(), 14));
        padded.collect::<Vec<_>>().join(delimiter)
    });
    let lines: Vec<_> = std::iter::once(header.join(delimiter)).chain(rows).collect();
    format!("\u{feff}{}\r\n", lines.join("\r\n"))
}

#[track_caller]
fn check(id: &Value, seen: &Value, expected: &Value) {
    for (column, wanted) in expected.as_object().unwrap() {
        let same = match (&seen[column], wanted) {
            (Value::Number(seen), Value::Number(wanted)) => seen.as_f64() == wanted.as_f64(),
            (seen, wanted) => seen == wanted,
        };
        assert!(same, "{id} {column}: {} instead of {wanted}", seen[column]);
    }
}

#[test]
fn every_golden_case_comes_out_of_files_in_both_profiles() {
    let golden = golden();
    for case in golden["cases"].as_array().unwrap() {
        let forms = [
            json!(json_rows(case)).to_string(),
            json!({ "range": "ERP!A1:AH", "majorDimension": "ROWS", "values": json_rows(case) }).to_string(),
            csv_rows(case, ","),
            csv_rows(case, ";"),
        ];
        for erp in forms {
            let place = place(&golden, case, &erp);
            let people = place.path("people.json");
            let with = |profile: &str| place.json(&["--people", &people, "--profile", profile]);
            check(&case["id"], &with("strict")[0], &case["expected_row"]);
            check(&case["id"], &with("legacy")[0], &case["legacy"]);
            let both = with("both");
            assert_eq!(both[0]["order"], 70_001);
            check(&case["id"], &both[0]["strict"], &case["expected_row"]);
            check(&case["id"], &both[0]["legacy"], &case["legacy"]);
            for difference in both[0]["differences"].as_array().unwrap() {
                assert_ne!(difference["reason"], "unexplained", "{}: {difference}", case["id"]);
            }
        }
    }
}

#[test]
fn the_script_without_its_accidents_makes_no_anonymous_match() {
    let golden = golden();
    let case = golden["cases"].as_array().unwrap().iter().find(|case| case["id"] == "G11").unwrap();
    let place = place(&golden, case, &json!(json_rows(case)).to_string());
    let with =
        |defects: &str| place.json(&["--profile", "legacy", "--legacy-defects", defects])[0]["Q"].to_string();
    assert_eq!((with("reproduce"), with("repair")), ("150".into(), "0".into()));
}

#[test]
fn without_people_nobody_is_missed_and_with_an_empty_list_they_are() {
    let golden = golden();
    let case = &golden["cases"][0];
    let place = place(&golden, case, "[]").with("nobody.json", b"[]");
    assert_eq!(place.json(&[])[0]["flags"], json!([]));
    assert_eq!(
        place.json(&["--people", &place.path("nobody.json")])[0]["flags"],
        json!(["pessoa_nao_encontrada"])
    );
}
