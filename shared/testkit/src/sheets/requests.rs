//! The shapes of `batchUpdate` requests. Unknown names are refused, as Google refuses them; a missing
//! number is 0, as in its protocol buffers.
use super::a1::Area;
use super::error::ApiError;
use super::grid::Tab;
use super::metadata::{DataFilter, NewMetadata};
use serde::Deserialize;
use serde_json::Value;

/// A stretch of rows or columns.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DimensionRange {
    #[serde(default)]
    pub(crate) sheet_id: i32,
    dimension: Option<String>,
    start_index: Option<u32>,
    end_index: Option<u32>,
}

impl DimensionRange {
    /// Rows, or else columns.
    pub(crate) fn is_rows(&self) -> Result<bool, ApiError> {
        is_rows(self.dimension.as_deref())
    }

    /// Start and end, an open end taken from the size of the grid.
    pub(crate) fn bounds(&self, count: u32) -> Result<(u32, u32), ApiError> {
        let (start, end) = (self.start_index.unwrap_or(0), self.end_index.unwrap_or(count));
        if start >= end {
            return Err(ApiError::invalid(format!("startIndex[{start}] must be less than endIndex[{end}]")));
        }
        Ok((start, end))
    }
}

/// Rows, or else columns; anything else is refused.
pub(crate) fn is_rows(dimension: Option<&str>) -> Result<bool, ApiError> {
    match dimension {
        Some("ROWS") => Ok(true),
        Some("COLUMNS") => Ok(false),
        Some(other) => Err(ApiError::invalid(format!("Invalid value at 'dimension': \"{other}\""))),
        None => Err(ApiError::invalid("dimension must be specified")),
    }
}

/// A rectangle of a tab; open ends are the ends of the grid.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GridRange {
    #[serde(default)]
    pub(crate) sheet_id: i32,
    start_row_index: Option<u32>,
    end_row_index: Option<u32>,
    start_column_index: Option<u32>,
    end_column_index: Option<u32>,
}

impl GridRange {
    /// The rectangle; one that leaves the grid is refused.
    pub(crate) fn area(&self, tab: &Tab) -> Result<Area, ApiError> {
        let area = Area {
            top: self.start_row_index.unwrap_or(0),
            bottom: self.end_row_index.unwrap_or(tab.row_count),
            left: self.start_column_index.unwrap_or(0),
            right: self.end_column_index.unwrap_or(tab.column_count),
        };
        if area.top >= area.bottom || area.left >= area.right {
            return Err(ApiError::invalid("GridRange is empty or inverted"));
        }
        if area.bottom > tab.row_count || area.right > tab.column_count {
            return Err(ApiError::invalid(format!(
                "GridRange exceeds grid limits. Max rows: {}, max columns: {}",
                tab.row_count, tab.column_count
            )));
        }
        Ok(area)
    }
}

/// One cell of a tab.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GridCoordinate {
    #[serde(default)]
    pub(crate) sheet_id: i32,
    #[serde(default)]
    pub(crate) row_index: u32,
    #[serde(default)]
    pub(crate) column_index: u32,
}

/// A typed value; exactly one of the fields, or none to clear.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ExtendedValue {
    pub(crate) number_value: Option<f64>,
    pub(crate) string_value: Option<String>,
    pub(crate) bool_value: Option<bool>,
    pub(crate) formula_value: Option<String>,
}

/// A cell of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CellData {
    pub(crate) user_entered_value: Option<ExtendedValue>,
    pub(crate) user_entered_format: Option<Value>,
}

/// A row of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RowData {
    #[serde(default)]
    pub(crate) values: Vec<CellData>,
}

/// `deleteDimension`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeleteDimension {
    pub(crate) range: DimensionRange,
}

/// `appendDimension`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AppendDimension {
    #[serde(default)]
    pub(crate) sheet_id: i32,
    pub(crate) dimension: Option<String>,
    #[serde(default)]
    pub(crate) length: i64,
}

/// `insertDimension`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct InsertDimension {
    pub(crate) range: DimensionRange,
    #[serde(rename = "inheritFromBefore")]
    pub(crate) _inherit_from_before: Option<bool>,
}

/// `updateCells`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateCells {
    pub(crate) start: Option<GridCoordinate>,
    pub(crate) range: Option<GridRange>,
    #[serde(default)]
    pub(crate) rows: Vec<RowData>,
    pub(crate) fields: Option<String>,
}

/// `repeatCell`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RepeatCell {
    pub(crate) range: GridRange,
    #[serde(default)]
    pub(crate) cell: CellData,
    pub(crate) fields: Option<String>,
}

/// `createDeveloperMetadata`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateMetadata {
    pub(crate) developer_metadata: NewMetadata,
}

/// `deleteDeveloperMetadata`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeleteMetadata {
    pub(crate) data_filter: DataFilter,
}

/// `GridProperties` of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GridProperties {
    pub(crate) row_count: Option<u32>,
    pub(crate) column_count: Option<u32>,
    pub(crate) frozen_row_count: Option<u32>,
}

/// `SheetProperties` of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SheetProperties {
    pub(crate) sheet_id: Option<i32>,
    pub(crate) title: Option<String>,
    pub(crate) index: Option<usize>,
    pub(crate) hidden: Option<bool>,
    #[serde(rename = "sheetType")]
    pub(crate) _sheet_type: Option<String>,
    #[serde(default)]
    pub(crate) grid_properties: GridProperties,
}

/// `addSheet`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AddSheet {
    #[serde(default)]
    pub(crate) properties: SheetProperties,
}

/// `deleteSheet`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeleteSheet {
    #[serde(default)]
    pub(crate) sheet_id: i32,
}

/// `updateSheetProperties`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateSheetProperties {
    pub(crate) properties: SheetProperties,
    pub(crate) fields: Option<String>,
}

/// One key of a sort.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SortSpec {
    #[serde(default)]
    pub(crate) dimension_index: u32,
    pub(crate) sort_order: Option<String>,
}

/// `sortRange`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SortRange {
    pub(crate) range: GridRange,
    #[serde(default)]
    pub(crate) sort_specs: Vec<SortSpec>,
}
