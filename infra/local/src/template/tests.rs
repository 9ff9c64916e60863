//! What the reader takes, what it refuses, and that the embedded template says what the configuration says.
use super::*;
use crate::settings::Settings;
use flows::ports::QueueConfig;
use flows::settings::{WINDOWS_DEAD_LETTERS, WINDOWS_QUEUE};
use std::time::Duration;

const GOOD: &str = r#"
Parameters:
  Time: {Type: Number, Default: 60}
  When: {Type: String, Default: cron(0 6 * * ? *)}
  Zone: {Type: String, Default: America/Sao_Paulo}
Globals:
  Function: {MemorySize: 256}
Resources:
  WorkOnce:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-work-once"
      Timeout: !Ref Time
      Events:
        Morning:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: !Ref When
            ScheduleExpressionTimezone: !Ref Zone
            Input: '{"v":1}'
            RetryPolicy: {MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 600}
            DeadLetterConfig: {Arn: !GetAtt Lost.Arn}
        Jobs:
          Type: SQS
          Properties:
            Queue: !GetAtt Jobs.Arn
            BatchSize: 4
            FunctionResponseTypes: [ReportBatchItemFailures]
            ScalingConfig: {MaximumConcurrency: 3}
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        MaximumEventAgeInSeconds: 300
        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Lost.Arn}}
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub "${AWS::StackName}-jobs.fifo"
      FifoQueue: true
      VisibilityTimeout: "360"
      RedrivePolicy: {deadLetterTargetArn: !GetAtt DeadJobs.Arn, maxReceiveCount: 5}
  DeadJobs: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true, MessageRetentionPeriod: 1209600}}
  Lost: {Type: AWS::SQS::Queue}
  Table: {Type: AWS::DynamoDB::Table}
"#;

fn read(text: &str) -> Result<Wiring, Vec<String>> {
    let told = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect::<Vec<_>>();
    Wiring::read(&Document::parse(text).map_err(told)?).map_err(told)
}

/// What is said about the good template once this part of it is replaced.
#[track_caller]
fn refused(part: &str, by: &str) -> Vec<String> {
    assert!(GOOD.contains(part), "{part} is not in the template");
    read(&GOOD.replacen(part, by, 1)).expect_err("it is refused")
}

#[test]
fn functions_schedules_sources_and_queues_are_read() {
    let wiring = read(GOOD).unwrap();
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let queue = |name: &str, fifo| QueueConfig {
        name: name.to_owned(),
        fifo,
        max_receive_count: u32::MAX,
        dead_letter_queue: None,
        visibility: Duration::from_secs(30),
        retention: minutes(4 * 24 * 60),
    };
    let jobs = QueueConfig {
        max_receive_count: 5,
        dead_letter_queue: Some("dead-jobs.fifo".to_owned()),
        visibility: minutes(6),
        ..queue("jobs.fifo", true)
    };
    let dead = QueueConfig { retention: minutes(14 * 24 * 60), ..queue("dead-jobs.fifo", true) };
    assert_eq!(wiring.queues, [jobs, dead, queue("lost", false)]);
    let function = FunctionWiring {
        name: "work-once".to_owned(),
        timeout: minutes(1),
        memory_mb: 256,
        sources: vec![EventSource {
            queue: "jobs.fifo".to_owned(),
            batch_size: 4,
            concurrency_max: 3,
            reports_failures: true,
        }],
        schedules: vec![Schedule {
            name: "work-once-morning".to_owned(),
            expression: "cron(0 6 * * ? *)".to_owned(),
            zone: "America/Sao_Paulo".to_owned(),
            input: r#"{"v":1}"#.to_owned(),
            enabled: true,
            retry: Retry { attempts_max: 3, age_max: minutes(10) },
            dead_letters: Some("lost".to_owned()),
        }],
        invoke: InvokeConfig {
            retry: Retry { attempts_max: 1, age_max: minutes(5) },
            on_failure: Some("lost".to_owned()),
        },
    };
    assert_eq!(wiring.functions, [function]);
}

