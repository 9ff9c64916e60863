//! What a test sees of a stack: items, runs, plans, messages, log lines; and how it waits for them.
use super::stack::Stack;
use chrono::{DateTime, TimeDelta, Utc};
use flows::ports::Clock;
use local::sample_installation::{ACCOUNT, DESTINATION_SPREADSHEET};
use serde_json::{Value, json};
use shared::system::SystemClock;
use std::time::Duration;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Runs that are told when a wait was in vain.
const RUNS_TOLD: usize = 12;

/// Messages of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Messages {
    /// Ready to be delivered.
    pub ready: u64,
    /// Delivered and not answered.
    pub under_way: u64,
}

impl Stack {
    /// Looks until there is something to see; fails the test with what the stack was doing when there never is.
    pub async fn eventually<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let seen = async {
            loop {
                if let Some(seen) = look().await {
                    return seen;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        self.patiently(what, seen).await
    }

    /// Waits for what somebody else tells, a simulator for instance; fails the test when that never happens.
    pub async fn patiently<T>(&self, what: &str, happens: impl Future<Output = T>) -> T {
        match tokio::time::timeout(PATIENCE, happens).await {
            Ok(seen) => seen,
            Err(_) => {
                let runs = self.runs().await;
                let latest = runs.get(runs.len().saturating_sub(RUNS_TOLD)..).unwrap_or_default();
                let windows = self.messages("sige-windows.fifo").await;
                panic!("{what}: not within {PATIENCE:?}; {windows:?}; the last runs were {latest:#?}")
            }
        }
    }

    /// Bodies of the items of a partition of the table, in the order of their keys.
    pub async fn items(&self, pk: &str) -> Vec<Value> {
        self.query(json!({
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": { ":pk": { "S": pk } },
            "ConsistentRead": true,
        }))
        .await
    }

    /// The run journal, oldest first.
    pub async fn runs(&self) -> Vec<Value> {
        self.query(json!({
            "IndexName": "by-index",
            "KeyConditionExpression": "index_pk = :pk",
            "ExpressionAttributeValues": { ":pk": { "S": "runs" } },
        }))
        .await
    }

    /// The runs of a function, oldest first.
    pub async fn runs_of(&self, function: &str) -> Vec<Value> {
        self.runs().await.into_iter().filter(|run| run["function"] == function).collect()
    }

    async fn query(&self, mut query: Value) -> Vec<Value> {
        query["TableName"] = self.named("state").into();
        let mut found = Vec::new();
        loop {
            let page = self.caller.call("dynamodb", "DynamoDB_20120810.Query", query.clone()).await;
            let items = page["Items"].as_array().expect("items").iter();
            let bodies = items.filter_map(|item| item["body"]["S"].as_str());
            found.extend(bodies.map(|body| serde_json::from_str::<Value>(body).expect("JSON in the body")));
            if page["LastEvaluatedKey"].is_null() {
                return found;
            }
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
        }
    }

    /// The plan with this id.
    pub async fn plan(&self, id: &str) -> Value {
        let plans = self.items(&format!("plan#{ACCOUNT}")).await;
        plans.into_iter().find(|plan| plan["id"] == id).unwrap_or_else(|| panic!("there is no plan {id}"))
    }

    /// Waits until every day of the plan has an outcome; the plan.
    pub async fn finished(&self, id: &str) -> Value {
        self.eventually(&format!("plan {id} is finished"), async || {
            Some(self.plan(id).await).filter(|plan| plan["state"] == "finished")
        })
        .await
    }

    /// Waits until nobody holds the spreadsheet: a dead worker's lease ends by itself.
    pub async fn lease_is_over(&self) {
        let lease = format!("lease#spreadsheet#{DESTINATION_SPREADSHEET}");
        self.eventually("the lease ends", async || {
            let items = self.items(&lease).await;
            let until = items.iter().find_map(|item| item["until"].as_str()?.parse::<DateTime<Utc>>().ok());
            until.is_none_or(|until| until + TimeDelta::milliseconds(100) < SystemClock.now()).then_some(())
        })
        .await;
    }

    /// The messages of a queue, by its port name.
    pub async fn messages(&self, queue: &str) -> Messages {
        let url = self.caller.queue_url(&self.named(queue)).await;
        let asked = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
        let told = self.caller.call("sqs", "AmazonSQS.GetQueueAttributes", asked).await;
        let number =
            |name: &str| told["Attributes"][name].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
        Messages {
            ready: number("ApproximateNumberOfMessages"),
            under_way: number("ApproximateNumberOfMessagesNotVisible"),
        }
    }

    /// The body of the first message of a queue that can be taken now.
    pub async fn first_message(&self, queue: &str) -> Option<Value> {
        let asked =
            json!({ "QueueUrl": self.caller.queue_url(&self.named(queue)).await, "VisibilityTimeout": 0 });
        let told = self.caller.call("sqs", "AmazonSQS.ReceiveMessage", asked).await;
        Some(serde_json::from_str(told["Messages"][0]["Body"].as_str()?).expect("JSON in the body"))
    }

    /// Waits until a queue holds nothing.
    pub async fn drained(&self, queue: &str) {
        let empty = Messages { ready: 0, under_way: 0 };
        self.eventually(&format!("{queue} is empty"), async || {
            (self.messages(queue).await == empty).then_some(())
        })
        .await;
    }

    /// What a function has logged: its own lines, those of the platform left out.
    pub async fn logged(&self, function: &str) -> Vec<Value> {
        let group = format!("/aws/lambda/{}", self.named(function));
        let asked = json!({ "logGroupName": group, "limit": 10_000 });
        let told = self.caller.call("logs", "Logs_20140328.FilterLogEvents", asked).await;
        let events = told["events"].as_array().expect("events").iter();
        let lines = events.filter_map(|event| event["message"].as_str()).flat_map(str::lines);
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

/// The ids of the plans that a function accepted.
pub fn plans(answer: &Value) -> Vec<String> {
    let plans = answer["plans"].as_array().into_iter().flatten().chain(answer.get("plan"));
    plans.filter_map(|plan| plan["plan"].as_str().map(str::to_owned)).collect()
}

/// How many days of a plan are in each state.
pub fn days_in(plan: &Value, state: &str) -> usize {
    plan["days"].as_array().into_iter().flatten().filter(|day| day["state"] == state).count()
}
