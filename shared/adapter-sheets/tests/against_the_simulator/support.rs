//! A simulator with two small spreadsheets and an adapter that talks to it.
use adapter_sheets::{GoogleSheets, SheetsSettings, Surroundings, TabAddress};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::calendar::SerialDay;
use domain::cell::TypedCell;
use domain::money::Cents;
use flows::ports::{CallGate, Clock, DayWrite, GateError, Marker};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::clock::{SeededRandomness, SimulatedClock};
use testkit::sheets::{CellValue, SheetsSimulator, TabSeed};

pub(crate) const ERP: &str = "erp-spreadsheet";
pub(crate) const REPORT: &str = "report-spreadsheet";
pub(crate) const TAB: &str = "Faturamento";

/// A gate that counts, and can be closed.
#[derive(Debug, Default)]
pub(crate) struct CountingGate {
    pub(crate) admitted: Mutex<u32>,
    pub(crate) closed: Mutex<Option<GateError>>,
    pub(crate) held: Mutex<Vec<DateTime<Utc>>>,
}

#[async_trait]
impl CallGate for CountingGate {
    async fn admit(&self) -> Result<(), GateError> {
        if let Some(closed) = self.closed.lock().unwrap().clone() {
            return Err(closed);
        }
        *self.admitted.lock().unwrap() += 1;
        Ok(())
    }

    async fn hold_until(&self, until: DateTime<Utc>) -> Result<(), GateError> {
        self.held.lock().unwrap().push(until);
        Ok(())
    }
}

impl CountingGate {
    pub(crate) fn admitted(&self) -> u32 {
        *self.admitted.lock().unwrap()
    }

    pub(crate) fn held(&self) -> Vec<DateTime<Utc>> {
        self.held.lock().unwrap().clone()
    }

    pub(crate) fn close(&self, error: GateError) {
        *self.closed.lock().unwrap() = Some(error);
    }
}

/// Simulator, adapter, and what was passed in.
pub(crate) struct Bench {
    pub(crate) google: SheetsSimulator,
    pub(crate) sheets: GoogleSheets,
    pub(crate) clock: SimulatedClock,
    pub(crate) reads: Arc<CountingGate>,
    pub(crate) writes: Arc<CountingGate>,
}

impl Bench {
    /// A destination with a header, an ERP tab with a header, a service account.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut SheetsSettings)) -> Self {
        let google = SheetsSimulator::start().await.unwrap();
        google.add_spreadsheet(ERP, [TabSeed::bookings("ERP")]);
        google.add_spreadsheet(REPORT, [TabSeed::new("Outra"), TabSeed::destination(TAB)]);
        let secret = google.service_account_json();
        Self::on(google, &secret, change).await
    }

    /// An adapter on a simulator.
    pub(crate) async fn on(
        google: SheetsSimulator,
        secret: &str,
        change: impl FnOnce(&mut SheetsSettings),
    ) -> Self {
        let mut settings = SheetsSettings::new(TabAddress::new(ERP, "ERP"), TabAddress::new(REPORT, TAB));
        google.base_url().clone_into(&mut settings.base_url);
        change(&mut settings);
        let clock = SimulatedClock::default();
        let (reads, writes) = (Arc::new(CountingGate::default()), Arc::new(CountingGate::default()));
        let around = Surroundings {
            clock: Arc::new(clock.clone()),
            randomness: Arc::new(SeededRandomness::new(7)),
            read_gate: reads.clone(),
            write_gate: writes.clone(),
        };
        let sheets = GoogleSheets::new(settings, &secret.to_owned().into(), around).await.unwrap();
        Self { google, sheets, clock, reads, writes }
    }

    /// Seconds from the start of the clock.
    pub(crate) fn elapsed(&self) -> Duration {
        (self.clock.now() - SimulatedClock::default().now()).to_std().unwrap()
    }

    /// What the destination shows, without its header.
    pub(crate) fn report(&self) -> Vec<Vec<CellValue>> {
        self.google.rows(REPORT, TAB).into_iter().skip(1).collect()
    }

    /// The id of the destination tab.
    pub(crate) fn sheet_id(&self) -> i32 {
        self.google.sheet_id(REPORT, TAB).unwrap()
    }

    /// A write of rows below the header, nothing deleted.
    pub(crate) fn append(&self, generation: i32, rows: Vec<Vec<TypedCell>>) -> DayWrite {
        DayWrite {
            sheet_id: self.sheet_id(),
            update: Vec::new(),
            delete: Vec::new(),
            append: rows,
            append_after: 1,
            row_count: self.google.grid(REPORT, TAB).unwrap().0,
            replace_markers: Vec::new(),
            marker: marker(generation),
        }
    }
}

/// A marker of a generation.
pub(crate) fn marker(generation: i32) -> Marker {
    Marker { metadata_id: 1000 + generation, value: format!("{generation}:2026-03-25:0123456789abcdef") }
}

/// A row of every kind of cell.
pub(crate) fn row(code: i64) -> Vec<TypedCell> {
    let text = |text: &str| TypedCell::Text(text.into());
    vec![
        text("5511987654321"),
        TypedCell::Integer(code),
        text("Pedido Faturado"),
        TypedCell::Date(SerialDay(46106)),
        text("=HYPERLINK(\"http://x.test\",\"clique\")"),
        text(""),
        text("marina@example.com"),
        TypedCell::Money(Cents(10001)),
        text("Loja Centro"),
        text(&format!("Pedido {code}")),
        text("01234567890"),
        TypedCell::Integer(0),
        text("Sem vendedor"),
        TypedCell::Money(Cents(5001)),
        TypedCell::Date(SerialDay(46105)),
        text("Bruno"),
        TypedCell::Money(Cents(5000)),
        TypedCell::Month(SerialDay(46082)),
    ]
}
