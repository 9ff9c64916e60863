//! What every state store promises.
mod conditions;
mod expiry;
mod listing;
mod transactions;

pub use conditions::*;
pub use expiry::*;
pub use listing::*;
pub use transactions::*;

use super::Subject;
use flows::ports::state::Range;
use flows::ports::{Expect, Item, ItemKey, NewItem, StateStore, WriteOutcome};
use serde_json::json;
use std::time::Duration;

/// What a suite works on.
pub type StateSubject = Subject<dyn StateStore>;

/// Generates one test per promise. The path names an `async fn() -> Subject<dyn StateStore>`.
#[macro_export]
macro_rules! state_contract {
    ($subject:path) => {
        $crate::promises!(
            $subject,
            $crate::contract::state,
            [
                an_item_comes_back_as_it_was_written,
                what_was_never_written_is_absent,
                an_absent_item_is_created_once,
                a_version_is_replaced_once,
                a_refusal_names_the_key_and_changes_nothing,
                a_condition_on_a_version_needs_a_live_item,
                a_deleted_item_is_absent_and_its_version_goes_on,
                a_deletion_needs_its_condition,
                deleting_what_is_absent_leaves_a_tombstone,
                of_many_writers_exactly_one_wins,
                of_many_increments_none_is_lost,
                odd_keys_and_bodies_are_kept_apart,
                a_wrong_key_or_body_is_refused,
                a_transaction_applies_all_or_nothing,
                the_first_refused_condition_is_named_writes_before_checks,
                a_check_holds_a_transaction_without_changing_its_item,
                an_absence_can_be_checked,
                a_transaction_takes_twenty_five_and_no_more,
                a_transaction_of_too_many_bytes_is_refused,
                a_key_named_twice_is_refused,
                a_lost_epoch_stops_every_commit,
                transactions_side_by_side_never_mix,
                an_expired_item_is_hidden_from_that_instant_on,
                an_expired_item_counts_as_absent_and_its_version_goes_on,
                a_rewrite_without_expiry_stays,
                expiry_hides_from_queries_too,
                a_query_is_ordered_by_the_bytes_of_the_sort_key,
                a_range_is_inclusive_on_both_ends,
                a_prefix_finds_what_starts_with_it,
                pages_follow_each_other_without_gap_or_repeat,
                a_cursor_survives_changes_around_it,
                a_query_stays_within_its_partition,
                a_limit_outside_its_bounds_is_refused,
                the_index_finds_what_points_into_it,
                an_item_moves_in_the_index,
                an_item_leaves_the_index,
                the_index_is_ordered_and_paged,
                items_share_an_index_place,
                the_index_forgets_deleted_and_expired_items,
                a_foreign_cursor_of_the_index_is_refused,
                a_restart_keeps_everything,
            ]
        );
    };
}

fn key(sk: &str) -> ItemKey {
    ItemKey::new("contract", sk)
}

fn item(sk: &str, content: &str) -> NewItem {
    NewItem { key: key(sk), index: None, expires_at: None, body: json!({ "v": 1, "content": content }) }
}

fn indexed(sk: &str, index_sk: &str) -> NewItem {
    NewItem { index: Some(ItemKey::new("index", index_sk)), ..item(sk, index_sk) }
}

/// Writes, expecting it to be applied, and says the version.
#[track_caller]
fn version(outcome: WriteOutcome) -> u64 {
    match outcome {
        WriteOutcome::Written(versions) if versions.len() == 1 => versions[0],
        other => panic!("one version was expected, not {other:?}"),
    }
}

async fn create(store: &dyn StateStore, item: NewItem) -> u64 {
    version(store.write(item, Expect::Absent).await.unwrap())
}

async fn content(store: &dyn StateStore, sk: &str) -> Option<String> {
    let found = store.get(&key(sk)).await.unwrap();
    found.map(|item| item.body["content"].as_str().unwrap().to_owned())
}

/// Every item of a range, page after page.
async fn all(store: &dyn StateStore, pk: &str, range: Range, limit: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.query(pk, range.clone(), limit, cursor).await.unwrap();
        assert!(page.items.len() <= limit, "a page is longer than its limit");
        items.extend(page.items);
        cursor = page.cursor;
        if cursor.is_none() {
            return items;
        }
    }
}

/// Every item of a range of the index, page after page. Those that share a place come in any order and are put
/// into that of their keys.
async fn all_of_index(store: &dyn StateStore, range: Range, limit: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.query_index("index", range.clone(), limit, cursor).await.unwrap();
        assert!(page.items.len() <= limit, "a page is longer than its limit");
        items.extend(page.items);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    let place = |item: &Item| item.index.clone().map(|index| index.sk);
    assert!(items.is_sorted_by_key(place), "the index is out of order");
    items.sort_by(|one, other| (place(one), &one.key).cmp(&(place(other), &other.key)));
    items
}

fn sort_keys(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.key.sk.as_str()).collect()
}

/// Asks the index until it says what is expected; the lag of an index is bounded.
async fn index_becomes(subject: &StateSubject, range: Range, expected: &[&str]) {
    let mut seen = Vec::new();
    for _ in 0..200 {
        seen = all_of_index(&*subject.port, range.clone(), 7).await;
        if sort_keys(&seen) == expected {
            return;
        }
        subject.pass(Duration::from_millis(10)).await;
    }
    panic!("the index says {:?}, expected {expected:?}", sort_keys(&seen));
}
