//! Reading and writing the destination.
use crate::support::{Bench, REPORT, TAB, marker, row};
use domain::cell::Cell;
use flows::ports::{DayWrite, ReportSheet, SheetReadError, SheetWriteError};
use testkit::sheets::{CellValue, Fault, On, Operation, TabSeed};

#[tokio::test]
async fn an_empty_destination_shows_its_header_and_size() {
    let bench = Bench::new().await;
    let grid = bench.sheets.read_grid().await.unwrap();
    assert_eq!((grid.row_count, grid.column_count, grid.sheet_id), (1000, 26, bench.sheet_id()));
    assert_eq!(grid.header, domain::row::HEADER);
    assert!(
        grid.codes.is_empty() && grid.days.is_empty() && grid.other.is_empty() && grid.markers.is_empty()
    );
    assert_eq!(bench.google.counters().reads, 2);
    assert_eq!(bench.reads.admitted(), 2);
}

#[tokio::test]
async fn rows_that_were_written_are_read_back_cell_by_cell() {
    let bench = Bench::new().await;
    bench.sheets.write_day(&bench.append(1, vec![row(70001), row(70002)])).await.unwrap();
    let grid = bench.sheets.read_grid().await.unwrap();
    assert_eq!(grid.codes, [Some(70001), Some(70002)]);
    assert_eq!(grid.days, [Some(46106), Some(46106)]);
    assert_eq!(grid.markers, [marker(1)]);
    let block = bench.sheets.read_rows(&[2, 3, 5]).await.unwrap();
    let numbers: Vec<u32> = block.rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [2, 3, 5]);
    for ((_, cells), code) in block.rows.iter().zip([70001, 70002]) {
        assert_eq!(cells.len(), 18);
        for (written, read) in row(code).iter().zip(cells) {
            assert!(written.matches(read), "{written:?} was read back as {read:?}");
        }
    }
    assert_eq!(block.rows[2].1, vec![Cell::Empty; 18]);
}

#[tokio::test]
async fn numbers_dates_months_and_amounts_have_their_formats_and_texts_none() {
    let bench = Bench::new().await;
    bench.sheets.write_day(&bench.append(1, vec![row(70001)])).await.unwrap();
    let patterns: Vec<Option<String>> =
        bench.google.snapshot(REPORT, TAB)[1].iter().map(|cell| cell.1.clone()).collect();
    let shown: Vec<&str> = patterns.iter().map(|pattern| pattern.as_deref().unwrap_or("-")).collect();
    let money = "#,##0.00";
    assert_eq!(
        shown,
        [
            "-",
            "-",
            "-",
            "dd/MM/yyyy",
            "-",
            "-",
            "-",
            money,
            "-",
            "-",
            "-",
            "-",
            "-",
            money,
            "dd/MM/yyyy",
            "-",
            money,
            "m/yyyy"
        ]
    );
}

#[tokio::test]
async fn one_batch_updates_deletes_appends_and_replaces_the_marker() {
    let bench = Bench::new().await;
    let rows = (1..=6).map(row).collect();
    bench.sheets.write_day(&bench.append(1, rows)).await.unwrap();
    let (grid_rows, _) = bench.google.grid(REPORT, TAB).unwrap();
    bench.google.forget();
    let write = DayWrite {
        sheet_id: bench.sheet_id(),
        update: vec![(2, row(101)), (3, row(102)), (7, row(106))],
        delete: vec![4, 5, 6],
        append: vec![row(107), row(108)],
        append_after: 4,
        row_count: grid_rows,
        replace_markers: vec![marker(1).metadata_id],
        marker: marker(2),
    };
    bench.sheets.write_day(&write).await.unwrap();
    let codes: Vec<Option<f64>> = bench.report().iter().map(|cells| cells[1].as_number()).collect();
    assert_eq!(codes, [101.0, 102.0, 106.0, 107.0, 108.0].map(Some));
    let metadata = bench.google.metadata(REPORT);
    assert_eq!(metadata, [(marker(2).metadata_id, "sige.write".to_owned(), marker(2).value)]);
    assert_eq!(bench.google.counters().writes, 1);
    assert_eq!(bench.google.counters().of(Operation::BatchUpdate), 1);
    assert_eq!(bench.google.counters().formula_writes, 0);
}

#[tokio::test]
async fn a_second_copy_of_the_same_batch_fails_as_a_whole() {
    let bench = Bench::new().await;
    let write = bench.append(1, vec![row(70001)]);
    bench.sheets.write_day(&write).await.unwrap();
    let before = bench.google.snapshot(REPORT, TAB);
    let copy = DayWrite { append_after: 2, append: vec![row(70002)], ..write };
    let error = bench.sheets.write_day(&copy).await.unwrap_err();
    assert!(matches!(&error, SheetWriteError::Rejected(told) if told.contains("already exists")), "{error}");
    assert_eq!(bench.google.snapshot(REPORT, TAB), before);
    assert_eq!(bench.google.grid(REPORT, TAB), Some((1000, 26)));
}

#[tokio::test]
async fn an_empty_text_clears_the_cell_and_its_number_format() {
    let bench = Bench::new().await;
    bench.google.edit(REPORT, TAB, |tab| tab.append_row((0..18).map(|_| CellValue::from("antes"))));
    let blank = vec![domain::cell::TypedCell::Text(String::new()); 18];
    let write = DayWrite { update: vec![(2, blank)], append_after: 2, ..bench.append(1, vec![]) };
    bench.sheets.write_day(&write).await.unwrap();
    assert!(bench.report().is_empty());
}

