//! The three calls of the API that are made, each with the narrow scope (the hub would ask for the
//! whole Drive), without pretty printing, with a field mask, under a time limit.
use crate::connection::Connector;
use crate::outcome::{CallFailure, Witness};
use google_sheets4::Sheets;
use google_sheets4::api::{
    BatchGetValuesResponse, BatchUpdateSpreadsheetRequest, BatchUpdateSpreadsheetResponse, Scope,
    Spreadsheet, ValueRange,
};
use std::time::Duration;
use tokio::time::timeout;

/// The one scope that is ever asked for: reading and writing spreadsheets. One token serves all calls.
pub(crate) const SCOPE: Scope = Scope::Spreadsheet;

/// What is needed to know about a spreadsheet.
const SHAPE_FIELDS: &str = "sheets(properties(sheetId,title,sheetType,gridProperties(rowCount,columnCount)),\
                            developerMetadata(metadataId,metadataKey,metadataValue))";

/// How the cells of an answer are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Major {
    Rows,
    Columns,
}

impl Major {
    fn name(self) -> &'static str {
        match self {
            Self::Rows => "ROWS",
            Self::Columns => "COLUMNS",
        }
    }
}

/// Tabs, sizes and metadata of a spreadsheet.
pub(crate) async fn shape(
    hub: &Sheets<Connector>,
    limit: Duration,
    spreadsheet: &str,
) -> Result<Spreadsheet, CallFailure> {
    let mut witness = Witness::default();
    let call = hub
        .spreadsheets()
        .get(spreadsheet)
        .param("fields", SHAPE_FIELDS)
        .param("prettyPrint", "false")
        .add_scope(SCOPE)
        .delegate(&mut witness);
    let result = timeout(limit, Box::pin(call.doit())).await;
    witness.judge(limit, result)
}

/// Unformatted values of ranges, dates as serial numbers; one `ValueRange` for each range.
pub(crate) async fn values(
    hub: &Sheets<Connector>,
    limit: Duration,
    spreadsheet: &str,
    ranges: &[String],
    major: Major,
) -> Result<Vec<ValueRange>, CallFailure> {
    let mut witness = Witness::default();
    let mut call = hub
        .spreadsheets()
        .values_batch_get(spreadsheet)
        .value_render_option("UNFORMATTED_VALUE")
        .date_time_render_option("SERIAL_NUMBER")
        .major_dimension(major.name())
        .param("fields", "valueRanges(range,values)")
        .param("prettyPrint", "false")
        .add_scope(SCOPE)
        .delegate(&mut witness);
    for range in ranges {
        call = call.add_ranges(range);
    }
    let result = timeout(limit, Box::pin(call.doit())).await;
    let answer: BatchGetValuesResponse = witness.judge(limit, result)?;
    let found = answer.value_ranges.unwrap_or_default();
    if found.len() != ranges.len() {
        let message = format!("{} ranges were asked for and {} came", ranges.len(), found.len());
        return Err(CallFailure::Unreadable(message));
    }
    Ok(found)
}

/// One atomic change.
pub(crate) async fn change(
    hub: &Sheets<Connector>,
    limit: Duration,
    spreadsheet: &str,
    request: BatchUpdateSpreadsheetRequest,
) -> Result<(), CallFailure> {
    let mut witness = Witness::default();
    let call = hub
        .spreadsheets()
        .batch_update(request, spreadsheet)
        .param("fields", "spreadsheetId")
        .param("prettyPrint", "false")
        .add_scope(SCOPE)
        .delegate(&mut witness);
    let result = timeout(limit, Box::pin(call.doit())).await;
    let answer: BatchUpdateSpreadsheetResponse = witness.judge(limit, result)?;
    if answer.spreadsheet_id.as_deref() != Some(spreadsheet) {
        return Err(CallFailure::Unreadable("the answer does not name the spreadsheet".into()));
    }
    Ok(())
}
