//! The shadow run as finance reads it.
use super::*;

fn unsorted() -> Place {
    let rows = [
        ["52998224725", "Novo", "Ana", "12/03/2026"],
        ["52998224725", "Novo", "=Duda", "30/03/2026"],
        ["52998224725", "Retirada", "Bruno", "24/03/2026"],
    ];
    Place::new(&format!("[{}]", order(7, "")), &erp(&rows))
}

#[test]
fn the_table_lists_differences_of_value_and_counts_the_rest() {
    let printed = unsorted().printed(&["--profile", "both"]);
    for part in [
        "46093 = 12/03/2026",
        "'46111 = 30/03/2026",
        "novo_after_sale",
        "4 differences of value in 1 of 1 order",
        "2  novo_after_sale: the old script credited a Novo",
        "2  half_cent:",
        "presentation only, per column: D 1, O 1, R 1 (--all lists them)",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(!printed.contains("typed_date"), "{printed}");
    let all = unsorted().printed(&["--profile", "both", "--all"]);
    assert!(all.contains("typed_date") && !all.contains("--all"), "{all}");
}

#[test]
fn each_difference_has_its_reason_in_json_and_csv() {
    let both = unsorted().json(&["--profile", "both"]);
    let novo =
        both[0]["differences"].as_array().unwrap().iter().find(|seen| seen["column"] == "M").unwrap().clone();
    assert_eq!((&novo["strict"], &novo["legacy"]), (&"Ana".into(), &"'=Duda".into()));
    assert_eq!(novo["reason"], "novo_after_sale");
    assert!(novo["explanation"].as_str().unwrap().contains("(D4)"), "{novo}");
    let printed = unsorted().printed(&["--profile", "both", "--format", "csv"]);
    assert_eq!(printed.lines().count(), 5, "{printed}");
    assert!(printed.contains("7,M,Colaborador,Ana,'=Duda,novo_after_sale"), "{printed}");
}

#[test]
fn a_row_that_stopped_the_old_script_is_said_in_every_profile() {
    let short = r#"[["","","","52998224725","","","Retirada"]]"#;
    let place = Place::new(&format!("[{}]", order(7, "")), short);
    let both = place.json(&["--profile", "both"]);
    assert!(both[0]["legacy"].is_null() && both[0]["strict"]["B"] == 7, "{both}");
    assert_eq!(
        (&both[0]["differences"][0]["column"], &both[0]["differences"][0]["reason"]),
        (&"*".into(), &"short_row".into())
    );
    assert_eq!(place.json(&["--profile", "legacy"]), serde_json::json!([]));
    let notes = place.notes(&["--profile", "legacy"]);
    assert!(notes[0].starts_with("order 7 left out: the old script stopped at row 1"), "{notes:?}");
    assert_eq!(place.json(&["--profile", "legacy", "--legacy-defects", "repair"])[0]["Q"], 0);
}

#[test]
fn without_a_difference_the_table_says_so() {
    let place = Place::new(&format!("[{}]", order(7, r#""ValorFinal":100"#)), "[]");
    let printed = place.printed(&["--profile", "both"]);
    assert!(printed.contains("0 differences of value in 0 of 1 order"), "{printed}");
}

#[test]
fn the_first_person_of_the_file_is_the_one_the_old_script_took() {
    let people = r#"[{"ID":"a","CNPJ_CPF":"529.982.247-25","NomeFantasia":"Antiga","UltimaAlteracao":"2026-01-01T00:00:00-03:00"},
        {"ID":"b","CNPJ_CPF":"52998224725","NomeFantasia":"Nova","UltimaAlteracao":"2026-02-01T00:00:00-03:00"},
        {"ID":"c","CNPJ_CPF":"11144477735","NomeFantasia":"Outra","UltimaAlteracao":"2026-03-01T00:00:00-03:00"}]"#;
    let place = Place::new(&format!("[{}]", order(7, "")), "[]").with("people.json", people.as_bytes());
    let both = place.json(&["--profile", "both", "--people", &place.path("people.json")]);
    assert_eq!((&both[0]["strict"]["E"], &both[0]["legacy"]["E"]), (&"Nova".into(), &"Antiga".into()));
    assert_eq!(both[0]["strict"]["flags"], serde_json::json!(["pessoa_ambigua"]));
    let name = both[0]["differences"].as_array().unwrap().iter().find(|seen| seen["column"] == "E").unwrap();
    assert_eq!(name["reason"], "other_person");
}

#[test]
fn what_the_old_script_let_through_cannot_steer_a_terminal() {
    let place = Place::new(&format!("[{}]", order(7, r#""Vendedor":"\u001b[2JLoja""#)), "[]");
    for options in [
        &["--profile", "legacy", "--format", "csv"][..],
        &["--profile", "both", "--all"],
        &["--profile", "legacy"],
    ] {
        assert!(!place.printed(options).contains('\u{1b}'), "{options:?}");
    }
}

#[test]
fn the_old_script_reads_a_csv_from_below_whatever_ends_a_line() {
    let booking = |responsible: &str| {
        let mut cells = [""; 34];
        (cells[3], cells[6], cells[15], cells[19]) = ("52998224725", "Novo", responsible, "24/03/2026");
        cells.join(",")
    };
    let legacy = |end: &str| {
        let erp = ["Ana", "Duda"].map(booking).join(end);
        Place::new(&format!("[{}]", order(7, "")), &erp).json(&["--profile", "legacy"])
    };
    let (lf, crlf) = (legacy("\n"), legacy("\r\n"));
    assert_eq!(lf[0]["M"], "Duda", "{lf}");
    assert_eq!(crlf, lf);
}
