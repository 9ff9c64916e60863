//! Alarms: whatever can go wrong in silence raises one, and each has a page that says what to do.
use super::{FUNCTION, QUEUE, Rule, folder, root};
use local::template::{Document, Resource};
use serde_json::Value;
use std::collections::BTreeSet;

const ALARM: &str = "AWS::CloudWatch::Alarm";

pub const RULES: [Rule; 5] = [
    Rule {
        promise: "a function that runs by itself has an alarm of its silence, to which missing data is silence",
        broken: silence,
        changes: &[
            ("TreatMissingData: breaching", "TreatMissingData: missing"),
            (
                "Statistic: Sum\n      Period: 3600\n      EvaluationPeriods: 26",
                "Statistic: Sum\n      Period: 3600\n      EvaluationPeriods: 48",
            ),
            (
                "\n  DispatchSilent:\n    Type: AWS::CloudWatch::Alarm",
                "\n  DispatchSilent:\n    Type: AWS::CloudWatch::Something",
            ),
        ],
    },
    Rule {
        promise: "a queue of dead letters has an alarm that the first message raises",
        broken: dead_letters,
        changes: &[(
            "Dimensions: [{ Name: QueueName, Value: !GetAtt ScheduleDlq.QueueName }]\n      Statistic: Maximum\n      Period: 300\n      EvaluationPeriods: 1\n      ComparisonOperator: GreaterThanOrEqualToThreshold\n      Threshold: 1\n",
            "Dimensions: [{ Name: QueueName, Value: !GetAtt ScheduleDlq.QueueName }]\n      Statistic: Maximum\n      Period: 300\n      EvaluationPeriods: 1\n      ComparisonOperator: GreaterThanOrEqualToThreshold\n      Threshold: 10\n",
        )],
    },
    Rule {
        promise: "errors and throttles of every function raise an alarm, and so does the age of a source's oldest message",
        broken: platform,
        changes: &[
            (
                "MetricName: Throttles\n      Dimensions: [{ Name: FunctionName, Value: !Ref Dispatch }]",
                "MetricName: Duration\n      Dimensions: [{ Name: FunctionName, Value: !Ref Dispatch }]",
            ),
            ("MetricName: ApproximateAgeOfOldestMessage", "MetricName: NumberOfMessagesSent"),
        ],
    },
    Rule {
        promise: "every alarm tells the topic when it is raised and when it is over",
        broken: told,
        changes: &[
            ("      OKActions: [!Ref AlarmTopic]\n", ""),
            ("AlarmActions: [!Ref AlarmTopic]", "AlarmActions: []"),
        ],
    },
    Rule {
        promise: "every alarm has a runbook named like it, every runbook an alarm, and the index lists them",
        broken: runbooks,
        changes: &[
            ("infra/runbooks/dispatch-silent.md", "infra/runbooks/dispatch.md"),
            (
                "AlarmName: !Sub \"${AWS::StackName}-dispatch-errors\"",
                "AlarmName: !Sub \"${AWS::StackName}-dispatch-broken\"",
            ),
            (
                "\n  DispatchThrottles:\n    Type: AWS::CloudWatch::Alarm",
                "\n  DispatchThrottles:\n    Type: AWS::CloudWatch::Something",
            ),
        ],
    },
];

fn dimension<'d>(alarm: &Resource<'d>, name: &str) -> Option<&'d Value> {
    let dimensions = alarm.property("Dimensions")?.as_array()?;
    dimensions.iter().find(|dimension| dimension["Name"] == name)?.get("Value")
}

fn says(alarm: &Resource<'_>, property: &str, value: impl Into<Value>) -> bool {
    alarm.property(property) == Some(&value.into())
}

/// Whether an alarm on that metric of that function or queue is there.
fn has_alarm(document: &Document, metric: &str, of: &str, fits: impl Fn(&Value) -> bool) -> bool {
    let alarms = document.of_type(ALARM).filter(|alarm| says(alarm, "MetricName", metric));
    alarms.filter_map(|alarm| dimension(&alarm, of)).any(fits)
}

