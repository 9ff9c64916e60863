//! How many window messages one machine gets through when there is nothing to do: the real event-source loop, the real function
//! `sige-window-sync`, the real stores with `synchronous=FULL`; only SIGE and Google Sheets are stubs that answer at once.
//!
//! Counted from the first receive to the last acknowledgement. A due window is leased, read, found unchanged and committed to
//! window, day, plan and run journal, and the next one of its spreadsheet is sent; a wake-up that comes too late only looks.
//! Each account has a spreadsheet of its own, so that the workers have something to do side by side.
//!
//! `cargo bench -p tests --bench no_op_windows`, on a machine with nothing else to do; when no number of workers reaches the
//! promised figure it ends with exit code 1 if `ERP_SYNC_BENCH_STRICT` is set. Five workers are the default of the template;
//! `up.window_workers_max` allows more, and the more there are, the more of them share one sync of the disk.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
use adapter_local::LocalStores;
use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::document::DocumentKey;
use domain::order::Order;
use domain::person::PersonRecord;
use domain::row::HEADER;
use flows::accounts::{self, Account};
use flows::backfill::{BackfillRequest, plan_backfill};
use flows::deps::{Connections, Deps};
use flows::lease::Takeover;
use flows::ports::{
    BookingBlock, Clock, DayWrite, Delivery, DestinationGrid, Expect, ItemKey, Message, NewItem, OrderSource,
    QueueCounts, QueueError, ReportSheet, RowBlock, SheetReadError, SheetWriteError, SourceError, StateStore,
    WorkQueue,
};
use flows::pseudonym::Pseudonym;
use flows::reason::Reason;
use flows::settings::{FlowSettings, WINDOWS_QUEUE};
use local::settings::Settings;
use local::template::{self, EventSource};
use local::up::{EventSourceLoop, RingingQueue, StopSource};
use local::{drain, telemetry};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::json;
use shared::system::{SystemClock, SystemRandomness};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// What is promised, in messages a second.
const PROMISED: f64 = 1_000.0;
/// Spreadsheets, and workers that run at once: the template's default, and one for each spreadsheet.
const SHAPES: [(usize, usize); 3] = [(16, 5), (16, 16), (32, 32)];
/// Messages of one measurement, a day each, spread over the accounts.
const MESSAGES: usize = 4_000;
/// The days are asked for in plans of a month.
const DAYS_OF_A_PLAN: usize = 25;
const COMMITS: u32 = 200;

/// SIGE without orders and a spreadsheet without rows.
struct Nothing;

