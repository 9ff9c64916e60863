//! Help, usage errors, completions, pipes: what holds for every command.
use crate::erp_sync::{Place, binary};
use std::io::Read;
use std::process::Stdio;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["demo"],
    &["run"],
    &["run", "sige-daily-sync"],
    &["run", "sige-backfill"],
    &["sige"],
    &["sige", "restore"],
    &["accounts"],
    &["accounts", "apply"],
    &["accounts", "list"],
    &["accounts", "show"],
    &["accounts", "resume"],
    &["accounts", "import-env"],
    &["import-env"],
    &["secrets"],
    &["secrets", "set"],
    &["config"],
    &["config", "init"],
    &["simulate"],
    &["completions"],
    &["status"],
    &["runs"],
    &["runs", "list"],
    &["runs", "show"],
    &["runs", "watch"],
    &["runs", "cancel"],
    &["runs", "resume"],
    &["quarantine"],
    &["quarantine", "list"],
    &["quarantine", "show"],
    &["quarantine", "retry"],
    &["quarantine", "discard"],
    &["doc"],
    &["doc", "show"],
    &["schedule"],
    &["schedule", "list"],
    &["schedule", "pause"],
    &["schedule", "resume"],
    &["queue"],
    &["queue", "list"],
    &["queue", "show"],
    &["queue", "redrive"],
    &["queue", "discard"],
    &["logs"],
    &["release"],
];

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    for command in COMMANDS {
        let mut line = command.to_vec();
        line.push("--help");
        let help = place.run(&line).done().stdout;
        assert!(help.contains("Usage: erp-sync"), "{line:?}: {help}");
        assert!(help.contains("--json"), "{line:?}: {help}");
    }
    assert_eq!(place.files(), [""; 0], "help writes nothing");
}

#[test]
fn the_first_help_page_shows_examples_and_exit_codes() {
    let help = Place::new().run(&["--help"]).done().stdout;
    for part in ["erp-sync demo", "import-env .env --apply", "0 done, 1 failed, 2 bad usage or configuration"]
    {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn the_version_is_the_workspaces() {
    let version = Place::new().run(&["--version"]).done().stdout;
    assert_eq!(version.trim(), concat!("erp-sync ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn bad_usage_ends_with_2_and_names_what_is_wrong() {
    let place = Place::new();
    let lines: [(&[&str], &str); 9] = [
        (&["frobnicate"], "frobnicate"),
        (&["demo", "--frobnicate"], "--frobnicate"),
        (&["run"], "sige-daily-sync"),
        (&["run", "sige-backfill", "--from", "2026-04-01"], "--to"),
        (&["run", "sige-backfill", "--from", "31/02/2026", "--to", "2026-04-30"], "no such day"),
        (&["run", "sige-daily-sync", "--date", "yesterday"], "YYYY-MM-DD"),
        (&["run", "sige-daily-sync", "--account", "Loja Centro"], "a-z, 0-9"),
        (&["simulate", "--erp-rows=-1"], "erp-rows"),
        (&["--log-level", "loud", "config", "check"], "error, warn, info, debug, trace"),
    ];
    for (line, told) in lines {
        place.run(line).refused(2, &[told]);
    }
    assert_eq!(place.files(), [""; 0], "a wrong line leaves nothing behind");
}

#[test]
fn with_json_a_failure_is_an_object_on_standard_output() {
    let place = Place::new();
    for line in [&["--json", "frobnicate"][..], &["accounts", "show", "nobody", "--json"]] {
        let failed = place.run(line).refused(2, &[line[if line[0] == "--json" { 1 } else { 2 }]]);
        let error = &failed.json()["error"];
        assert_eq!(error["exit_code"], 2);
        assert_eq!(error["kind"], "bad_usage");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
    }
}

#[test]
fn completions_are_scripts_that_know_the_commands() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.run(&["completions", shell]).done().stdout;
        for word in ["sige-backfill", "import-env", "--apply"] {
            assert!(script.contains(word.trim_start_matches('-')), "{shell}: {word}");
        }
    }
    place.run(&["completions", "tcsh"]).refused(2, &["tcsh"]);
}

#[test]
fn the_bash_completions_load_and_complete() {
    let place = Place::new();
    let text = place.run(&["completions", "bash"]).done().stdout;
    let function = text
        .split_once("complete -F ")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .expect("a function");
    let script = place.write("completions.bash", &text);
    let test = format!(
        "source '{}'; COMP_WORDS=(erp-sync acc); COMP_CWORD=1; {function} erp-sync acc erp-sync; echo \"${{COMPREPLY[@]}}\"",
        script.display()
    );
    let output = std::process::Command::new("bash").args(["-c", &test]).output().expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "accounts", "{output:?}");
}

#[test]
fn a_reader_that_goes_away_ends_the_printing_quietly() {
    let place = Place::new();
    let mut child = place
        .command()
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("erp-sync runs");
    drop(child.stdout.take());
    let mut told = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut told).expect("UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{told}");
    assert_eq!(told, "");
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let place = Place::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let output = place.command().args(["config", "check"]).stdout(full).output().expect("erp-sync runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output cannot be written"));
}

#[test]
fn output_has_no_colour_when_nobody_looks() {
    let place = Place::new();
    for line in [&["config", "check"][..], &["--help"], &["frobnicate"]] {
        let finished = place.run(line);
        assert!(!finished.stdout.contains('\u{1b}') && !finished.stderr.contains('\u{1b}'), "{finished:?}");
    }
    assert!(binary().is_file());
}
