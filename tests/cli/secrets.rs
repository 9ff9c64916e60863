//! Secrets go in and never come out.
use crate::erp_sync::{Finished, Place};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

const SIGE: &str = r#"{"token": "hunter2", "user": "admin@example.com", "app": "App"}"#;

#[track_caller]
fn shows_no_secret(finished: Finished) -> Finished {
    assert!(!finished.stdout.contains("hunter2") && !finished.stderr.contains("hunter2"), "{finished:?}");
    finished
}

#[test]
fn a_secret_comes_from_a_pipe_or_a_file_and_only_its_name_is_listed() {
    let place = Place::new();
    shows_no_secret(place.run_with_input(&["secrets", "set", "sige/loja"], SIGE).done());
    place.write("token.txt", "hunter2-token\n");
    shows_no_secret(place.run(&["secrets", "set", "google/loja", "--from-file", "token.txt"]).done());
    let names = shows_no_secret(place.run(&["secrets", "list", "--json"]).done());
    assert_eq!(names.json(), json!(["erp-sync/local/google/loja", "erp-sync/local/sige/loja"]));
    assert!(
        shows_no_secret(place.run(&["secrets", "list"]).done()).stdout.contains("erp-sync/local/sige/loja")
    );
}

#[test]
fn a_file_that_others_can_read_is_pointed_out() {
    let place = Place::new();
    let path = place.write("token.txt", "hunter2");
    let mode = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("chmod");
    let set = || place.run(&["secrets", "set", "google/loja", "--from-file", "token.txt"]).done();
    mode(0o644);
    assert!(set().stderr.contains("chmod 600 token.txt"));
    mode(0o600);
    assert_eq!(set().stderr, "");
}

#[test]
fn everything_kept_is_for_the_owner_only() {
    let place = Place::new();
    place.run_with_input(&["secrets", "set", "sige/loja"], SIGE).done();
    let mode =
        |name: &str| std::fs::metadata(place.path(name)).expect("metadata").permissions().mode() & 0o777;
    let kept: Vec<_> = place.files().into_iter().filter(|name| name.starts_with("erp-sync-data/")).collect();
    assert!(kept.iter().any(|name| name.ends_with("sige/loja")), "{kept:?}");
    assert!(kept.iter().any(|name| name.starts_with("erp-sync-data/logs/")), "{kept:?}");
    assert_eq!(mode("erp-sync-data"), 0o700);
    for name in kept {
        assert_eq!(mode(&name) & 0o077, 0, "{name}");
    }
}

#[test]
fn a_malformed_value_is_told_by_field_and_stores_nothing() {
    let place = Place::new();
    let cases: [(&str, &str, &[&str]); 8] = [
        ("sige/loja", "", &["is empty"]),
        ("sige/loja", "hunter2", &["not JSON"]),
        ("sige/loja", "[\"hunter2\"]", &["not a JSON object"]),
        (
            "sige/loja",
            r#"{"token": "hunter2", "usr": "x"}"#,
            &["user is missing", "app is missing", "\"usr\" is unknown"],
        ),
        (
            "sige/loja",
            "{\"token\": \"hunter2\\r\\nX: y\", \"user\": \"u\", \"app\": \"a\"}",
            &["token holds a character"],
        ),
        (
            "google/loja",
            r#"{"type": "service_account", "private_key": "hunter2"}"#,
            &["client_email", "private_key", "token_uri"],
        ),
        ("google/loja", "{}", &["neither a service account key nor access_token"]),
        ("google/loja", "hunter2 \u{7f}", &["access token holds a character"]),
    ];
    for (name, value, told) in cases {
        shows_no_secret(place.run_with_input(&["secrets", "set", name], value).refused(2, told));
    }
    assert_eq!(place.run(&["secrets", "list", "--json"]).done().json(), json!([]));
}

#[test]
fn a_name_outside_of_the_known_scopes_is_refused() {
    let place = Place::new();
    for name in ["loja", "smtp/loja", "sige/Loja", "sige/../../etc/passwd", "/etc/passwd", ""] {
        place.run_with_input(&["secrets", "set", name], SIGE).refused(2, &[]);
    }
}

#[test]
fn a_secret_never_reaches_the_log_or_the_database() {
    let place = Place::new();
    place.run_with_input(&["--log-level", "trace", "secrets", "set", "sige/loja"], SIGE).done();
    for name in place.files().iter().filter(|name| !name.ends_with("sige/loja")) {
        let bytes = std::fs::read(place.path(name)).expect("a file");
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{name}");
    }
}

#[test]
fn a_missing_file_is_named() {
    Place::new().run(&["secrets", "set", "sige/loja", "--from-file", "none.json"]).refused(2, &["none.json"]);
}
