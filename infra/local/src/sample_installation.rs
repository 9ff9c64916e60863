//! Simulators of every outside system with the sample company in them, on loopback ports picked by the system.
use crate::failure::Failure;
use chrono::{Days, NaiveDate};
use domain::calendar::{SerialDay, civil_day};
use domain::cell::Cell;
use domain::row::HEADER;
use flows::ports::Clock;
use std::sync::Arc;
use testkit::sample::{self, ERP_HEADER, SampleCompany, SampleSize};
use testkit::sheets::{CellValue, SheetsSimulator, TabSeed};
use testkit::sige::SigeSimulator;

/// The spreadsheet with the tab ERP.
pub const ERP_SPREADSHEET: &str = "sample-erp-spreadsheet";
/// The spreadsheet with the tab Faturamento.
pub const DESTINATION_SPREADSHEET: &str = "sample-faturamento-spreadsheet";
/// The account's name.
pub const ACCOUNT: &str = "oficina-exemplo";
/// The same company on every machine.
const SEED: u64 = 2_026;

/// How large the sample is.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Orders, bookings, days.
    pub company: SampleSize,
    /// Rows that stand in the destination before the first run.
    pub destination_rows: u32,
}

/// The running simulators.
pub struct SampleInstallation {
    /// SIGE.
    pub sige: SigeSimulator,
    /// Google Sheets and its token endpoint.
    pub sheets: SheetsSimulator,
    /// What is in them.
    pub company: SampleCompany,
}

impl SampleInstallation {
    /// Starts both.
    ///
    /// # Errors
    /// No loopback port could be had.
    pub async fn start(clock: Arc<dyn Clock>, scale: Scale) -> Result<Self, Failure> {
        let today = civil_day(clock.now());
        let company = sample::company_of(SEED, today, scale.company);
        let no_port = |error: std::io::Error| {
            Failure::failed(format!("the simulators cannot listen on 127.0.0.1: {error}"))
        };
        let sige = SigeSimulator::start(company.account.clone(), clock).await.map_err(no_port)?;
        sige.load(company.orders.clone(), company.people.clone());
        let sheets = SheetsSimulator::start().await.map_err(no_port)?;
        let header = |titles: &[&str]| titles.iter().map(|title| CellValue::from(*title)).collect::<Vec<_>>();
        let erp_rows = company.erp_rows().map(|row| row.into_iter().map(value).collect());
        let erp = TabSeed::new("ERP").rows(std::iter::once(header(&ERP_HEADER)).chain(erp_rows));
        sheets.add_spreadsheet(ERP_SPREADSHEET, [erp]);
        let first_day = today.checked_sub_days(Days::new(2_000)).unwrap_or(today);
        let old_rows = (0..scale.destination_rows).map(|number| old_row(number, first_day));
        let destination = TabSeed::destination("Faturamento").rows(old_rows);
        sheets.add_spreadsheet(DESTINATION_SPREADSHEET, [destination]);
        Ok(Self { sige, sheets, company })
    }
}

fn value(cell: Cell) -> CellValue {
    match cell {
        Cell::Empty => CellValue::Empty,
        Cell::Text(text) => CellValue::from(text.as_str()),
        Cell::Number(number) => number.to_string().parse::<f64>().map_or(CellValue::Empty, CellValue::Number),
        Cell::Bool(value) => CellValue::Bool(value),
    }
}

/// A row of earlier years: about twenty a day, long before the sample's own orders.
fn old_row(number: u32, first_day: NaiveDate) -> Vec<CellValue> {
    let day = first_day.checked_add_days(Days::new(u64::from(number / 100))).unwrap_or(first_day);
    let code = 1_000_000 + number;
    let mut row = vec![CellValue::Empty; HEADER.len()];
    let known = [
        (1, CellValue::Number(f64::from(code))),
        (2, CellValue::from("Pedido Faturado")),
        (3, CellValue::Number(f64::from(SerialDay::from_date(day).0))),
        (4, CellValue::from("Cliente antigo")),
        (7, CellValue::Number(100.0)),
        (9, CellValue::from(format!("Pedido {code}").as_str())),
        (13, CellValue::Number(100.0)),
    ];
    for (column, cell) in known {
        if let Some(place) = row.get_mut(column) {
            *place = cell;
        }
    }
    row
}
