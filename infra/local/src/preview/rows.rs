//! The rows of one profile.
use super::cells::RowObject;
use super::select::{Line, Preview};
use super::write::csv_file;
use crate::failure::Failure;
use crate::output::Output;
use domain::row::HEADER;

/// What the correlation decides; `*` stands for the flags.
const TABLE_COLUMNS: [char; 11] = ['B', 'D', 'E', 'H', 'L', 'M', 'N', 'O', 'P', 'Q', '*'];
const TABLE_TITLES: [&str; 11] = [
    "Pedido",
    "Data",
    "Cliente",
    "Valor",
    "Novo em",
    "Colaborador",
    "Valor novo",
    "Retirada em",
    "Resp. retirada",
    "Valor retirada",
    "Flags",
];

pub(super) fn objects(preview: &Preview) -> Vec<RowObject> {
    preview.lines.iter().filter_map(|line| object(preview, line)).collect()
}

pub(super) fn csv(preview: &Preview) -> Result<String, Failure> {
    let header: Vec<_> = HEADER.into_iter().chain(["Flags"]).collect();
    csv_file(&header, objects(preview).into_iter().map(RowObject::record))
}

pub(super) fn print_table(preview: &Preview, output: &Output) {
    let rows = objects(preview);
    output.table(TABLE_TITLES, rows.iter().map(|row| row.columns(TABLE_COLUMNS)));
}

fn object(preview: &Preview, line: &Line) -> Option<RowObject> {
    match preview.legacy_only {
        true => line.legacy.as_ref().map(RowObject::of_script),
        false => Some(RowObject::of_built(&line.strict)),
    }
}
