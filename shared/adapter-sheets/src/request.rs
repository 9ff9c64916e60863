//! What is sent: the part of `spreadsheets.batchUpdate` that a day needs, borrowed from the day.
//!
//! A change is an enum, so it is of exactly one kind, and so is the value of a cell, which can be a text
//! or a number and not a formula. Nothing is ever sent as `null`. A row holds as many cells as the day has,
//! in their places: an empty one is `{}`, which clears its cell, and never left out.
use serde::Serialize;

/// `BatchUpdateSpreadsheetRequest`.
#[derive(Debug, Serialize)]
pub(crate) struct Batch<'a> {
    pub(crate) requests: Vec<Change<'a>>,
}

/// `Request`: one change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Change<'a> {
    /// Adds rows at the end of the grid.
    AppendDimension { sheet_id: i32, dimension: Dimension, length: i32 },
    /// Puts rows of cells from a place on; only the named fields of a cell change.
    UpdateCells { start: GridCoordinate, rows: Vec<RowData<'a>>, fields: &'static str },
    /// Removes rows; those below move up.
    DeleteDimension { range: DimensionRange },
    /// Removes a marker.
    DeleteDeveloperMetadata { data_filter: DataFilter },
    /// Sets a marker.
    CreateDeveloperMetadata { developer_metadata: NewMetadata<'a> },
}

/// What is added or removed; nothing but rows ever is.
#[derive(Debug, Serialize)]
pub(crate) enum Dimension {
    #[serde(rename = "ROWS")]
    Rows,
}

/// `GridCoordinate`, counted from 0.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GridCoordinate {
    pub(crate) sheet_id: i32,
    pub(crate) row_index: i32,
    pub(crate) column_index: i32,
}

/// `DimensionRange`, counted from 0, without its end.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DimensionRange {
    pub(crate) sheet_id: i32,
    pub(crate) dimension: Dimension,
    pub(crate) start_index: i32,
    pub(crate) end_index: i32,
}

/// `RowData`: the cells of a row from column A on.
#[derive(Debug, Serialize)]
pub(crate) struct RowData<'a> {
    pub(crate) values: Vec<CellData<'a>>,
}

/// `CellData`: what a write sets of a cell. Without a value the cell is cleared.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CellData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_entered_value: Option<ExtendedValue<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_entered_format: Option<CellFormat>,
}

/// `ExtendedValue`: a typed value, never a formula.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ExtendedValue<'a> {
    StringValue(&'a str),
    NumberValue(f64),
}

/// `CellFormat`: how a number is shown.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CellFormat {
    pub(crate) number_format: NumberFormat,
}

/// `NumberFormat`.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct NumberFormat {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) pattern: &'static str,
}

/// `DataFilter`: a marker by its id.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataFilter {
    pub(crate) developer_metadata_lookup: MetadataLookup,
}

/// `DeveloperMetadataLookup`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetadataLookup {
    pub(crate) metadata_id: i32,
}

/// `DeveloperMetadata` that does not exist yet.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewMetadata<'a> {
    pub(crate) metadata_id: i32,
    pub(crate) metadata_key: &'static str,
    pub(crate) metadata_value: &'a str,
    pub(crate) visibility: &'static str,
    pub(crate) location: MetadataLocation,
}

/// `DeveloperMetadataLocation`: on a tab.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetadataLocation {
    pub(crate) sheet_id: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_cell_keeps_its_place_and_a_zero_is_sent() {
        let text = |text| CellData {
            user_entered_value: Some(ExtendedValue::StringValue(text)),
            ..CellData::default()
        };
        let rows = vec![RowData { values: vec![CellData::default(), text("x"), CellData::default()] }];
        let start = GridCoordinate { sheet_id: 0, row_index: 0, column_index: 0 };
        let batch = Batch { requests: vec![Change::UpdateCells { start, rows, fields: "a,b" }] };
        assert_eq!(
            serde_json::to_string(&batch).unwrap(),
            r#"{"requests":[{"updateCells":{"start":{"sheetId":0,"rowIndex":0,"columnIndex":0},"rows":[{"values":[{},{"userEnteredValue":{"stringValue":"x"}},{}]}],"fields":"a,b"}}]}"#
        );
    }
}
