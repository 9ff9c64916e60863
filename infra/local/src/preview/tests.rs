//! The command on files, as a user runs it: what is printed, and what a wrong file is told.
use super::*;
use clap::Parser;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

mod bad_input;
mod golden;
mod shadow;

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    args: PreviewArgs,
}

#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A directory with the files of one preview.
struct Place {
    directory: TempDir,
    standard_input: String,
    json: bool,
}

impl Place {
    fn new(orders: &str, erp: &str) -> Self {
        let place = Self { directory: TempDir::new().unwrap(), standard_input: String::new(), json: false };
        place.with("orders.json", orders.as_bytes()).with("erp", erp.as_bytes())
    }

    fn with(self, file: &str, content: &[u8]) -> Self {
        std::fs::write(self.directory.path().join(file), content).unwrap();
        self
    }

    fn path(&self, file: &str) -> String {
        self.directory.path().join(file).display().to_string()
    }

    fn args(&self, options: &[&str]) -> Result<PreviewArgs, clap::Error> {
        let (orders, erp) = (self.path("orders.json"), self.path("erp"));
        let mut line: Vec<&str> = vec!["preview"];
        if !options.contains(&"--orders") {
            line.extend(["--orders", &orders]);
        }
        if !options.contains(&"--erp") {
            line.extend(["--erp", &erp]);
        }
        CommandLine::try_parse_from(line.into_iter().chain(options.iter().copied())).map(|line| line.args)
    }

    /// Standard output and how it ended.
    fn run(&self, options: &[&str]) -> (String, Result<(), Failure>) {
        let printed = Printed::default();
        let output = Output::to(Box::new(printed.clone()), self.json, true);
        let ended = run_with(&self.args(options).unwrap(), &mut self.standard_input.as_bytes(), &output);
        let bytes = printed.0.lock().unwrap().clone();
        (String::from_utf8(bytes).unwrap(), ended)
    }

    #[track_caller]
    fn printed(&self, options: &[&str]) -> String {
        let (printed, ended) = self.run(options);
        assert_eq!(ended, Ok(()), "{options:?}");
        printed
    }

    #[track_caller]
    fn json(&self, options: &[&str]) -> serde_json::Value {
        let options: Vec<_> = options.iter().copied().chain(["--format", "json"]).collect();
        serde_json::from_str(&self.printed(&options)).unwrap()
    }

    /// The lines for standard error, the closing one last.
    fn notes(&self, options: &[&str]) -> Vec<String> {
        let args = self.args(options).unwrap();
        let preview = select::preview(&args, &input::read(&args, &mut std::io::empty()).unwrap());
        preview.notes.into_iter().chain([preview.closing]).collect()
    }

    /// The message of a run that is refused; nothing may have been printed.
    #[track_caller]
    fn refused(&self, options: &[&str]) -> String {
        let (printed, ended) = self.run(options);
        let failure = ended.unwrap_err();
        assert_eq!((printed.as_str(), failure.exit_code()), ("", 2), "{failure}");
        failure.to_string().replace(&format!("{}/", self.directory.path().display()), "")
    }
}

/// One billed order with some fields replaced; `json` is the inside of an object.
fn order(code: i64, json: &str) -> String {
    let comma = if json.is_empty() { "" } else { "," };
    format!(
        r#"{{"ID":"id{code}","Codigo":{code},"StatusSistema":"Pedido Faturado","Cliente":"Marina","ClienteCNPJ":"52998224725",
        "ClienteEmail":"m@example.com","Vendedor":"Loja","ValorFinal":100.01,"NumeroNFe":"9","Unknown":{{"x":[1]}},
        "DataFaturamento":"2026-03-25T14:10:02.332-03:00","Data":"2026-03-25T13:58:00-03:00"{comma}{json}}}"#
    )
}

/// The JSON rows of an ERP tab: document, service type, responsible, day.
fn erp(rows: &[[&str; 4]]) -> String {
    let row = |[document, service, responsible, day]: &[&str; 4]| {
        let mut cells = vec![serde_json::Value::String(String::new()); 20];
        for (column, text) in [(3, document), (6, service), (15, responsible), (19, day)] {
            cells[column] = serde_json::Value::String((*text).to_owned());
        }
        cells
    };
    serde_json::to_string(&rows.iter().map(row).collect::<Vec<_>>()).unwrap()
}

