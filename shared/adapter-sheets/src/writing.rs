//! The one write: a day as one atomic `batchUpdate`, sent once.
//!
//! ```text
//! gate ─▶ call ─┬─ 2xx naming the spreadsheet ──────────▶ done
//!               ├─ 401, service account, first time ────▶ new token ─▶ gate ─▶ call (401 is certainly not applied)
//!               ├─ 401 403 ─────────────────────────────▶ Credentials
//!               ├─ 429, no connection, no token, gate ──▶ NotSent
//!               ├─ other 4xx ───────────────────────────▶ Rejected
//!               └─ everything else ─────────────────────▶ Unknown: never resend first
//! ```
use crate::a1::stretches;
use crate::outcome::CallFailure;
use crate::reading::{hold, later};
use crate::request::{
    Batch, Change, DataFilter, Dimension, DimensionRange, GridCoordinate, MetadataLocation, MetadataLookup,
    NewMetadata, RowData,
};
use crate::sheets::GoogleSheets;
use crate::token::TokenError;
use crate::wire::{CELL_FIELDS, Inexact, cell_data};
use domain::cell::TypedCell;
use flows::destination::MARKER_KEY;
use flows::ports::{DayWrite, GateError, Marker, SheetWriteError};

/// Header and one row below it always remain: a tab with frozen rows cannot lose all others.
const ROWS_MIN: u32 = 2;

impl GoogleSheets {
    /// Sends the change once.
    pub(crate) async fn write(&self, write: &DayWrite) -> Result<(), SheetWriteError> {
        let failure = match self.send(write).await? {
            Ok(()) => return Ok(()),
            Err(CallFailure::Status { code: 401, .. }) if self.api.tokens.can_renew() => {
                match self.api.tokens.renew(self.settings.write_timeout).await {
                    Ok(()) => match self.send(write).await? {
                        Ok(()) => return Ok(()),
                        Err(failure) => failure,
                    },
                    Err(error) => error.into(),
                }
            }
            Err(failure) => failure,
        };
        Err(self.told(failure).await)
    }

    async fn send(&self, write: &DayWrite) -> Result<Result<(), CallFailure>, SheetWriteError> {
        let batch = batch(write).map_err(|error| SheetWriteError::Rejected(error.to_string()))?;
        let batch =
            serde_json::to_vec(&batch).map_err(|error| SheetWriteError::Rejected(error.to_string()))?;
        self.around.write_gate.admit().await.map_err(gate_closed)?;
        let (limit, spreadsheet) = (self.settings.write_timeout, &self.settings.destination.spreadsheet);
        Ok(self.api.change(limit, spreadsheet, batch).await)
    }

    async fn told(&self, failure: CallFailure) -> SheetWriteError {
        let detail = failure.to_string();
        match failure {
            CallFailure::Status { code: 401 | 403, .. } => {
                let address = &self.settings.destination;
                SheetWriteError::Credentials(format!(
                    "spreadsheet {} (tab `{}`): {detail}; share it with {} as an editor",
                    address.spreadsheet,
                    address.tab,
                    self.api.tokens.who()
                ))
            }
            CallFailure::Status { code: 429, retry_after, .. } => {
                let asked = retry_after.and_then(|text| self.retry_after(&text));
                let wait = asked.map(|asked| asked.min(self.settings.retry_after_max));
                let wait = wait.unwrap_or(self.settings.pause_after_429);
                let until = later(self.around.clock.now(), wait);
                hold(&*self.around.write_gate, until).await;
                SheetWriteError::NotSent { detail, retry_at: Some(until) }
            }
            CallFailure::Status { code: 400..=407 | 409..=499, .. } => SheetWriteError::Rejected(detail),
            CallFailure::Token(TokenError::Refused { .. }) => SheetWriteError::Credentials(detail),
            CallFailure::Token(TokenError::Unavailable(_))
            | CallFailure::Connect(_)
            | CallFailure::TimedOut { left: false, .. } => {
                SheetWriteError::NotSent { detail, retry_at: None }
            }
            CallFailure::Status { .. }
            | CallFailure::TimedOut { left: true, .. }
            | CallFailure::Broken(_)
            | CallFailure::Unreadable(_)
            | CallFailure::TooLarge { .. } => SheetWriteError::Unknown(detail),
        }
    }
}

