//! `erp-sync queue …`: how full the queues are, and what becomes of dead letters.
//!
//! ```text
//! redrive   receive (hidden) ── audit ── send to the source ── delete      killed before the delete: sent again under the
//!                                                                          same identity, worked on once
//! discard   receive (hidden) ── audit ── delete
//! ```
//! Only what nobody works on can be moved by hand: of a queue with a worker a person would take messages out of its hands.
use crate::cli::{QueueMoveArgs, QueueShowArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::template::{self, Wiring};
use flows::ports::{Delivery, Message, QueueConfig, QueueError, WriteOutcome};
use serde_json::{Value, json};
use std::time::Duration;

/// How long messages are hidden while they are looked at.
const LOOK: Duration = Duration::from_secs(30);
/// How long a message is hidden while it is moved.
const MOVE: Duration = Duration::from_secs(120);
/// Messages of one receive.
const BATCH: usize = 10;
/// Most messages that one command moves or looks through.
const MESSAGES_MAX: usize = 10_000;
/// Characters of a body that a table and the audit show.
const BODY_CHARS_MAX: usize = 2_000;

fn wiring(context: &Context) -> Result<Wiring, Failure> {
    template::configured(&context.config.settings).map_err(Failure::BadConfig)
}

/// The queue whose messages end in that one.
fn source_of<'w>(wiring: &'w Wiring, dead_letters: &str) -> Option<&'w QueueConfig> {
    wiring.queues.iter().find(|queue| queue.dead_letter_queue.as_deref() == Some(dead_letters))
}

/// The function that works on a queue.
fn worker_of<'w>(wiring: &'w Wiring, queue: &str) -> Option<&'w str> {
    let works = |source: &template::EventSource| source.queue == queue;
    wiring.functions.iter().find(|f| f.sources.iter().any(works)).map(|f| f.name.as_str())
}

/// A queue that nobody works on.
fn dead_letters<'w>(wiring: &'w Wiring, name: &str) -> Result<&'w QueueConfig, Failure> {
    let idle = wiring.queues.iter().filter(|queue| worker_of(wiring, &queue.name).is_none());
    let names: Vec<_> = idle.map(|queue| queue.name.as_str()).collect();
    let names = names.join(", ");
    match (wiring.queue(name), worker_of(wiring, name)) {
        (None, _) => {
            Err(Failure::BadUsage(format!("there is no queue {name}; dead-letter queues are {names}")))
        }
        (Some(_), Some(worker)) => Err(Failure::BadUsage(format!(
            "{name} is worked on by {worker}, its messages are not for the hand; dead-letter queues are {names}"
        ))),
        (Some(queue), None) => Ok(queue),
    }
}

/// `queue list`.
///
/// # Errors
/// The queues cannot be counted.
pub async fn list(context: &Context) -> Result<(), Failure> {
    let wiring = wiring(context)?;
    let mut rows = Vec::new();
    for queue in &wiring.queues {
        let counts = context.queue.counts(&queue.name).await.map_err(Failure::failed)?;
        let source = source_of(&wiring, &queue.name).map(|source| source.name.clone());
        rows.push(json!({
            "queue": queue.name,
            "worked_on_by": worker_of(&wiring, &queue.name),
            "dead_letters_of": source,
            "waiting": counts.waiting,
            "in_flight": counts.in_flight,
        }));
    }
    context.output.result(&rows, |output| {
        let text = |row: &Value, name: &str| match row.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        let columns = ["queue", "waiting", "in_flight", "worked_on_by", "dead_letters_of"];
        let cells = rows.iter().map(|row| columns.map(|column| text(row, column)));
        output.table(
            ["queue", "waiting", "in flight", "worked on by", "dead letters of"],
            cells.collect::<Vec<_>>(),
        );
    });
    Ok(())
}

