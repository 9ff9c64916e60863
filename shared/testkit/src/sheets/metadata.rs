//! Developer metadata: key and value pairs on a spreadsheet, a tab, a row or a column, with the budget
//! that Google gives them.
use super::error::ApiError;
use serde::Deserialize;
use serde_json::{Value, json};

/// Characters (keys and values together) of the metadata on a spreadsheet, and again on each tab with its rows and columns.
pub(crate) const BUDGET_CHARS_MAX: usize = 30_000;

/// Where a piece of metadata is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Spreadsheet,
    Sheet(i32),
    Row(i32, u32),
    Column(i32, u32),
}

impl Location {
    pub(crate) fn sheet_id(self) -> Option<i32> {
        match self {
            Self::Spreadsheet => None,
            Self::Sheet(id) | Self::Row(id, _) | Self::Column(id, _) => Some(id),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Spreadsheet => "SPREADSHEET",
            Self::Sheet(_) => "SHEET",
            Self::Row(..) => "ROW",
            Self::Column(..) => "COLUMN",
        }
    }

    fn to_json(self) -> Value {
        let line = |sheet: i32, dimension: &str, index: u32| json!({ "sheetId": sheet, "dimension": dimension, "startIndex": index, "endIndex": index + 1 });
        match self {
            Self::Spreadsheet => json!({ "locationType": self.kind(), "spreadsheet": true }),
            Self::Sheet(id) => json!({ "locationType": self.kind(), "sheetId": id }),
            Self::Row(id, row) => {
                json!({ "locationType": self.kind(), "dimensionRange": line(id, "ROWS", row) })
            }
            Self::Column(id, column) => {
                json!({ "locationType": self.kind(), "dimensionRange": line(id, "COLUMNS", column) })
            }
        }
    }
}

/// One piece of metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) id: i32,
    pub(crate) key: String,
    pub(crate) value: Option<String>,
    pub(crate) visibility: Visibility,
    pub(crate) location: Location,
}

impl Metadata {
    pub(crate) fn to_json(&self) -> Value {
        let mut object = json!({
            "metadataId": self.id,
            "metadataKey": self.key,
            "location": self.location.to_json(),
            "visibility": self.visibility.name(),
        });
        if let (Some(value), Some(fields)) = (&self.value, object.as_object_mut()) {
            fields.insert("metadataValue".into(), json!(value));
        }
        object
    }

    fn chars(&self) -> usize {
        self.key.chars().count() + self.value.as_deref().map_or(0, |value| value.chars().count())
    }
}

/// Who may see a piece of metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Visibility {
    Document,
    Project,
}

impl Visibility {
    fn name(self) -> &'static str {
        match self {
            Self::Document => "DOCUMENT",
            Self::Project => "PROJECT",
        }
    }
}

/// A piece of metadata as a request words it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewMetadata {
    #[serde(default)]
    metadata_id: i32,
    #[serde(default)]
    metadata_key: String,
    metadata_value: Option<String>,
    visibility: Option<Visibility>,
    location: Option<LocationRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LocationRequest {
    /// Output only; ignored when sent.
    #[serde(rename = "locationType")]
    _location_type: Option<String>,
    spreadsheet: Option<bool>,
    sheet_id: Option<i32>,
    dimension_range: Option<super::requests::DimensionRange>,
}

impl LocationRequest {
    fn resolve(&self) -> Result<Location, ApiError> {
        match (self.spreadsheet, self.sheet_id, &self.dimension_range) {
            (Some(true), None, None) => Ok(Location::Spreadsheet),
            (None, Some(id), None) => Ok(Location::Sheet(id)),
            (None, None, Some(range)) => {
                let (start, end) = range.bounds(u32::MAX)?;
                if end - start != 1 {
                    return Err(ApiError::invalid("dimensionRange must represent a single row or column"));
                }
                Ok(if range.is_rows()? {
                    Location::Row(range.sheet_id, start)
                } else {
                    Location::Column(range.sheet_id, start)
                })
            }
            _ => Err(ApiError::invalid("developerMetadata.location must name exactly one place")),
        }
    }
}

/// Which metadata is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DataFilter {
    developer_metadata_lookup: Option<Lookup>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Lookup {
    metadata_id: Option<i32>,
    metadata_key: Option<String>,
    metadata_value: Option<String>,
    visibility: Option<Visibility>,
    location_type: Option<String>,
    metadata_location: Option<LocationRequest>,
    #[serde(rename = "locationMatchingStrategy")]
    _strategy: Option<String>,
}

impl DataFilter {
    /// The test that a piece of metadata must pass.
    fn matcher(&self) -> Result<impl Fn(&Metadata) -> bool + '_, ApiError> {
        let lookup = self
            .developer_metadata_lookup
            .as_ref()
            .ok_or_else(|| ApiError::invalid("only developerMetadataLookup filters are simulated"))?;
        let place = lookup.metadata_location.as_ref().map(LocationRequest::resolve).transpose()?;
        Ok(move |metadata: &Metadata| {
            lookup.metadata_id.is_none_or(|id| id == metadata.id)
                && lookup.metadata_key.as_ref().is_none_or(|key| *key == metadata.key)
                && lookup.metadata_value.as_ref().is_none_or(|value| Some(value) == metadata.value.as_ref())
                && lookup.visibility.is_none_or(|visibility| visibility == metadata.visibility)
                && lookup.location_type.as_ref().is_none_or(|kind| kind == metadata.location.kind())
                && place.is_none_or(|place| place == metadata.location)
        })
    }
}

/// All metadata of a spreadsheet, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct MetadataStore {
    pub(crate) entries: Vec<Metadata>,
}

