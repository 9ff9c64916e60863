//! The configuration `erp-sync.toml`, typed. One table below is the truth: the structs, their defaults, the parser, the
//! file that `config init` writes and the page in `infra/guide/configuration.md` all come from it.
//!
//! Units stand in the names. Times nest (an HTTP call ends before its step, a step before the handler, the handler
//! before the message becomes visible again), and [`Settings::conflicts`] checks that they do.
mod table;
mod value;

pub use table::{KeyRow, SectionRow};
pub use value::{BaseUrl, DataDir, Level, Limit, Setting, StageName};

use crate::toml_reader::Reader;
use table::settings;

settings! {
    /// This installation as a whole.
    [""] general: General {
        /// Name of this installation; part of the name of every secret, `erp-sync/<stage>/<scope>/<name>`.
        stage: StageName = StageName::local(), Limit::any();
        /// Directory of the database, secrets, blobs and logs; relative to this file. Created with mode 0700.
        data_dir: DataDir = DataDir::beside_config(), Limit::any();
        /// Least severe level written to `<data_dir>/logs`.
        log_level: Level = Level::Info, Limit::any();
        /// Log files older than this many days are deleted when a command starts.
        log_keep_days: u64 = 90, Limit::of(1, 3_650);
        /// Allow http:// to other hosts than this machine; credentials then travel unencrypted.
        allow_plain_http: bool = false, Limit::any();
    }
    /// SIGE Cloud, where billed orders and people come from.
    ["sige"] sige: SigeSettings {
        /// Address of the API. White labels and stand-ins go here.
        base_url: BaseUrl = BaseUrl::known("https://api.sigecloud.com.br/"), Limit::any();
        /// Orders asked for in one page.
        page_size: u64 = 100, Limit::of(1, 200);
        /// Most records of one listing; a longer one fails instead of being cut off.
        records_max: u64 = 50_000, Limit::of(100, 1_000_000);
        /// How often a listing of several pages is read, until two passes agree, before it counts as unstable.
        passes_max: u64 = 3, Limit::of(2, 10);
        /// Days asked for before and after a sale day, because the server's day may end in another time zone.
        query_margin_days: u64 = 0, Limit::of(0, 7);
        /// Requests an hour, orders and people together. SIGE documents 1,000 for its white labels.
        requests_per_hour: u64 = 900, Limit::of(1, 10_000_000);
        /// Requests that may follow each other without waiting for the hourly rate.
        burst: u64 = 60, Limit::of(1, 1_000_000);
        /// Least time between two requests, in milliseconds.
        min_interval_ms: u64 = 500, Limit::of(0, 60_000);
        /// Time to connect, in seconds.
        connect_timeout_s: u64 = 10, Limit::of(1, 120);
        /// Time of one request for orders and its answer, in seconds.
        orders_timeout_s: u64 = 60, Limit::of(1, 180);
        /// Time of one request for people and its answer, in seconds.
        people_timeout_s: u64 = 30, Limit::of(1, 180);
        /// Waits before each further attempt after 408, 429, 5xx or a lost connection, in milliseconds.
        retry_delays_ms: Vec<u64> = vec![1_500, 3_000, 6_000, 12_000], Limit::of(0, 600_000);
        /// Longest Retry-After that is obeyed, in seconds; a longer one is shortened to this.
        retry_after_max_s: u64 = 900, Limit::of(0, 86_400);
    }
    /// Google Sheets, where bookings are read and rows are written.
    ["sheets"] sheets: SheetsSettings {
        /// Address of the Sheets API. (The token address stands in the service account key, `token_uri`.)
        base_url: BaseUrl = BaseUrl::known("https://sheets.googleapis.com/"), Limit::any();
        /// Read requests a minute. Google allows 60 a user.
        reads_per_minute: u64 = 50, Limit::of(1, 1_000_000);
        /// Write requests a minute. Google allows 60 a user.
        writes_per_minute: u64 = 50, Limit::of(1, 1_000_000);
        /// Time to connect, in seconds.
        connect_timeout_s: u64 = 10, Limit::of(1, 120);
        /// Time of one read and its answer, in seconds.
        read_timeout_s: u64 = 30, Limit::of(1, 200);
        /// Time of one write and its answer, in seconds. Google gives up after 180.
        write_timeout_s: u64 = 200, Limit::of(1, 220);
        /// How long after a write without answer the sheet must stay unchanged before the write counts as lost, in seconds.
        settle_after_s: u64 = 200, Limit::of(0, 3_600);
        /// Waits before each further attempt of a read, in milliseconds. Writes are never repeated blindly.
        retry_delays_ms: Vec<u64> = vec![1_000, 2_000, 4_000, 8_000, 16_000], Limit::of(0, 600_000);
        /// Longest Retry-After that is obeyed, in seconds; a longer one is shortened to this.
        retry_after_max_s: u64 = 900, Limit::of(0, 86_400);
    }
    /// How work is planned, leased, deferred and retried.
    ["flows"] flows: FlowSettings {
        /// Most days of one backfill.
        backfill_days_max: u64 = 1_100, Limit::of(1, 3_660);
        /// How far before the last success the question "changed since?" reaches back, in minutes.
        change_overlap_minutes: u64 = 60, Limit::of(0, 10_080);
        /// Days of the past that a changed order may bring back into the daily plan.
        touched_days_max: u64 = 400, Limit::of(0, 3_660);
        /// Time of one window (a sale day of an account) in one go, in seconds; the rest follows in the next.
        window_budget_s: u64 = 240, Limit::of(1, 280);
        /// Time of one handler call, in seconds.
        handler_timeout_s: u64 = 300, Limit::of(2, 900);
        /// How long a delivered message stays hidden, in seconds; at least 6 handler calls.
        visibility_s: u64 = 1_800, Limit::of(12, 43_200);
        /// A wake-up that was not answered for this long is sent again, in seconds.
        requeue_after_s: u64 = 1_800, Limit::of(1, 86_400);
        /// Deliveries of a message before it goes to the dead letters.
        receive_count_max: u64 = 5, Limit::of(5, 1_000);
        /// How long a lease is believed without renewal, in seconds; longer than the longest call made under it.
        lease_ttl_s: u64 = 300, Limit::of(1, 3_600);
        /// Waits before a window is tried again after an outage, in seconds; the last one repeats.
        retry_delays_s: Vec<u64> = vec![60, 120, 300, 900, 1_800, 3_600], Limit::of(1, 86_400);
    }
}

