//! Validation and the compare-and-set of accounts.
use super::*;
use crate::ports::state::{
    Check, Expect, Item, ItemKey, NewItem, Page, Range, StateStore, StoreError, WriteOp, WriteOutcome,
};
use async_trait::async_trait;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Mutex;

const ERP: &str = "1AbCdEfGhIjKlMnOpQrStUvWxYz_-0123456789abcd";
const DESTINATION: &str = "1ZyXwVuTsRqPoNmLkJiHgFeDcBa_-0123456789abcd";

fn account() -> Account {
    Account::with_defaults("loja-centro", ERP, DESTINATION)
}

fn fields(account: &Account) -> Vec<&'static str> {
    account.validate().iter().map(|violation| violation.field).collect()
}

#[test]
fn an_account_with_defaults_is_valid() {
    assert_eq!(account().validate(), []);
}

#[test]
fn every_violation_is_reported_at_once() {
    let mut bad = account();
    bad.name = "Loja Centro".into();
    bad.sige_secret = "sige".into();
    bad.google_secret = "google/a/b".into();
    bad.erp.spreadsheet = "short".into();
    bad.erp.tab = " ".into();
    bad.destination.tab = "x".repeat(101);
    bad.rules.split.denominator = 0;
    bad.rules.window_months = Some(0);
    bad.erp_max_rows = 0;
    bad.resync_days = 61;
    bad.person_cache_days = 366;
    assert_eq!(
        fields(&bad),
        [
            "name",
            "sige_secret",
            "google_secret",
            "erp.spreadsheet",
            "erp.tab",
            "destination.tab",
            "rules.window_months",
            "rules.split",
            "erp_max_rows",
            "resync_days",
            "person_cache_days"
        ]
    );
}

#[test]
fn a_share_above_the_whole_is_refused_and_the_whole_is_not() {
    let mut account = account();
    account.rules.split = domain::rules::Share { numerator: 2, denominator: 2 };
    assert_eq!(fields(&account), [""; 0]);
    account.rules.split.numerator = 3;
    assert_eq!(fields(&account), ["rules.split"]);
}

#[test]
fn bookings_and_rows_cannot_share_a_tab() {
    let mut account = account();
    account.destination = SheetRef { spreadsheet: ERP.into(), tab: "erp".into() };
    assert_eq!(fields(&account), ["destination"]);
    account.destination.tab = "Faturamento".into();
    assert_eq!(fields(&account), [""; 0], "one spreadsheet with two tabs is fine");
}

#[test]
fn names_that_would_break_a_key_are_refused() {
    for bad in ["", "A", "a b", "a/b", "a#b", "ação", "a.b", &"a".repeat(41)] {
        assert!(name_problem(bad).is_some(), "{bad:?}");
    }
    for good in ["a", "loja-1", &"a".repeat(40)] {
        assert_eq!(name_problem(good), None, "{good:?}");
    }
}

#[test]
fn an_address_gives_its_spreadsheet_id() {
    for address in [
        ERP.to_owned(),
        format!("  {ERP}\n"),
        format!("https://docs.google.com/spreadsheets/d/{ERP}/edit#gid=0"),
        format!("https://docs.google.com/spreadsheets/d/{ERP}/edit?usp=sharing"),
        format!("https://docs.google.com/spreadsheets/u/1/d/{ERP}"),
    ] {
        assert_eq!(spreadsheet_id(&address).as_deref(), Ok(ERP), "{address}");
    }
    let other_host = format!("https://evil.example/d/{ERP}");
    for bad in ["", "123456789", "has space in it", "https://docs.google.com/document/d/x", &other_host] {
        assert!(spreadsheet_id(bad).is_err(), "{bad}");
    }
}

#[test]
fn secret_names_carry_the_stage() {
    assert_eq!(secret_name("local", "sige/loja"), "erp-sync/local/sige/loja");
}