#[tokio::test]
async fn the_grid_is_extended_when_it_is_too_short() {
    let bench = Bench::new().await;
    bench.google.add_spreadsheet(REPORT, [TabSeed::destination(TAB).grid(2, 18)]);
    bench.sheets.write_day(&bench.append(1, vec![row(1), row(2), row(3)])).await.unwrap();
    assert_eq!(bench.google.grid(REPORT, TAB), Some((4, 18)));
    assert_eq!(bench.report().len(), 3);
}

#[tokio::test]
async fn the_last_rows_below_a_frozen_header_can_be_deleted() {
    let bench = Bench::new().await;
    bench.google.add_spreadsheet(REPORT, [TabSeed::destination(TAB).grid(2, 18).frozen_rows(1)]);
    bench.sheets.write_day(&bench.append(1, vec![row(1)])).await.unwrap();
    let emptied = DayWrite {
        delete: vec![2],
        append: vec![],
        append_after: 1,
        row_count: 2,
        replace_markers: vec![marker(1).metadata_id],
        ..bench.append(2, vec![])
    };
    bench.sheets.write_day(&emptied).await.unwrap();
    assert!(bench.report().is_empty());
    assert_eq!(bench.google.grid(REPORT, TAB), Some((2, 18)));
}

#[tokio::test]
async fn foreign_cells_are_reported_beside_the_columns() {
    let bench = Bench::new().await;
    bench.google.edit(REPORT, TAB, |tab| {
        tab.set(2, 1, 70001);
        tab.set(2, 3, 46106.5);
        tab.set(3, 1, "Total");
        tab.set(5, 3, "ontem");
    });
    let grid = bench.sheets.read_grid().await.unwrap();
    assert_eq!(grid.codes, [Some(70001), None, None, None]);
    assert_eq!(grid.days, [Some(46106), None, None, None]);
    let other = [(0, "D=46106.5"), (1, "B=Total"), (3, "D=ontem")].map(|(at, text)| (at, text.to_owned()));
    assert_eq!(grid.other, other);
}

#[tokio::test]
async fn a_tab_of_one_row_is_read() {
    let bench = Bench::new().await;
    bench.google.add_spreadsheet(REPORT, [TabSeed::destination(TAB).grid(1, 18)]);
    let grid = bench.sheets.read_grid().await.unwrap();
    assert_eq!((grid.row_count, grid.codes.len()), (1, 0));
    assert_eq!(grid.header[17], "Mês");
}

#[tokio::test]
async fn a_missing_tab_and_a_narrow_one_are_told_with_the_remedy() {
    let bench = Bench::new().await;
    bench.google.add_spreadsheet(REPORT, [TabSeed::new("Fat"), TabSeed::new("Outra")]);
    let told = shape(bench.sheets.read_grid().await.unwrap_err());
    assert!(told.contains(REPORT) && told.contains("`Faturamento`") && told.contains("Fat, Outra"), "{told}");
    bench.google.add_spreadsheet(REPORT, [TabSeed::new(TAB).grid(100, 17)]);
    let told = shape(bench.sheets.read_grid().await.unwrap_err());
    assert!(told.contains("17 columns") && told.contains("needs 18"), "{told}");
}

fn shape(error: SheetReadError) -> String {
    match error {
        SheetReadError::Shape(told) => told,
        other => panic!("expected a shape, got {other}"),
    }
}

#[tokio::test]
async fn what_others_do_between_two_calls_is_seen_by_the_next_read() {
    let bench = Bench::new().await;
    bench.sheets.write_day(&bench.append(1, vec![row(1), row(3), row(2)])).await.unwrap();
    let codes = async || bench.sheets.read_grid().await.unwrap().codes;
    bench.google.inject_after(1, On::Read, Fault::before(|books| books.tab(REPORT, TAB).sort_by(1, true)));
    assert_eq!(codes().await, [3, 2, 1].map(Some));
    let foreign = |books: &mut testkit::sheets::Books<'_>| {
        books.tab(REPORT, TAB).append_row([CellValue::Empty, 9.into()]);
    };
    bench.google.inject_after(1, On::Read, Fault::after(foreign));
    assert_eq!(codes().await, [3, 2, 1].map(Some));
    assert_eq!(codes().await, [3, 2, 1, 9].map(Some));
    assert_eq!(bench.google.counters().faults_fired, 2);
}

#[tokio::test]
async fn a_thousand_writes_leave_one_marker() {
    let bench = Bench::new().await;
    for generation in 1..=1_000 {
        let write = DayWrite {
            update: vec![(2, row(i64::from(generation)))],
            append_after: 2,
            replace_markers: vec![marker(generation - 1).metadata_id],
            ..bench.append(generation, vec![])
        };
        bench.sheets.write_day(&write).await.unwrap_or_else(|error| panic!("{generation}: {error}"));
    }
    let last = marker(1_000);
    assert_eq!(bench.google.metadata(REPORT), [(last.metadata_id, "sige.write".to_owned(), last.value)]);
    assert_eq!(bench.google.counters().applied_writes, 1_000);
}
