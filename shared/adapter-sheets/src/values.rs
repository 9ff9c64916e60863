//! `values.batchGet`, read straight into cells: no tree of JSON values stands in between, because the two
//! full columns of a large destination are read several times in every run.
use crate::calls::{options, resource};
use crate::outcome::{CallFailure, not_expected};
use crate::wire::Wire;
use domain::cell::Cell;
use serde::Deserialize;
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
    let mut url = resource(base_url, &[spreadsheet, "values:batchGet"]);
    url.query_pairs_mut()
        .extend_pairs(ranges.iter().map(|range| ("ranges", range)))
        .append_pair("majorDimension", major.name())
        .append_pair("valueRenderOption", "UNFORMATTED_VALUE")
        .append_pair("dateTimeRenderOption", "SERIAL_NUMBER");
    options(&mut url, "valueRanges(range,values)");
    url
}

/// The cells of an answer; one entry for each range. A `null` is an empty cell and keeps its place.
pub(crate) fn lines(body: &[u8], range_count: usize) -> Result<Vec<Lines>, CallFailure> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| not_expected(&error))?;
    let came = answer.value_ranges.len();
    if came != range_count {
        return Err(CallFailure::Unreadable(format!("{range_count} ranges were asked for and {came} came")));
    }
    let cells = |line: Vec<Wire>| line.into_iter().map(|Wire(cell)| cell).collect();
    Ok(answer.value_ranges.into_iter().map(|range| range.values.into_iter().map(cells).collect()).collect())
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

    #[test]
    fn nothing_between_two_cells_keeps_its_place() {
        let body = br#"{"valueRanges":[{"range":"x","values":[[1,null,"b"],[],["",2]]},{}]}"#;
        let text = |text: &str| Cell::Text(text.into());
        let read = lines(body, 2).unwrap();
        assert_eq!(
            read[0],
            [vec![Cell::from(1), Cell::Empty, text("b")], vec![], vec![Cell::Empty, Cell::from(2)]]
        );
        assert!(read[1].is_empty());
        assert!(matches!(lines(body, 3), Err(CallFailure::Unreadable(_))));
    }
}