#[test]
fn a_change_names_the_field_and_both_values() {
    let mut desired = account();
    desired.erp.tab = "Agenda".into();
    desired.rules.lookback_days = Some(90);
    let Applied::Changed(changes) = compare(Some(&account()), &desired) else { panic!("not a change") };
    let shown: Vec<_> =
        changes.iter().map(|change| (change.field.as_str(), &change.from, &change.to)).collect();
    assert_eq!(
        shown,
        [("erp.tab", &json!("ERP"), &json!("Agenda")), ("rules.lookback_days", &json!(null), &json!(90))]
    );
}

#[tokio::test]
async fn an_unchanged_account_is_not_written() {
    let store = MapStore::default();
    assert_eq!(save(&store, &account(), Vec::new()).await.unwrap(), Applied::Created);
    assert_eq!(save(&store, &account(), Vec::new()).await.unwrap(), Applied::Unchanged);
    assert_eq!(load(&store, "loja-centro").await.unwrap().unwrap().version, 1);
}

#[tokio::test]
async fn applying_keeps_the_stop_and_only_the_operator_lifts_it() {
    let store = MapStore::default();
    save(&store, &account(), Vec::new()).await.unwrap();
    let stop = Stop { reason: "foreign_rows_changed".into(), at: DateTime::UNIX_EPOCH, before_image: None };
    assert!(set_stop(&store, "loja-centro", Some(&stop), Vec::new()).await.unwrap());
    let later = Stop { reason: "header_changed".into(), ..stop.clone() };
    assert!(
        !set_stop(&store, "loja-centro", Some(&later), Vec::new()).await.unwrap(),
        "the first reason stays"
    );

    let mut desired = account();
    desired.enabled = false;
    save(&store, &desired, Vec::new()).await.unwrap();
    let stored = load(&store, "loja-centro").await.unwrap().unwrap().account;
    assert_eq!((stored.enabled, stored.stopped), (false, Some(stop)));

    assert!(set_stop(&store, "loja-centro", None, Vec::new()).await.unwrap());
    assert_eq!(load(&store, "loja-centro").await.unwrap().unwrap().account.stopped, None);
    assert!(!set_stop(&store, "loja-centro", None, Vec::new()).await.unwrap());
}

#[tokio::test]
async fn a_lost_race_reads_again_and_an_endless_one_gives_up() {
    let store = MapStore { refusals: Mutex::new(2), ..MapStore::default() };
    assert_eq!(save(&store, &account(), Vec::new()).await.unwrap(), Applied::Created);
    let store = MapStore { refusals: Mutex::new(99), ..MapStore::default() };
    let error = save(&store, &account(), Vec::new()).await.unwrap_err();
    assert!(matches!(error, AccountError::Contended(name) if name == "loja-centro"));
}

#[tokio::test]
async fn what_is_committed_with_an_account_stands_or_falls_with_it() {
    let store = MapStore::default();
    let audit = || {
        let item = NewItem {
            key: ItemKey::new("audit", "1"),
            index: None,
            expires_at: None,
            body: json!({ "v": 1 }),
        };
        vec![WriteOp::Put(item, Expect::Absent)]
    };
    save(&store, &account(), audit()).await.unwrap();
    assert!(store.get(&ItemKey::new("audit", "1")).await.unwrap().is_some());
    assert_eq!(save(&store, &account(), audit()).await.unwrap(), Applied::Unchanged);
}

