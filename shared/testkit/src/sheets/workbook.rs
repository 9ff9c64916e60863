//! A spreadsheet: tabs, formats, metadata. A copy is cheap until it is changed, and that is how a
//! batch is atomic: it works on a copy and the copy replaces the original only when all went well.
use super::a1::{A1Range, Area};
use super::cell::{Cell, CellValue};
use super::error::ApiError;
use super::grid::Tab;
use super::metadata::MetadataStore;
use super::render::Locale;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Cells of a whole spreadsheet.
pub(crate) const CELLS_MAX: u64 = 10_000_000;
/// Characters of one cell.
pub(crate) const CELL_CHARS_MAX: usize = 50_000;

/// A spreadsheet.
#[derive(Debug, Clone)]
pub(crate) struct Workbook {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) locale: Locale,
    pub(crate) tabs: Vec<Arc<Tab>>,
    pub(crate) metadata: MetadataStore,
    /// Shared with the caller's account; otherwise every call is refused with 403.
    pub(crate) shared: bool,
    /// Every format in use; 0 is the default.
    formats: Arc<Vec<Value>>,
}

impl Workbook {
    /// A spreadsheet without tabs.
    pub(crate) fn new(id: &str, locale: Locale) -> Self {
        Self {
            id: id.to_owned(),
            title: format!("Planilha {id}"),
            locale,
            tabs: Vec::new(),
            metadata: MetadataStore::default(),
            shared: true,
            formats: Arc::new(vec![json!({})]),
        }
    }

    /// The number of a format in the table, added when it is new.
    pub(crate) fn intern(&mut self, format: Value) -> u16 {
        let position = self.formats.iter().position(|known| *known == format).unwrap_or_else(|| {
            Arc::make_mut(&mut self.formats).push(format);
            self.formats.len() - 1
        });
        u16::try_from(position).unwrap_or(0)
    }

    /// A format by number.
    pub(crate) fn format(&self, number: u16) -> &Value {
        self.formats.get(usize::from(number)).unwrap_or(&Value::Null)
    }

    /// The number pattern of a cell, if it has one.
    pub(crate) fn pattern(&self, cell: &Cell) -> Option<&str> {
        self.format(cell.format).pointer("/numberFormat/pattern").and_then(Value::as_str)
    }

    /// The number of the format that shows numbers by a pattern.
    pub(crate) fn pattern_format(&mut self, pattern: &str) -> u16 {
        let kind = if super::render::is_date_pattern(pattern) { "DATE" } else { "NUMBER" };
        self.intern(json!({ "numberFormat": { "type": kind, "pattern": pattern } }))
    }

    /// A tab by its title.
    pub(crate) fn tab_named(&self, title: &str) -> Option<&Tab> {
        self.tabs.iter().find(|tab| tab.title == title).map(Arc::as_ref)
    }

    /// A tab by its title, to change.
    pub(crate) fn tab_named_mut(&mut self, title: &str) -> Option<&mut Tab> {
        self.tabs.iter_mut().find(|tab| tab.title == title).map(Arc::make_mut)
    }

    /// A tab by its id.
    pub(crate) fn tab(&self, sheet_id: i32) -> Result<&Tab, ApiError> {
        self.tabs
            .iter()
            .find(|tab| tab.sheet_id == sheet_id)
            .map(Arc::as_ref)
            .ok_or_else(|| no_grid(sheet_id))
    }

    /// A tab by its id, to change.
    pub(crate) fn tab_mut(&mut self, sheet_id: i32) -> Result<&mut Tab, ApiError> {
        let found = self.tabs.iter_mut().find(|tab| tab.sheet_id == sheet_id);
        found.map(Arc::make_mut).ok_or_else(|| no_grid(sheet_id))
    }

    /// Ids of all tabs.
    pub(crate) fn sheet_ids(&self) -> Vec<i32> {
        self.tabs.iter().map(|tab| tab.sheet_id).collect()
    }

    /// The tab and the rectangle that a range in A1 notation names.
    pub(crate) fn locate(&self, range: &str) -> Result<(&Tab, Area), ApiError> {
        let parsed = A1Range::parse(range)?;
        let tab = match &parsed.tab {
            Some(title) => self.tab_named(title),
            None => self.tabs.first().map(Arc::as_ref),
        };
        let tab = tab.ok_or_else(|| ApiError::invalid(format!("Unable to parse range: {range}")))?;
        Ok((tab, parsed.on_grid(&tab.title, tab.row_count, tab.column_count)?))
    }

    /// Adds a tab; id and title must be new.
    pub(crate) fn add_tab(&mut self, tab: Tab, index: Option<usize>) -> Result<(), ApiError> {
        if self.tab_named(&tab.title).is_some() {
            return Err(ApiError::invalid(format!(
                "A sheet with the name \"{}\" already exists. Please enter another name.",
                tab.title
            )));
        }
        if self.tab(tab.sheet_id).is_ok() {
            return Err(ApiError::invalid(format!("Sheet with ID {} already exists.", tab.sheet_id)));
        }
        let position = index.unwrap_or(self.tabs.len()).min(self.tabs.len());
        self.tabs.insert(position, Arc::new(tab));
        self.check_cells()
    }

    /// An id that no tab has.
    pub(crate) fn free_sheet_id(&self) -> i32 {
        self.tabs.iter().map(|tab| tab.sheet_id).max().map_or(0, |id| id.saturating_add(1))
    }

