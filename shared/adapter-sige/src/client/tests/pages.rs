//! Paging over the wire: S1, S2, S3 and the server's bad habits.
use super::*;

#[track_caller]
fn untrusted<T: fmt::Debug>(result: Result<T, SourceError>, detail: &str) {
    let expected = SourceError::Untrusted { system: SYSTEM, detail: detail.to_owned() };
    assert_eq!(result.unwrap_err(), expected);
}

fn codes(range: std::ops::RangeInclusive<i64>) -> Vec<i64> {
    range.collect()
}

#[tokio::test]
async fn s1_a_day_of_101_orders_has_101_orders() {
    let bench = Bench::new().await;
    bench.bill(101);
    assert_eq!(bench.codes().await.unwrap(), codes(1..=101));
    assert_eq!(bench.asked("skip"), ["0", "100", "0", "100"], "two pages are read twice");
}

#[tokio::test]
async fn s1_exactly_100_orders_are_proven_by_an_empty_page() {
    let bench = Bench::new().await;
    bench.bill(100);
    assert_eq!(bench.codes().await.unwrap().len(), 100);
    assert_eq!(bench.asked("skip"), ["0", "100", "0", "100"]);
}

#[tokio::test]
async fn a_day_on_one_page_takes_one_request() {
    let bench = Bench::new().await;
    bench.bill(99);
    assert_eq!(bench.codes().await.unwrap().len(), 99);
    assert_eq!(bench.asked("skip"), ["0"]);
}

#[tokio::test]
async fn s2_a_repeated_page_is_not_believed() {
    let bench = Bench::new().await;
    bench.bill(150);
    let repeated = bench.sige.inject(Endpoint::Orders, Fault::RepeatPage, ALWAYS).after(1);
    untrusted(bench.codes().await, "the page at record 100 repeats records that are already listed");
    assert_eq!(repeated.fired(), 1);
}

#[tokio::test]
async fn a_server_that_ignores_skip_is_not_believed() {
    let bench = Bench::new().await;
    bench.bill(100);
    bench.sige.inject(Endpoint::Orders, Fault::IgnoreSkip, ALWAYS);
    untrusted(bench.codes().await, "the page at record 100 repeats records that are already listed");
}

#[tokio::test]
async fn s3_an_answer_that_is_no_list_is_never_no_orders() {
    let expected = "orders from record 0: expected a JSON array of orders, ";
    let cases = [
        (Fault::object(), "found an object"),
        (Fault::Body("{}".into()), "found an object"),
        (Fault::html(), "found an HTML or XML page"),
        (Fault::Body(String::new()), "found nothing"),
        (Fault::Body("null".into()), "found null"),
        (Fault::Body("\"[]\"".into()), "found a text"),
        (Fault::Body("[".into()), "but it is cut off at line 1 column 1"),
    ];
    for (fault, problem) in cases {
        let bench = Bench::new().await;
        bench.bill(3);
        bench.sige.inject(Endpoint::Orders, fault, ALWAYS);
        untrusted(bench.codes().await, &format!("{expected}{problem}"));
        assert_eq!(bench.sige.seen().orders, 1, "a wrong shape is not tried again");
    }
}

#[tokio::test]
async fn a_cut_list_and_an_order_without_code_are_not_believed() {
    for fault in [Fault::TruncatedJson, Fault::ElementWithoutCode] {
        let bench = Bench::new().await;
        bench.bill(3);
        bench.sige.inject(Endpoint::Orders, fault, ALWAYS);
        assert!(matches!(bench.codes().await, Err(SourceError::Untrusted { .. })));
    }
}

#[tokio::test]
async fn a_bad_second_page_spoils_the_listing() {
    let bench = Bench::new().await;
    bench.bill(150);
    bench.sige.inject(Endpoint::Orders, Fault::html(), ALWAYS).after(1);
    let expected = "orders from record 100: expected a JSON array of orders, found an HTML or XML page";
    untrusted(bench.codes().await, expected);
}

#[tokio::test]
async fn a_server_that_cuts_pages_hides_nothing() {
    for cap in [10, 20, 25, 30, 50] {
        let bench = Bench::new().await;
        bench.bill(103);
        bench.sige.inject(Endpoint::Orders, Fault::PageCap(cap), ALWAYS);
        assert_eq!(bench.codes().await.unwrap(), codes(1..=103), "cap {cap}");
    }
}

#[tokio::test]
async fn overlapping_pages_are_read_twice_and_give_every_order_once() {
    let bench = Bench::new().await;
    bench.bill(150);
    bench.sige.inject(Endpoint::Orders, Fault::Overlap(7), ALWAYS);
    assert_eq!(bench.codes().await.unwrap(), codes(1..=150));
    assert_eq!(bench.asked("skip"), ["0", "100", "0", "100"]);
}

fn late_order(code: i64) -> Fault {
    Fault::OrderAppears(json!({"Codigo": code, "DataFaturamento": "2026-03-25T15:00:00-03:00"}))
}

#[tokio::test]
async fn an_order_that_appears_between_pages_is_in_the_list() {
    let bench = Bench::new().await;
    bench.bill(150);
    bench.sige.inject(Endpoint::Orders, late_order(999), 1).after(1);
    let mut listed = bench.codes().await.unwrap();
    listed.sort_unstable();
    assert_eq!(listed, [codes(1..=150), vec![999]].concat());
    // The first pass saw the listing move, the second had the new order, the third agreed with the second.
    assert_eq!(bench.asked("skip"), ["0", "100", "0", "100", "0", "100"]);
}

#[tokio::test]
async fn an_order_cancelled_between_pages_takes_no_other_with_it() {
    let bench = Bench::new().await;
    bench.bill(150);
    let cancelled = bench.sige.inject(Endpoint::Orders, Fault::OrderDisappears(5), 1).after(1);
    let listed = bench.codes().await.unwrap();
    assert_eq!(listed, [codes(1..=4), codes(6..=150)].concat());
    assert_eq!(cancelled.fired(), 1);
}

#[tokio::test]
async fn a_listing_that_never_rests_is_not_believed() {
    let bench = Bench::new().await;
    bench.bill(150);
    // One more order before the second page of each pass: each plan lets the first pages pass that it looks at.
    for pass in 1..=3 {
        bench.sige.inject(Endpoint::Orders, late_order(900 + pass), 1).after(pass.unsigned_abs());
    }
    untrusted(bench.codes().await, "the listing moves: 3 passes over it do not agree");
    assert_eq!(bench.asked("skip"), ["0", "100", "0", "100", "0", "100"]);
}

#[tokio::test]
async fn a_listing_without_end_stops_at_the_ceiling() {
    let bench = Bench::with(|settings| settings.records_max = 1_000).await;
    bench.sige.inject(Endpoint::Orders, Fault::Endless, ALWAYS);
    untrusted(bench.codes().await, "the listing has more than 1000 records");
    assert_eq!(bench.sige.seen().orders, 11);
}