fn gate_closed(error: GateError) -> SheetWriteError {
    let retry_at = match &error {
        GateError::Deferred { until } => Some(*until),
        GateError::Unavailable(_) => None,
    };
    SheetWriteError::NotSent { detail: error.to_string(), retry_at }
}

/// The requests of a day, in the order in which Google applies them.
///
/// The grid is extended first: rows added at its end move nothing, and so there is always a row left
/// when others are deleted. Rows are updated before any is deleted, so that all numbers still hold;
/// deletions go from the bottom up for the same reason.
fn batch(write: &DayWrite) -> Result<Batch<'_>, Inexact> {
    let mut requests = Vec::new();
    let deleted = u32::try_from(write.delete.len()).unwrap_or(u32::MAX);
    let appended = u32::try_from(write.append.len()).unwrap_or(u32::MAX);
    let kept = write.row_count.saturating_sub(deleted);
    let needed = write.append_after.saturating_add(appended).max(ROWS_MIN);
    if needed > kept {
        requests.push(extend(write.sheet_id, needed - kept));
    }
    let numbers: Vec<u32> = write.update.iter().map(|(row, _)| *row).collect();
    let mut updates = write.update.iter();
    for (first, last) in stretches(&numbers) {
        let rows = updates
            .by_ref()
            .take(usize::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or(usize::MAX));
        let rows = rows.map(|(_, cells)| row_data(cells)).collect::<Result<Vec<_>, _>>()?;
        requests.push(put(write.sheet_id, first.saturating_sub(1), rows));
    }
    requests
        .extend(stretches(&write.delete).into_iter().rev().map(|stretch| remove(write.sheet_id, stretch)));
    if !write.append.is_empty() {
        let rows = write.append.iter().map(|cells| row_data(cells)).collect::<Result<Vec<_>, _>>()?;
        requests.push(put(write.sheet_id, write.append_after, rows));
    }
    requests.extend(write.replace_markers.iter().map(|id| unmark(*id)));
    requests.push(mark(write.sheet_id, &write.marker));
    Ok(Batch { requests })
}

fn row_data(cells: &[TypedCell]) -> Result<RowData<'_>, Inexact> {
    Ok(RowData { values: cells.iter().map(cell_data).collect::<Result<Vec<_>, _>>()? })
}

/// Index of the wire, which counts rows in 32 bits with a sign.
fn index(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn extend(sheet_id: i32, rows: u32) -> Change<'static> {
    Change::AppendDimension { sheet_id, dimension: Dimension::Rows, length: index(rows) }
}

/// Values and number formats from a row on (0-based); every other part of a cell's look stays.
fn put(sheet_id: i32, row: u32, rows: Vec<RowData<'_>>) -> Change<'_> {
    let start = GridCoordinate { sheet_id, row_index: index(row), column_index: 0 };
    Change::UpdateCells { start, rows, fields: CELL_FIELDS }
}

fn remove(sheet_id: i32, (first, last): (u32, u32)) -> Change<'static> {
    let (start_index, end_index) = (index(first.saturating_sub(1)), index(last));
    Change::DeleteDimension {
        range: DimensionRange { sheet_id, dimension: Dimension::Rows, start_index, end_index },
    }
}

fn unmark(metadata_id: i32) -> Change<'static> {
    let developer_metadata_lookup = MetadataLookup { metadata_id };
    Change::DeleteDeveloperMetadata { data_filter: DataFilter { developer_metadata_lookup } }
}