#[test]
fn what_is_left_out_has_the_default_of_the_service() {
    let wiring = read("Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {}}\n").unwrap();
    let function = wiring.function("f").unwrap();
    assert_eq!((function.timeout, function.memory_mb), (Duration::from_secs(3), 128));
    let retry = Retry { attempts_max: 2, age_max: Duration::from_secs(21_600) };
    assert_eq!(function.invoke, InvokeConfig { retry, on_failure: None });
}

#[test]
fn a_field_that_is_only_known_after_a_deployment_is_refused_by_name() {
    assert_eq!(
        refused("Timeout: !Ref Time", "Timeout: !FindInMap [A, B, C]"),
        [
            "template.yaml: WorkOnce.Timeout: is !FindInMap; the wiring takes a literal, !Ref of a parameter with a default, or \
          !GetAtt X.Arn"
        ]
    );
    assert_eq!(
        refused("Timeout: !Ref Time", "Timeout: !Ref Table"),
        ["template.yaml: WorkOnce.Timeout: is !Ref Table, which is not a parameter"]
    );
    assert_eq!(
        refused("{Type: Number, Default: 60}", "{Type: Number}"),
        ["template.yaml: WorkOnce.Timeout: is !Ref Time, a parameter without a default"]
    );
    assert_eq!(
        refused("Queue: !GetAtt Jobs.Arn", "Queue: !GetAtt Jobs.QueueName"),
        ["template.yaml: WorkOnce.Events.Jobs.Properties.Queue: is another attribute than X.Arn"]
    );
}

