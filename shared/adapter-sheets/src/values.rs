//! `values.batchGet`, read straight into cells.
//!
//! The one call that does not go through the hub's builder: that decodes an answer into a tree of
//! values of 72 bytes each, and the two full columns of a large destination are read several times in
//! every run. The hub's client, token and time limit are used, so connections are shared and the same
//! failures come out; status and `Retry-After` are seen here anyway, and a range is encoded as part of
//! the query.
use crate::calls::SCOPE;
use crate::connection::{AGENT, Connector};
use crate::outcome::{CallFailure, message, not_expected, told, unanswered};
use crate::token::{TokenSource, chain};
use crate::wire::Wire;
use domain::cell::Cell;
use google_sheets4::Sheets;
use google_sheets4::common::to_body;
use http_body_util::{BodyExt, Collected};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, RETRY_AFTER, USER_AGENT};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

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

/// The cells of a range: rows or columns, each up to its last cell in use.
pub(crate) type Lines = Vec<Vec<Cell>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    value_ranges: Vec<Range>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(default)]
    values: Vec<Vec<Wire>>,
}

/// The address of a call: ranges and options in the query.
pub(crate) fn address(base_url: &Url, spreadsheet: &str, ranges: &[String], major: Major) -> Url {
    let mut url = base_url.clone();
    url.set_path(&format!("{}v4/spreadsheets/{spreadsheet}/values:batchGet", base_url.path()));
    url.query_pairs_mut()
        .extend_pairs(ranges.iter().map(|range| ("ranges", range)))
        .append_pair("majorDimension", major.name())
        .append_pair("valueRenderOption", "UNFORMATTED_VALUE")
        .append_pair("dateTimeRenderOption", "SERIAL_NUMBER")
        .append_pair("fields", "valueRanges(range,values)")
        .append_pair("prettyPrint", "false")
        .append_pair("alt", "json");
    url
}

/// Unformatted values of ranges, dates as serial numbers; one entry for each range.
pub(crate) async fn values(
    hub: &Sheets<Connector>,
    tokens: &TokenSource,
    limit: Duration,
    url: &Url,
    range_count: usize,
) -> Result<Vec<Lines>, CallFailure> {
    let call = Box::pin(fetched(hub, tokens, url));
    let body = timeout(limit, call).await.map_err(|_| CallFailure::TimedOut { left: true, limit })??;
    let answer: Answer = serde_json::from_slice(&body).map_err(|error| not_expected(&error))?;
    let came = answer.value_ranges.len();
    if came != range_count {
        return Err(CallFailure::Unreadable(format!("{range_count} ranges were asked for and {came} came")));
    }
    let cells = |line: Vec<Wire>| line.into_iter().map(|Wire(cell)| cell).collect();
    Ok(answer.value_ranges.into_iter().map(|range| range.values.into_iter().map(cells).collect()).collect())
}

/// The body of a 2xx answer.
async fn fetched(hub: &Sheets<Connector>, tokens: &TokenSource, url: &Url) -> Result<Bytes, CallFailure> {
    let token = tokens.token(&[SCOPE.as_ref()]).await?;
    let request = Request::get(url.as_str())
        .header(USER_AGENT, AGENT)
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(to_body::<Bytes>(None))
        .map_err(|error| CallFailure::Connect(told(&error.to_string())))?;
    let response = hub.client.request(request).await.map_err(|error| unanswered(&error))?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map(Collected::to_bytes);
    if head.status.is_success() {
        return body.map_err(|error| CallFailure::Broken(told(&chain(&error))));
    }
    let header = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let explanation = body.ok().and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    Err(CallFailure::Status {
        code: head.status.as_u16(),
        retry_after: header.map(str::to_owned),
        message: message(explanation.as_ref()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_encoded_in_the_query_below_any_base() {
        let base = Url::parse("http://127.0.0.1:9/google/").unwrap();
        let ranges = ["'a#b?c&d=e%/é'!B2:B".to_owned(), "'+'!A1".to_owned()];
        let url = address(&base, "id_1-x", &ranges, Major::Columns);
        assert!(
            url.as_str()
                .starts_with("http://127.0.0.1:9/google/v4/spreadsheets/id_1-x/values:batchGet?ranges=")
        );
        let sent: Vec<String> = url
            .query_pairs()
            .filter(|(name, _)| name == "ranges")
            .map(|(_, value)| value.into_owned())
            .collect();
        assert_eq!(sent, ranges);
        assert_eq!(url.fragment(), None);
    }
}