    /// The limit on cells of the whole spreadsheet.
    pub(crate) fn check_cells(&self) -> Result<(), ApiError> {
        let cells: u64 = self.tabs.iter().map(|tab| tab.cells()).sum();
        if cells > CELLS_MAX {
            return Err(ApiError::invalid(format!(
                "This action would increase the number of cells in the workbook above the limit of {CELLS_MAX} cells."
            )));
        }
        Ok(())
    }

    /// The answer of `spreadsheets.get`; with the cells of the areas given per tab, if any.
    pub(crate) fn to_json(&self, base_url: &str, data: Option<&[(i32, Area)]>) -> Value {
        let sheets: Vec<Value> = self
            .tabs
            .iter()
            .enumerate()
            .filter(|(_, tab)| data.is_none_or(|areas| areas.iter().any(|(id, _)| *id == tab.sheet_id)))
            .map(|(index, tab)| {
                let mut sheet = Map::new();
                sheet.insert("properties".into(), properties(tab, index));
                if let Some(areas) = data {
                    let of_tab = areas.iter().filter(|(id, _)| *id == tab.sheet_id);
                    sheet.insert("data".into(), of_tab.map(|(_, area)| self.grid_data(tab, area)).collect());
                }
                let on_tab: Vec<Value> = self
                    .metadata_json(|entry| entry.location == super::metadata::Location::Sheet(tab.sheet_id));
                if !on_tab.is_empty() {
                    sheet.insert("developerMetadata".into(), Value::Array(on_tab));
                }
                Value::Object(sheet)
            })
            .collect();
        let mut whole = json!({
            "spreadsheetId": self.id,
            "properties": {
                "title": self.title,
                "locale": self.locale.name(),
                "autoRecalc": "ON_CHANGE",
                "timeZone": "America/Sao_Paulo",
            },
            "sheets": sheets,
            "spreadsheetUrl": format!("{base_url}spreadsheets/d/{}/edit", self.id),
        });
        let on_book = self.metadata_json(|entry| entry.location == super::metadata::Location::Spreadsheet);
        if let (false, Some(fields)) = (on_book.is_empty(), whole.as_object_mut()) {
            fields.insert("developerMetadata".into(), Value::Array(on_book));
        }
        whole
    }

    fn metadata_json(&self, wanted: impl Fn(&super::metadata::Metadata) -> bool) -> Vec<Value> {
        self.metadata.entries.iter().filter(|entry| wanted(entry)).map(|entry| entry.to_json()).collect()
    }

    fn grid_data(&self, tab: &Tab, area: &Area) -> Value {
        let bottom = area.bottom.min(tab.used_rows());
        let rows: Vec<Value> = (area.top..bottom)
            .map(|row| {
                let cells = (area.left..area.right).map(|column| self.cell_json(tab.cell(row, column)));
                json!({ "values": cells.collect::<Vec<_>>() })
            })
            .collect();
        json!({ "startRow": area.top, "startColumn": area.left, "rowData": rows })
    }

    fn cell_json(&self, cell: &Cell) -> Value {
        let mut object = Map::new();
        let entered = match &cell.value {
            CellValue::Empty => None,
            CellValue::Number(number) => Some(json!({ "numberValue": number })),
            CellValue::Text(text) => Some(json!({ "stringValue": text.as_ref() })),
            CellValue::Bool(tick) => Some(json!({ "boolValue": tick })),
            CellValue::Formula(formula) => Some(json!({ "formulaValue": formula.as_ref() })),
        };
        if let Some(entered) = entered {
            let effective = match &cell.value {
                CellValue::Formula(_) => {
                    json!({ "errorValue": { "type": "ERROR", "message": "not calculated" } })
                }
                _ => entered.clone(),
            };
            object.insert("userEnteredValue".into(), entered);
            object.insert("effectiveValue".into(), effective);
            object.insert("formattedValue".into(), super::values::formatted(self, cell).into());
        }
        if cell.format != 0 {
            object.insert("userEnteredFormat".into(), self.format(cell.format).clone());
        }
        Value::Object(object)
    }
}

fn no_grid(sheet_id: i32) -> ApiError {
    ApiError::invalid(format!("No grid with id: {sheet_id}"))
}

/// `SheetProperties` of a tab.
pub(crate) fn properties(tab: &Tab, index: usize) -> Value {
    let mut grid = json!({ "rowCount": tab.row_count, "columnCount": tab.column_count });
    if let (true, Some(fields)) = (tab.frozen_rows > 0, grid.as_object_mut()) {
        fields.insert("frozenRowCount".into(), tab.frozen_rows.into());
    }
    let mut object = json!({
        "sheetId": tab.sheet_id,
        "title": tab.title,
        "index": index,
        "sheetType": "GRID",
        "gridProperties": grid,
    });
    if let (true, Some(fields)) = (tab.hidden, object.as_object_mut()) {
        fields.insert("hidden".into(), true.into());
    }
    object
}

/// A text that may go into a cell.
pub(crate) fn check_text(text: &str) -> Result<(), ApiError> {
    if text.chars().count() > CELL_CHARS_MAX {
        return Err(ApiError::invalid(format!(
            "Your input contains more than the maximum of {CELL_CHARS_MAX} characters in a single cell."
        )));
    }
    Ok(())
}
