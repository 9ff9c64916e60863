//! From method and path to the kind of call and what it is about. Paths are cut before they are
//! percent-decoded: a tab name with an unencoded `/` or `?` ends up somewhere else, as it does at Google.
use super::error::ApiError;
use super::journal::Operation;

/// A call as the API's address scheme words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) spreadsheet: String,
    /// The range or the metadata id, where the path has one.
    pub(crate) argument: String,
}

/// Query parameters of every call.
const STANDARD: [&str; 11] = [
    "alt",
    "fields",
    "prettyPrint",
    "key",
    "access_token",
    "oauth_token",
    "quotaUser",
    "callback",
    "$.xgafv",
    "uploadType",
    "upload_protocol",
];

/// Query parameters of one kind of call.
fn own_parameters(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::Get => &["ranges", "includeGridData", "excludeTablesInBandedRanges"],
        Operation::ValuesGet => &["majorDimension", "valueRenderOption", "dateTimeRenderOption"],
        Operation::ValuesBatchGet => {
            &["ranges", "majorDimension", "valueRenderOption", "dateTimeRenderOption"]
        }
        Operation::ValuesUpdate => &[
            "valueInputOption",
            "includeValuesInResponse",
            "responseValueRenderOption",
            "responseDateTimeRenderOption",
        ],
        Operation::ValuesAppend => &[
            "valueInputOption",
            "insertDataOption",
            "includeValuesInResponse",
            "responseValueRenderOption",
            "responseDateTimeRenderOption",
        ],
        _ => &[],
    }
}

impl Route {
    /// Finds the call.
    pub(crate) fn find(method: &str, path: &str) -> Self {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (operation, spreadsheet, argument) = match (method, segments.as_slice()) {
            ("POST", ["token"]) => (Operation::Token, "", ""),
            ("POST", ["v4", "spreadsheets"]) => (Operation::Create, "", ""),
            ("GET", ["v4", "spreadsheets", id]) => (Operation::Get, *id, ""),
            ("POST", ["v4", "spreadsheets", id]) => match id.split_once(':') {
                Some((id, "batchUpdate")) => (Operation::BatchUpdate, id, ""),
                _ => (Operation::Unknown, "", ""),
            },
            ("GET", ["v4", "spreadsheets", id, "values:batchGet"]) => (Operation::ValuesBatchGet, *id, ""),
            ("POST", ["v4", "spreadsheets", id, "values:batchUpdate"]) => {
                (Operation::ValuesBatchUpdate, *id, "")
            }
            ("POST", ["v4", "spreadsheets", id, "values:batchClear"]) => {
                (Operation::ValuesBatchClear, *id, "")
            }
            ("POST", ["v4", "spreadsheets", id, "developerMetadata:search"]) => {
                (Operation::MetadataSearch, *id, "")
            }
            ("GET", ["v4", "spreadsheets", id, "developerMetadata", number]) => {
                (Operation::MetadataGet, *id, *number)
            }
            ("GET", ["v4", "spreadsheets", id, "values", range]) => (Operation::ValuesGet, *id, *range),
            ("PUT", ["v4", "spreadsheets", id, "values", range]) => (Operation::ValuesUpdate, *id, *range),
            ("POST", ["v4", "spreadsheets", id, "values", range]) => match range.rsplit_once(':') {
                Some((range, "append")) => (Operation::ValuesAppend, *id, range),
                Some((range, "clear")) => (Operation::ValuesClear, *id, range),
                _ => (Operation::Unknown, "", ""),
            },
            _ => (Operation::Unknown, "", ""),
        };
        Self { operation, spreadsheet: decoded(spreadsheet), argument: decoded(argument) }
    }

    /// Refuses query parameters that this kind of call does not have.
    pub(crate) fn check_parameters(&self, query: &[(String, String)]) -> Result<(), ApiError> {
        let own = own_parameters(self.operation);
        let stray = query
            .iter()
            .find(|(name, _)| !STANDARD.contains(&name.as_str()) && !own.contains(&name.as_str()));
        match stray {
            Some((name, _)) => Err(ApiError::invalid(format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field '{name}' \
                 could not be found in request message."
            ))),
            None => Ok(()),
        }
    }
}

/// Percent-decoded; a `+` stays a plus in a path.
fn decoded(text: &str) -> String {
    let kept = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("x={kept}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_found_by_its_address() {
        let table = [
            ("GET", "/v4/spreadsheets/S1", Operation::Get, ""),
            ("POST", "/v4/spreadsheets", Operation::Create, ""),
            ("POST", "/v4/spreadsheets/S1:batchUpdate", Operation::BatchUpdate, ""),
            ("GET", "/v4/spreadsheets/S1/values:batchGet", Operation::ValuesBatchGet, ""),
            ("GET", "/v4/spreadsheets/S1/values/T!A1:B2", Operation::ValuesGet, "T!A1:B2"),
            ("PUT", "/v4/spreadsheets/S1/values/T%21A1", Operation::ValuesUpdate, "T!A1"),
            (
                "POST",
                "/v4/spreadsheets/S1/values/%27a%2Fb%3F%23+%27!A:B:append",
                Operation::ValuesAppend,
                "'a/b?#+'!A:B",
            ),
            ("POST", "/v4/spreadsheets/S1/values/A1:B2:clear", Operation::ValuesClear, "A1:B2"),
            ("GET", "/v4/spreadsheets/S1/developerMetadata/7", Operation::MetadataGet, "7"),
            ("POST", "/token", Operation::Token, ""),
            ("GET", "/v4/spreadsheets/S1/values/a/b", Operation::Unknown, ""),
            ("POST", "/v4/spreadsheets/S1:getByDataFilter", Operation::Unknown, ""),
        ];
        for (method, path, operation, argument) in table {
            let route = Route::find(method, path);
            assert_eq!((route.operation, route.argument.as_str()), (operation, argument), "{path}");
        }
    }

    #[test]
    fn a_parameter_of_another_call_is_refused() {
        let route = Route::find("GET", "/v4/spreadsheets/S1");
        let query = |name: &str| vec![(name.to_owned(), "x".to_owned())];
        route.check_parameters(&query("fields")).unwrap();
        assert!(
            route
                .check_parameters(&query("valueInputOption"))
                .unwrap_err()
                .message
                .contains("valueInputOption")
        );
    }
}
