//! `erp-sync up` for somebody who has just arrived.
use crate::erp_sync::Place;
use crate::simulators::up::Up;

#[test]
fn without_an_account_it_says_what_to_do_and_keeps_running() {
    let place = Place::new();
    let mut up = Up::start(&place, &[]);
    let told = up.says("no account is switched on");
    for part in ["accounts apply --apply", "secrets set", "up --sample"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(up.is_running());
    up.ask_to_end();
    let (code, told) = up.ended();
    assert_eq!(code, Some(0), "{told}");
    assert!(place.files().iter().any(|file| file.starts_with("erp-sync-data/logs/2")), "{:?}", place.files());
}

#[test]
fn the_sample_company_is_worked_on_at_once_and_leaves_nothing_behind() {
    let place = Place::new();
    let mut up = Up::start(&place, &["--sample"]);
    up.says("nothing outside this machine is touched");
    up.says("sige-daily-sync");
    up.finishes_a_day();
    up.ask_to_end();
    let (code, told) = up.ended();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn a_second_one_on_the_same_directory_is_refused_with_the_process_that_is_there() {
    let place = Place::new();
    let up = Up::start(&place, &[]);
    let process = format!("process {}", up.welcome["pid"]);
    place.run(&["up"]).refused(1, &["another erp-sync up", &process]);
    drop(up);
    let next = Up::start(&place, &[]);
    assert!(next.welcome["pid"].is_u64(), "the lock goes with the process");
}

#[test]
fn the_page_alone_needs_no_lock() {
    let place = Place::new();
    let _working = Up::start(&place, &[]);
    let page = Up::start(&place, &["--mode", "web", "--port", "0"]);
    assert!(page.welcome["health"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:")));
    page.ask_to_end();
    assert_eq!(page.ended().0, Some(0));
}

#[test]
fn a_schedule_or_mode_that_does_not_exist_is_refused_before_anything_starts() {
    let place = Place::new();
    place.run(&["up", "--mode", "loud"]).refused(2, &["background", "web", "all"]);
    place.run(&["up", "--sample", "--data-dir", "x"]).refused(2, &["--sample"]);
    place.write("erp-sync.toml", "[up]\ndaily_schedule = \"6 o'clock\"\nschedule_zone = \"Mars/Base\"\n");
    place
        .run(&["up"])
        .refused(2, &["up.daily_schedule", "cron(...)", "up.schedule_zone", "America/Sao_Paulo"]);
    assert_eq!(place.files(), ["erp-sync.toml"]);
}