fn silence(document: &Document) -> Vec<String> {
    let mut broken = Vec::new();
    for function in document.of_type(FUNCTION).filter(|function| function.property("Events").is_some()) {
        let name = folder(&function);
        let silent = document.of_type(ALARM).find(|alarm| {
            says(alarm, "MetricName", "successful_runs")
                && dimension(alarm, "function").is_some_and(|value| *value == *name)
                && dimension(alarm, "stack").is_some()
        });
        let Some(alarm) = silent else {
            broken.push(format!("nobody hears when {name} is silent"));
            continue;
        };
        let length =
            |property: &str| alarm.property(property).and_then(Value::as_u64).unwrap_or(u64::MAX / 100_000);
        let is_heard = says(&alarm, "TreatMissingData", "breaching")
            && says(&alarm, "ComparisonOperator", "LessThanThreshold")
            && says(&alarm, "Threshold", 1)
            && length("Period") * length("EvaluationPeriods") <= 26 * 3_600;
        if !is_heard {
            broken.push(alarm.id.to_owned());
        }
    }
    broken
}

fn dead_letters(document: &Document) -> Vec<String> {
    // What no function reads is where something ends up.
    let is_source = |queue: &Resource<'_>| queue.property("RedrivePolicy").is_some();
    let silent = document.of_type(QUEUE).filter(|queue| !is_source(queue)).filter(|queue| {
        let name = serde_json::json!({ "Fn::GetAtt": [queue.id, "QueueName"] });
        !document.of_type(ALARM).any(|alarm| {
            dimension(&alarm, "QueueName") == Some(&name)
                && says(&alarm, "MetricName", "ApproximateNumberOfMessagesVisible")
                && says(&alarm, "ComparisonOperator", "GreaterThanOrEqualToThreshold")
                && says(&alarm, "Threshold", 1)
        })
    });
    silent.map(|queue| queue.id.to_owned()).collect()
}

fn platform(document: &Document) -> Vec<String> {
    let mut broken = Vec::new();
    for function in document.of_type(FUNCTION) {
        let is_it = |value: &Value| value["Ref"] == function.id;
        let missing = ["Errors", "Throttles"]
            .into_iter()
            .filter(|metric| !has_alarm(document, metric, "FunctionName", is_it));
        broken.extend(missing.map(|metric| format!("{metric} of {}", function.id)));
    }
    let sources = document.of_type(QUEUE).filter(|queue| queue.property("RedrivePolicy").is_some());
    let unheard = sources.filter(|queue| {
        let is_it = |value: &Value| value["Fn::GetAtt"][0] == queue.id;
        !has_alarm(document, "ApproximateAgeOfOldestMessage", "QueueName", is_it)
    });
    broken.extend(unheard.map(|queue| format!("age of {}", queue.id)));
    broken
}

fn told(document: &Document) -> Vec<String> {
    let topic = serde_json::json!([{ "Ref": "AlarmTopic" }]);
    let mute = document.of_type(ALARM).filter(|alarm| {
        ["AlarmActions", "OKActions"].iter().any(|actions| alarm.property(actions) != Some(&topic))
    });
    mute.map(|alarm| alarm.id.to_owned()).collect()
}

fn runbooks(document: &Document) -> Vec<String> {
    let mut broken = Vec::new();
    let mut with_alarm = BTreeSet::new();
    for alarm in document.of_type(ALARM) {
        let name = alarm.property("AlarmName.Fn::Sub").and_then(Value::as_str).unwrap_or_default();
        let name = name.strip_prefix("${AWS::StackName}-").unwrap_or(name);
        let said = alarm.property("AlarmDescription").and_then(Value::as_str).unwrap_or_default();
        if !said.ends_with(&format!("Runbook: infra/runbooks/{name}.md")) {
            broken.push(format!("{}: {said:?} does not name infra/runbooks/{name}.md", alarm.id));
        }
        with_alarm.insert(format!("{name}.md"));
    }
    let folder = root().join("infra/runbooks");
    let files =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<String> = files.filter(|name| name != "README.md").collect();
    broken.extend(with_alarm.difference(&pages).map(|page| format!("there is no page {page}")));
    broken.extend(pages.difference(&with_alarm).map(|page| format!("{page} has no alarm")));
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    broken.extend(
        pages
            .iter()
            .filter(|page| !index.contains(page.as_str()))
            .map(|page| format!("{page} is not in the index")),
    );
    broken
}