impl Settings {
    /// Every setting of a parsed file; what is missing has its default. Mistakes are reported to the reader's source.
    pub fn read(top: &mut Reader<'_, '_>) -> Self {
        let settings = Self::read_keys(top);
        for (key, message) in settings.conflicts() {
            top.conflict(key, message);
        }
        settings
    }

    /// Settings that are each in range but do not go together: key and reason.
    pub fn conflicts(&self) -> Vec<(&'static str, String)> {
        let (sige, sheets, flows) = (&self.sige, &self.sheets, &self.flows);
        let window = ("flows.window_budget_s", flows.window_budget_s);
        let nest = [
            ("sige.orders_timeout_s", sige.orders_timeout_s, window),
            ("sige.people_timeout_s", sige.people_timeout_s, window),
            ("sheets.read_timeout_s", sheets.read_timeout_s, window),
            ("sheets.write_timeout_s", sheets.write_timeout_s, window),
            ("sheets.write_timeout_s", sheets.write_timeout_s, ("flows.lease_ttl_s", flows.lease_ttl_s)),
            (
                "flows.window_budget_s",
                flows.window_budget_s,
                ("flows.handler_timeout_s", flows.handler_timeout_s),
            ),
        ];
        let too_long = nest.into_iter().filter(|(_, inner, (_, outer))| inner >= outer);
        let mut found: Vec<_> = too_long
            .map(|(key, inner, (outer_key, outer))| {
                (key, format!("is {inner}; it must be less than {outer_key}, which is {outer}"))
            })
            .collect();
        let hidden_min_s = flows.handler_timeout_s.saturating_mul(6);
        if flows.visibility_s < hidden_min_s {
            let message = format!(
                "is {}; it must be at least 6 times flows.handler_timeout_s, which makes {hidden_min_s}",
                flows.visibility_s
            );
            found.push(("flows.visibility_s", message));
        }
        for (key, url) in [("sige.base_url", &sige.base_url), ("sheets.base_url", &sheets.base_url)] {
            if url.is_plain_and_remote() && !self.general.allow_plain_http {
                let message = "would send credentials unencrypted to another host; use https:// (or set allow_plain_http)";
                found.push((key, message.to_owned()));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
