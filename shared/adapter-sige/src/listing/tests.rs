use super::*;
use proptest::prelude::*;
use std::sync::Mutex;

const LIMITS: ListingLimits = ListingLimits { page_size: 100, records_max: 50_000, passes_max: 3 };

fn order(code: i64) -> Order {
    crate::wire::parse_orders(format!(r#"[{{"Codigo":{code}}}]"#).as_bytes()).unwrap().remove(0)
}

/// A server whose pages are scripted: each request takes the next one.
struct Script {
    pages: Mutex<std::vec::IntoIter<Vec<i64>>>,
    skips: Mutex<Vec<usize>>,
}

impl Script {
    fn new(pages: Vec<Vec<i64>>) -> Self {
        Self { pages: Mutex::new(pages.into_iter()), skips: Mutex::default() }
    }

    async fn read(&self) -> Result<Vec<i64>, String> {
        let fetch = |skip| async move {
            self.skips.lock().unwrap().push(skip);
            let page = self.pages.lock().unwrap().next().expect("one request too many");
            Ok(page.into_iter().map(order).collect())
        };
        match read_all(LIMITS, fetch).await {
            Ok(orders) => Ok(orders.iter().map(|order| order.code).collect()),
            Err(SourceError::Untrusted { detail, .. }) => Err(detail),
            Err(other) => panic!("{other}"),
        }
    }
}

/// All pages are asked for, none more, each at the record where the one before ended.
#[track_caller]
fn check(pages: Vec<Vec<i64>>, skips: &[usize], expected: Result<Vec<i64>, &str>) {
    let script = Script::new(pages);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let result = runtime.block_on(script.read());
    assert_eq!(result, expected.map_err(str::to_owned));
    assert_eq!(*script.skips.lock().unwrap(), skips);
    assert_eq!(script.pages.lock().unwrap().len(), 0, "pages that were never asked for");
}

fn codes(range: std::ops::Range<i64>) -> Vec<i64> {
    range.collect()
}

#[test]
fn an_empty_page_ends_a_listing() {
    check(vec![vec![]], &[0], Ok(vec![]));
}

#[test]
fn a_short_page_ends_a_listing() {
    check(vec![codes(0..99)], &[0], Ok(codes(0..99)));
    check(vec![codes(0..1)], &[0], Ok(codes(0..1)));
}

/// The pages of a calm listing, and again to confirm it.
fn twice(pages: Vec<Vec<i64>>) -> Vec<Vec<i64>> {
    [pages.clone(), pages].concat()
}

#[test]
fn s1_a_full_page_is_followed_by_another_request_and_both_are_confirmed() {
    check(twice(vec![codes(0..100), codes(100..101)]), &[0, 100, 0, 100], Ok(codes(0..101)));
    check(twice(vec![codes(0..100), vec![]]), &[0, 100, 0, 100], Ok(codes(0..100)));
    let pages = vec![codes(0..100), codes(100..200), codes(200..203)];
    check(twice(pages), &[0, 100, 200, 0, 100, 200], Ok(codes(0..203)));
}

#[test]
fn a_server_that_cuts_pages_hides_nothing() {
    check(twice(vec![codes(0..50), codes(50..73)]), &[0, 50, 0, 50], Ok(codes(0..73)));
    check(twice(vec![codes(0..25), codes(25..50), vec![]]), &[0, 25, 50, 0, 25, 50], Ok(codes(0..50)));
    check(vec![codes(0..20), vec![]], &[0, 20], Ok(codes(0..20)));
    check(twice(vec![codes(0..10), codes(10..12)]), &[0, 10, 0, 10], Ok(codes(0..12)));
    check(twice(vec![codes(0..30), codes(30..31)]), &[0, 30, 0, 30], Ok(codes(0..31)));
}

#[test]
fn a_server_that_sends_more_than_asked_is_believed_and_asked_again() {
    check(twice(vec![codes(0..250), vec![]]), &[0, 250, 0, 250], Ok(codes(0..250)));
}

#[test]
fn s2_a_repeated_page_is_an_error() {
    let detail = "the page at record 100 repeats records that are already listed";
    check(vec![codes(0..100), codes(0..100)], &[0, 100], Err(detail));
    check(vec![codes(0..100), codes(40..60)], &[0, 100], Err(detail));
}

#[test]
fn overlapping_pages_are_believed_when_the_next_pass_lists_the_same() {
    let overlapping = || vec![codes(0..100), codes(97..131)];
    check(twice(overlapping()), &[0, 100, 0, 100], Ok(codes(0..131)));
    let calm_again = [overlapping(), vec![codes(0..100), codes(100..131)]].concat();
    check(calm_again, &[0, 100, 0, 100], Ok(codes(0..131)));
}

#[test]
fn a_record_that_slips_between_two_pages_is_found_by_the_next_pass() {
    // Record 5 disappears after the first page: record 100 moves onto it and is on neither.
    let slipped = vec![codes(0..100), codes(101..132)];
    let after = vec![[codes(0..5), codes(6..101)].concat(), codes(101..132)];
    let expected = [codes(0..5), codes(6..132)].concat();
    check([slipped, twice(after)].concat(), &[0, 100, 0, 100, 0, 100], Ok(expected));
}

#[test]
fn the_third_pass_must_agree_with_the_second() {
    let first = vec![codes(0..100), codes(99..131)];
    let other = || vec![codes(0..100), codes(100..132)];
    check([first.clone(), twice(other())].concat(), &[0, 100, 0, 100, 0, 100], Ok(codes(0..132)));
    let never = [first, other(), vec![codes(0..100), codes(100..133)]].concat();
    check(never, &[0, 100, 0, 100, 0, 100], Err("the listing moves: 3 passes over it do not agree"));
}

#[test]
fn a_record_that_comes_twice_on_one_page_is_an_overlap() {
    check(vec![vec![1, 2, 1], vec![1, 2]], &[0, 0], Ok(vec![1, 2]));
}

#[tokio::test]
async fn of_one_identity_the_last_wins_in_the_first_ones_place() {
    let fetch = |_| async {
        let body = r#"[{"ID":"a","Codigo":1,"Cliente":"old"},{"ID":"b","Codigo":2},{"ID":"a","Codigo":1,"Cliente":"new"}]"#;
        Ok(crate::wire::parse_orders(body.as_bytes()).unwrap())
    };
    let orders = read_all(LIMITS, fetch).await.unwrap();
    let seen: Vec<_> = orders.iter().map(|order| (order.code, order.customer.as_str())).collect();
    assert_eq!(seen, [(1, "new"), (2, "")]);
}

#[tokio::test]
async fn a_listing_without_end_is_an_error() {
    let fetch = |skip: usize| async move { Ok((skip..skip + 100).map(|code| order(code as i64)).collect()) };
    let limits = ListingLimits { records_max: 300, ..LIMITS };
    let error = read_all(limits, fetch).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "SIGE gave an answer that cannot be trusted: the listing has more than 300 records"
    );
}

#[tokio::test]
async fn a_failed_page_fails_the_listing() {
    let fetch = |skip: usize| async move {
        match skip {
            0 => Ok((0..100).map(order).collect()),
            _ => Err(SourceError::Rejected { system: SYSTEM, detail: "no".to_owned() }),
        }
    };
    assert!(matches!(read_all(LIMITS, fetch).await, Err(SourceError::Rejected { .. })));
}

proptest! {
    /// Whatever length a server cuts its pages to (in steps of ten or more), a calm listing is read whole.
    #[test]
    fn a_calm_listing_is_read_whole(records in 0_usize..700, cap in prop_oneof![Just(100), Just(50), Just(25), Just(20), Just(10), Just(500)]) {
        let fetch = |skip: usize| async move {
            let end = records.min(skip + cap.min(LIMITS.page_size)).max(skip);
            Ok((skip..end).map(|code| order(code as i64)).collect())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        prop_assert_eq!(runtime.block_on(read_all(LIMITS, fetch)).unwrap().len(), records);
    }
}