#[tokio::test]
async fn accounts_are_listed_by_name_across_pages() {
    let store = MapStore::default();
    for name in ["c", "a", "b"] {
        save(&store, &with_a_tab_of_its_own(name), Vec::new()).await.unwrap();
    }
    let names: Vec<_> = list(&store).await.unwrap().into_iter().map(|stored| stored.account.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

fn with_a_tab_of_its_own(name: &str) -> Account {
    let destination = SheetRef { tab: format!("Faturamento {name}"), ..account().destination };
    Account { name: name.into(), destination, ..account() }
}

#[tokio::test]
async fn two_accounts_that_would_write_to_one_tab_are_refused_whatever_the_case_of_its_title() {
    let store = MapStore::default();
    let first = with_a_tab_of_its_own("a");
    save(&store, &first, Vec::new()).await.unwrap();
    let tab = first.destination.tab.to_uppercase();
    let second =
        Account { name: "b".into(), destination: SheetRef { tab, ..first.destination.clone() }, ..account() };
    let refused = save(&store, &second, Vec::new()).await.unwrap_err();
    assert!(matches!(&refused, AccountError::TabTaken { other, .. } if other == "a"), "{refused}");
    assert!(load(&store, "b").await.unwrap().is_none());
    assert_eq!(save(&store, &first, Vec::new()).await.unwrap(), Applied::Unchanged);
}

#[tokio::test]
async fn an_account_of_a_newer_release_is_unreadable_and_one_with_more_fields_is_not() {
    let store = MapStore::default();
    save(&store, &account(), Vec::new()).await.unwrap();
    store.edit("loja-centro", |body| body["note"] = json!("from the next release"));
    assert!(load(&store, "loja-centro").await.unwrap().is_some());
    store.edit("loja-centro", |body| body["v"] = json!(ACCOUNT_V + 1));
    assert!(matches!(load(&store, "loja-centro").await, Err(StoreError::Unreadable { .. })));
}

/// Items in a map, one per page, that can lose a number of races.
#[derive(Default)]
struct MapStore {
    items: Mutex<BTreeMap<(String, String), Item>>,
    refusals: Mutex<u32>,
}

impl MapStore {
    fn edit(&self, name: &str, change: impl FnOnce(&mut serde_json::Value)) {
        let mut items = self.items.lock().unwrap();
        change(&mut items.get_mut(&("account".to_owned(), name.to_owned())).unwrap().body);
    }
}

#[async_trait]
impl StateStore for MapStore {
    async fn get(&self, key: &ItemKey) -> Result<Option<Item>, StoreError> {
        Ok(self.items.lock().unwrap().get(&(key.pk.clone(), key.sk.clone())).cloned())
    }

    async fn query(&self, pk: &str, _: Range, _: usize, cursor: Option<String>) -> Result<Page, StoreError> {
        let items = self.items.lock().unwrap();
        let after =
            |item: &&Item| item.key.pk == pk && cursor.as_ref().is_none_or(|last| item.key.sk > *last);
        let item = items.values().find(after).cloned();
        Ok(Page { cursor: item.as_ref().map(|item| item.key.sk.clone()), items: item.into_iter().collect() })
    }

    async fn query_index(&self, _: &str, _: Range, _: usize, _: Option<String>) -> Result<Page, StoreError> {
        Ok(Page::default())
    }

    async fn transact(&self, writes: Vec<WriteOp>, _: Vec<Check>) -> Result<WriteOutcome, StoreError> {
        let mut refusals = self.refusals.lock().unwrap();
        let mut items = self.items.lock().unwrap();
        let mut staged = items.clone();
        let mut versions = Vec::new();
        for write in writes {
            let WriteOp::Put(item, expect) = write else { return Err(StoreError::Invalid("delete".into())) };
            let place = (item.key.pk.clone(), item.key.sk.clone());
            let now = staged.get(&place).map(|item| item.version);
            let holds = match expect {
                Expect::Absent => now.is_none(),
                Expect::Version(version) => now == Some(version),
            };
            if *refusals > 0 || !holds {
                *refusals = refusals.saturating_sub(1);
                return Ok(WriteOutcome::Refused(item.key));
            }
            let version = now.unwrap_or(0) + 1;
            let NewItem { key, index, expires_at, body } = item;
            staged.insert(place, Item { key, version, index, expires_at, body });
            versions.push(version);
        }
        *items = staged;
        Ok(WriteOutcome::Written(versions))
    }
}
