//! Outside systems that break one of their promises.
use crate::world::orders::MemoryOrders;
use crate::world::sheet::MemorySheet;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::cell::TypedCell;
use domain::document::DocumentKey;
use domain::money::Cents;
use domain::order::Order;
use domain::person::PersonRecord;
use flows::ports::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// SIGE that every third time says of a day what it said first.
pub struct OldAnswers {
    sound: Arc<MemoryOrders>,
    said: Mutex<(usize, BTreeMap<NaiveDate, Vec<Order>>)>,
}

impl OldAnswers {
    pub fn new(sound: &Arc<MemoryOrders>) -> Self {
        Self { sound: sound.clone(), said: Mutex::default() }
    }
}

#[async_trait]
impl OrderSource for OldAnswers {
    async fn billed_orders(&self, day: NaiveDate) -> Result<Vec<Order>, SourceError> {
        let now = self.sound.billed_orders(day).await?;
        let mut said = self.said.lock().unwrap();
        said.0 += 1;
        let repeats = said.0.is_multiple_of(3);
        let first = said.1.entry(day).or_insert_with(|| now.clone());
        Ok(if repeats { first.clone() } else { now })
    }
    async fn orders_changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Order>, SourceError> {
        self.sound.orders_changed_since(since).await
    }
    async fn people(&self, document: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError> {
        self.sound.people(document).await
    }
}

/// SIGE that names only every other order that has changed.
pub struct SilentChanges(pub Arc<MemoryOrders>);

#[async_trait]
impl OrderSource for SilentChanges {
    async fn billed_orders(&self, day: NaiveDate) -> Result<Vec<Order>, SourceError> {
        self.0.billed_orders(day).await
    }
    async fn orders_changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Order>, SourceError> {
        let mut changed = self.0.orders_changed_since(since).await?;
        changed.retain(|order| order.code % 2 == 0);
        Ok(changed)
    }
    async fn people(&self, document: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError> {
        self.0.people(document).await
    }
}

/// A spreadsheet that keeps whole amounts only.
pub struct RoundedAmounts(pub Arc<MemorySheet>);

fn rounded(cells: &[TypedCell]) -> Vec<TypedCell> {
    let round = |cell: &TypedCell| match cell {
        TypedCell::Money(Cents(cents)) => TypedCell::Money(Cents((cents + 50) / 100 * 100)),
        other => other.clone(),
    };
    cells.iter().map(round).collect()
}

#[async_trait]
impl ReportSheet for RoundedAmounts {
    async fn read_bookings(&self, max_rows: Option<u32>) -> Result<BookingBlock, SheetReadError> {
        self.0.read_bookings(max_rows).await
    }
    async fn read_grid(&self) -> Result<DestinationGrid, SheetReadError> {
        self.0.read_grid().await
    }
    async fn read_rows(&self, rows: &[u32]) -> Result<RowBlock, SheetReadError> {
        self.0.read_rows(rows).await
    }
    async fn write_day(&self, write: &DayWrite) -> Result<(), SheetWriteError> {
        let mut write = write.clone();
        write.update.iter_mut().for_each(|(_, cells)| *cells = rounded(cells));
        write.append.iter_mut().for_each(|cells| *cells = rounded(cells));
        self.0.write_day(&write).await
    }
}