/// `queue show`.
///
/// # Errors
/// It is no dead-letter queue, or cannot be read.
pub async fn show(context: &Context, args: &QueueShowArgs) -> Result<(), Failure> {
    let wiring = wiring(context)?;
    let queue = &dead_letters(&wiring, &args.queue)?.name;
    let max = usize::try_from(args.max).unwrap_or(BATCH);
    let found = take(context, queue, max, LOOK).await?;
    hand_back(context, queue, &found).await;
    let shown: Vec<Value> = found.iter().map(shown).collect();
    context.output.result(&shown, |output| print(output, &found));
    if queue.ends_with(".fifo") {
        context
            .output
            .note("of each group the first message is shown; those behind it follow when it is gone");
    }
    Ok(())
}

/// `queue redrive`.
///
/// # Errors
/// It is no dead-letter queue of another one, or a message could not be moved; how many were is told.
pub async fn redrive(context: &Context, args: &QueueMoveArgs) -> Result<(), Failure> {
    let wiring = wiring(context)?;
    let queue = dead_letters(&wiring, &args.queue)?;
    let Some(source) = source_of(&wiring, &queue.name) else {
        return Err(Failure::BadUsage(format!(
            "what lies in {} came from no queue: do what it asks for with `erp-sync run`, then discard it",
            queue.name
        )));
    };
    move_messages(context, queue, args, Some(source)).await
}

/// `queue discard`.
///
/// # Errors
/// It is no dead-letter queue, or a message could not be deleted; how many were is told.
pub async fn discard(context: &Context, args: &QueueMoveArgs) -> Result<(), Failure> {
    let wiring = wiring(context)?;
    let queue = dead_letters(&wiring, &args.queue)?;
    move_messages(context, queue, args, None).await
}

async fn move_messages(
    context: &Context,
    queue: &QueueConfig,
    args: &QueueMoveArgs,
    to: Option<&QueueConfig>,
) -> Result<(), Failure> {
    let mut moved: Vec<Delivery> = Vec::new();
    if let Some(id) = &args.message {
        let taken = take(context, &queue.name, MESSAGES_MAX, MOVE).await?;
        let (wanted, others): (Vec<_>, Vec<_>) =
            taken.into_iter().partition(|delivery| delivery.message_id == *id);
        hand_back(context, &queue.name, &others).await;
        if wanted.is_empty() {
            return Err(Failure::BadUsage(format!(
                "message {id} is not among those that can be taken from {} now: see `erp-sync queue show {0}`",
                queue.name
            )));
        }
        moved = finish(context, queue, to, wanted, args.apply).await?;
    } else if !args.apply {
        moved = take(context, &queue.name, MESSAGES_MAX, LOOK).await?;
        hand_back(context, &queue.name, &moved).await;
    } else {
        // As many as there are now: what comes back meanwhile is another failure, to be looked at by itself.
        let counts = context.queue.counts(&queue.name).await.map_err(Failure::failed)?;
        let there = usize::try_from(counts.waiting + counts.in_flight).unwrap_or(MESSAGES_MAX);
        while moved.len() < there.clamp(BATCH, MESSAGES_MAX) {
            let batch = context.queue.receive(&queue.name, BATCH, MOVE).await.map_err(Failure::failed)?;
            if batch.is_empty() {
                break;
            }
            let before = moved.len();
            let done = finish(context, queue, to, batch, true).await;
            moved.extend(done.map_err(|failure| {
                Failure::failed(format!("{before} messages and more were done, then: {failure}"))
            })?);
        }
    }
    let (operation, verb) = match to {
        Some(_) => ("redrive", "sent back"),
        None => ("discard", "deleted"),
    };
    let result = json!({
        "queue": queue.name,
        "operation": operation,
        "to": to.map(|to| &to.name),
        "messages": moved.iter().map(shown).collect::<Vec<_>>(),
        "applied": args.apply,
    });
    context.output.result(&result, |output| {
        print(output, &moved);
        let would = if args.apply { "" } else { "would be " };
        output.line(format!("{} messages {would}{verb}", moved.len()));
    });
    if !args.apply && !moved.is_empty() {
        context.output.note("nothing was changed; repeat with --apply to do it");
    }
    Ok(())
}

