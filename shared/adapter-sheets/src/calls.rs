//! The two calls that go through the hub, each with the narrow scope (the hub would ask for the
//! whole Drive), without pretty printing, with a field mask, under a time limit.
use crate::connection::Connector;
use crate::outcome::{CallFailure, Witness};
use google_sheets4::Sheets;
use google_sheets4::api::{
    BatchUpdateSpreadsheetRequest, BatchUpdateSpreadsheetResponse, Scope, Spreadsheet,
};
use std::time::Duration;
use tokio::time::timeout;

/// The one scope that is ever asked for: reading and writing spreadsheets. One token serves all calls.
pub(crate) const SCOPE: Scope = Scope::Spreadsheet;

/// What is needed to know about a spreadsheet.
const SHAPE_FIELDS: &str = "sheets(properties(sheetId,title,sheetType,gridProperties(rowCount,columnCount)),\
                            developerMetadata(metadataId,metadataKey,metadataValue))";

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