#[async_trait]
impl OrderSource for Nothing {
    async fn billed_orders(&self, _: NaiveDate) -> Result<Vec<Order>, SourceError> {
        Ok(Vec::new())
    }
    async fn orders_changed_since(&self, _: DateTime<Utc>) -> Result<Vec<Order>, SourceError> {
        Ok(Vec::new())
    }
    async fn people(&self, _: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl ReportSheet for Nothing {
    async fn read_bookings(&self, _: Option<u32>) -> Result<BookingBlock, SheetReadError> {
        Ok(BookingBlock::default())
    }
    async fn read_grid(&self) -> Result<DestinationGrid, SheetReadError> {
        let header = HEADER.iter().map(|title| (*title).to_owned()).collect();
        Ok(DestinationGrid { header, row_count: 1, column_count: 18, ..DestinationGrid::default() })
    }
    async fn read_rows(&self, _: &[u32]) -> Result<RowBlock, SheetReadError> {
        Ok(RowBlock::default())
    }
    async fn write_day(&self, _: &DayWrite) -> Result<(), SheetWriteError> {
        Err(SheetWriteError::Rejected("there is nothing to write".to_owned()))
    }
}

#[async_trait]
impl Connections for Nothing {
    async fn orders(&self, _: &Account) -> Result<Arc<dyn OrderSource>, Reason> {
        Ok(Arc::new(Nothing))
    }
    async fn sheet(&self, _: &Account) -> Result<Arc<dyn ReportSheet>, Reason> {
        Ok(Arc::new(Nothing))
    }
}

/// Counts acknowledgements and says when the last one has been given.
struct Counted {
    inner: Arc<dyn WorkQueue>,
    left: AtomicUsize,
    done: Notify,
}

#[async_trait]
impl WorkQueue for Counted {
    async fn send(&self, queue: &str, message: Message) -> Result<(), QueueError> {
        self.inner.send(queue, message).await
    }
    async fn receive(&self, queue: &str, max: usize, time: Duration) -> Result<Vec<Delivery>, QueueError> {
        self.inner.receive(queue, max, time).await
    }
    async fn acknowledge(&self, queue: &str, receipt: &str) -> Result<(), QueueError> {
        self.inner.acknowledge(queue, receipt).await?;
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.done.notify_one();
        }
        Ok(())
    }
    async fn change_visibility(&self, queue: &str, receipt: &str, time: Duration) -> Result<(), QueueError> {
        self.inner.change_visibility(queue, receipt, time).await
    }
    async fn counts(&self, queue: &str) -> Result<QueueCounts, QueueError> {
        self.inner.counts(queue).await
    }
}

struct Machine {
    stores: LocalStores,
    queue: Arc<RingingQueue>,
    counted: Arc<Counted>,
    deps: Deps,
    clock: Arc<dyn Clock>,
    accounts: Vec<Account>,
    looping: EventSourceLoop,
}

fn machine(folder: &Path, accounts: usize, workers: usize) -> Result<Machine> {
    let settings = Settings::default();
    let wiring = template::configured(&settings).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let stores = LocalStores::open(&folder.join("data"), clock.clone(), &wiring.queues)?;
    let left = AtomicUsize::new(MESSAGES);
    let counted = Arc::new(Counted { inner: stores.queue.clone(), left, done: Notify::new() });
    let queue = Arc::new(RingingQueue::new(counted.clone(), [WINDOWS_QUEUE]));
    let deps = Deps {
        state: stores.state.clone(),
        queue: queue.clone(),
        blobs: stores.blobs.clone(),
        clock: clock.clone(),
        random: Arc::new(SystemRandomness),
        connections: Arc::new(Nothing),
        pseudonym: Pseudonym::new(vec![7; 32].into()),
        settings: FlowSettings::default(),
        takeover: Takeover::Never,
    };
    let metrics = Arc::new(telemetry::metrics(&folder.join("data"), &settings.general, clock.clone())?);
    let worker = wiring.function("sige-window-sync").context("the worker")?;
    let source = worker.sources.first().context("its queue")?;
    let looping = EventSourceLoop {
        queue: queue.clone(),
        bell: queue.bell(WINDOWS_QUEUE),
        function: sige_window_sync::function(deps.clone(), metrics),
        source: EventSource { concurrency_max: workers, ..source.clone() },
        visibility: wiring.queue(WINDOWS_QUEUE).context("the queue")?.visibility,
        timeout: worker.timeout,
        clock: clock.clone(),
    };
    let accounts = (0..accounts).map(|number| {
        Account::with_defaults(
            &format!("account-{number}"),
            "bookings-of-nobody-in-particular",
            &sheet(number),
        )
    });
    Ok(Machine { stores, queue, counted, deps, clock, accounts: accounts.collect(), looping })
}

fn sheet(number: usize) -> String {
    format!("spreadsheet-number-{number:04}")
}

/// What was measured.
struct Figure {
    messages_a_second: f64,
    /// Processor time of one message, of all threads together.
    processor_ms: f64,
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.0} messages a second, {:.2} ms of processor time each",
            self.messages_a_second, self.processor_ms
        )
    }
}

fn processor_ms() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let ms = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 * 1_000.0 + time.tv_usec() as f64 / 1_000.0;
    Ok(ms(usage.user_time()) + ms(usage.system_time()))
}

impl Machine {
    /// Works until every message has been acknowledged.
    async fn work(self) -> Result<Figure> {
        let (end, stop) = StopSource::new();
        let (began, processor_began) = (self.clock.now(), processor_ms()?);
        let running = tokio::spawn(Arc::new(self.looping).run(stop));
        self.counted.done.notified().await;
        let elapsed = self.clock.now() - began;
        let processor = processor_ms()? - processor_began;
        end.finish();
        running.await?;
        let left = self.queue.counts(WINDOWS_QUEUE).await?;
        if left != QueueCounts::default() {
            bail!("{left:?} left in the queue");
        }
        let messages = MESSAGES as f64;
        Ok(Figure {
            messages_a_second: messages / elapsed.as_seconds_f64(),
            processor_ms: processor / messages,
        })
    }

