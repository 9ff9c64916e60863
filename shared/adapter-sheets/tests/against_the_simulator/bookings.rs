//! Which rows of the bookings are read.
use crate::support::{Bench, ERP};
use domain::cell::Cell;
use flows::ports::{BookingBlock, ReportSheet, SheetReadError};
use testkit::sheets::{CellValue, Operation, TabSeed};

/// A booking in all 34 columns: D, G, P, R, T, AE and AH filled.
fn booking(number: u32) -> Vec<CellValue> {
    let mut cells = vec![CellValue::Empty; 34];
    cells[3] = format!("{:011}", 10_000_000_000_u64 + u64::from(number)).into();
    cells[6] = "Retirada".into();
    cells[15] = "Bruno".into();
    cells[17] = (45_000 + number).into();
    cells[19] = (45_010 + number).into();
    cells[30] = 1.into();
    cells[33] = "03/2026".into();
    cells
}

async fn read(bench: &Bench, tab: TabSeed, max_rows: u32) -> BookingBlock {
    bench.google.add_spreadsheet(ERP, [tab]);
    bench.google.forget();
    bench.sheets.read_bookings(Some(max_rows)).await.unwrap()
}

fn numbers(block: &BookingBlock) -> (u32, u32, usize) {
    (block.rows[0].row, block.rows[block.rows.len() - 1].row, block.rows.len())
}

#[tokio::test]
async fn the_four_columns_are_read_and_no_others() {
    let bench = Bench::new().await;
    let block = read(&bench, TabSeed::bookings("ERP").fill(3, booking), 25_000).await;
    let row = &block.rows[0];
    assert_eq!((row.row, &row.document), (2, &Cell::Text("10000000000".into())));
    assert_eq!(
        (&row.service, &row.responsible),
        (&Cell::Text("Retirada".into()), &Cell::Text("Bruno".into()))
    );
    assert_eq!(
        (&row.day, &row.cancelled, &row.form_month),
        (&Cell::from(45_010), &Cell::Empty, &Cell::Empty)
    );
    assert_eq!((block.truncated, block.oldest_form_day), (false, None));
    assert_eq!(bench.google.counters().of(Operation::ValuesBatchGet), 1);
}

#[tokio::test]
async fn the_columns_of_the_rules_are_read_when_wanted() {
    let bench = Bench::with(|settings| {
        settings.read_cancelled = true;
        settings.read_form_month = true;
    })
    .await;
    let block = read(&bench, TabSeed::bookings("ERP").fill(1, booking), 10).await;
    assert_eq!(block.rows[0].cancelled, Cell::from(1));
    assert_eq!(block.rows[0].form_month, Cell::Text("03/2026".into()));
}

#[tokio::test]
async fn blank_rows_at_the_bottom_do_not_eat_into_the_block() {
    let bench = Bench::new().await;
    let tab = TabSeed::bookings("ERP").fill(300, booking).grid(60_000, 34);
    let block = read(&bench, tab, 25_000).await;
    assert_eq!(numbers(&block), (2, 301, 300));
    assert!(!block.truncated);
    assert_eq!(bench.google.counters().of(Operation::ValuesBatchGet), 3);
}

#[tokio::test]
async fn a_full_block_says_what_was_left_unread() {
    let bench = Bench::new().await;
    let tab = TabSeed::bookings("ERP").fill(9_000, booking).grid(20_000, 34);
    let block = read(&bench, tab, 6_000).await;
    assert_eq!(numbers(&block), (3_002, 9_001, 6_000));
    assert!(block.truncated);
    let form_day = domain::calendar::SerialDay(45_000 + 3_000).to_date();
    assert_eq!(block.oldest_form_day, form_day);
}

#[tokio::test]
async fn a_block_that_ends_at_the_first_booking_is_complete() {
    let bench = Bench::new().await;
    let tab = TabSeed::bookings("ERP").fill(6_000, booking).grid(6_001, 34);
    let block = read(&bench, tab, 6_000).await;
    assert_eq!(numbers(&block), (2, 6_001, 6_000));
    assert_eq!((block.truncated, block.oldest_form_day), (false, None));
}

#[tokio::test]
async fn a_wider_block_reads_more() {
    let bench = Bench::with(|settings| settings.erp_max_rows = 100).await;
    bench.google.add_spreadsheet(ERP, [TabSeed::bookings("ERP").fill(9_000, booking)]);
    assert_eq!(bench.sheets.read_bookings(None).await.unwrap().rows.len(), 100);
    let wide = bench.sheets.read_bookings(Some(50_000)).await.unwrap();
    assert_eq!((wide.rows.len(), wide.truncated), (9_000, false));
}

#[tokio::test]
async fn blank_rows_between_bookings_are_left_out_and_keep_their_numbers() {
    let bench = Bench::new().await;
    let every_third = |number: u32| if number.is_multiple_of(3) { booking(number) } else { vec![] };
    let tab = TabSeed::bookings("ERP").fill(9_000, every_third);
    let block = read(&bench, tab, 2_000).await;
    assert_eq!(block.rows.len(), 2_000);
    assert!(block.rows.windows(2).all(|pair| pair[1].row - pair[0].row == 3));
    assert_eq!(block.rows[1_999].row, 8_999);
    assert!(block.truncated);
}

#[tokio::test]
async fn rows_shorter_than_the_columns_are_read() {
    let bench = Bench::new().await;
    let tab = TabSeed::bookings("ERP")
        .row(booking(1).into_iter().take(7))
        .row(booking(2))
        .row([])
        .row([CellValue::Empty, "só B".into()]);
    let block = read(&bench, tab, 100).await;
    assert_eq!(numbers(&block), (2, 3, 2));
    assert_eq!(block.rows[0].day, Cell::Empty);
}

#[tokio::test]
async fn a_form_day_is_looked_for_below_a_blank_one_and_may_be_a_text() {
    let bench = Bench::new().await;
    let with_form = |number: u32| {
        let mut cells = booking(number);
        cells[17] = if number == 102 { "24/Mar/2026".into() } else { CellValue::Empty };
        cells
    };
    let tab = TabSeed::bookings("ERP").fill(200, with_form).grid(20_000, 34);
    let block = read(&bench, tab, 100).await;
    assert_eq!(numbers(&block), (102, 201, 100));
    assert_eq!(block.oldest_form_day, chrono::NaiveDate::from_ymd_opt(2026, 3, 24));
}

#[tokio::test]
async fn an_empty_tab_and_a_bare_header_have_no_bookings() {
    let bench = Bench::new().await;
    for tab in
        [TabSeed::bookings("ERP"), TabSeed::bookings("ERP").grid(1, 34), TabSeed::new("ERP").grid(50, 34)]
    {
        assert_eq!(read(&bench, tab, 100).await, BookingBlock::default());
    }
}

#[tokio::test]
async fn a_tab_without_the_columns_is_told() {
    let bench = Bench::new().await;
    bench.google.add_spreadsheet(ERP, [TabSeed::new("ERP").grid(10, 19)]);
    let error = bench.sheets.read_bookings(None).await.unwrap_err();
    let SheetReadError::Shape(told) = error else { panic!("{error}") };
    assert!(told.contains(ERP) && told.contains("column T") && told.contains("19 columns"), "{told}");
}
