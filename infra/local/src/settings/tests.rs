//! The table, its parser and its documents say the same.
use super::*;
use crate::toml_reader::Source;
use flows::config::BaseUrl;
use std::collections::BTreeSet;

fn read(text: &str) -> (Settings, Vec<String>) {
    let source = Source::new("erp-sync.toml", text);
    let table = source.parse();
    let mut top = Reader::top(&source, table.get_ref());
    let settings = Settings::read(&mut top);
    top.finish();
    (settings, source.into_problems().iter().map(ToString::to_string).collect())
}

#[test]
fn an_empty_file_gives_the_defaults_and_they_agree_with_each_other() {
    let (settings, problems) = read("");
    assert_eq!(settings, Settings::default());
    assert_eq!(problems, [""; 0]);
}

#[test]
fn every_default_is_within_its_own_range() {
    let mut text = String::new();
    for section in Settings::default().rows() {
        if !section.name.is_empty() {
            text.push_str(&format!("[{}]\n", section.name));
        }
        for key in section.keys {
            text.push_str(&format!("{} = {}\n", key.name, key.default));
        }
    }
    let (settings, problems) = read(&text);
    assert_eq!(problems, [""; 0]);
    assert_eq!(settings, Settings::default());
}

#[test]
fn every_key_of_the_table_is_read_and_bounded_by_type() {
    for section in Settings::default().rows() {
        for key in section.keys {
            let path = if section.name.is_empty() {
                key.name.to_owned()
            } else {
                format!("{}.{}", section.name, key.name)
            };
            let (_, problems) = read(&format!("{path} = 1979-05-27\n"));
            assert!(
                problems.iter().any(|problem| problem.contains(&format!(":1: {path}: expected"))),
                "{problems:?}"
            );
        }
    }
}

#[test]
fn every_numeric_key_names_its_unit_or_counts_something() {
    let units = ["_s", "_ms", "_minutes", "_days", "_max", "_hour", "_minute", "_size", "_port"];
    let plain: BTreeSet<_> = ["burst"].into();
    for section in Settings::default().rows() {
        for key in section.keys.iter().filter(|key| key.json.is_u64() || key.json.is_array()) {
            let named = units.iter().any(|unit| key.name.ends_with(unit)) || plain.contains(key.name);
            assert!(named, "{} has no unit", key.name);
        }
    }
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let text = "stage = \"Prod!\"\nlog_level = \"loud\"\n[sige]\nbase_url = \"ftp://x\"\nburst = 0\nrequest_per_hour = 1\n\
                min_interval_ms = 1.5\nretry_delays_ms = [1, -2]\n[sheet]\n";
    assert_eq!(
        read(text).1,
        [
            "erp-sync.toml:1: stage: is \"Prod!\"; it must be 1 to 40 of a-z, 0-9 and '-'",
            "erp-sync.toml:2: log_level: is \"loud\"; it must be one of error, warn, info, debug, trace",
            "erp-sync.toml:4: sige.base_url: must begin with https:// (or http:// for this machine)",
            "erp-sync.toml:5: sige.burst: is 0; it must be 1 to 1000000",
            "erp-sync.toml:6: sige.request_per_hour: unknown key; did you mean requests_per_hour?",
            "erp-sync.toml:7: sige.min_interval_ms: expected a whole number, found a float",
            "erp-sync.toml:8: sige.retry_delays_ms: is -2; it must be 0 to 600000",
            "erp-sync.toml:9: sheet: unknown key; did you mean sheets?",
        ]
    );
}

#[test]
fn times_that_do_not_nest_are_refused_where_they_stand() {
    let (_, problems) = read("[flows]\nwindow_budget_s = 150\nvisibility_s = 600\n");
    assert_eq!(
        problems,
        [
            "erp-sync.toml:3: flows.visibility_s: is 600; it must be at least 6 times flows.handler_timeout_s, which makes 1800",
            "erp-sync.toml: sheets.write_timeout_s: is 200; it must be less than flows.window_budget_s, which is 150",
        ]
    );
}

#[test]
fn plain_http_goes_to_this_machine_only_unless_allowed() {
    for here in ["http://127.0.0.1:8080", "http://localhost/", "http://[::1]:1/", "https://far.example/api"] {
        assert_eq!(read(&format!("sige.base_url = \"{here}\"\n")).1, [""; 0], "{here}");
    }
    let far = "sige.base_url = \"http://far.example/\"\n";
    assert!(read(far).1[0].starts_with("erp-sync.toml:1: sige.base_url: would send credentials unencrypted"));
    assert_eq!(read(&format!("allow_plain_http = true\n{far}")).1, [""; 0]);
}

#[test]
fn a_url_gets_its_final_slash_and_never_holds_a_password() {
    assert_eq!(BaseUrl::parse("https://a.example/api").unwrap().as_str(), "https://a.example/api/");
    let error = BaseUrl::parse("https://user:hunter2@a.example/").unwrap_err();
    assert!(!error.contains("hunter2"), "{error}");
    for bad in
        ["", "a.example", "https://", "https://a.example/?q=1", "https://a.example/#x", "file:///etc/passwd"]
    {
        assert!(BaseUrl::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn numbers_of_any_size_and_base_are_judged() {
    assert_eq!(read("[sige]\nburst = 0x10\n").0.sige.burst, 16);
    for huge in ["99999999999999999999999999", "-1", "18446744073709551616"] {
        assert_eq!(read(&format!("[sige]\nburst = {huge}\n")).1.len(), 1, "{huge}");
    }
}