impl MetadataStore {
    /// Adds a piece; its id must be new and the budget must hold it.
    pub(crate) fn create(&mut self, new: NewMetadata, sheet_ids: &[i32]) -> Result<Metadata, ApiError> {
        if new.metadata_key.is_empty() {
            return Err(ApiError::invalid("developerMetadata.metadataKey must be specified"));
        }
        let visibility = new
            .visibility
            .ok_or_else(|| ApiError::invalid("developerMetadata.visibility must be specified"))?;
        let location = new
            .location
            .ok_or_else(|| ApiError::invalid("developerMetadata.location must be specified"))?
            .resolve()?;
        if location.sheet_id().is_some_and(|id| !sheet_ids.contains(&id)) {
            return Err(ApiError::invalid("developerMetadata.location names a sheet that does not exist"));
        }
        let id = match new.metadata_id {
            0 => self.entries.iter().map(|entry| entry.id).max().unwrap_or(0).saturating_add(1).max(1),
            id if id < 0 => return Err(ApiError::invalid("developerMetadata.metadataId must be positive")),
            id => id,
        };
        if self.entries.iter().any(|entry| entry.id == id) {
            return Err(ApiError::invalid(format!("Developer metadata with ID {id} already exists.")));
        }
        let metadata =
            Metadata { id, key: new.metadata_key, value: new.metadata_value, visibility, location };
        let shares_budget = |entry: &&Metadata| entry.location.sheet_id() == location.sheet_id();
        let used: usize = self.entries.iter().filter(shares_budget).map(Metadata::chars).sum();
        if used + metadata.chars() > BUDGET_CHARS_MAX {
            return Err(ApiError::invalid(format!(
                "Developer metadata exceeds the limit of {BUDGET_CHARS_MAX} characters."
            )));
        }
        self.entries.push(metadata.clone());
        Ok(metadata)
    }

    /// What a filter finds.
    pub(crate) fn find(&self, filter: &DataFilter) -> Result<Vec<Metadata>, ApiError> {
        let matches = filter.matcher()?;
        Ok(self.entries.iter().filter(|entry| matches(entry)).cloned().collect())
    }

    /// Removes what a filter finds; finding nothing is no error.
    pub(crate) fn delete(&mut self, filter: &DataFilter) -> Result<Vec<Metadata>, ApiError> {
        let matches = filter.matcher()?;
        let (gone, kept) = self.entries.drain(..).partition(|entry| matches(entry));
        self.entries = kept;
        Ok(gone)
    }

    /// Lines of a tab were deleted: their metadata dies, what lies below moves.
    pub(crate) fn lines_deleted(&mut self, sheet: i32, rows: bool, start: u32, end: u32) {
        self.entries.retain_mut(|entry| match line_of(&mut entry.location, sheet, rows) {
            Some(index) if (start..end).contains(index) => false,
            Some(index) => {
                if *index >= end {
                    *index -= end - start;
                }
                true
            }
            None => true,
        });
    }

    /// Lines were inserted: what lies below moves.
    pub(crate) fn lines_inserted(&mut self, sheet: i32, rows: bool, start: u32, count: u32) {
        for entry in &mut self.entries {
            if let Some(index) = line_of(&mut entry.location, sheet, rows)
                && *index >= start
            {
                *index += count;
            }
        }
    }

    /// A tab is gone, and with it everything on it.
    pub(crate) fn sheet_deleted(&mut self, sheet: i32) {
        self.entries.retain(|entry| entry.location.sheet_id() != Some(sheet));
    }
}

fn line_of(location: &mut Location, sheet: i32, rows: bool) -> Option<&mut u32> {
    match location {
        Location::Row(id, index) if rows && *id == sheet => Some(index),
        Location::Column(id, index) if !rows && *id == sheet => Some(index),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(id: i32, key: &str, location: Value) -> NewMetadata {
        let text =
            json!({ "metadataId": id, "metadataKey": key, "visibility": "DOCUMENT", "location": location });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn an_id_may_be_chosen_once() {
        let mut store = MetadataStore::default();
        store.create(new(7, "k", json!({ "sheetId": 0 })), &[0]).unwrap();
        let error = store.create(new(7, "other", json!({ "spreadsheet": true })), &[0]).unwrap_err();
        assert_eq!((error.code, store.entries.len()), (400, 1));
        assert_eq!(store.create(new(0, "k", json!({ "sheetId": 0 })), &[0]).unwrap().id, 8);
    }

    #[test]
    fn the_budget_is_counted_per_tab_and_for_the_spreadsheet() {
        let mut store = MetadataStore::default();
        let big = "x".repeat(BUDGET_CHARS_MAX - 1);
        store.create(new(1, &big, json!({ "sheetId": 0 })), &[0, 5]).unwrap();
        let row = json!({ "dimensionRange": { "sheetId": 0, "dimension": "ROWS", "startIndex": 3, "endIndex": 4 } });
        assert!(store.create(new(2, "xx", row.clone()), &[0, 5]).unwrap_err().message.contains("30000"));
        store.create(new(2, "x", row), &[0, 5]).unwrap();
        store.create(new(3, &big, json!({ "sheetId": 5 })), &[0, 5]).unwrap();
        store.create(new(4, &big, json!({ "spreadsheet": true })), &[0, 5]).unwrap();
    }

    #[test]
    fn metadata_of_a_row_moves_and_dies_with_it() {
        let mut store = MetadataStore::default();
        let row = json!({ "dimensionRange": { "sheetId": 0, "dimension": "ROWS", "startIndex": 3, "endIndex": 4 } });
        store.create(new(1, "k", row), &[0]).unwrap();
        store.lines_inserted(0, true, 1, 2);
        store.lines_deleted(0, true, 0, 1);
        assert_eq!(store.entries[0].location, Location::Row(0, 4));
        store.lines_deleted(0, true, 4, 5);
        assert!(store.entries.is_empty());
    }
}
