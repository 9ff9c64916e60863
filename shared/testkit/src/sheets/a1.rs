//! A1 notation: `Tab!B2:D9`, `'My ''best'' tab'!A:C`, `B2:B`, `3:5`, `Tab`.
//!
//! A name that is not plain letters, digits and underscores must be quoted. Google forgives some
//! unquoted names; this reading does not, so that a caller who forgets to quote finds out here.
use super::error::ApiError;

/// Columns beyond `ZZZ` do not exist.
const COLUMNS_MAX: u32 = 18_278;

/// A parsed range; open ends are `None`. Indices are 0-based, ends exclusive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct A1Range {
    pub(crate) tab: Option<String>,
    pub(crate) start_row: Option<u32>,
    pub(crate) end_row: Option<u32>,
    pub(crate) start_column: Option<u32>,
    pub(crate) end_column: Option<u32>,
}

/// A rectangle of a grid: 0-based, ends exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) top: u32,
    pub(crate) bottom: u32,
    pub(crate) left: u32,
    pub(crate) right: u32,
}

impl A1Range {
    /// Reads A1 notation.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        parse(text).ok_or_else(|| ApiError::invalid(format!("Unable to parse range: {text}")))
    }

    /// The rectangle on a grid of that size; a range that leaves the grid is refused.
    pub(crate) fn on_grid(&self, title: &str, rows: u32, columns: u32) -> Result<Area, ApiError> {
        let area = Area {
            top: self.start_row.unwrap_or(0),
            bottom: self.end_row.unwrap_or(rows),
            left: self.start_column.unwrap_or(0),
            right: self.end_column.unwrap_or(columns),
        };
        if area.top >= rows || area.bottom > rows || area.left >= columns || area.right > columns {
            let shown = print(title, &area);
            return Err(ApiError::invalid(format!(
                "Range ({shown}) exceeds grid limits. Max rows: {rows}, max columns: {columns}"
            )));
        }
        Ok(area)
    }
}

fn parse(text: &str) -> Option<A1Range> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let (tab, rest) = unquote(quoted)?;
        return match rest.strip_prefix('!') {
            Some(cells) => cells_of(cells).map(|range| A1Range { tab: Some(tab), ..range }),
            None if rest.is_empty() => Some(A1Range { tab: Some(tab), ..A1Range::default() }),
            None => None,
        };
    }
    if let Some((tab, cells)) = text.rsplit_once('!') {
        is_plain(tab).then_some(())?;
        return cells_of(cells).map(|range| A1Range { tab: Some(tab.to_owned()), ..range });
    }
    cells_of(text)
        .or_else(|| is_plain(text).then(|| A1Range { tab: Some(text.to_owned()), ..A1Range::default() }))
}

/// The name up to the closing quote, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('\'')?;
        name.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                name.push('\'');
                rest = more;
            }
            None => return (!name.is_empty()).then_some((name, after)),
        }
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn cells_of(text: &str) -> Option<A1Range> {
    let Some((from, to)) = text.split_once(':') else {
        let (column, row) = corner(text)?;
        let (column, row) = (column?, row?);
        return Some(A1Range {
            tab: None,
            start_row: Some(row),
            end_row: Some(row + 1),
            start_column: Some(column),
            end_column: Some(column + 1),
        });
    };
    let (from_column, from_row) = corner(from)?;
    let (to_column, to_row) = corner(to)?;
    let (start_row, end_row) = span(from_row, to_row)?;
    let (start_column, end_column) = span(from_column, to_column)?;
    Some(A1Range { tab: None, start_row, end_row, start_column, end_column })
}

/// An ordered span from its two ends; `A2:B` is open below, `2:B` and the like make no sense.
fn span(from: Option<u32>, to: Option<u32>) -> Option<(Option<u32>, Option<u32>)> {
    match (from, to) {
        (Some(from), Some(to)) => Some((Some(from.min(to)), Some(from.max(to) + 1))),
        (Some(from), None) => Some((Some(from), None)),
        (None, Some(_)) => None,
        (None, None) => Some((None, None)),
    }
}

