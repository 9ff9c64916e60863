//! The plans of an account.
use super::Plan;
use crate::ports::{Range, StateStore, StoreError};
use crate::typed;

/// Most plans of an account that a search looks at, in the order of their ids.
const PLANS_SEARCHED_MAX: usize = 5_000;
const PAGE_ITEMS: usize = 100;

/// The plans of an account, the newest first. `true`: there are more than were looked at.
///
/// # Errors
/// The store's.
pub async fn list(store: &dyn StateStore, account: &str) -> Result<(Vec<Plan>, bool), StoreError> {
    let (mut plans, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.query(&format!("plan#{account}"), Range::all(), PAGE_ITEMS, cursor).await?;
        for item in page.items {
            plans.push(typed::decode::<Plan>(item)?.value);
        }
        cursor = page.cursor;
        if cursor.is_none() || plans.len() >= PLANS_SEARCHED_MAX {
            plans.sort_by_key(|plan| std::cmp::Reverse(plan.requested_at));
            return Ok((plans, cursor.is_some()));
        }
    }
}
