//! Queues: what is delivered is hidden long enough, tried often enough, and kept when nobody answers it.
use super::{FUNCTION, QUEUE, Rule, arn_of, broken_wiring, folder, functions};
use local::template::{Document, pascal};
use std::time::Duration;

const FOURTEEN_DAYS: Duration = Duration::from_secs(14 * 86_400);

pub const RULES: [Rule; 8] = [
    Rule {
        promise: "every folder of functions/ is a function whose code is packaged under its name",
        broken: every_function_is_there,
        changes: &[
            ("CodeUri: target/lambda-dist/dispatch/", "CodeUri: target/lambda-dist/sige-backfill/"),
            ("\n  Dispatch:\n", "\n  Dispatcher:\n"),
            ("-sige-backfill\"\n      Description", "-backfill\"\n      Description"),
        ],
    },
    Rule {
        promise: "the wiring is made of literals, !Ref of a parameter with a default, and !GetAtt X.Arn",
        broken: |document| broken_wiring(document, |_| Vec::new()),
        changes: &[
            ("Queue: !GetAtt SigeWindows.Arn", "Queue: !Sub \"${SigeWindows.Arn}\""),
            (
                "VisibilityTimeout: !Ref WindowVisibilitySeconds",
                "VisibilityTimeout: !If [HasAlarmEmail, 1, 2]",
            ),
            ("Default: 1800\n    MinValue: 12", "MinValue: 12"),
        ],
    },
    Rule {
        promise: "times of functions and queues are parameters, so that tests can shrink them",
        broken: times_are_parameters,
        changes: &[
            ("Timeout: !Ref FunctionTimeoutSeconds", "Timeout: 300"),
            ("VisibilityTimeout: !Ref WindowVisibilitySeconds", "VisibilityTimeout: 1800"),
        ],
    },
    Rule {
        promise: "a delivered message stays hidden for at least six times as long as its function may take",
        broken: visibility,
        changes: &[
            ("Default: 1800\n    MinValue: 12", "Default: 1799\n    MinValue: 12"),
            ("Default: 300\n    MinValue: 2\n", "Default: 301\n    MinValue: 2\n"),
        ],
    },
    Rule {
        promise: "a function reads its queue with at least two workers, and the bound is set",
        broken: concurrency,
        changes: &[
            ("MaximumConcurrency: !Ref WindowConcurrencyMax", "MaximumConcurrency: 1"),
            ("            ScalingConfig:\n              MaximumConcurrency: !Ref WindowConcurrencyMax\n", ""),
        ],
    },
    Rule {
        promise: "a queue that feeds a function reports each message of a batch alone; a FIFO batch is one message",
        broken: batches,
        changes: &[
            ("            FunctionResponseTypes: [ReportBatchItemFailures]\n", ""),
            ("BatchSize: 1\n", "BatchSize: 2\n"),
        ],
    },
    Rule {
        promise: "a message is delivered at least five times before it is a dead letter",
        broken: deliveries,
        changes: &[
            ("maxReceiveCount: !Ref WindowReceiveCountMax", "maxReceiveCount: 4"),
            ("Default: 5\n    MinValue: 5", "Default: 4\n    MinValue: 4"),
        ],
    },
    Rule {
        promise: "dead letters of a queue go to one of its own kind that keeps them for 14 days, longer than the source",
        broken: dead_letters,
        changes: &[
            ("MessageRetentionPeriod: 1209600 # 14 days", "MessageRetentionPeriod: 864000"),
            ("MessageRetentionPeriod: 345600", "MessageRetentionPeriod: 1209600"),
            (
                "deadLetterTargetArn: !GetAtt SigeWindowsDlq.Arn",
                "deadLetterTargetArn: !GetAtt FailedEvents.Arn",
            ),
            (
                "      RedrivePolicy:\n        deadLetterTargetArn: !GetAtt SigeWindowsDlq.Arn\n        maxReceiveCount: !Ref WindowReceiveCountMax\n",
                "",
            ),
        ],
    },
];

fn every_function_is_there(document: &Document) -> Vec<String> {
    let mut broken = Vec::new();
    for name in functions() {
        let Some(resource) = document.resource(&pascal(&name)).filter(|resource| resource.kind == FUNCTION)
        else {
            broken.push(format!("there is no function {}", pascal(&name)));
            continue;
        };
        let code = format!("target/lambda-dist/{name}/");
        let deployed = format!("${{AWS::StackName}}-{name}");
        if resource.property("CodeUri").is_none_or(|uri| *uri != *code) {
            broken.push(format!("{name}: CodeUri is not {code}"));
        }
        if resource.property("FunctionName.Fn::Sub").is_none_or(|given| *given != *deployed) {
            broken.push(format!("{name}: FunctionName is not {deployed}"));
        }
    }
    let folders = functions();
    let strangers = document.of_type(FUNCTION).filter(|resource| !folders.contains(&folder(resource)));
    broken.extend(strangers.map(|resource| format!("{} has no folder", resource.id)));
    broken
}

