//! What is kept: data outlives the stack, is encrypted with the stack's key wherever it stands, and logs end.
use super::{FUNCTION, Rule, arn_of, folder, referred};
use local::template::{Document, Resource};

const KEY: &str = "DataKey";
/// Resources that hold data which nobody can make again.
const DATA: [&str; 4] =
    ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::KMS::Key"];
/// Where each kind of resource says with which key it encrypts.
const ENCRYPTED: [(&str, &str); 6] = [
    ("AWS::SQS::Queue", "KmsMasterKeyId"),
    ("AWS::SNS::Topic", "KmsMasterKeyId"),
    ("AWS::DynamoDB::Table", "SSESpecification.KMSMasterKeyId"),
    ("AWS::SecretsManager::Secret", "KmsKeyId"),
    ("AWS::Logs::LogGroup", "KmsKeyId"),
    ("AWS::S3::Bucket", "BucketEncryption.ServerSideEncryptionConfiguration"),
];

pub const RULES: [Rule; 5] = [
    Rule {
        promise: "tables, buckets, secrets and their key stay when the stack goes or replaces them",
        broken: retained,
        changes: &[
            ("DeletionPolicy: Retain", "DeletionPolicy: Delete"),
            ("    UpdateReplacePolicy: Retain\n    Properties:\n      Name:", "    Properties:\n      Name:"),
        ],
    },
    Rule {
        promise: "a table can be restored to any second, and cannot be deleted by accident",
        broken: restorable,
        changes: &[
            ("PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"),
            ("DeletionProtectionEnabled: true", "DeletionProtectionEnabled: false"),
        ],
    },
    Rule {
        promise: "a bucket keeps replaced versions and is closed to the public",
        broken: buckets,
        changes: &[
            (
                "Status: Enabled\n      LifecycleConfiguration",
                "Status: Suspended\n      LifecycleConfiguration",
            ),
            ("BlockPublicPolicy: true", "BlockPublicPolicy: false"),
        ],
    },
    Rule {
        promise: "queues, tables, buckets, secrets, logs, topics and functions are encrypted with the stack's key",
        broken: encrypted,
        changes: &[
            ("      KmsMasterKeyId: !GetAtt DataKey.Arn\n", ""),
            ("        SSEType: KMS\n        KMSMasterKeyId: !GetAtt DataKey.Arn\n", "        SSEType: KMS\n"),
            ("              SSEAlgorithm: aws:kms\n", "              SSEAlgorithm: AES256\n"),
            ("      KmsKeyId: !GetAtt DataKey.Arn\n      GenerateSecretString", "      GenerateSecretString"),
            ("    KmsKeyArn: !GetAtt DataKey.Arn\n", ""),
            ("EnableKeyRotation: true", "EnableKeyRotation: false"),
        ],
    },
    Rule {
        promise: "every function logs JSON to a group of its own, which is kept for as long as a parameter says",
        broken: logs,
        changes: &[
            ("        LogGroup: !Ref DispatchLogs\n", ""),
            ("        LogFormat: JSON\n", "        LogFormat: Text\n"),
            ("      RetentionInDays: !Ref LogRetentionDays\n", ""),
            ("/aws/lambda/${AWS::StackName}-dispatch", "/aws/lambda/dispatch"),
        ],
    },
];

fn ids<'d>(resources: impl Iterator<Item = Resource<'d>>) -> Vec<String> {
    resources.map(|resource| resource.id.to_owned()).collect()
}

fn retained(document: &Document) -> Vec<String> {
    let data = document.resources().filter(|resource| DATA.contains(&resource.kind));
    let policies = ["DeletionPolicy", "UpdateReplacePolicy"];
    ids(data.filter(|resource| policies.iter().any(|policy| resource.body[policy] != "Retain")))
}

fn restorable(document: &Document) -> Vec<String> {
    let switches =
        ["PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", "DeletionProtectionEnabled"];
    let is_on = |table: &Resource<'_>, switch: &str| table.property(switch).is_some_and(|on| *on == true);
    let tables = document.of_type("AWS::DynamoDB::Table");
    ids(tables.filter(|table| switches.iter().any(|switch| !is_on(table, switch))))
}

fn buckets(document: &Document) -> Vec<String> {
    let closed = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
    let open = document.of_type("AWS::S3::Bucket").filter(|bucket| {
        let is_closed = |name: &&str| {
            let path = format!("PublicAccessBlockConfiguration.{name}");
            bucket.property(&path).is_some_and(|on| *on == true)
        };
        let is_versioned =
            bucket.property("VersioningConfiguration.Status").is_some_and(|on| *on == "Enabled");
        !is_versioned || !closed.iter().all(is_closed)
    });
    ids(open)
}

fn encrypted(document: &Document) -> Vec<String> {
    let mut broken = Vec::new();
    for (kind, path) in ENCRYPTED {
        let plain = document.of_type(kind).filter(|resource| match resource.property(path) {
            Some(serde_json::Value::Array(rules)) => !rules.iter().all(|rule| {
                let by_default = &rule["ServerSideEncryptionByDefault"];
                by_default["SSEAlgorithm"] == "aws:kms"
                    && arn_of(by_default.get("KMSMasterKeyID")) == Some(KEY)
            }),
            key => arn_of(key) != Some(KEY),
        });
        broken.extend(ids(plain));
    }
    if arn_of(document.root().pointer("/Globals/Function/KmsKeyArn")) != Some(KEY) {
        broken.push("Globals.Function".to_owned());
    }
    let fixed = document.of_type("AWS::KMS::Key");
    broken.extend(ids(fixed.filter(|key| key.property("EnableKeyRotation").is_none_or(|on| *on != true))));
    broken
}

fn logs(document: &Document) -> Vec<String> {
    let wrong = document.of_type(FUNCTION).filter(|function| {
        let group =
            referred(function.property("LoggingConfig.LogGroup")).and_then(|id| document.resource(id));
        let name = format!("/aws/lambda/${{AWS::StackName}}-{}", folder(function));
        let is_own = group.is_some_and(|group| {
            let is_named = group.property("LogGroupName.Fn::Sub").is_some_and(|given| *given == *name);
            is_named && referred(group.property("RetentionInDays")).is_some()
        });
        let format = function.property("LoggingConfig.LogFormat");
        let level = referred(function.property("LoggingConfig.ApplicationLogLevel"));
        !is_own || format.is_none_or(|format| *format != "JSON") || level.is_none()
    });
    ids(wrong)
}
