//! The daily job, from the tick of its schedule to the rows of the spreadsheet.
use super::observe::{days_in, plans};
use super::stack::{Stack, Wish, company, rows};
use crate::erp_sync::Place;
use local::sample_installation::{ACCOUNT, DESTINATION_SPREADSHEET, ERP_SPREADSHEET};
use serde_json::{Value, json};
use testkit::sample::SampleSize;

/// What the same work comes to on one machine: the rows that a stack must leave as well.
pub async fn rows_of_one_machine(size: SampleSize, job: &[&str]) -> Vec<String> {
    let company = company(size).await;
    let place = Place::new();
    place.write(
        "erp-sync.toml",
        &format!(
            "[sige]\nbase_url = \"{}\"\nrequests_per_hour = 10000000\nburst = 1000000\nmin_interval_ms = 0\n\
             [sheets]\nbase_url = \"{}\"\nreads_per_minute = 1000000\nwrites_per_minute = 1000000\n",
            company.sige.base_url(),
            company.sheets.base_url()
        ),
    );
    place.write(
        "accounts.toml",
        &format!(
            "[{ACCOUNT}]\nerp.spreadsheet = \"{ERP_SPREADSHEET}\"\ndestination.spreadsheet = \"{DESTINATION_SPREADSHEET}\"\n"
        ),
    );
    let sige = &company.company.account;
    let sige = local::credentials::sige(&sige.token, &sige.user, &sige.app);
    let google = company.sheets.service_account_json();
    let job: Vec<String> = job.iter().map(|word| (*word).to_owned()).collect();
    let worked = tokio::task::spawn_blocking(move || {
        place.run(&["accounts", "apply", "--apply"]).done();
        place.run_with_input(&["secrets", "set", &format!("sige/{ACCOUNT}")], &sige).done();
        place.run_with_input(&["secrets", "set", &format!("google/{ACCOUNT}")], &google).done();
        place.run(&job.iter().map(String::as_str).collect::<Vec<_>>()).done();
    });
    worked.await.expect("the job is done");
    rows(&company)
}

async fn daily_plans(stack: &Stack) -> Vec<Value> {
    stack.items(&format!("plan#{ACCOUNT}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_fires_and_the_last_days_stand_in_the_sheet() {
    let expected = rows_of_one_machine(SampleSize::SMALL, &["run", "sige-daily-sync"]).await;
    let stack = Stack::deploy(Wish::default().with("SchedulesState", "ENABLED")).await;
    stack.fire("sige-daily-sync");
    let plan = stack.eventually("the tick becomes a plan", async || daily_plans(&stack).await.pop()).await;
    let id = plan["id"].as_str().unwrap();
    assert!(id.starts_with("schedule-"), "{id}");
    let plan = stack.finished(id).await;
    assert_eq!(
        days_in(&plan, "written") + days_in(&plan, "unchanged"),
        plan["days"].as_array().unwrap().len()
    );
    assert_eq!(stack.rows(), expected);
    stack.drained("sige-windows.fifo").await;
    stack.drained("sige-windows-dlq.fifo").await;
    for run in stack.runs().await {
        assert!(run["inconsistent"] == false && run["outcome"] != "failed", "{run}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_logs_is_json_with_the_metrics_that_alarms_look_at() {
    let stack = Stack::deploy(Wish::default()).await;
    let accepted = stack.invoke("sige-daily-sync", &json!({ "v": 1 })).await.answer();
    stack.finished(&plans(&accepted)[0]).await;
    let with = |lines: &[Value], metric: &str| {
        let measured = lines.iter().filter(|line| line.get("_aws").is_some() && line.get(metric).is_some());
        measured.map(|line| line[metric].as_u64().unwrap_or(0)).sum::<u64>()
    };
    let lines = stack
        .eventually("the worker's lines are there", async || {
            let lines = stack.logged("sige-window-sync").await;
            (with(&lines, "successful_runs") >= 5).then_some(lines)
        })
        .await;
    assert!(with(&lines, "windows_written") >= 1);
    assert_eq!(with(&lines, "failed_runs"), 0);
    let metric = lines.iter().find(|line| line.get("_aws").is_some()).unwrap();
    assert_eq!((&metric["stack"], &metric["function"]), (&json!(stack.name), &json!("sige-window-sync")));
    let written = lines.iter().find(|line| line["message"] == "written").expect("a line of a written day");
    for field in ["timestamp", "level", "run", "account", "day"] {
        assert!(written[field].is_string(), "{field} of {written}");
    }
    assert!(with(&stack.logged("sige-daily-sync").await, "plans_accepted") == 1);
}
