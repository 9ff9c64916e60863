//! The emulator of AWS as tests need it: with a clock that moves, and gone when its owner is.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use testkit::emulator::Emulator;

fn address(emulator: &Emulator) -> String {
    emulator.endpoint().strip_prefix("http://").unwrap().to_owned()
}

/// The time the emulator says in an answer.
fn time(address: &str) -> DateTime<Utc> {
    let mut connection = TcpStream::connect(address).unwrap();
    let request = format!("GET /_ministack/health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let date = answer.lines().find_map(|line| line.strip_prefix("date: ")).unwrap();
    DateTime::parse_from_rfc2822(date).unwrap().to_utc()
}

#[test]
fn its_running_clock_moves_when_it_is_told_to() {
    let emulator = Emulator::start().unwrap();
    let address = address(&emulator);
    let before = time(&address);
    emulator.shift(Duration::from_secs(90 * 60)).unwrap();
    let moved = time(&address) - before;
    assert!(moved >= TimeDelta::minutes(90) && moved < TimeDelta::minutes(100), "{moved}");
}

#[test]
fn it_ends_with_its_owner() {
    let emulator = Emulator::start().unwrap();
    let mut connection = TcpStream::connect(address(&emulator)).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    time(&address(&emulator));
    drop(emulator);
    match connection.read(&mut [0; 1]) {
        Ok(read) => assert_eq!(read, 0),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[test]
fn what_it_does_not_understand_is_told() {
    let emulator = std::sync::Arc::new(Emulator::start().unwrap());
    let told = emulator.account("two words").unwrap_err();
    assert!(told.contains("unknown command"), "{told}");
}
