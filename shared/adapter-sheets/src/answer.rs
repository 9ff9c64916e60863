//! What is read of the answers about a spreadsheet: the fields that are asked for, and no others.
//!
//! Google leaves out what is empty or zero, so every field may be missing.
use serde::Deserialize;

/// `Spreadsheet`: its tabs.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Spreadsheet {
    pub(crate) sheets: Option<Vec<Sheet>>,
}

/// `Sheet`: a tab.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sheet {
    pub(crate) properties: Option<SheetProperties>,
    pub(crate) developer_metadata: Option<Vec<DeveloperMetadata>>,
}

/// `SheetProperties`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SheetProperties {
    pub(crate) sheet_id: Option<i32>,
    pub(crate) title: Option<String>,
    pub(crate) sheet_type: Option<String>,
    pub(crate) grid_properties: Option<GridProperties>,
}

/// `GridProperties`: the size of a tab that is a grid of cells.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GridProperties {
    pub(crate) row_count: Option<i32>,
    pub(crate) column_count: Option<i32>,
}

/// `DeveloperMetadata`: a marker, ours or another's.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeveloperMetadata {
    pub(crate) metadata_id: Option<i32>,
    pub(crate) metadata_key: Option<String>,
    pub(crate) metadata_value: Option<String>,
}

/// `BatchUpdateSpreadsheetResponse`: which spreadsheet was changed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchUpdated {
    pub(crate) spreadsheet_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_passed_over_and_what_is_missing_is_none() {
        let text = r#"{ "spreadsheetId": "x", "sheets": [
            { "properties": { "title": "Faturamento", "index": 0, "gridProperties": { "rowCount": 3 } },
              "charts": [null], "developerMetadata": null }] }"#;
        let read: Spreadsheet = serde_json::from_str(text).unwrap();
        let sheet = read.sheets.unwrap().remove(0);
        let properties = sheet.properties.unwrap();
        let grid = properties.grid_properties.unwrap();
        assert_eq!((properties.title.as_deref(), properties.sheet_id), (Some("Faturamento"), None));
        assert_eq!((grid.row_count, grid.column_count), (Some(3), None));
        assert!(sheet.developer_metadata.is_none());
    }
}
