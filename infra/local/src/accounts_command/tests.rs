//! What the operator is told, and what is stored.
use super::*;
use crate::context::for_tests::context;
use flows::ports::Range;
use std::path::PathBuf;

const TEXT: &str = "[loja]\nerp.spreadsheet = \"1AbCdEfGhIjKlMnOpQrStUvWxYz\"\n\
                    destination.spreadsheet = \"1ZyXwVuTsRqPoNmLkJiHgFeDcBa\"\n";

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("accounts.toml");
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

async fn applied(context: &Context, text: &str, apply: bool) {
    let (_dir, path) = file(text);
    super::apply(context, &AccountsApplyArgs { file: Some(path), apply }).await.unwrap();
}

async fn audit_items(context: &Context) -> Vec<Value> {
    let page = context.state.query("audit", Range::all(), 100, None).await.unwrap();
    page.items.into_iter().map(|item| item.body).collect()
}

#[tokio::test]
async fn without_apply_nothing_is_stored() {
    let (context, printed) = context(true);
    applied(&context, TEXT, false).await;
    assert_eq!(accounts::list(&*context.state).await.unwrap(), []);
    let value: Value = serde_json::from_str(&printed.text()).unwrap();
    assert_eq!(value["applied"], false);
    assert_eq!(value["accounts"][0]["outcome"], "created");
    assert_eq!(value["accounts"][0]["missing_secrets"], json!(["sige/loja", "google/loja"]));
    assert_eq!(audit_items(&context).await, [json!(null); 0]);
}

#[tokio::test]
async fn applying_twice_writes_once_and_leaves_one_audit_item() {
    let (context, _) = context(false);
    applied(&context, TEXT, true).await;
    applied(&context, TEXT, true).await;
    let stored = accounts::load(&*context.state, "loja").await.unwrap().unwrap();
    assert_eq!(stored.version, 1);
    let audit = audit_items(&context).await;
    assert_eq!(audit.len(), 1);
    assert_eq!((&audit[0]["action"], &audit[0]["target"]), (&json!("accounts.apply"), &json!("loja")));
}

#[tokio::test]
async fn a_change_is_shown_field_by_field() {
    let (stored, _) = context(false);
    applied(&stored, TEXT, true).await;
    let (mut shown, printed) = context(false);
    shown.state = stored.state;
    applied(&shown, &format!("{TEXT}resync_days = 9\n"), false).await;
    assert!(printed.text().contains("resync_days"), "{}", printed.text());
}

#[tokio::test]
async fn accounts_that_are_not_in_the_file_are_left_alone() {
    let (context, printed) = context(true);
    let other =
        Account::with_defaults("other", "1AbCdEfGhIjKlMnOpQrStUvWxYz", "1OtherVuTsRqPoNmLkJiHgFeDcBa");
    accounts::save(&*context.state, &other, Vec::new()).await.unwrap();
    applied(&context, TEXT, true).await;
    assert_eq!(accounts::list(&*context.state).await.unwrap().len(), 2);
    assert_eq!(serde_json::from_str::<Value>(&printed.text()).unwrap()["not_in_file"], json!(["other"]));
}

#[tokio::test]
async fn a_stopped_account_runs_again_only_with_apply() {
    let (context, _) = context(false);
    applied(&context, TEXT, true).await;
    let stop =
        accounts::Stop { reason: "foreign_rows_changed".into(), at: context.clock.now(), before_image: None };
    accounts::set_stop(&*context.state, "loja", Some(&stop), Vec::new()).await.unwrap();
    let stopped = async || find(&context, "loja").await.unwrap().stopped.is_some();
    super::resume(&context, &AccountsResumeArgs { name: "loja".into(), apply: false }).await.unwrap();
    assert!(stopped().await);
    super::resume(&context, &AccountsResumeArgs { name: "loja".into(), apply: true }).await.unwrap();
    assert!(!stopped().await);
    assert_eq!(audit_items(&context).await.last().unwrap()["action"], "accounts.resume");
}

#[tokio::test]
async fn an_unknown_account_is_a_matter_of_usage() {
    let (context, _) = context(false);
    let failure = super::show(&context, &AccountsShowArgs { name: "nobody".into() }).await.unwrap_err();
    assert_eq!(failure.exit_code(), 2);
    assert!(failure.to_string().contains("nobody"));
}
