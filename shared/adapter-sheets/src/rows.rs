//! Reading full rows of the destination by number: neighbours together, many stretches in one call, but
//! not more than an address line or an answer should hold.
use crate::a1::{range, stretches};
use crate::grid::LAST_COLUMN;
use crate::sheets::GoogleSheets;
use crate::values::{Lines, Major};
use domain::cell::Cell;
use domain::row::HEADER;
use flows::ports::{RowBlock, SheetReadError};

/// Characters of all ranges of one call, percent-encoded; longer addresses are refused by some proxies.
const RANGES_CHARS_MAX: usize = 4_000;
/// Rows of one call, about a megabyte of answer.
const ROWS_MAX: u32 = 5_000;

impl GoogleSheets {
    /// Columns A to R of the given rows.
    pub(crate) async fn rows(&self, rows: &[u32]) -> Result<RowBlock, SheetReadError> {
        let address = &self.settings.destination;
        let mut block = RowBlock { rows: Vec::with_capacity(rows.len()) };
        let stretches: Vec<(u32, u32)> = stretches(rows).into_iter().flat_map(cut).collect();
        for chunk in chunks(&address.tab, &stretches) {
            let ranges: Vec<String> =
                chunk.iter().map(|(first, last)| rows_range(&address.tab, *first, *last)).collect();
            let answer = self.read_values(address, &ranges, Major::Rows).await?;
            for ((first, last), range) in chunk.iter().zip(answer) {
                block.rows.extend((*first..=*last).zip(padded(range)));
            }
        }
        Ok(block)
    }
}

fn rows_range(tab: &str, first: u32, last: u32) -> String {
    range(tab, format_args!("A{first}:{LAST_COLUMN}{last}"))
}

/// A stretch in parts of at most [`ROWS_MAX`] rows.
fn cut((first, last): (u32, u32)) -> impl Iterator<Item = (u32, u32)> {
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let start = next?;
        let end = start.saturating_add(ROWS_MAX - 1).min(last);
        next = end.checked_add(1).filter(|next| *next <= last);
        Some((start, end))
    })
}

/// Stretches grouped into calls.
fn chunks<'a>(tab: &str, stretches: &'a [(u32, u32)]) -> Vec<&'a [(u32, u32)]> {
    // Every character of a title may take nine on the wire (three bytes, `%XX` each), plus the longest row numbers.
    let range_chars = "&ranges=".len() + tab.chars().count() * 12 + 40;
    let ranges_max = (RANGES_CHARS_MAX / range_chars).max(1);
    let mut chunks = Vec::new();
    let (mut start, mut rows) = (0, 0_u32);
    for (index, (first, last)) in stretches.iter().enumerate() {
        let height = last.saturating_sub(*first).saturating_add(1);
        if index > start && (index - start >= ranges_max || rows.saturating_add(height) > ROWS_MAX) {
            chunks.extend(stretches.get(start..index));
            (start, rows) = (index, 0);
        }
        rows = rows.saturating_add(height);
    }
    chunks.extend(stretches.get(start..).filter(|rest| !rest.is_empty()));
    chunks
}

/// Rows of 18 cells without end: what the answer leaves out is blank.
fn padded(rows: Lines) -> impl Iterator<Item = Vec<Cell>> {
    rows.into_iter()
        .map(|mut row| {
            row.resize(HEADER.len(), Cell::Empty);
            row
        })
        .chain(std::iter::repeat_with(|| vec![Cell::Empty; HEADER.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rows_become_calls_of_a_sensible_size() {
        let tall: Vec<(u32, u32)> = cut((2, 12_001)).collect();
        assert_eq!(tall, [(2, 5_001), (5_002, 10_001), (10_002, 12_001)]);
        assert_eq!(chunks("Faturamento", &tall).len(), 3);
        let scattered: Vec<(u32, u32)> = (1..=200).map(|row| (row * 2, row * 2)).collect();
        let calls = chunks("Faturamento", &scattered);
        assert!(calls.len() > 1 && calls.iter().all(|call| call.len() <= 30), "{}", calls.len());
        assert_eq!(calls.concat(), scattered);
        assert!(chunks("x", &[]).is_empty());
        assert_eq!(cut((u32::MAX, u32::MAX)).count(), 1);
    }
}
