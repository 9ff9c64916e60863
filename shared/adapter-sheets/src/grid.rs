//! Reading the shape of a tab, and of the destination its header, its markers and its columns B and D.
use crate::a1::range;
use crate::answer::{DeveloperMetadata, Sheet, SheetProperties};
use crate::settings::TabAddress;
use crate::sheets::GoogleSheets;
use crate::values::{Lines, Major};
use crate::wire::{floor, whole};
use domain::calendar::erp_day;
use domain::cell::Cell;
use domain::row::HEADER;
use flows::destination::MARKER_KEY;
use flows::ports::{DestinationGrid, Marker, SheetReadError};
use std::borrow::Cow;

/// The last column of the destination.
pub(crate) const LAST_COLUMN: &str = "R";

/// Size and markers of a tab.
pub(crate) struct TabShape {
    pub(crate) sheet_id: i32,
    pub(crate) row_count: u32,
    pub(crate) column_count: u32,
    pub(crate) markers: Vec<Marker>,
}

impl GoogleSheets {
    /// The shape of a tab; it must exist and be a grid.
    pub(crate) async fn shape_of(&self, address: &TabAddress) -> Result<TabShape, SheetReadError> {
        let sheets = self.read_shape(address).await?.sheets.unwrap_or_default();
        let titles: Vec<String> = sheets.iter().filter_map(title).collect();
        let found = sheets.into_iter().find(|sheet| title(sheet).as_deref() == Some(&address.tab));
        let Some(sheet) = found else {
            return Err(SheetReadError::Shape(format!(
                "spreadsheet {} has no tab `{}`; it has: {}",
                address.spreadsheet,
                address.tab,
                titles.join(", ")
            )));
        };
        let markers = sheet.developer_metadata.unwrap_or_default().into_iter().filter_map(marker).collect();
        let properties = sheet.properties.unwrap_or_default();
        tab_shape(&properties, markers).ok_or_else(|| {
            SheetReadError::Shape(format!(
                "spreadsheet {}, tab `{}` is not an ordinary grid of cells (it is of type {})",
                address.spreadsheet,
                address.tab,
                properties.sheet_type.as_deref().unwrap_or("unknown")
            ))
        })
    }

    /// Shape, header, columns B and D and markers of the destination.
    pub(crate) async fn grid(&self) -> Result<DestinationGrid, SheetReadError> {
        let address = &self.settings.destination;
        let shape = self.shape_of(address).await?;
        let wanted = u32::try_from(HEADER.len()).unwrap_or(u32::MAX);
        if shape.column_count < wanted {
            return Err(SheetReadError::Shape(format!(
                "spreadsheet {}, tab `{}` has {} columns, the header needs {wanted} (A to {LAST_COLUMN})",
                address.spreadsheet, address.tab, shape.column_count
            )));
        }
        let mut ranges = vec![range(&address.tab, format_args!("A1:{LAST_COLUMN}1"))];
        if shape.row_count > 1 {
            ranges.extend(["B2:B", "D2:D"].map(|cells| range(&address.tab, cells)));
        }
        let mut answer = self.read_values(address, &ranges, Major::Columns).await?.into_iter();
        let header = answer.next().map(header_texts).unwrap_or_default();
        let mut columns = answer.map(|columns| columns.into_iter().next().unwrap_or_default());
        let (codes, days) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
        let mut grid = DestinationGrid {
            sheet_id: shape.sheet_id,
            row_count: shape.row_count,
            column_count: shape.column_count,
            header,
            markers: shape.markers,
            ..DestinationGrid::default()
        };
        fill(&mut grid, codes, days);
        Ok(grid)
    }
}

fn title(sheet: &Sheet) -> Option<String> {
    sheet.properties.as_ref()?.title.clone()
}

fn tab_shape(properties: &SheetProperties, markers: Vec<Marker>) -> Option<TabShape> {
    let grid = properties.grid_properties.as_ref()?;
    Some(TabShape {
        // Numbers that are 0 may be left out of an answer.
        sheet_id: properties.sheet_id.unwrap_or(0),
        row_count: u32::try_from(grid.row_count?).ok()?,
        column_count: u32::try_from(grid.column_count?).ok()?,
        markers,
    })
}

fn marker(metadata: DeveloperMetadata) -> Option<Marker> {
    (metadata.metadata_key.as_deref() == Some(MARKER_KEY)).then_some(())?;
    Some(Marker { metadata_id: metadata.metadata_id?, value: metadata.metadata_value.unwrap_or_default() })
}

/// Row 1 as 18 texts, read by columns.
fn header_texts(columns: Lines) -> Vec<String> {
    let text = |cells: Vec<Cell>| cells.first().map(Cell::as_text).map(Cow::into_owned).unwrap_or_default();
    let mut texts: Vec<String> = columns.into_iter().map(text).collect();
    texts.resize(HEADER.len(), String::new());
    texts
}

/// Puts the two columns side by side, as long as the longer of them. What the numbers do not say is kept as text.
fn fill(grid: &mut DestinationGrid, codes: Vec<Cell>, days: Vec<Cell>) {
    let length = codes.len().max(days.len());
    grid.codes.reserve_exact(length);
    grid.days.reserve_exact(length);
    let (mut codes, mut days) = (codes.into_iter(), days.into_iter());
    for position in (0_u32..).take(length) {
        let (code, day) = (codes.next().unwrap_or_default(), days.next().unwrap_or_default());
        let whole_code = whole(&code);
        // The old script's dates stay text where the spreadsheet is not Brazilian: a row of ours all the same.
        let written_day = || erp_day(&day).ok().filter(|_| matches!(day, Cell::Text(_))).map(|day| day.0);
        let whole_day = floor(&day).and_then(|day| i32::try_from(day).ok()).or_else(written_day);
        let is_written = matches!(day, Cell::Text(_)) && whole_day.is_some();
        let code_is_odd = whole_code.is_none() && !code.is_empty();
        let day_is_odd = !is_written
            && (whole(&day) != whole_day.map(i64::from) || (whole_day.is_none() && !day.is_empty()));
        if code_is_odd || day_is_odd {
            let odd = [(code_is_odd, "B", code), (day_is_odd, "D", day)].into_iter().filter(|(odd, ..)| *odd);
            let told: Vec<String> =
                odd.map(|(_, column, cell)| format!("{column}={}", cell.as_text())).collect();
            grid.other.push((position, told.join(" ")));
        }
        grid.codes.push(whole_code);
        grid.days.push(whole_day);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Cell {
        Cell::Number(text.parse().unwrap())
    }

    #[test]
    fn columns_of_different_length_are_put_side_by_side() {
        let mut grid = DestinationGrid::default();
        let codes = vec![number("70001"), Cell::Empty, "total".into(), number("7.5")];
        let days =
            vec![number("46106"), number("46107.25"), "x".into(), Cell::Empty, number("1000000000000")];
        fill(&mut grid, codes, days);
        assert_eq!(grid.codes, [Some(70001), None, None, None, None]);
        assert_eq!(grid.days, [Some(46106), Some(46107), None, None, None]);
        let other = [(1, "D=46107.25"), (2, "B=total D=x"), (3, "B=7.5"), (4, "D=1000000000000")];
        assert_eq!(grid.other, other.map(|(position, text)| (position, text.to_owned())));
    }

    #[test]
    fn the_header_has_eighteen_texts_whatever_came() {
        let texts = header_texts(vec![vec!["Contato".into()], vec![], vec![number("7")]]);
        assert_eq!(texts.len(), 18);
        assert_eq!(texts[..4], ["Contato", "", "7", ""]);
    }
}