/// `$B$12` as (column 1, row 11); either may be missing, not both.
fn corner(text: &str) -> Option<(Option<u32>, Option<u32>)> {
    let text = text.strip_prefix('$').unwrap_or(text);
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, rest) = text.split_at(letters);
    let digits = if letters > 0 { rest.strip_prefix('$').unwrap_or(rest) } else { rest };
    if name.is_empty() && digits.is_empty() {
        return None;
    }
    let column = if name.is_empty() { None } else { Some(column_index(name)?) };
    let row = if digits.is_empty() {
        None
    } else {
        digits.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
        Some(digits.parse::<u32>().ok()?.checked_sub(1)?)
    };
    Some((column, row))
}

/// `A` is 0, `AA` is 26.
pub(crate) fn column_index(name: &str) -> Option<u32> {
    let mut number = 0_u32;
    for letter in name.bytes() {
        let digit = u32::from(letter.to_ascii_uppercase().checked_sub(b'A')?) + 1;
        number = number.checked_mul(26)?.checked_add(digit)?;
    }
    (1..=COLUMNS_MAX).contains(&number).then(|| number - 1)
}

/// 0 is `A`, 26 is `AA`.
pub(crate) fn column_name(index: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

/// The area as Google prints it back.
pub(crate) fn print(title: &str, area: &Area) -> String {
    let tab = if is_plain(title) { title.to_owned() } else { format!("'{}'", title.replace('\'', "''")) };
    let start = format!("{}{}", column_name(area.left), area.top + 1);
    if area.bottom <= area.top + 1 && area.right <= area.left + 1 {
        return format!("{tab}!{start}");
    }
    format!("{tab}!{start}:{}{}", column_name(area.right.saturating_sub(1)), area.bottom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(text: &str) -> (Option<String>, Area) {
        let range = A1Range::parse(text).unwrap();
        (range.tab.clone(), range.on_grid("T", 1000, 26).unwrap())
    }

    fn rect(top: u32, bottom: u32, left: u32, right: u32) -> Area {
        Area { top, bottom, left, right }
    }

    #[test]
    fn every_form_of_a_range_is_read() {
        assert_eq!(area("Tab!B2:D9"), (Some("Tab".into()), rect(1, 9, 1, 4)));
        assert_eq!(area("'It''s #1? 50%/é'!A:C"), (Some("It's #1? 50%/é".into()), rect(0, 1000, 0, 3)));
        assert_eq!(area("Tab!B2:B"), (Some("Tab".into()), rect(1, 1000, 1, 2)));
        assert_eq!(area("3:5"), (None, rect(2, 5, 0, 26)));
        assert_eq!(area("$c$4"), (None, rect(3, 4, 2, 3)));
        assert_eq!(area("D9:B2"), (None, rect(1, 9, 1, 4)));
        assert_eq!(area("Faturamento"), (Some("Faturamento".into()), rect(0, 1000, 0, 26)));
    }

    #[test]
    fn what_is_not_a_range_is_refused() {
        for text in ["", "'open!A1", "My tab!A1", "Tab!", "Tab!A0", "A:2", "''!A1", "A1:B2:C3", "Tab!1A"] {
            let error = A1Range::parse(text).unwrap_err();
            assert_eq!((error.code, error.status), (400, "INVALID_ARGUMENT"), "{text}");
        }
    }

    #[test]
    fn a_range_beyond_the_grid_is_refused_with_the_limits() {
        for text in ["A1:A1001", "Z1:AA1", "A1001", "A1001:A", "AA:AB"] {
            let error = A1Range::parse(text).unwrap().on_grid("T", 1000, 26).unwrap_err();
            assert!(error.message.contains("exceeds grid limits. Max rows: 1000, max columns: 26"), "{text}");
        }
    }

    #[test]
    fn columns_and_areas_print_back() {
        for index in [0, 25, 26, 701, 702, 18_277] {
            assert_eq!(column_index(&column_name(index)), Some(index));
        }
        assert_eq!(print("My tab", &rect(1, 9, 1, 4)), "'My tab'!B2:D9");
        assert_eq!(print("T", &rect(0, 1, 0, 1)), "T!A1");
    }
}
