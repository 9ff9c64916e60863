//! A secret that is rotated while workers run: they take it up, nobody deploys or restarts anything.
use super::backfill::{busy_day, one_day, yesterday};
use super::cloud::emulator;
use super::stack::{Stack, Wish};
use local::sample_installation::ACCOUNT;
use serde_json::json;
use testkit::sige::SigeAccount;

#[tokio::test(flavor = "multi_thread")]
async fn rotated_credentials_are_taken_up_by_the_workers_that_run() {
    let stack = Stack::deploy(Wish::default()).await;
    let first = one_day(&stack, yesterday()).await;
    stack.finished(&first).await;
    let worker = stack.named("sige-window-sync");
    let before = emulator().workers(&worker);
    assert_eq!(before.len(), 1);

    let rotated =
        SigeAccount { token: "0ther0000000000000000000000000token".to_owned(), ..SigeAccount::default() };
    let secret = local::credentials::sige(&rotated.token, &rotated.user, &rotated.app);
    stack.operator(&["secrets", "set", &format!("sige/{ACCOUNT}")], &secret).await.done();
    stack.company.sige.rotate(rotated);
    stack.company.sheets.expire_tokens();
    let refused = stack.company.sige.seen().refused;

    let second = one_day(&stack, busy_day()).await;
    let plan = stack.finished(&second).await;
    assert_ne!(plan["days"][0]["state"], "failed", "{plan}");
    assert_eq!(emulator().workers(&worker), before, "the process that knew the old secret");
    let seen = stack.company.sige.seen();
    assert_eq!(seen.refused, refused + 1, "the old secret was tried once");
    assert!(stack.company.sheets.counters().unauthenticated >= 1, "so was the old token");

    // The planner, a process of its own, asks with the new one as well.
    stack.invoke("sige-daily-sync", &json!({ "v": 1 })).await.answer();
    for run in stack.runs().await {
        assert_ne!(run["outcome"], "failed", "{run}");
    }
}