/// Moves messages that are in hand, one after the other. Those that could not be moved are handed back.
async fn finish(
    context: &Context,
    queue: &QueueConfig,
    to: Option<&QueueConfig>,
    messages: Vec<Delivery>,
    apply: bool,
) -> Result<Vec<Delivery>, Failure> {
    if !apply {
        hand_back(context, &queue.name, &messages).await;
        return Ok(messages);
    }
    for (done, delivery) in messages.iter().enumerate() {
        if let Err(failure) = finish_one(context, queue, to, delivery).await {
            hand_back(context, &queue.name, messages.get(done..).unwrap_or_default()).await;
            return Err(failure);
        }
    }
    Ok(messages)
}

async fn finish_one(
    context: &Context,
    queue: &QueueConfig,
    to: Option<&QueueConfig>,
    delivery: &Delivery,
) -> Result<(), Failure> {
    let action = if to.is_some() { "queue.redrive" } else { "queue.discard" };
    let detail = json!({
        "message": delivery.message_id,
        "to": to.map(|to| &to.name),
        "group": delivery.group,
        "body": bounded(&delivery.body),
    });
    let audit = context.audit().entry(action, &queue.name, detail);
    let written = context.state.transact(vec![audit], Vec::new()).await.map_err(Failure::failed)?;
    if let WriteOutcome::Refused(key) = written {
        return Err(Failure::failed(format!("the audit item {}/{} is there already", key.pk, key.sk)));
    }
    if let Some(to) = to {
        let message = Message {
            group: delivery.group.clone().filter(|_| to.fifo),
            deduplication_id: to.fifo.then(|| format!("redrive/{}", delivery.message_id)),
            body: delivery.body.clone(),
        };
        context.queue.send(&to.name, message).await.map_err(Failure::failed)?;
    }
    context.queue.acknowledge(&queue.name, &delivery.receipt).await.map_err(Failure::failed)
}

/// Messages that can be taken now, hidden from others for that long.
async fn take(
    context: &Context,
    queue: &str,
    max: usize,
    hidden: Duration,
) -> Result<Vec<Delivery>, Failure> {
    let mut found = Vec::new();
    while found.len() < max {
        let wanted = BATCH.min(max - found.len());
        let batch = context.queue.receive(queue, wanted, hidden).await.map_err(Failure::failed)?;
        if batch.is_empty() {
            break;
        }
        found.extend(batch);
    }
    Ok(found)
}

/// Makes messages visible again. One that cannot be handed back comes back by itself.
async fn hand_back(context: &Context, queue: &str, messages: &[Delivery]) {
    for delivery in messages {
        match context.queue.change_visibility(queue, &delivery.receipt, Duration::ZERO).await {
            Ok(()) | Err(QueueError::StaleReceipt) => {}
            Err(error) => tracing::warn!(queue, message = delivery.message_id, %error, "not handed back"),
        }
    }
}

fn bounded(body: &str) -> String {
    body.chars().take(BODY_CHARS_MAX).collect()
}

fn shown(delivery: &Delivery) -> Value {
    json!({
        "message": delivery.message_id,
        "group": delivery.group,
        "deliveries": delivery.receive_count,
        "body": delivery.body,
    })
}

fn print(output: &Output, messages: &[Delivery]) {
    let rows = messages.iter().map(|delivery| {
        [
            delivery.message_id.clone(),
            delivery.group.clone().unwrap_or_default(),
            delivery.receive_count.to_string(),
            bounded(&delivery.body),
        ]
    });
    output.table(["message", "group", "deliveries", "body"], rows.collect::<Vec<_>>());
}

#[cfg(test)]
mod tests;
