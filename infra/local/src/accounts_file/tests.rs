//! What an accounts file may say, and how it is told what is wrong.
use super::*;

const ID: &str = "1AbCdEfGhIjKlMnOpQrStUvWxYz";
const OTHER: &str = "1ZyXwVuTsRqPoNmLkJiHgFeDcBa";

fn problems(text: &str) -> Vec<String> {
    parse("accounts.toml", text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn two_spreadsheets_are_enough() {
    let text = format!(
        "[loja]\nerp.spreadsheet = \"https://docs.google.com/spreadsheets/d/{ID}/edit#gid=0\"\n\
         destination.spreadsheet = \"{OTHER}\"\n"
    );
    assert_eq!(parse("f", &text), Ok(vec![Account::with_defaults("loja", ID, OTHER)]));
}

#[test]
fn every_key_is_read() {
    let text = format!(
        "[loja]\nenabled = false\nsige_secret = \"sige/x\"\ngoogle_secret = \"google/y\"\nenrich_contacts = false\n\
         erp_max_rows = 10\nresync_days = 2\nperson_cache_days = 0\n\
         [loja.erp]\nspreadsheet = \"{ID}\"\ntab = \"Agenda\"\n[loja.destination]\nspreadsheet = \"{ID}\"\ntab = \"F\"\n\
         [loja.rules]\nprofile = \"legacy\"\nlookback_days = 90\nwindow_months = 2\n\
         booking_status_policy = \"exclude_cancelled\"\nsplit = \"1/3\"\n"
    );
    let read = parse("f", &text).unwrap().remove(0);
    let default = Account::with_defaults("loja", "", "");
    let (read, default) = (serde_json::to_value(read).unwrap(), serde_json::to_value(default).unwrap());
    for key in ACCOUNT_KEYS {
        let pointer = format!("/{}", key.name.replace('.', "/"));
        assert_ne!(read.pointer(&pointer), default.pointer(&pointer), "{}", key.name);
    }
    let named: usize = ["v", "name"].len();
    let leaves: usize = read
        .as_object()
        .unwrap()
        .values()
        .map(|v| match v.get("numerator") {
            None => v.as_object().map_or(1, serde_json::Map::len),
            Some(_) => 1,
        })
        .sum();
    assert_eq!(leaves - named, ACCOUNT_KEYS.len(), "a field of Account is missing in ACCOUNT_KEYS");
}

#[test]
fn the_documented_defaults_are_the_real_ones() {
    let mut text = format!("[loja]\nerp.spreadsheet = \"{ID}\"\ndestination.spreadsheet = \"{OTHER}\"\n");
    for key in ACCOUNT_KEYS.iter().filter(|key| !key.default.is_empty() && key.default != "none") {
        text.push_str(&format!("{} = {}\n", key.name, key.default.replace("<account>", "loja")));
    }
    assert_eq!(parse("f", &text), Ok(vec![Account::with_defaults("loja", ID, OTHER)]));
}

#[test]
fn everything_wrong_with_every_account_is_reported_at_once() {
    let text = format!(
        "[Loja]\nerp.spreadsheet = \"x\"\ndestination.spreadsheet = \"{ID}\"\nresync_day = 1\nresync_days = 0\n\
         [b]\nerp.spreadsheet = \"{ID}\"\nerp.tab = \"\"\nrules.split = \"3/2\"\nrules.profile = \"exact\"\nenabled = \"yes\"\n"
    );
    assert_eq!(
        problems(&text),
        [
            "accounts.toml:1: Loja: \"Loja\" must be 1 to 40 of a-z, 0-9 and '-'",
            "accounts.toml:1: Loja.sige_secret: \"sige/Loja\" must be two words of a-z, 0-9 and '-' joined by '/', as in sige/my-shop",
            "accounts.toml:1: Loja.google_secret: \"google/Loja\" must be two words of a-z, 0-9 and '-' joined by '/', as in sige/my-shop",
            "accounts.toml:2: Loja.erp.spreadsheet: \"x\" is not a spreadsheet id; copy the part between /d/ and /edit of its address",
            "accounts.toml:4: Loja.resync_day: unknown key; did you mean resync_days?",
            "accounts.toml:5: Loja.resync_days: is 0; it must be 1 to 60",
            "accounts.toml:6: b.destination.spreadsheet: is missing; give the id or address of the spreadsheet",
            "accounts.toml:8: b.erp.tab: is empty; give the title of the tab",
            "accounts.toml:9: b.rules.split: 3/2 is more than the whole; use at most 1",
            "accounts.toml:10: b.rules.profile: is \"exact\"; it must be strict or legacy",
            "accounts.toml:11: b.enabled: expected true or false, found a string",
        ]
    );
}

#[test]
fn a_file_without_accounts_and_a_key_outside_of_one_are_refused() {
    assert!(problems("")[0].starts_with("accounts.toml: holds no account"));
    assert!(problems("enabled = true\n")[0].starts_with("accounts.toml:1: enabled: expected a table"));
}

#[test]
fn an_account_named_twice_is_refused() {
    assert!(problems("[a]\n[a]\n").iter().any(|problem| problem.starts_with("accounts.toml:2:")));
}
