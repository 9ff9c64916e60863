//! The three calls of the API that are made, without pretty printing, with a field mask.
//!
//! The spreadsheet stands in the path as an encoded segment, everything else in the query or the body.
use crate::answer::{BatchUpdated, Spreadsheet};
use crate::exchange::exchange;
use crate::outcome::{CallFailure, not_expected};
use crate::token::TokenSource;
use crate::values::{self, Lines, Major};
use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use std::time::Duration;
use url::Url;

/// What is needed to know about a spreadsheet.
const SHAPE_FIELDS: &str = "sheets(properties(sheetId,title,sheetType,gridProperties(rowCount,columnCount)),\
                            developerMetadata(metadataId,metadataKey,metadataValue))";

/// The API as one account may use it.
pub(crate) struct Api {
    pub(crate) http: Client,
    pub(crate) base_url: Url,
    pub(crate) tokens: TokenSource,
}

impl Api {
    /// Tabs, sizes and metadata of a spreadsheet.
    pub(crate) async fn shape(&self, limit: Duration, spreadsheet: &str) -> Result<Spreadsheet, CallFailure> {
        let mut url = resource(&self.base_url, &[spreadsheet]);
        options(&mut url, SHAPE_FIELDS);
        let body = exchange(&self.tokens, limit, self.http.get(url)).await?;
        serde_json::from_slice(&body).map_err(|error| not_expected(&error))
    }

    /// Unformatted values of ranges, dates as serial numbers; one entry for each range.
    pub(crate) async fn values(
        &self,
        limit: Duration,
        spreadsheet: &str,
        ranges: &[String],
        major: Major,
    ) -> Result<Vec<Lines>, CallFailure> {
        let url = values::address(&self.base_url, spreadsheet, ranges, major);
        let body = exchange(&self.tokens, limit, self.http.get(url)).await?;
        values::lines(&body, ranges.len())
    }

    /// One atomic change, as the JSON of a `BatchUpdateSpreadsheetRequest`.
    pub(crate) async fn change(
        &self,
        limit: Duration,
        spreadsheet: &str,
        batch: Vec<u8>,
    ) -> Result<(), CallFailure> {
        let mut url = resource(&self.base_url, &[&format!("{spreadsheet}:batchUpdate")]);
        options(&mut url, "spreadsheetId");
        let json = HeaderValue::from_static("application/json");
        let request = self.http.post(url).header(CONTENT_TYPE, json).body(batch);
        let body = exchange(&self.tokens, limit, request).await?;
        let answer: BatchUpdated = serde_json::from_slice(&body).map_err(|error| not_expected(&error))?;
        if answer.spreadsheet_id.as_deref() != Some(spreadsheet) {
            return Err(CallFailure::Unreadable("the answer does not name the spreadsheet".into()));
        }
        Ok(())
    }
}

/// An address below `spreadsheets`, whatever the base is.
pub(crate) fn resource(base_url: &Url, below: &[&str]) -> Url {
    let mut url = base_url.clone();
    // An http address always has a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["v4", "spreadsheets"]).extend(below);
    }
    url
}

/// What every call asks for: the fields that are read, compact JSON.
pub(crate) fn options(url: &mut Url, fields: &str) {
    url.query_pairs_mut()
        .append_pair("fields", fields)
        .append_pair("prettyPrint", "false")
        .append_pair("alt", "json");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_path_cannot_leave_its_segment() {
        let base = Url::parse("http://127.0.0.1:9/google/").unwrap();
        let path = |id: &str| resource(&base, &[id]).as_str().to_owned();
        let below = "http://127.0.0.1:9/google/v4/spreadsheets/";
        assert_eq!(path("id_1-x:batchUpdate"), format!("{below}id_1-x:batchUpdate"));
        assert_eq!(path("a/b?c#d e%2F"), format!("{below}a%2Fb%3Fc%23d%20e%252F"));
    }
}
