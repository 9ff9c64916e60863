//! The service definitions in `infra/units` say what the program understands, and give it the time that it needs to end.
use crate::cli::{Cli, Command, UpMode};
use crate::template;
use clap::Parser;
use std::time::Duration;

const SYSTEMD: &str = include_str!("../../../units/erp-sync.service");
const SERVY: &str = include_str!("../../../units/erp-sync.servy.json");

fn longest_function() -> Duration {
    let wiring = template::embedded().unwrap();
    wiring.functions.iter().map(|function| function.timeout).max().unwrap()
}

fn assert_runs_in_the_background(arguments: &str) {
    let cli = Cli::parse_from(std::iter::once("erp-sync").chain(arguments.split_whitespace()));
    assert!(matches!(cli.command, Command::Up(args) if args.mode == UpMode::Background && !args.sample));
}

#[test]
fn systemd_starts_it_as_it_wants_to_be_started_and_lets_it_finish() {
    let value = |key: &str| {
        let prefix = format!("{key}=");
        SYSTEMD
            .lines()
            .find_map(|line| line.strip_prefix(prefix.as_str()))
            .unwrap_or_else(|| panic!("{key} is missing"))
    };
    assert_runs_in_the_background(value("ExecStart").strip_prefix("/usr/local/bin/erp-sync").unwrap());
    let stop = Duration::from_secs(value("TimeoutStopSec").parse().unwrap());
    assert!(stop > longest_function(), "{stop:?}");
    assert_eq!((value("User"), value("KillMode"), value("Restart")), ("erp-sync", "mixed", "on-failure"));
}

#[test]
fn servy_starts_it_as_it_wants_to_be_started_and_lets_it_finish() {
    let service: serde_json::Value = serde_json::from_str(SERVY).unwrap();
    assert_runs_in_the_background(service["Parameters"].as_str().unwrap());
    let stop = Duration::from_secs(service["StopTimeout"].as_u64().unwrap());
    assert!(stop > longest_function(), "{stop:?}");
    assert_eq!(service["UserAccount"], "NT AUTHORITY\\LocalService");
}
