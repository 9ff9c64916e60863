//! Queues as sorted maps: order, visibility, receive counts, dead letters, deduplication.
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use flows::ports::queue::DEDUPLICATION_WINDOW;
use flows::ports::{Clock, Delivery, Message, QueueConfig, QueueCounts, QueueError, WorkQueue, rules};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Queues that last as long as the value.
pub struct MemoryWorkQueue {
    clock: Arc<dyn Clock>,
    configs: BTreeMap<String, QueueConfig>,
    model: Mutex<Model>,
}

#[derive(Default)]
struct Model {
    /// By queue, then by place in line.
    lines: BTreeMap<String, BTreeMap<u64, Standing>>,
    /// Until when a deduplication id of a queue is remembered.
    remembered: BTreeMap<(String, String), DateTime<Utc>>,
    last_place: u64,
}

#[derive(Clone)]
struct Standing {
    message_id: String,
    group: Option<String>,
    body: String,
    sent_at: DateTime<Utc>,
    visible_at: DateTime<Utc>,
    receive_count: u32,
}

impl std::fmt::Debug for MemoryWorkQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryWorkQueue").finish_non_exhaustive()
    }
}

impl MemoryWorkQueue {
    /// Empty queues.
    pub fn new(clock: Arc<dyn Clock>, queues: &[QueueConfig]) -> Self {
        let configs = queues.iter().map(|config| (config.name.clone(), config.clone())).collect();
        Self { clock, configs, model: Mutex::default() }
    }

    /// How many messages stand in a queue, hidden ones included.
    pub fn depth(&self, queue: &str) -> usize {
        self.with(|model| model.lines.get(queue).map_or(0, BTreeMap::len))
    }

    fn config(&self, queue: &str) -> Result<&QueueConfig, QueueError> {
        self.configs.get(queue).ok_or_else(|| QueueError::NoSuchQueue(queue.to_owned()))
    }

    fn with<T>(&self, look: impl FnOnce(&mut Model) -> T) -> T {
        look(&mut self.model.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Model {
    fn join_line(&mut self, queue: &str, message_id: Option<String>, standing: Standing) {
        self.last_place += 1;
        let message_id = message_id.unwrap_or_else(|| format!("message-{}", self.last_place));
        let line = self.lines.entry(queue.to_owned()).or_default();
        line.insert(self.last_place, Standing { message_id, ..standing });
    }

    fn drop_old(&mut self, config: &QueueConfig, now: DateTime<Utc>) {
        let retention = span(config.retention);
        if let Some(line) = self.lines.get_mut(&config.name) {
            line.retain(|_, standing| now - standing.sent_at < retention);
        }
    }

    /// Who may be delivered: the first of each group, and everybody without a group.
    fn deliverable(&self, queue: &str, now: DateTime<Utc>) -> Vec<u64> {
        let mut groups = BTreeSet::new();
        let line = self.lines.get(queue).into_iter().flatten();
        line.filter(|(_, standing)| standing.group.as_ref().is_none_or(|group| groups.insert(group)))
            .filter(|(_, standing)| standing.visible_at <= now)
            .map(|(place, _)| *place)
            .collect()
    }

    /// The delivery that a receipt names, unless a later one made it stale.
    fn delivered(&mut self, queue: &str, receipt: &str) -> Option<(u64, &mut Standing)> {
        let (place, count) = receipt.split_once('.')?;
        let (place, count) = (place.parse().ok()?, count.parse::<u32>().ok()?);
        let standing = self.lines.get_mut(queue)?.get_mut(&place)?;
        (standing.receive_count == count).then_some((place, standing))
    }
}

fn span(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[async_trait]
impl WorkQueue for MemoryWorkQueue {
    async fn send(&self, queue: &str, message: Message) -> Result<(), QueueError> {
        rules::message(queue, self.config(queue)?.fifo, &message)?;
        let now = self.clock.now();
        self.with(|model| {
            if let Some(id) = message.deduplication_id {
                let name = (queue.to_owned(), id);
                if model.remembered.get(&name).is_some_and(|until| now < *until) {
                    return;
                }
                model.remembered.insert(name, now + span(DEDUPLICATION_WINDOW));
            }
            let standing = Standing {
                message_id: String::new(),
                group: message.group,
                body: message.body,
                sent_at: now,
                visible_at: now,
                receive_count: 0,
            };
            model.join_line(queue, None, standing);
        });
        Ok(())
    }

    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let config = self.config(queue)?;
        rules::receive(max, visibility)?;
        let now = self.clock.now();
        Ok(self.with(|model| {
            model.drop_old(config, now);
            let mut deliveries: Vec<(u64, Standing)> = Vec::new();
            // A message that leaves for the dead letters makes the next of its group deliverable.
            let taken = |deliveries: &[(u64, Standing)], place| deliveries.iter().any(|(at, _)| *at == place);
            while let Some(place) =
                model.deliverable(queue, now).into_iter().find(|place| !taken(&deliveries, *place))
            {
                if deliveries.len() == max {
                    break;
                }
                let Some(standing) = model.lines.get_mut(queue).and_then(|line| line.get_mut(&place)) else {
                    break;
                };
                if let Some(dead_letters) = &config.dead_letter_queue
                    && standing.receive_count >= config.max_receive_count
                {
                    let dead =
                        Standing { sent_at: now, visible_at: now, receive_count: 0, ..standing.clone() };
                    model.lines.entry(queue.to_owned()).or_default().remove(&place);
                    model.join_line(dead_letters, Some(dead.message_id.clone()), dead);
                    continue;
                }
                standing.receive_count += 1;
                standing.visible_at = now + span(visibility);
                deliveries.push((place, standing.clone()));
            }
            let receipt = |place: u64, count: u32| format!("{place}.{count}");
            let deliver = |(place, standing): (u64, Standing)| Delivery {
                message_id: standing.message_id,
                receipt: receipt(place, standing.receive_count),
                group: standing.group,
                body: standing.body,
                receive_count: standing.receive_count,
            };
            deliveries.into_iter().map(deliver).collect()
        }))
    }

    async fn acknowledge(&self, queue: &str, receipt: &str) -> Result<(), QueueError> {
        let (config, now) = (self.config(queue)?, self.clock.now());
        self.with(|model| {
            model.drop_old(config, now);
            let place = model.delivered(queue, receipt).ok_or(QueueError::StaleReceipt)?.0;
            model.lines.entry(queue.to_owned()).or_default().remove(&place);
            Ok(())
        })
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<(), QueueError> {
        let (config, now) = (self.config(queue)?, self.clock.now());
        rules::visibility(visibility)?;
        let visible_at = now + span(visibility);
        self.with(|model| {
            model.drop_old(config, now);
            model.delivered(queue, receipt).ok_or(QueueError::StaleReceipt)?.1.visible_at = visible_at;
            Ok(())
        })
    }

    async fn counts(&self, queue: &str) -> Result<QueueCounts, QueueError> {
        let (config, now) = (self.config(queue)?, self.clock.now());
        Ok(self.with(|model| {
            model.drop_old(config, now);
            let mut counts = QueueCounts::default();
            for standing in model.lines.get(queue).into_iter().flat_map(BTreeMap::values) {
                let hidden = standing.visible_at > now;
                *(if hidden { &mut counts.in_flight } else { &mut counts.waiting }) += 1;
            }
            counts
        }))
    }
}
