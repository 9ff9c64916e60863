use super::*;
use crate::booking::ErpRow;
use crate::cell::Cell;
use crate::rules::BookingStatusPolicy;
use proptest::prelude::*;

const SALE: SerialDay = SerialDay(46_106);
const DOCUMENT: &str = "52998224725";

fn row(row: u32, service: &str, day: i64, responsible: &str) -> ErpRow {
    ErpRow {
        row,
        document: DOCUMENT.into(),
        service: service.into(),
        day: Cell::from(day),
        responsible: responsible.into(),
        ..ErpRow::default()
    }
}

/// The rows (or `-`) of the Novo and the Retirada.
#[track_caller]
fn check(rows: &[ErpRow], rules: &Rules, expected: &str) {
    assert_eq!(credited(rows, rules), expected);
}

fn credited(rows: &[ErpRow], rules: &Rules) -> String {
    let index = BookingIndex::build(rows, rules);
    let seen = attribute(SALE, BookingKey::of_order(DOCUMENT, rules.profile), &index, rules);
    let row =
        |credited: Option<Credited<'_>>| credited.map_or("-".to_owned(), |credited| credited.row.to_string());
    format!("{} {}", row(seen.novo), row(seen.retirada))
}

fn legacy() -> Rules {
    Rules { profile: Profile::Legacy, ..Rules::default() }
}

#[test]
fn the_latest_day_not_after_the_sale_is_credited() {
    let rows = [
        row(2, "Novo", 46_100, "a"),
        row(3, "Novo", 46_105, "b"),
        row(4, "Novo", 46_107, "c"),
        row(5, "Novo", 46_099, "d"),
        row(6, "Retirada", 46_106, "e"),
        row(7, "Retirada", 46_107, "f"),
    ];
    check(&rows, &Rules::default(), "3 6");
    check(&rows, &legacy(), "5 6");
}

#[test]
fn of_two_on_the_same_day_the_lowest_row_is_credited() {
    let rows = [row(9, "Retirada", 46_100, "x"), row(4, "Retirada", 46_100, "y")];
    check(&rows, &Rules::default(), "- 9");
    check(&rows, &legacy(), "- 9");
}

#[test]
fn the_old_rule_takes_the_lowest_row_and_any_novo() {
    let rows =
        [row(2, "Retirada", 46_105, "a"), row(3, "Retirada", 46_000, "b"), row(4, "Novo", 46_200, "c")];
    check(&rows, &legacy(), "4 3");
    check(&rows, &Rules::default(), "- 2");
}

#[test]
fn a_type_with_both_words_counts_for_both_kinds() {
    let rows = [row(2, "Retirada de novo aparelho", 46_100, "a")];
    check(&rows, &Rules::default(), "2 2");
    let index = BookingIndex::build(&rows, &Rules::default());
    let seen = attribute(SALE, BookingKey::of_order(DOCUMENT, Profile::Strict), &index, &Rules::default());
    assert!(seen.novo.unwrap().ambiguous && seen.retirada.unwrap().ambiguous);
}

#[test]
fn s14_a_booking_older_than_the_lookback_does_not_count() {
    let rules = Rules { lookback_days: Some(90), ..Rules::default() };
    check(&[row(2, "Retirada", 46_106 - 91, "a")], &rules, "- -");
    check(&[row(2, "Retirada", 46_106 - 90, "a")], &rules, "- 2");
    check(&[row(2, "Retirada", 46_106 - 91, "a")], &Rules::default(), "- 2");
    let today_only = Rules { lookback_days: Some(0), ..Rules::default() };
    check(&[row(2, "Novo", 46_106, "a"), row(3, "Novo", 46_105, "b")], &today_only, "2 -");
    let forever = Rules { lookback_days: Some(u32::MAX), ..Rules::default() };
    check(&[row(2, "Novo", 2, "a")], &forever, "2 -");
}

