//! Files for spreadsheets, with the guard against formulas.
use crate::failure::Failure;
use domain::csv::{CsvField, write_csv};

pub(super) fn csv_file(
    header: &[&str],
    records: impl Iterator<Item = Vec<CsvField>>,
) -> Result<String, Failure> {
    write_csv(header, records).map_err(Failure::failed)
}