fn times_are_parameters(document: &Document) -> Vec<String> {
    let functions = document.of_type(FUNCTION).map(|resource| (resource, "Timeout"));
    let sources = document.of_type(QUEUE).filter(|queue| queue.property("RedrivePolicy").is_some());
    let fields = functions.chain(sources.map(|queue| (queue, "VisibilityTimeout")));
    let literal = fields
        .filter(|(resource, field)| resource.property(field).and_then(|value| value.get("Ref")).is_none());
    literal.map(|(resource, field)| format!("{}.{field}", resource.id)).collect()
}

fn visibility(document: &Document) -> Vec<String> {
    broken_wiring(document, |wiring| {
        let pairs = wiring.functions.iter().flat_map(|function| {
            function.sources.iter().filter_map(move |source| Some((function, wiring.queue(&source.queue)?)))
        });
        let short = pairs.filter(|(function, queue)| queue.visibility < function.timeout * 6);
        short
            .map(|(function, queue)| {
                format!(
                    "{:?} of {}, {:?} of {}",
                    queue.visibility, queue.name, function.timeout, function.name
                )
            })
            .collect()
    })
}

/// The properties of every event source that is a queue.
fn sources(document: &Document) -> Vec<(String, &serde_json::Value)> {
    let events =
        document.of_type(FUNCTION).filter_map(|function| Some((function, function.property("Events")?)));
    let each = events.flat_map(|(function, events)| {
        let events = events.as_object().into_iter().flatten();
        let queues = events.filter(|(_, event)| event["Type"] == "SQS");
        queues.map(move |(name, event)| (format!("{}.{name}", function.id), &event["Properties"]))
    });
    each.collect()
}

fn concurrency(document: &Document) -> Vec<String> {
    let unbounded = sources(document).into_iter().filter(|(_, source)| {
        let set = &source["ScalingConfig"]["MaximumConcurrency"];
        let number = set["Ref"].as_str().and_then(|parameter| document.default_of(parameter)).unwrap_or(set);
        number.as_u64().is_none_or(|number| number < 2)
    });
    unbounded.map(|(name, _)| name).collect()
}

fn batches(document: &Document) -> Vec<String> {
    broken_wiring(document, |wiring| {
        let sources = wiring.functions.iter().flat_map(|function| &function.sources);
        let wrong = sources.filter(|source| {
            let is_fifo = wiring.queue(&source.queue).is_some_and(|queue| queue.fifo);
            !source.reports_failures || (is_fifo && source.batch_size != 1)
        });
        wrong.map(|source| format!("{source:?}")).collect()
    })
}

fn deliveries(document: &Document) -> Vec<String> {
    broken_wiring(document, |wiring| {
        let few = wiring.queues.iter().filter(|queue| queue.max_receive_count < 5);
        few.map(|queue| format!("{}: {}", queue.name, queue.max_receive_count)).collect()
    })
}

fn dead_letters(document: &Document) -> Vec<String> {
    let mut broken = broken_wiring(document, |wiring| {
        let sources = wiring.functions.iter().flat_map(|function| &function.sources);
        let mut broken = Vec::new();
        for source in sources {
            let queue = wiring.queue(&source.queue);
            let Some(queue) = queue else { continue };
            match queue.dead_letter_queue.as_ref().and_then(|name| wiring.queue(name)) {
                Some(dead)
                    if dead.fifo == queue.fifo
                        && dead.retention == FOURTEEN_DAYS
                        && dead.retention > queue.retention => {}
                dead => broken.push(format!("{}: {dead:?}", queue.name)),
            }
        }
        broken
    });
    // Whatever else takes letters that nobody could deliver keeps them as long.
    let others = document.of_type(FUNCTION).flat_map(|function| {
        let own = arn_of(function.property("EventInvokeConfig.DestinationConfig.OnFailure.Destination"));
        let events = function.property("Events").and_then(|events| events.as_object()).into_iter().flatten();
        let of_events =
            events.filter_map(|(_, event)| arn_of(event["Properties"]["DeadLetterConfig"].get("Arn")));
        own.into_iter().chain(of_events)
    });
    let short = others.filter(|id| {
        let kept = document.resource(id).and_then(|queue| queue.property("MessageRetentionPeriod"));
        kept.and_then(serde_json::Value::as_u64) != Some(FOURTEEN_DAYS.as_secs())
    });
    broken.extend(short.map(|id| format!("{id} does not keep for 14 days")));
    broken
}