#[test]
fn the_window_counts_form_months_back_from_the_sale_month() {
    let rules = Rules { window_months: Some(3), ..Rules::default() };
    let form = |month: &str, number: u32, day: i64| ErpRow {
        form_month: month.into(),
        ..row(number, "Novo", day, "")
    };
    check(&[form("01/2026", 2, 46_100)], &rules, "2 -");
    check(&[form("12/2025", 2, 46_100)], &rules, "- -");
    check(&[form("04/2026", 2, 46_100)], &rules, "- -");
    check(&[row(2, "Novo", 46_100, "")], &rules, "- -");
    // The latest day within the window, not the latest day of all.
    check(&[form("02/2026", 2, 46_090), form("11/2025", 3, 46_105)], &rules, "2 -");
    let serial = ErpRow { form_month: Cell::from(46_082), ..row(2, "Novo", 46_100, "") };
    check(&[serial], &Rules { window_months: Some(1), ..Rules::default() }, "2 -");
}

#[test]
fn cancelled_bookings_count_unless_the_account_says_otherwise() {
    let rows = [
        row(2, "Retirada", 46_100, "a"),
        ErpRow { cancelled: Cell::from(1), ..row(3, "Retirada", 46_105, "b") },
    ];
    check(&rows, &Rules::default(), "- 3");
    let excluding =
        Rules { booking_status_policy: BookingStatusPolicy::ExcludeCancelled, ..Rules::default() };
    check(&rows, &excluding, "- 2");
}

#[test]
fn without_a_key_nothing_is_credited() {
    let index = BookingIndex::build(&[row(2, "Novo", 46_100, "")], &Rules::default());
    assert_eq!(attribute(SALE, None, &index, &Rules::default()), Attribution::default());
    let stranger = BookingKey::of_order("11144477735", Profile::Strict);
    assert_eq!(attribute(SALE, stranger, &index, &Rules::default()), Attribution::default());
}

fn any_rows() -> impl Strategy<Value = Vec<ErpRow>> {
    let service = prop::sample::select(vec!["Novo serviço", "Retirada", "novo retirada", "Garantia"]);
    let one = (service, 46_090i64..46_120, 0usize..3);
    prop::collection::vec(one, 0..40).prop_map(|rows| {
        let documents = [DOCUMENT, "529.982.247-25", "11144477735"];
        let numbered = (2..).zip(rows);
        numbered
            .map(|(number, (service, day, document))| ErpRow {
                document: documents[document].into(),
                ..row(number, service, day, "")
            })
            .collect()
    })
}

proptest! {
    /// The index against the rule written as one would say it: look at every row.
    #[test]
    fn the_index_finds_what_a_scan_of_all_rows_finds(rows in any_rows(), lookback in prop::option::of(0u32..20)) {
        let rules = Rules { lookback_days: lookback, ..Rules::default() };
        let day = |row: &ErpRow| row.day.whole_number().unwrap() as i32;
        let scan = |word: &str| {
            rows.iter()
                .filter(|row| row.document.as_text().replace(['.', '-'], "") == DOCUMENT)
                .filter(|row| row.service.as_text().to_lowercase().contains(word))
                .filter(|row| day(row) <= SALE.0 && lookback.is_none_or(|days| day(row) >= SALE.0 - days as i32))
                .max_by_key(|row| (day(row), row.row))
                .map_or("-".to_owned(), |row| row.row.to_string())
        };
        prop_assert_eq!(credited(&rows, &rules), format!("{} {}", scan("novo"), scan("retirada")));
    }

    #[test]
    fn the_legacy_index_finds_what_a_walk_from_the_bottom_finds(rows in any_rows()) {
        let walk = |word: &str, bounded: bool| {
            rows.iter()
                .rev()
                .filter(|row| row.document.as_text().replace(['.', '-'], "") == DOCUMENT)
                .filter(|row| row.service.as_text().to_lowercase().contains(word))
                .find(|row| !bounded || row.day.whole_number().unwrap() <= i64::from(SALE.0))
                .map_or("-".to_owned(), |row| row.row.to_string())
        };
        prop_assert_eq!(credited(&rows, &legacy()), format!("{} {}", walk("novo", false), walk("retirada", true)));
    }
}
