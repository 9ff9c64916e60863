use super::*;

fn expression(text: &str, zone: &str) -> ScheduleExpression {
    ScheduleExpression::parse(text, zone).unwrap()
}

/// The next times after `from`, in the zone, as `Www YYYY-MM-DD HH:MM±hh`.
#[track_caller]
fn next(text: &str, zone: &str, from: &str, expected: &[&str]) {
    let expression = expression(text, zone);
    let mut time: DateTime<Utc> = from.parse().unwrap();
    for expected in expected {
        time = expression.next_after(time).unwrap_or_else(|| panic!("{text}: nothing comes, not {expected}"));
        let shown = time.with_timezone(&expression.zone()).format("%a %Y-%m-%d %H:%M %z").to_string();
        assert_eq!(shown, *expected, "{text}");
    }
}

fn refused(text: &str, said: &str) {
    let error = ScheduleExpression::parse(text, "America/Sao_Paulo").unwrap_err().to_string();
    assert!(error.contains(said) && error.contains(text), "{error}");
}

#[test]
fn the_daily_schedule_runs_at_six_in_sao_paulo() {
    next(
        "cron(0 6 * * ? *)",
        "America/Sao_Paulo",
        "2026-03-26T08:59:59Z",
        &["Thu 2026-03-26 06:00 -0300", "Fri 2026-03-27 06:00 -0300"],
    );
}

#[test]
fn a_time_that_is_due_now_is_not_the_next_one() {
    next("cron(0 6 * * ? *)", "UTC", "2026-03-26T06:00:00Z", &["Fri 2026-03-27 06:00 +0000"]);
    next("cron(0 6 * * ? *)", "UTC", "2026-03-26T05:59:59.999Z", &["Thu 2026-03-26 06:00 +0000"]);
}

#[test]
fn days_of_the_week_count_from_sunday_as_one() {
    next("cron(0 8 ? * 1 *)", "UTC", "2026-03-26T00:00:00Z", &["Sun 2026-03-29 08:00 +0000"]);
    next("cron(0 8 ? * 7 *)", "UTC", "2026-03-26T00:00:00Z", &["Sat 2026-03-28 08:00 +0000"]);
    next(
        "cron(0 18 ? * MON-FRI *)",
        "UTC",
        "2026-03-26T19:00:00Z",
        &["Fri 2026-03-27 18:00 +0000", "Mon 2026-03-30 18:00 +0000"],
    );
    next("cron(0 8 ? * 2-6/2 *)", "UTC", "2026-03-28T00:00:00Z", &["Mon 2026-03-30 08:00 +0000"]);
    next("cron(0 8 ? * sun,TUE *)", "UTC", "2026-03-29T09:00:00Z", &["Tue 2026-03-31 08:00 +0000"]);
}

#[test]
fn the_last_the_nth_and_the_nearest_working_day_are_found() {
    next("cron(0 0 L * ? *)", "UTC", "2028-02-01T00:00:00Z", &["Tue 2028-02-29 00:00 +0000"]);
    next("cron(0 0 ? * L *)", "UTC", "2026-03-26T00:00:00Z", &["Sat 2026-03-28 00:00 +0000"]);
    next("cron(0 0 ? * 6L *)", "UTC", "2026-03-01T00:00:00Z", &["Fri 2026-03-27 00:00 +0000"]);
    // 3#2: the second Tuesday.
    next("cron(0 0 ? * 3#2 *)", "UTC", "2026-03-01T00:00:00Z", &["Tue 2026-03-10 00:00 +0000"]);
    // The 15th of March 2026 is a Sunday, the 1st of August 2026 a Saturday.
    next("cron(0 0 15W 3 ? *)", "UTC", "2026-03-01T00:00:00Z", &["Mon 2026-03-16 00:00 +0000"]);
    next("cron(0 0 1W 8 ? *)", "UTC", "2026-07-15T00:00:00Z", &["Mon 2026-08-03 00:00 +0000"]);
}

#[test]
fn steps_begin_where_they_say() {
    let tens = ["Thu 2026-03-26 00:01 +0000", "Thu 2026-03-26 00:11 +0000", "Thu 2026-03-26 00:21 +0000"];
    next("cron(1/10 * * * ? *)", "UTC", "2026-03-26T00:00:00Z", &tens);
    next("cron(*/20 * * * ? *)", "UTC", "2026-03-26T00:01:00Z", &["Thu 2026-03-26 00:20 +0000"]);
    next("cron(0 8-17/3 * * ? *)", "UTC", "2026-03-26T09:00:00Z", &["Thu 2026-03-26 11:00 +0000"]);
    next("cron(0 0 1 JAN,jul ? *)", "UTC", "2026-03-26T00:00:00Z", &["Wed 2026-07-01 00:00 +0000"]);
}

