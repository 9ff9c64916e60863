//! Contacts of the people behind the orders: looked up once, remembered under a pseudonym, never guessed.
//!
//! The cache is the checkpoint: a run that stops half-way through a large day goes on where it stopped, give or take
//! the last [`REMEMBERED_TOGETHER`] look-ups, which are made durable in one go. A contact
//! that has grown old is asked for again; if that fails, the old one still serves, with a flag.
use crate::accounts::Account;
use crate::deps::{Deps, FlowError};
use crate::ports::{Expect, ItemKey, NewItem, OrderSource, SourceError, WriteOp, WriteOutcome};
use crate::reason::Reason;
use crate::setback::{Setback, StepError};
use crate::settings::{PERSON_ATTEMPTS_MAX, PERSON_FAILURES_MAX};
use crate::typed::{self, Stored};
use chrono::{DateTime, TimeDelta, Utc};
use domain::document::{DocumentKey, normalise_text};
use domain::order::Order;
use domain::person::{Enrichment, match_people};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// An old contact is kept this long for the day on which SIGE does not answer.
const STALE_DAYS: i64 = 90;
/// Somebody whom SIGE did not know is asked for again after this long.
const UNKNOWN_DAYS: i64 = 1;
/// Answers that are made durable together.
pub const REMEMBERED_TOGETHER: usize = 10;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Remembered {
    answer: Enrichment,
    fresh_until: DateTime<Utc>,
}

/// The contacts of a day.
#[derive(Debug, Default)]
pub struct People {
    answers: HashMap<DocumentKey, Enrichment>,
    stale: HashSet<DocumentKey>,
    /// Some look-ups failed for good this time.
    pub unfinished: bool,
}

impl People {
    /// The answer for an order.
    pub fn of(&self, order: &Order) -> Enrichment {
        let key = normalise_text(&order.document).key;
        key.and_then(|key| self.answers.get(&key).cloned()).unwrap_or(Enrichment::NotAsked)
    }

    /// Whether the answer for this order is an old one, used because SIGE gave no new one.
    pub fn is_stale(&self, order: &Order) -> bool {
        normalise_text(&order.document).key.is_some_and(|key| self.stale.contains(&key))
    }
}

/// How long the look-ups of one attempt may take, and which attempt it is.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// When to stop and go on in the next attempt.
    pub deadline: DateTime<Utc>,
    /// Attempts at this window before this one.
    pub attempts: u32,
}

/// Looks up everybody behind the orders, each document once.
pub async fn look_up(
    deps: &Deps,
    account: &Account,
    source: &Arc<dyn OrderSource>,
    orders: &[Order],
    limits: Limits,
) -> Result<People, StepError> {
    let mut people = People::default();
    let mut answered = Vec::new();
    let outcome = look_up_each(deps, account, source, orders, limits, &mut people, &mut answered).await;
    // What has been answered is kept, however the look-ups ended.
    remember(deps, answered).await?;
    outcome.map(|()| people)
}

async fn look_up_each(
    deps: &Deps,
    account: &Account,
    source: &Arc<dyn OrderSource>,
    orders: &[Order],
    Limits { deadline, attempts }: Limits,
    people: &mut People,
    answered: &mut Vec<WriteOp>,
) -> Result<(), StepError> {
    if !account.enrich_contacts {
        return Ok(());
    }
    let (mut failures_in_a_row, mut asked) = (0, 0);
    for document in orders.iter().filter_map(|order| normalise_text(&order.document).key) {
        if people.answers.contains_key(&document) {
            continue;
        }
        let remembered = remembered(deps, account, &document).await?;
        let now = deps.clock.now();
        if let Some(fresh) = remembered.as_ref().filter(|entry| entry.value.fresh_until > now) {
            people.answers.insert(document, fresh.value.answer.clone());
            continue;
        }
        // At least one look-up in each attempt: else a slow listing would use up every budget.
        if now >= deadline && asked > 0 {
            return Err(Setback::until(Reason::BudgetUsed, now).into());
        }
        let answer = if failures_in_a_row >= PERSON_FAILURES_MAX {
            None
        } else {
            let insist = asked > 0 || attempts < PERSON_ATTEMPTS_MAX;
            ask(account, source, &document, insist).await?
        };
        asked += 1;
        if let Some(answer) = answer {
            failures_in_a_row = 0;
            answered.extend(entry(deps, account, &document, &answer, remembered.as_ref())?);
            people.answers.insert(document, answer);
            if answered.len() >= REMEMBERED_TOGETHER {
                remember(deps, std::mem::take(answered)).await?;
            }
        } else {
            failures_in_a_row += 1;
            people.unfinished = true;
            people.stale.insert(document.clone());
            let old = remembered.map_or(Enrichment::Failed, |entry| entry.value.answer);
            people.answers.insert(document, old);
        }
    }
    Ok(())
}