#[test]
fn a_reference_must_lead_to_a_queue_of_the_right_kind() {
    assert_eq!(
        refused("Queue: !GetAtt Jobs.Arn", "Queue: !GetAtt Nobody.Arn"),
        [
            "template.yaml: WorkOnce.Events.Jobs.Properties.Queue: is !GetAtt Nobody.Arn, and there is no resource Nobody"
        ]
    );
    assert_eq!(
        refused("Queue: !GetAtt Jobs.Arn", "Queue: !GetAtt Table.Arn"),
        ["template.yaml: Table: is of type AWS::DynamoDB::Table, a queue is expected"]
    );
    assert_eq!(
        refused("deadLetterTargetArn: !GetAtt DeadJobs.Arn", "deadLetterTargetArn: !GetAtt Lost.Arn"),
        ["template.yaml: jobs.fifo: its dead letters lost are a queue of the other kind"]
    );
    assert_eq!(
        refused("Destination: !GetAtt Lost.Arn", "Destination: arn:aws:sqs:x:1:lost"),
        [
            "template.yaml: WorkOnce.EventInvokeConfig.DestinationConfig.OnFailure.Destination: must be !GetAtt X.Arn of a \
          resource of this template"
        ]
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_told_with_the_right_one() {
    assert_eq!(
        refused("BatchSize: 4", "BatchSize: four"),
        ["template.yaml: WorkOnce.Events.Jobs.Properties.BatchSize: is \"four\", a whole number is expected"]
    );
    assert_eq!(
        refused("FifoQueue: true", "FifoQueue: perhaps").first().map(String::as_str),
        Some("template.yaml: Jobs.FifoQueue: is \"perhaps\", true or false is expected")
    );
    assert_eq!(
        refused("Timeout: !Ref Time", "Timeout: !GetAtt Lost.Arn"),
        ["template.yaml: WorkOnce.Timeout: is an ARN, a whole number is expected"]
    );
    assert_eq!(
        refused("ScalingConfig: {MaximumConcurrency: 3}", "ScalingConfig: 3"),
        [
            "template.yaml: WorkOnce.Events.Jobs.Properties.ScalingConfig: is not a mapping",
            "template.yaml: WorkOnce.Events.Jobs.Properties.ScalingConfig.MaximumConcurrency: is missing, a whole number is expected",
        ]
    );
    assert_eq!(refused("Input: '{\"v\":1}'", "Input: '{v}'").len(), 1);
    assert!(
        refused("cron(0 6 * * ? *)", "cron(0 6 * * *)")
            .concat()
            .contains("ScheduleExpression: schedule expression")
    );
    assert!(refused("America/Sao_Paulo", "America/Nowhere").concat().contains("no time zone"));
}

#[test]
fn what_the_runtime_would_silently_not_do_is_refused() {
    assert_eq!(
        refused("BatchSize: 4", "BatchSize: 4\n            MaximumBatchingWindowInSeconds: 9"),
        [
            "template.yaml: WorkOnce.Events.Jobs.Properties.MaximumBatchingWindowInSeconds: is not known to the one-machine runtime"
        ]
    );
    assert_eq!(
        refused("VisibilityTimeout: \"360\"", "DelaySeconds: 5"),
        ["template.yaml: Jobs.DelaySeconds: is not known to the one-machine runtime"]
    );
    assert_eq!(
        refused("Type: ScheduleV2", "Type: Api"),
        [
            "template.yaml: WorkOnce.Events.Morning.Type: is Api; the one-machine runtime knows SQS and ScheduleV2"
        ]
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = GOOD
        .replace("BatchSize: 4", "BatchSize: x")
        .replace("!Ref Time", "!Ref Tme")
        .replace("!GetAtt Lost", "!GetAtt Lst");
    assert_eq!(read(&text).unwrap_err().len(), 4);
}

#[test]
fn the_embedded_template_wires_the_queue_of_the_windows_to_its_worker() {
    let wiring = embedded().unwrap();
    let worker = wiring.function("sige-window-sync").unwrap();
    assert_eq!(
        worker.sources.iter().map(|source| source.queue.as_str()).collect::<Vec<_>>(),
        [WINDOWS_QUEUE]
    );
    let windows = wiring.queue(WINDOWS_QUEUE).unwrap();
    assert_eq!(windows.dead_letter_queue.as_deref(), Some(WINDOWS_DEAD_LETTERS));
    let scheduled: Vec<_> = wiring.schedules().map(|(function, _)| function.name.as_str()).collect();
    assert_eq!(scheduled, ["sige-daily-sync", "dispatch"]);
    for (function, schedule) in wiring.schedules() {
        assert!(schedule.input.contains("<aws.scheduler.scheduled-time>"), "{}", schedule.name);
        assert!(function.invoke.on_failure.is_some(), "{}", function.name);
    }
}

/// Each environment variable of the template that stands for a setting has the default of that setting.
#[test]
fn the_defaults_of_the_template_are_the_defaults_of_the_configuration() {
    let document = Document::parse(TEMPLATE_TEXT).unwrap();
    let found = overridden_parameters(&document, &Settings::default());
    assert!(found.len() > 15, "{found:?}");
    for (parameter, value) in found {
        let default = document.default_of(&parameter).unwrap();
        let same = *default == value || default.as_str() == Some(value.to_string().trim_matches('"'));
        assert!(same, "{parameter} is {default} in the template and {value} in the configuration");
    }
}

#[test]
fn a_setting_takes_the_place_of_the_parameter_that_stands_for_it() {
    let mut settings = Settings::default();
    settings.flows.handler_timeout_s = 400;
    settings.flows.visibility_s = 2_400;
    settings.flows.receive_count_max = 7;
    let wiring = configured(&settings).unwrap();
    let windows = wiring.queue(WINDOWS_QUEUE).unwrap();
    assert_eq!((windows.visibility, windows.max_receive_count), (Duration::from_secs(2_400), 7));
    assert!(wiring.functions.iter().all(|function| function.timeout == Duration::from_secs(400)));
}
