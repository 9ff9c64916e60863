//! The shadow run: both rows and the reason of every difference.
use super::cells::{RowObject, day_text};
use super::select::{Preview, counted, title};
use super::write::csv_file;
use crate::failure::Failure;
use crate::output::Output;
use domain::csv::CsvField;
use domain::shadow::{Difference, Reason};
use serde::Serialize;
use std::collections::BTreeMap;

/// Both rows of one order, as printed.
#[derive(Debug, Serialize)]
pub(super) struct ComparisonObject {
    order: i64,
    strict: RowObject,
    legacy: Option<RowObject>,
    differences: Vec<DifferenceObject>,
}

#[derive(Debug, Serialize)]
struct DifferenceObject {
    column: char,
    strict: String,
    legacy: String,
    reason: Reason,
    presentation: bool,
    explanation: &'static str,
}

pub(super) fn objects(preview: &Preview) -> Vec<ComparisonObject> {
    let difference = |difference: &Difference| DifferenceObject {
        column: difference.column,
        strict: difference.strict.clone(),
        legacy: difference.legacy.clone(),
        reason: difference.reason,
        presentation: difference.reason.is_presentation(),
        explanation: difference.reason.explanation(),
    };
    let lines = preview.lines.iter().map(|line| ComparisonObject {
        order: line.code,
        strict: RowObject::of_built(&line.strict),
        legacy: line.legacy.as_ref().map(RowObject::of_script),
        differences: line.differences.iter().map(difference).collect(),
    });
    lines.collect()
}

pub(super) fn csv(preview: &Preview, all: bool) -> Result<String, Failure> {
    let header = ["Pedido", "Column", "Title", "Strict", "Legacy", "Reason", "Explanation"];
    let records = listed(preview, all).map(|(code, difference)| {
        let text = |text: &str| CsvField::Text(text.to_owned());
        vec![
            CsvField::Number(code.to_string()),
            text(&difference.column.to_string()),
            text(title(difference.column)),
            text(&difference.strict),
            text(&difference.legacy),
            text(difference.reason.code()),
            text(difference.reason.explanation()),
        ]
    });
    csv_file(&header, records)
}

pub(super) fn print_table(preview: &Preview, all: bool, output: &Output) {
    let rows = listed(preview, all).map(|(code, difference)| {
        [
            code.to_string(),
            format!("{} {}", difference.column, title(difference.column)),
            with_day(difference.column, &difference.strict),
            with_day(difference.column, &difference.legacy),
            difference.reason.code().to_owned(),
        ]
    });
    output.table(["Pedido", "Column", "Strict", "Old script", "Reason"], rows);

    let mut reasons: BTreeMap<Reason, usize> = BTreeMap::new();
    let mut presentation: BTreeMap<char, usize> = BTreeMap::new();
    for difference in preview.lines.iter().flat_map(|line| &line.differences) {
        match difference.reason.is_presentation() {
            true => *presentation.entry(difference.column).or_default() += 1,
            false => *reasons.entry(difference.reason).or_default() += 1,
        }
    }
    let touched = preview.lines.iter().filter(|line| line.differences.iter().any(is_of_value)).count();
    output.line(format!(
        "{} of value in {touched} of {}",
        counted(reasons.values().sum(), "difference"),
        counted(preview.lines.len(), "order")
    ));
    for (reason, count) in &reasons {
        output.line(format!("{count:>7}  {reason}: {}", reason.explanation()));
    }
    let counts: Vec<_> = presentation.iter().map(|(column, count)| format!("{column} {count}")).collect();
    if !counts.is_empty() {
        let hint = if all { "" } else { " (--all lists them)" };
        output.line(format!("presentation only, per column: {}{hint}", counts.join(", ")));
    }
}

fn listed(preview: &Preview, all: bool) -> impl Iterator<Item = (i64, &Difference)> {
    let of_lines =
        preview.lines.iter().flat_map(|line| line.differences.iter().map(|seen| (line.code, seen)));
    of_lines.filter(move |(_, difference)| all || is_of_value(difference))
}

fn is_of_value(difference: &Difference) -> bool {
    !difference.reason.is_presentation()
}

/// A serial number with the day it stands for.
fn with_day(column: char, value: &str) -> String {
    let serial = value.strip_prefix('\'').unwrap_or(value);
    match day_text(serial).filter(|_| "DLOR".contains(column)) {
        Some(day) => format!("{value} = {day}"),
        None => value.to_owned(),
    }
}