/// Asks SIGE. `None`: no answer for this person this time.
async fn ask(
    account: &Account,
    source: &Arc<dyn OrderSource>,
    document: &DocumentKey,
    insist: bool,
) -> Result<Option<Enrichment>, StepError> {
    match source.people(document).await {
        Ok(records) => Ok(Some(match_people(&records, document))),
        // Refused credentials and an announced wait concern everybody, not this person; but a wait that is announced
        // again and again, without a single answer in between, is a failure like any other.
        Err(error @ SourceError::Credentials { .. }) => Err(error.into()),
        Err(error @ SourceError::Unavailable { retry_at: Some(_), .. }) if insist => Err(error.into()),
        Err(error) => {
            tracing::warn!(account = account.name, %error, "person look-up failed, row goes without contact");
            Ok(None)
        }
    }
}

fn cache_key(deps: &Deps, account: &Account, document: &DocumentKey) -> Option<ItemKey> {
    let pseudonym = deps.pseudonym.of(&account.name, document)?;
    Some(ItemKey::new(format!("person#{}", account.name), pseudonym))
}

async fn remembered(
    deps: &Deps,
    account: &Account,
    document: &DocumentKey,
) -> Result<Option<Stored<Remembered>>, FlowError> {
    let Some(key) = cache_key(deps, account, document) else { return Ok(None) };
    Ok(typed::load::<Remembered>(&*deps.state, &key).await?)
}

/// The write that remembers an answer.
fn entry(
    deps: &Deps,
    account: &Account,
    document: &DocumentKey,
    answer: &Enrichment,
    before: Option<&Stored<Remembered>>,
) -> Result<Option<WriteOp>, FlowError> {
    let Some(key) = cache_key(deps, account, document) else { return Ok(None) };
    let days = match answer {
        Enrichment::Found { .. } => i64::from(account.person_cache_days),
        Enrichment::NotFound | Enrichment::NotAsked | Enrichment::Failed => {
            UNKNOWN_DAYS.min(i64::from(account.person_cache_days))
        }
    };
    let now = deps.clock.now();
    let entry = Remembered { answer: answer.clone(), fresh_until: now + TimeDelta::days(days) };
    let expires_at = Some(now + TimeDelta::days(STALE_DAYS));
    let item = NewItem { key, index: None, expires_at, body: typed::encode(&entry)? };
    let expect = before.map_or(Expect::Absent, |stored| Expect::Version(stored.version));
    Ok(Some(WriteOp::Put(item, expect)))
}

async fn remember(deps: &Deps, entries: Vec<WriteOp>) -> Result<(), FlowError> {
    if entries.is_empty() {
        return Ok(());
    }
    if let WriteOutcome::Refused(_) = deps.state.transact(entries.clone(), Vec::new()).await? {
        // Somebody else has just remembered one of them; that one is as good as ours, the others are kept.
        for entry in entries {
            deps.state.transact(vec![entry], Vec::new()).await?;
        }
    }
    Ok(())
}