fn mark(sheet_id: i32, marker: &Marker) -> Change<'_> {
    let developer_metadata = NewMetadata {
        metadata_id: marker.metadata_id,
        metadata_key: MARKER_KEY,
        metadata_value: &marker.value,
        visibility: "DOCUMENT",
        location: MetadataLocation { sheet_id },
    };
    Change::CreateDeveloperMetadata { developer_metadata }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::calendar::SerialDay;
    use domain::money::Cents;
    use proptest::prelude::*;
    use serde_json::Value;

    fn sent(write: &DayWrite) -> Value {
        serde_json::to_value(batch(write).unwrap()).unwrap()
    }

    fn day(update: Vec<(u32, Vec<TypedCell>)>, delete: Vec<u32>, append: Vec<Vec<TypedCell>>) -> DayWrite {
        DayWrite {
            sheet_id: 3,
            update,
            delete,
            append,
            append_after: 8,
            row_count: 10,
            replace_markers: vec![41, 42],
            marker: Marker { metadata_id: 43, value: "43:2026-03-25:00".into() },
        }
    }

    fn kinds(batch: &Value) -> Vec<String> {
        let requests = batch["requests"].as_array().unwrap();
        requests.iter().map(|request| request.as_object().unwrap().keys().next().unwrap().clone()).collect()
    }

    #[test]
    fn requests_come_in_the_order_that_keeps_row_numbers_true() {
        let cell = || vec![TypedCell::Integer(1)];
        let update = vec![(2, cell()), (3, cell()), (9, cell())];
        let batch = sent(&day(update, vec![4, 5, 7], vec![cell(), cell(), cell()]));
        assert_eq!(
            kinds(&batch),
            [
                "appendDimension",
                "updateCells",
                "updateCells",
                "deleteDimension",
                "deleteDimension",
                "updateCells",
                "deleteDeveloperMetadata",
                "deleteDeveloperMetadata",
                "createDeveloperMetadata"
            ]
        );
        let at = |path: &str| batch.pointer(path).cloned().unwrap();
        // Ten rows less three deleted leave seven; eight in use and three new need eleven.
        assert_eq!(at("/requests/0/appendDimension/length"), 4);
        assert_eq!(at("/requests/1/updateCells/start/rowIndex"), 1);
        assert_eq!(at("/requests/1/updateCells/rows").as_array().unwrap().len(), 2);
        assert_eq!(at("/requests/2/updateCells/start/rowIndex"), 8);
        assert_eq!(at("/requests/3/deleteDimension/range/startIndex"), 6);
        assert_eq!(at("/requests/4/deleteDimension/range/startIndex"), 3);
        assert_eq!(at("/requests/4/deleteDimension/range/endIndex"), 5);
        assert_eq!(at("/requests/5/updateCells/start/rowIndex"), 8);
        assert_eq!(at("/requests/5/updateCells/fields"), "userEnteredValue,userEnteredFormat.numberFormat");
        assert_eq!(at("/requests/8/createDeveloperMetadata/developerMetadata/metadataId"), 43);
    }

    #[test]
    fn a_grid_that_is_long_enough_is_left_alone() {
        let batch = sent(&day(vec![], vec![], vec![vec![TypedCell::Integer(1)]; 2]));
        assert_eq!(kinds(&batch)[0], "updateCells");
        let emptied = DayWrite { append_after: 1, row_count: 3, ..day(vec![], vec![2, 3], vec![]) };
        assert_eq!(sent(&emptied)["requests"][0]["appendDimension"]["length"], 1);
    }

    fn has_key(value: &Value, key: &str) -> bool {
        match value {
            Value::Object(fields) => fields.iter().any(|(name, below)| name == key || has_key(below, key)),
            Value::Array(items) => items.iter().any(|item| has_key(item, key)),
            _ => false,
        }
    }

    fn any_cell() -> impl Strategy<Value = TypedCell> {
        prop_oneof![
            "[=+@-]?\\PC{0,40}".prop_map(TypedCell::Text),
            any::<String>().prop_map(TypedCell::Text),
            Just(TypedCell::Text("\"formulaValue\":\"=1\"".into())),
            (0..=1_i64 << 53).prop_map(TypedCell::Integer),
            (-Cents::MAX.0..=Cents::MAX.0).prop_map(|cents| TypedCell::Money(Cents(cents))),
            any::<i32>().prop_map(|day| TypedCell::Date(SerialDay(day))),
            any::<i32>().prop_map(|day| TypedCell::Month(SerialDay(day))),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_becomes_a_formula_and_no_cell_is_lost(
            updated in prop::collection::vec(any_cell(), 18),
            appended in prop::collection::vec(prop::collection::vec(any_cell(), 18), 0..4),
        ) {
            let batch = sent(&day(vec![(2, updated)], vec![], appended.clone()));
            prop_assert!(!has_key(&batch, "formulaValue"));
            let requests = batch["requests"].as_array().unwrap();
            let rows = requests.iter().filter_map(|request| request["updateCells"]["rows"].as_array()).flatten();
            let widths: Vec<usize> = rows.map(|row| row["values"].as_array().unwrap().len()).collect();
            prop_assert_eq!(widths, vec![18; appended.len() + 1]);
        }
    }
}
