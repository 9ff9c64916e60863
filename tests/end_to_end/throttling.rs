//! An outside system that asks for silence gets it: from one worker, and from all of them together.
use super::backfill::{busy_day, one_day};
use super::observe::{Messages, plans};
use super::stack::{Stack, Wish};
use chrono::{DateTime, TimeDelta, Utc};
use flows::ports::Clock;
use local::sample_installation::{ACCOUNT, DESTINATION_SPREADSHEET};
use serde_json::json;
use shared::system::SystemClock;
use testkit::sheets::TabSeed;
use testkit::sige::{Endpoint, Fault};

/// Times of the requests for orders, in seconds after the first.
fn seconds(stack: &Stack) -> Vec<i64> {
    let seen = stack.company.sige.seen();
    let orders = seen.requests.iter().filter(|request| request.endpoint == Endpoint::Orders);
    let times: Vec<DateTime<Utc>> = orders.map(|request| request.at).collect();
    times.iter().map(|time| (*time - times[0]).num_seconds()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_silence_is_waited_for_and_the_day_is_written() {
    let stack = Stack::deploy(Wish::default()).await;
    let throttled = stack.company.sige.inject(Endpoint::Orders, Fault::too_many(Some("3")), 2);
    let plan = one_day(&stack, busy_day()).await;
    let plan = stack.finished(&plan).await;
    assert_eq!(plan["days"][0]["state"], "written");
    assert_eq!(throttled.fired(), 2);
    let seconds = seconds(&stack);
    assert!(seconds[1] >= 3 && seconds[2] >= 6, "{seconds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_silence_is_written_down_and_the_dispatcher_takes_the_day_up_after_it() {
    let stack = Stack::deploy(Wish::default().with("SchedulesState", "ENABLED")).await;
    let silence = TimeDelta::seconds(33);
    stack.company.sige.inject(Endpoint::Orders, Fault::too_many(Some("33")), 1);
    let plan = one_day(&stack, busy_day()).await;
    let window = async || stack.items(&format!("window#{ACCOUNT}")).await.remove(0);
    stack
        .eventually("the window waits", async || {
            (window().await["waiting_for"]["code"] == "rate_limited").then_some(())
        })
        .await;
    let due: DateTime<Utc> = window().await["due_at"].as_str().unwrap().parse().unwrap();
    let asked = stack.company.sige.seen().requests[0].at;
    assert!(due - asked >= silence, "{due} is within the silence asked for at {asked}");
    stack.drained("sige-windows.fifo").await;
    // A tick before its time sends nothing.
    let early = stack.invoke("dispatch", &json!({ "v": 1 })).await.answer();
    assert_eq!(early["sent"], 0);
    stack.eventually("its time has come", async || (SystemClock.now() > due).then_some(())).await;
    stack.fire("dispatch");
    let plan = stack.finished(&plan).await;
    assert_eq!(plan["days"][0]["state"], "written");
    let seconds = seconds(&stack);
    assert!(seconds[1] >= silence.num_seconds(), "{seconds:?}");
    assert_eq!(stack.messages("sige-windows-dlq.fifo").await, Messages { ready: 0, under_way: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_side_by_side_keep_the_rate_of_one_credential_together() {
    const OTHER: &str = "segunda-loja";
    const OTHER_SPREADSHEET: &str = "second-faturamento-spreadsheet";
    // One request every half second, after the first two.
    let wish = Wish::default().with("SigeRequestsPerHour", 7_200).with("SigeBurst", 2);
    let stack = Stack::deploy(wish).await;
    stack.company.sheets.add_spreadsheet(OTHER_SPREADSHEET, [TabSeed::destination("Faturamento")]);
    stack.set_up(&[(ACCOUNT, DESTINATION_SPREADSHEET), (OTHER, OTHER_SPREADSHEET)]).await;
    // Two processes at once: the queue alone would let the emulator run one after the other.
    stack.feed_the_worker(false).await;
    let day = busy_day();
    for account in [ACCOUNT, OTHER] {
        let event = json!({ "v": 1, "account": account, "from": day, "to": day });
        assert_eq!(plans(&stack.invoke("sige-backfill", &event).await.answer()).len(), 1);
    }
    stack.company.sige.forget_seen();
    let delivery = |account: &str| {
        let body = json!({ "v": 1, "account": account, "day": day }).to_string();
        json!({ "Records": [{ "messageId": account, "receiptHandle": "none", "body": body }] })
    };
    let (one, other) = (delivery(ACCOUNT), delivery(OTHER));
    let (one, other) =
        tokio::join!(stack.invoke("sige-window-sync", &one), stack.invoke("sige-window-sync", &other));
    for said in [one, other] {
        assert_eq!(said.answer(), json!({ "batchItemFailures": [] }));
    }
    let seen = stack.company.sige.seen();
    assert!(seen.connections() >= 2, "two workers have asked");
    assert!(seen.total() >= 10, "too few requests to say anything: {}", seen.total());
    let most = seen.most_within(TimeDelta::seconds(3));
    // Two at once, six more in three seconds, and one for what a network does to the times of arrival.
    assert!(most <= 9, "{most} of {} requests within three seconds", seen.total());
}