    /// The days of each account.
    fn days(&self) -> Result<Vec<NaiveDate>> {
        let first = NaiveDate::from_ymd_opt(2024, 1, 1).context("a day")?;
        Ok(first.iter_days().take(MESSAGES / self.accounts.len()).collect())
    }

    /// Windows that are due and turn out to be right already.
    async fn due(self) -> Result<Figure> {
        let all = self.days()?;
        let mut plans = Vec::new();
        for account in &self.accounts {
            accounts::save(&*self.deps.state, account, Vec::new()).await?;
            for days in all.chunks(DAYS_OF_A_PLAN) {
                let (Some(&from), Some(&to)) = (days.first(), days.last()) else { continue };
                let request = BackfillRequest { id: format!("from-{from}"), from, to, allow_empty: false };
                let plan = plan_backfill(&self.deps, account, &request).await?;
                plans.push(drain::PlanRef { account: account.name.clone(), plan: plan.plan });
            }
        }
        flows::dispatch::tick(&self.deps).await?;
        let deps = self.deps.clone();
        let figure = self.work().await?;
        let mut unchanged = 0;
        for plan in plans {
            let plan = flows::plan::load(&deps, &plan.account, &plan.plan).await?.context("a plan")?.value;
            unchanged += plan.progress().unchanged;
        }
        if unchanged != MESSAGES {
            bail!("{unchanged} days were found unchanged, not all");
        }
        Ok(figure)
    }

    /// Wake-ups for windows that nobody asks for.
    async fn late(self) -> Result<Figure> {
        for account in &self.accounts {
            accounts::save(&*self.deps.state, account, Vec::new()).await?;
            for day in self.days()? {
                let body = json!({ "v": 1, "account": account.name, "day": day }).to_string();
                let group = Some(account.destination.spreadsheet.clone());
                self.queue.send(WINDOWS_QUEUE, Message { group, deduplication_id: None, body }).await?;
            }
        }
        self.work().await
    }

    /// How long one durable write takes that nobody shares, in milliseconds.
    async fn commit_ms(&self) -> Result<f64> {
        let began = self.clock.now();
        for number in 0..COMMITS {
            let key = ItemKey::new("bench", number.to_string());
            let item = NewItem { key, index: None, expires_at: None, body: json!({ "v": 1 }) };
            self.stores.state.write(item, Expect::Absent).await?;
        }
        Ok((self.clock.now() - began).as_seconds_f64() * 1_000.0 / f64::from(COMMITS))
    }
}

async fn measure() -> Result<bool> {
    let logs = tempfile::tempdir()?;
    let general = Settings::default().general;
    telemetry::start(logs.path(), &general, Arc::new(SystemClock), telemetry::Shown::Nothing)?;
    let fresh = |(accounts, workers)| -> Result<(tempfile::TempDir, Machine)> {
        let folder = tempfile::tempdir()?;
        let machine = machine(folder.path(), accounts, workers)?;
        Ok((folder, machine))
    };
    let (_folder, alone) = fresh((1, 1))?;
    println!("one durable write that nobody shares: {:.2} ms", alone.commit_ms().await?);
    let mut kept = false;
    for shape in SHAPES {
        let (accounts, workers) = shape;
        let (_folder, machine) = fresh(shape)?;
        let due = machine.due().await?;
        println!("{accounts} spreadsheets, {workers} workers, due and unchanged: {due}");
        let (_folder, machine) = fresh(shape)?;
        let late = machine.late().await?;
        println!("{accounts} spreadsheets, {workers} workers, not due: {late}");
        kept |= due.messages_a_second >= PROMISED;
    }
    Ok(kept)
}

fn main() -> Result<()> {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return Ok(());
    }
    // As `erp-sync` itself.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let kept = runtime.block_on(measure())?;
    if !kept && std::env::var_os("ERP_SYNC_BENCH_STRICT").is_some() {
        bail!("fewer than {PROMISED} messages a second");
    }
    Ok(())
}
