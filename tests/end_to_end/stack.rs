//! A deployed stack with a company in its simulators, and the operator's command line on it.
use super::cloud::{Caller, REGION, Said, emulator, packaged, root};
use crate::erp_sync::{Finished, Place};
use local::sample_installation::{
    ACCOUNT, DESTINATION_SPREADSHEET, ERP_SPREADSHEET, SampleInstallation, Scale,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use shared::system::SystemClock;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use testkit::sample::SampleSize;
use testkit::sheets::CellValue;
use tokio::sync::{Semaphore, SemaphorePermit};

static STACKS: AtomicU32 = AtomicU32::new(1);
/// Whose stack it is, unless a test needs a clock of its own.
const ACCOUNT_ID: &str = "100000000001";

/// Stacks at once: the emulator is one process, and times are short.
static PLACES: Semaphore = Semaphore::const_new(3);

/// What a test wants to be different.
pub struct Wish {
    /// Orders, bookings and days of the company.
    pub size: SampleSize,
    /// Parameters of the template.
    pub parameters: Vec<(&'static str, String)>,
    /// Whether it moves the clock.
    pub own_clock: bool,
}

impl Default for Wish {
    fn default() -> Self {
        Self { size: SampleSize::SMALL, parameters: Vec::new(), own_clock: false }
    }
}

impl Wish {
    pub fn with(mut self, parameter: &'static str, value: impl ToString) -> Self {
        self.parameters.push((parameter, value.to_string()));
        self
    }
}

/// Parameters of every stack here: nothing starts by itself, no outside system makes anybody wait, and times are short
/// enough for a test and long enough for a busy machine.
const PARAMETERS: [(&str, &str); 17] = [
    ("SchedulesState", "DISABLED"),
    // The emulator has no such resource.
    ("SavedQueries", "false"),
    ("SigeRequestsPerHour", "10000000"),
    ("SigeBurst", "1000000"),
    ("SigeMinIntervalMs", "0"),
    ("SheetsReadsPerMinute", "1000000"),
    ("SheetsWritesPerMinute", "1000000"),
    ("SigeOrdersTimeoutSeconds", "20"),
    ("SigePeopleTimeoutSeconds", "20"),
    ("SheetsReadTimeoutSeconds", "20"),
    ("SheetsWriteTimeoutSeconds", "20"),
    ("WindowBudgetSeconds", "60"),
    ("LeaseTtlSeconds", "60"),
    ("FunctionTimeoutSeconds", "90"),
    ("WindowVisibilitySeconds", "540"),
    ("RequeueAfterSeconds", "1800"),
    ("SheetsSettleSeconds", "1"),
];

/// A company, its simulators, and the stack that works for it.
pub struct Stack {
    pub name: String,
    pub caller: Caller,
    pub company: SampleInstallation,
    place: Place,
    _turn: SemaphorePermit<'static>,
}

/// A company in simulators, the same for the same size.
pub async fn company(size: SampleSize) -> SampleInstallation {
    // The sample ends on the day that the functions believe it is: their clock is the system's.
    SampleInstallation::start(Arc::new(SystemClock), Scale { company: size, destination_rows: 5 })
        .await
        .expect("simulators")
}

impl Stack {
    pub async fn deploy(wish: Wish) -> Self {
        let turn = PLACES.acquire().await.expect("a place");
        let number = STACKS.fetch_add(1, Ordering::Relaxed);
        let account = if wish.own_clock { format!("2{number:011}") } else { ACCOUNT_ID.to_owned() };
        let company = company(wish.size).await;
        let stack = Self {
            name: format!("e2e-{number}"),
            caller: Caller::new(&account),
            company,
            place: Place::new(),
            _turn: turn,
        };
        stack.create(&wish.parameters).await;
        stack.set_up(&[(ACCOUNT, DESTINATION_SPREADSHEET)]).await;
        stack
    }

    async fn create(&self, wished: &[(&'static str, String)]) {
        let mut parameters: BTreeMap<&str, String> =
            PARAMETERS.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        parameters.insert("SigeBaseUrl", format!("{}/", self.company.sige.base_url()));
        parameters.insert("SheetsBaseUrl", self.company.sheets.base_url().to_owned());
        parameters.extend(wished.iter().cloned());
        let mut arguments: Vec<String> = [
            ("--endpoint", emulator().endpoint()),
            ("--region", REGION),
            ("--account", self.caller.account()),
            ("--stack", &self.name),
            ("--template", &root().join("template.yaml").to_string_lossy()),
            ("--packaged", &packaged().to_string_lossy()),
        ]
        .into_iter()
        .flat_map(|(option, value)| [option.to_owned(), value.to_owned()])
        .collect();
        arguments.extend(parameters.iter().map(|(name, value)| format!("{name}={value}")));
        let deployed = tokio::task::spawn_blocking(move || emulator().run_script("deploy.py", &arguments));
        deployed.await.expect("a result").unwrap_or_else(|why| panic!("the stack does not stand: {why}"));
    }

    /// Applies accounts of the company, each with its spreadsheet, and the secrets that they share.
    pub async fn set_up(&self, accounts: &[(&str, &str)]) {
        let of_account = |(name, spreadsheet): &(&str, &str)| {
            format!(
                "[{name}]\nsige_secret = \"sige/{ACCOUNT}\"\ngoogle_secret = \"google/{ACCOUNT}\"\n\
                 erp.spreadsheet = \"{ERP_SPREADSHEET}\"\ndestination.spreadsheet = \"{spreadsheet}\"\n"
            )
        };
        let text: String = accounts.iter().map(of_account).collect();
        self.place.write("accounts.toml", &text);
        // What the operator's machine asks by itself it asks the same systems.
        let (sige, sheets) = (self.company.sige.base_url(), self.company.sheets.base_url());
        let config = format!("[sige]\nbase_url = \"{sige}\"\n[sheets]\nbase_url = \"{sheets}\"\n");
        self.place.write("erp-sync.toml", &config);
        self.operator(&["accounts", "apply", "--apply"], "").await.done();
        let sige = &self.company.company.account;
        let sige = local::credentials::sige(&sige.token, &sige.user, &sige.app);
        let google = self.company.sheets.service_account_json();
        self.operator(&["secrets", "set", &format!("sige/{ACCOUNT}")], &sige).await.done();
        self.operator(&["secrets", "set", &format!("google/{ACCOUNT}")], &google).await.done();
    }

    /// Runs `erp-sync --stack` with that on its standard input.
    pub async fn operator(&self, arguments: &[&str], input: &str) -> Finished {
        let mut command = self.place.command();
        command.args(["--stack", &self.name]).args(arguments);
        command.env("AWS_ENDPOINT_URL", emulator().endpoint()).env("AWS_REGION", REGION);
        command.env("AWS_ACCESS_KEY_ID", self.caller.account()).env("AWS_SECRET_ACCESS_KEY", "secret");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let input = input.to_owned();
        let finished = tokio::task::spawn_blocking(move || {
            use std::io::Write;
            let mut child = command.spawn().expect("erp-sync runs");
            // A command that does not read its input closes it.
            let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
            child.wait_with_output().expect("erp-sync ends")
        });
        Finished::of(finished.await.expect("an output"))
    }

    /// The physical name of something of the stack.
    pub fn named(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    /// Invokes a function by its logical name and waits for what it says.
    pub async fn invoke(&self, function: &str, event: &Value) -> Said {
        self.caller.invoke(&self.named(function), event).await
    }

    /// The environment of a deployed function, for who runs its binary elsewhere.
    pub async fn variables(&self, function: &str) -> Vec<(String, String)> {
        let configuration = self.caller.function_configuration(&self.named(function)).await;
        let own = configuration["Environment"]["Variables"].as_object().expect("variables").iter();
        let own = own.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
        let given = [
            ("AWS_LAMBDA_FUNCTION_NAME", function),
            ("AWS_LAMBDA_FUNCTION_TIMEOUT", "60"),
            ("AWS_ENDPOINT_URL", emulator().endpoint()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", self.caller.account()),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        own.chain(given.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
    }

    /// Whether the queue of windows is read by its worker.
    pub async fn feed_the_worker(&self, enabled: bool) {
        self.caller.enable_sources(&self.named("sige-window-sync"), enabled).await;
    }

    /// Puts a message into a FIFO queue, past everything that would check it.
    pub async fn send(&self, queue: &str, group: &str, body: &str) {
        let message = json!({
            "QueueUrl": self.caller.queue_url(&self.named(queue)).await,
            "MessageBody": body,
            "MessageGroupId": group,
            "MessageDeduplicationId": format!("{group}/{body}").replace(|c: char| !c.is_ascii_graphic(), "-"),
        });
        self.caller.call("sqs", "AmazonSQS.SendMessage", message).await;
    }

    /// Lets the time of a schedule come.
    pub fn fire(&self, schedule: &str) {
        emulator().fire(self.caller.account(), REGION, &self.named(schedule)).expect("the schedule fires");
    }

    /// Time passes for queues and tables, not for the functions.
    pub fn let_pass(&self, time: Duration) {
        emulator().shift_account(self.caller.account(), time).expect("the emulator runs");
    }

    /// Sends a signal to the one window worker there is.
    pub fn signal_the_worker(&self, signal: Signal) {
        let workers = emulator().workers(&self.named("sige-window-sync"));
        let [worker] = workers.as_slice() else { panic!("one worker was expected: {workers:?}") };
        kill(Pid::from_raw(i32::try_from(*worker).expect("a pid")), signal).expect("the signal is sent");
    }

    /// Every row of the destination as text, sorted: the order of rows is not a promise.
    pub fn rows(&self) -> Vec<String> {
        rows(&self.company)
    }
}

/// Every row of a company's destination as text, sorted.
pub fn rows(company: &SampleInstallation) -> Vec<String> {
    let text = |row: Vec<CellValue>| format!("{row:?}");
    let mut rows: Vec<_> =
        company.sheets.rows(DESTINATION_SPREADSHEET, "Faturamento").into_iter().map(text).collect();
    rows.sort();
    rows
}
