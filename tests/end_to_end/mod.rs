//! The product as it is deployed: the real `template.yaml` on an emulator of AWS, the unchanged release binaries of the
//! functions run by its event source mapping and its schedules, simulators in the place of SIGE and Google Sheets, and
//! the built command line as the operator.
//!
//! ```text
//! test ── erp-sync --stack ──┐                       ┌── SIGE simulator ──────┐
//!      ── invoke, fire ──────┤ MiniStack ── worker ──┤                        ├── what the test looks at
//!      ── DynamoDB, SQS, logs┘   (processes)         └── Google Sheets ───────┘
//! ```
//! Each test deploys a stack of its own, with the times it needs, so that tests run side by side. State, queues and logs
//! are looked at over AWS's own protocol. `tests/run` builds what this needs; a binary or an interpreter that is missing
//! fails the test with the command to run.
//!
//! What the emulator cannot prove, and a deployment has to (infra/guide/deploy.md verifies it):
//! - permissions: every caller may do everything (the template's own test compares roles with ports);
//! - groups of a FIFO queue side by side: it hands out one batch of such a queue at a time;
//! - the scheduler's clock, zones and cron expressions: the test says when a schedule's time has come;
//! - latency, throughput, throttling and cold starts of the real services;
//! - encryption, alarms, the dashboard and the saved queries, which it stores or leaves out;
//! - conditional writes under real contention: it applies one request after the other.
mod backfill;
mod cloud;
mod daily;
mod doubt;
mod interface_emulator;
mod messages;
mod observe;
mod operator;
mod refusals;
mod secrecy;
mod secrets;
mod stack;
mod throttling;
