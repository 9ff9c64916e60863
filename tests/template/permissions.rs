//! Roles: one for each function, whose statements are those of the ports that it uses and nothing else.
use super::{FUNCTION, Rule, arn_of, folder};
use local::template::Document;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A port, or what stands in for one, with the actions that it needs and what it needs them on.
struct Port {
    sid: &'static str,
    actions: &'static [&'static str],
    resources: fn(&str) -> Vec<Value>,
}

const STATE_STORE: Port = Port {
    sid: "StateStore",
    // A transaction needs the rights of its parts; a delete is a tombstone that is put.
    actions: &[
        "dynamodb:ConditionCheckItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    ],
    resources: |_| vec![arn("StateTable"), json!({ "Fn::Sub": "${StateTable.Arn}/index/by-index" })],
};
const WORK_QUEUE_SEND: Port = Port {
    sid: "WorkQueueSend",
    actions: &["sqs:GetQueueUrl", "sqs:SendMessage"],
    resources: |_| vec![arn("SigeWindows")],
};
const WORK_QUEUE_RECEIVE: Port = Port {
    sid: "WorkQueueReceive",
    // Lambda's poller works under the function's role.
    actions: &[
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
    ],
    resources: |_| vec![arn("SigeWindows")],
};
const BLOB_STORE: Port = Port {
    sid: "BlobStoreObjects",
    actions: &["s3:GetObject", "s3:PutObject"],
    resources: |_| vec![json!({ "Fn::Sub": "${EvidenceBucket.Arn}/*" })],
};
const BLOB_LISTING: Port =
    Port { sid: "BlobStoreListing", actions: &["s3:ListBucket"], resources: |_| vec![arn("EvidenceBucket")] };
const SECRET_STORE: Port = Port {
    sid: "SecretStore",
    actions: &["secretsmanager:GetSecretValue"],
    resources: |_| {
        let secrets = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:erp-sync/${AWS::StackName}/*";
        vec![json!({ "Fn::Sub": secrets })]
    },
};
const FAILED_EVENTS: Port =
    Port { sid: "FailedEvents", actions: &["sqs:SendMessage"], resources: |_| vec![arn("FailedEvents")] };
const LOGS: Port = Port {
    sid: "Logs",
    actions: &["logs:CreateLogStream", "logs:PutLogEvents"],
    resources: |function| vec![arn(&format!("{function}Logs"))],
};
const DATA_KEY: Port = Port {
    sid: "DataKey",
    actions: &["kms:Decrypt", "kms:GenerateDataKey"],
    resources: |_| vec![arn("DataKey")],
};

/// Which function uses which ports.
const USES: [(&str, &[Port]); 4] = [
    ("dispatch", &[LOGS, STATE_STORE, WORK_QUEUE_SEND, FAILED_EVENTS, DATA_KEY]),
    ("sige-backfill", &[LOGS, STATE_STORE, WORK_QUEUE_SEND, FAILED_EVENTS, DATA_KEY]),
    ("sige-daily-sync", &[LOGS, STATE_STORE, WORK_QUEUE_SEND, SECRET_STORE, FAILED_EVENTS, DATA_KEY]),
    (
        "sige-window-sync",
        &[
            LOGS,
            STATE_STORE,
            WORK_QUEUE_RECEIVE,
            WORK_QUEUE_SEND,
            BLOB_STORE,
            BLOB_LISTING,
            SECRET_STORE,
            DATA_KEY,
        ],
    ),
];

pub const RULES: [Rule; 2] = [
    Rule {
        promise: "a function has a role of its own, which Lambda alone may take, without managed policies",
        broken: roles,
        changes: &[
            ("Role: !GetAtt DispatchRole.Arn", "Role: !GetAtt SigeBackfillRole.Arn"),
            ("Principal: { Service: lambda.amazonaws.com }", "Principal: { Service: ec2.amazonaws.com }"),
            (
                "      Description: Sends what is due.\n",
                "      Description: Sends what is due.\n      ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]\n",
            ),
        ],
    },
    Rule {
        promise: "a role allows what the ports of its function need, and nothing else",
        broken: statements,
        changes: &[
            ("Action: [s3:GetObject, s3:PutObject]", "Action: [s3:GetObject, s3:PutObject, s3:DeleteObject]"),
            ("Action: [sqs:SendMessage, sqs:GetQueueUrl]", "Action: [sqs:SendMessage]"),
            ("Action: secretsmanager:GetSecretValue", "Action: secretsmanager:*"),
            ("secret:erp-sync/${AWS::StackName}/*\"", "secret:*\""),
            ("                  - dynamodb:ConditionCheckItem\n", ""),
            (
                "              - Sid: FailedEvents\n                Effect: Allow\n                Action: sqs:SendMessage\n                Resource: !GetAtt FailedEvents.Arn\n",
                "",
            ),
            (
                "Action: [logs:CreateLogStream, logs:PutLogEvents]\n                Resource: !GetAtt SigeDailySyncLogs.Arn",
                "Action: [logs:CreateLogStream, logs:PutLogEvents]\n                Resource: \"*\"",
            ),
        ],
    },
];

fn arn(resource: &str) -> Value {
    json!({ "Fn::GetAtt": [resource, "Arn"] })
}

fn roles(document: &Document) -> Vec<String> {
    let mut broken = Vec::new();
    let mut taken = BTreeSet::new();
    for function in document.of_type(FUNCTION) {
        let id = arn_of(function.property("Role")).unwrap_or_default();
        let Some(role) = document.resource(id).filter(|role| role.kind == "AWS::IAM::Role") else {
            broken.push(format!("{} has no role of this template", function.id));
            continue;
        };
        let trust = role.property("AssumeRolePolicyDocument.Statement");
        let lambda = json!([{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }]);
        if !taken.insert(id) || trust != Some(&lambda) || role.property("ManagedPolicyArns").is_some() {
            broken.push(format!("{}: {id}", function.id));
        }
        if function.property("Policies").is_some() {
            broken.push(format!("{} has policies beside its role", function.id));
        }
    }
    broken
}

/// One or many of something as a list.
fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

fn statements(document: &Document) -> Vec<String> {
    let mut broken = Vec::new();
    for function in document.of_type(FUNCTION) {
        let name = folder(&function);
        let Some((_, ports)) = USES.iter().find(|(known, _)| *known == name) else {
            broken.push(format!("nobody knows which ports {name} uses"));
            continue;
        };
        let role = arn_of(function.property("Role")).and_then(|id| document.resource(id));
        let policies = role.and_then(|role| role.property("Policies")).map(list).unwrap_or_default();
        let given: Vec<Value> =
            policies.iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"])).collect();
        for statement in &given {
            let sid = statement["Sid"].as_str().unwrap_or_default();
            let fits = ports.iter().find(|port| port.sid == sid).is_some_and(|port| {
                let mut actions: Vec<_> = list(&statement["Action"]);
                actions.sort_by_key(Value::to_string);
                let fields: BTreeSet<_> =
                    statement.as_object().into_iter().flat_map(|fields| fields.keys()).collect();
                let is_plain = fields
                    .iter()
                    .all(|name| ["Sid", "Effect", "Action", "Resource"].contains(&name.as_str()));
                is_plain
                    && statement["Effect"] == "Allow"
                    && json!(actions) == json!(port.actions)
                    && list(&statement["Resource"]) == (port.resources)(function.id)
            });
            if !fits {
                broken.push(format!("{name}: {statement}"));
            }
        }
        let missing = ports
            .iter()
            .filter(|port| given.iter().filter(|statement| statement["Sid"] == port.sid).count() != 1);
        broken.extend(missing.map(|port| format!("{name} lacks {}", port.sid)));
    }
    broken
}
