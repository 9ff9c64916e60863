//! Files for spreadsheets, with the guard against formulas, and harmless on a terminal too.
use crate::failure::Failure;
use crate::output::printable;
use domain::csv::{CsvField, write_csv};

pub(super) fn csv_file(
    header: &[&str],
    records: impl Iterator<Item = Vec<CsvField>>,
) -> Result<String, Failure> {
    let harmless = |field: CsvField| match field {
        CsvField::Text(text) => CsvField::Text(printable(&text)),
        CsvField::Number(number) => CsvField::Number(number),
    };
    let records = records.map(|record| record.into_iter().map(harmless).collect::<Vec<_>>());
    write_csv(header, records).map_err(Failure::failed)
}
