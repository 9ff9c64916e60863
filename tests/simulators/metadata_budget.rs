//! 3,000 days written one after another stay within the 30,000 characters of metadata that a tab has.
use super::clock;
use adapter_sheets::{GoogleSheets, SheetsSettings, Surroundings, TabAddress};
use chrono::Days;
use domain::calendar::SerialDay;
use domain::cell::TypedCell;
use flows::destination::marker;
use flows::ports::{DayWrite, OpenGate, ReportSheet};
use std::sync::Arc;
use testkit::clock::SeededRandomness;
use testkit::sheets::{SheetsSimulator, TabSeed};

const DAYS: u32 = 3_000;

#[tokio::test(flavor = "multi_thread")]
async fn three_thousand_days_leave_one_marker() {
    let simulator = SheetsSimulator::start().await.unwrap();
    simulator.add_spreadsheet("dest", [TabSeed::destination("Faturamento"), TabSeed::bookings("ERP")]);
    let mut settings =
        SheetsSettings::new(TabAddress::new("dest", "ERP"), TabAddress::new("dest", "Faturamento"));
    settings.base_url = simulator.base_url().to_owned();
    let around = Surroundings {
        clock: clock(),
        randomness: Arc::new(SeededRandomness::new(1)),
        read_gate: Arc::new(OpenGate),
        write_gate: Arc::new(OpenGate),
    };
    let sheet = GoogleSheets::new(settings, &simulator.static_token().into(), around).await.unwrap();
    let first = crate::world::day("2018-01-01");
    let mut row_count = 1_000;
    let mut replace_markers = Vec::new();
    for number in 0..DAYS {
        let day = first + Days::new(number.into());
        let mut cells = vec![TypedCell::Text(String::new()); 18];
        cells[1] = TypedCell::Integer(number.into());
        cells[3] = TypedCell::Date(SerialDay::from_date(day));
        let marker = marker("dest", "Faturamento", i32::try_from(number).unwrap() + 1, day, &"0".repeat(64));
        let id = marker.metadata_id;
        let write = DayWrite {
            sheet_id: simulator.sheet_id("dest", "Faturamento").unwrap(),
            update: Vec::new(),
            delete: Vec::new(),
            append: vec![cells],
            append_after: number + 1,
            row_count,
            replace_markers: std::mem::replace(&mut replace_markers, vec![id]),
            marker,
        };
        sheet.write_day(&write).await.unwrap();
        row_count = row_count.max(number + 2);
    }
    assert_eq!(simulator.metadata("dest").len(), 1);
    assert_eq!(simulator.rows("dest", "Faturamento").len(), DAYS as usize + 1);
    let grid = sheet.read_grid().await.unwrap();
    assert_eq!(grid.markers.len(), 1);
    assert!(grid.markers[0].value.starts_with("3000:"));
}