#[test]
fn years_end_a_schedule() {
    let text = "cron(0 6 1 1 ? 2027-2028)";
    next(text, "UTC", "2026-03-26T00:00:00Z", &["Fri 2027-01-01 06:00 +0000", "Sat 2028-01-01 06:00 +0000"]);
    assert_eq!(expression(text, "UTC").next_after("2028-01-01T06:00:00Z".parse().unwrap()), None);
    assert_eq!(
        expression("cron(0 0 31 2 ? *)", "UTC").next_after("2026-01-01T00:00:00Z".parse().unwrap()),
        None
    );
}

/// New York, 8 March 2026: from 02:00 to 03:00 at once.
#[test]
fn a_time_that_the_clocks_leave_out_is_skipped() {
    next("cron(30 2 * * ? *)", "America/New_York", "2026-03-07T08:00:00Z", &["Mon 2026-03-09 02:30 -0400"]);
    next(
        "cron(0/20 * * * ? *)",
        "America/New_York",
        "2026-03-08T06:39:00Z",
        &["Sun 2026-03-08 01:40 -0500", "Sun 2026-03-08 03:00 -0400"],
    );
}

/// New York, 1 November 2026: from 01:00 to 02:00 twice.
#[test]
fn a_time_that_the_clocks_repeat_runs_once() {
    next(
        "cron(30 1 * * ? *)",
        "America/New_York",
        "2026-11-01T04:00:00Z",
        &["Sun 2026-11-01 01:30 -0400", "Mon 2026-11-02 01:30 -0500"],
    );
    // Asked within the second half: what runs once has run.
    next("cron(30 1 * * ? *)", "America/New_York", "2026-11-01T06:10:00Z", &["Mon 2026-11-02 01:30 -0500"]);
}

/// São Paulo had daylight saving until 2019, with the change at midnight.
#[test]
fn a_midnight_that_does_not_exist_is_skipped_too() {
    next("cron(0 0 * * ? *)", "America/Sao_Paulo", "2018-11-03T12:00:00Z", &["Mon 2018-11-05 00:00 -0200"]);
}

#[test]
fn a_rate_keeps_to_its_multiples_and_counts_from_a_known_run() {
    next("rate(1 minute)", "UTC", "2026-03-26T00:00:00Z", &["Thu 2026-03-26 00:01 +0000"]);
    next("rate(5 minutes)", "UTC", "2026-03-26T00:03:59Z", &["Thu 2026-03-26 00:05 +0000"]);
    next("rate(1 day)", "America/New_York", "2026-03-08T00:00:00Z", &["Sun 2026-03-08 20:00 -0400"]);
    let hourly = expression("rate(1 hour)", "UTC");
    let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let next = hourly.next_after_run(Some(time("2026-03-26T08:10:00Z")), time("2026-03-26T10:10:00Z"));
    assert_eq!(next, Some(time("2026-03-26T11:10:00Z")));
    let without = hourly.next_after_run(None, time("2026-03-26T10:10:00Z"));
    assert_eq!(without, Some(time("2026-03-26T11:00:00Z")));
}

#[test]
fn what_the_service_would_refuse_is_refused_with_the_field() {
    refused("cron(0 6 * * * *)", "must be ?");
    refused("cron(0 6 ? * ? *)", "both ?");
    refused("cron(0 6 1 * 2 *)", "must be ?");
    refused("cron(0 6 * * ?)", "5 fields");
    refused("cron(60 6 * * ? *)", "minutes");
    refused("cron(0 6 ? * 0 *)", "1-7 or SUN-SAT");
    refused("cron(0 6 ? * 8 *)", "1-7 or SUN-SAT");
    refused("cron(0 6 ? * 3#6 *)", "1-5");
    refused("cron(0 6 ? * 3#1,6#3 *)", "nothing else");
    refused("cron(0 6 * 13 ? *)", "1-12 or JAN-DEC");
    refused("cron(0 6 * MARCH ? *)", "month");
    refused("cron(0 6 * * ? 1969)", "1970-2199");
    refused("cron(0/0 6 * * ? *)", "minutes");
    refused("cron(,0 6 * * ? *)", "minutes");
    refused("cron(30-10 6 * * ? *)", "ends before it begins");
    refused("cron(L 6 * * ? *)", "minutes");
    refused("rate(0 minutes)", "from 1");
    refused("rate(5 fortnights)", "minutes, hours or days");
    refused("at(2026-03-26T06:00:00)", "cron(...) or rate(...)");
    refused("0 6 * * *", "cron(...) or rate(...)");
    let error = ScheduleExpression::parse("rate(1 day)", "Brasilia").unwrap_err();
    assert!(error.to_string().contains("Brasilia"), "{error}");
}
