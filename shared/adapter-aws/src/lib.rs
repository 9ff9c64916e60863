//! The ports on AWS: items in DynamoDB, wake-ups in SQS, evidence in S3, secrets in Secrets Manager.