#[test]
fn rows_are_filtered_and_sorted_as_the_sync_does_it() {
    let orders = [
        order(9, r#""DataFaturamento":"2026-03-26T10:00:00-03:00""#),
        order(8, ""),
        order(7, r#""StatusSistema":"Pedido Cancelado""#),
        order(6, r#""DataFaturamento":"2026-03-27T10:00:00-03:00""#),
        order(5, r#""ValorFinal":"100,01""#),
        order(8, r#""Cliente":"Marina, last""#),
        order(4, r#""DataFaturamento":"25/03/2026""#),
    ];
    let place = Place::new(&format!("[{}]", orders.join(",")), "[]");
    let rows = place.json(&["--from", "2026-03-25", "--to", "2026-03-26"]);
    let codes: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| (row["B"].as_i64(), row["E"].as_str())).collect();
    assert_eq!(codes, [(Some(8), Some("Marina, last")), (Some(9), Some("Marina"))]);
    let notes = place.notes(&["--from", "2026-03-25", "--to", "2026-03-26"]);
    assert_eq!(notes.len(), 6, "{notes:#?}");
    assert!(notes[0].contains("order 7 left out: StatusSistema is \"Pedido Cancelado\""), "{notes:#?}");
    assert!(notes[1].starts_with("1 order left out: sale day outside"), "{notes:#?}");
    assert!(notes[2].starts_with("1 order left out: listed twice"), "{notes:#?}");
    assert!(notes[3].starts_with("order 4 quarantined: DataFaturamento is not a date"), "{notes:#?}");
    assert_eq!(notes[4], "order 5 quarantined: ValorFinal is not a number");
    assert!(
        notes[5].starts_with("2 rows from 7 orders: 3 left out, 2 quarantined; 0 bookings"),
        "{notes:#?}"
    );
}

#[test]
fn no_amount_passes_through_a_float() {
    let orders = format!("[{}]", order(7, r#""ValorFinal":9999999999999.99"#));
    let place = Place::new(&orders, &erp(&[["52998224725", "Retirada", "Ana", "24/03/2026"]]));
    let printed = place.printed(&["--format", "json"]);
    for exact in [r#""H": 9999999999999.99"#, r#""N": 5000000000000.00"#, r#""Q": 4999999999999.99"#] {
        assert!(printed.contains(exact), "{exact}: {printed}");
    }
    let printed = place.printed(&["--format", "json", "--profile", "legacy"]);
    assert!(printed.contains(r#""N": 4999999999999.995"#), "{printed}");
}

#[test]
fn options_change_the_rows_as_they_change_the_sync() {
    let rows = [["529.982.247-25", "Retirada", "Ana", "2026-01-24"]];
    let place = Place::new(&format!("[{}]", order(7, "")), &erp(&rows));
    let q = |options: &[&str]| place.json(options)[0]["Q"].to_string();
    assert_eq!(q(&[]), "50.0");
    assert_eq!(q(&["--lookback-days", "60"]), "50.0");
    assert_eq!(q(&["--lookback-days", "59"]), "0.0");
    assert_eq!(q(&["--window-months", "3"]), "0.0");
    assert_eq!(q(&["--split", "1/4"]), "25.0");
    assert_eq!(q(&["--booking-status-policy", "exclude_cancelled"]), "50.0");
}

#[test]
fn a_file_for_a_spreadsheet_guards_texts_and_leaves_numbers_alone() {
    let orders =
        format!("[{}]", order(7, r#""Cliente":"=HYPERLINK(\"http://x.test\")","ValorFinal":-100.01"#));
    let place = Place::new(&orders, &erp(&[["52998224725", "Retirada", "@Ana", "24/03/2026"]]));
    let printed = place.printed(&["--format", "csv"]);
    let mut reader = ::csv::Reader::from_reader(printed.as_bytes());
    assert_eq!(reader.headers().unwrap().len(), 19);
    let record = reader.records().next().unwrap().unwrap();
    assert_eq!(&record[4], "'=HYPERLINK(\"http://x.test\")");
    assert_eq!(&record[15], "'@Ana");
    assert_eq!([&record[7], &record[13], &record[16]], ["-100.01", "-50.01", "-50.00"]);
}

#[test]
fn the_table_shows_days_people_can_read() {
    let place =
        Place::new(&format!("[{}]", order(7, "")), &erp(&[["52998224725", "Retirada", "Ana", "24/03/2026"]]));
    let printed = place.printed(&[]);
    for part in ["25/03/2026", "24/03/2026", "Sem vendedor", "50.01"] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
}

#[test]
fn one_file_may_come_from_standard_input() {
    let orders = format!("\u{feff}[{}]", order(7, ""));
    let place = Place { standard_input: orders, ..Place::new("", "[]") };
    assert_eq!(place.json(&["--orders", "-"])[0]["B"], 7);
    let place = Place { standard_input: "[]".into(), ..Place::new("[]", "") };
    assert_eq!(place.json(&["--erp", "-"]), serde_json::json!([]));
}

#[test]
fn the_global_json_option_means_the_json_format() {
    let place = Place { json: true, ..Place::new(&format!("[{}]", order(7, "")), "[]") };
    assert_eq!(serde_json::from_str::<serde_json::Value>(&place.printed(&[])).unwrap()[0]["B"], 7);
    assert_eq!(place.refused(&["--format", "csv"]), "--json and another --format exclude each other");
}
