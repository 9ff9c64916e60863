//! From files to rows, filtered and sorted as the sync does it.
use super::args::{PreviewArgs, ProfileChoice};
use super::input::Inputs;
use crate::output::printable;
use chrono::NaiveDate;
use domain::document::{DocumentKey, normalise_text};
use domain::legacy::ScriptRow;
use domain::order::{Order, unique_orders};
use domain::person::{Contact, Enrichment, PersonRecord, match_people};
use domain::row::{BuiltRow, HEADER};
use domain::shadow::{Comparison, Difference, Shadow};
use std::collections::HashMap;

/// Everything to print.
#[derive(Debug, Default)]
pub(super) struct Preview {
    pub(super) lines: Vec<Line>,
    /// The profile asks for the old rows alone.
    pub(super) legacy_only: bool,
    /// What was left out, one line each.
    pub(super) notes: Vec<String>,
    /// The counts.
    pub(super) closing: String,
}

/// One order that became a row.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) code: i64,
    pub(super) strict: BuiltRow,
    pub(super) legacy: Option<ScriptRow>,
    pub(super) differences: Vec<Difference>,
}

pub(super) fn preview(args: &PreviewArgs, inputs: &Inputs) -> Preview {
    let rules = args.rules();
    let shadow = Shadow::new(&inputs.erp.rows, inputs.erp.short_rows.clone(), &rules, args.defects());
    let directory = inputs.people.as_deref().map(Directory::new);
    let mut preview = Preview { legacy_only: args.profile == ProfileChoice::Legacy, ..Preview::default() };
    let mut left_out = 0;
    let mut quarantined = 0;
    for order in chosen(args, &inputs.orders, &mut preview.notes, &mut left_out) {
        let (person, first_person) = match &directory {
            Some(directory) => directory.look_up(&order),
            None => (Enrichment::NotAsked, None),
        };
        let Comparison { strict, legacy, differences } = shadow.compare(&order, &person, first_person);
        match (strict, legacy, args.profile) {
            (Err(reason), _, _) => {
                quarantined += 1;
                preview.notes.push(format!("order {} quarantined: {reason}", order.code));
            }
            (Ok(_), Err(failure), ProfileChoice::Legacy) => {
                left_out += 1;
                preview.notes.push(format!("order {} left out: {failure}", order.code));
            }
            (Ok(strict), legacy, _) => {
                preview.lines.push(Line { code: order.code, strict, legacy: legacy.ok(), differences });
            }
        }
    }
    let stats = shadow.bookings().stats();
    preview.closing = format!(
        "{} from {}: {left_out} left out, {quarantined} quarantined; {}: {} usable, {} of another \
         type, {} without a document, {} without a day, {} cancelled, {} without a form month{}",
        counted(preview.lines.len(), "row"),
        counted(inputs.orders.len(), "order"),
        counted(stats.rows, "booking"),
        stats.usable,
        stats.without_kind,
        stats.without_document,
        stats.without_day,
        stats.excluded_cancelled,
        stats.without_form_month,
        if inputs.erp.has_header { " (header row skipped)" } else { "" },
    );
    preview
}

/// `1 order`, `2 orders`.
pub(super) fn counted(count: usize, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {one}{plural}")
}

/// Billed, within the days asked for, one per identity; sorted by sale day, `Codigo` and `ID`.
fn chosen(args: &PreviewArgs, orders: &[Order], notes: &mut Vec<String>, left_out: &mut usize) -> Vec<Order> {
    let mut billed = Vec::with_capacity(orders.len());
    let mut outside = 0;
    for order in orders {
        let day = order.sale_day();
        let is_asked_for =
            |day: NaiveDate| args.from.is_none_or(|from| day >= from) && args.to.is_none_or(|to| day <= to);
        if !order.is_billed() {
            *left_out += 1;
            let status = printable(&domain::text::clean(&order.status));
            notes.push(format!(
                "order {} left out: StatusSistema is {status:?}, not \"Pedido Faturado\"",
                order.code
            ));
        } else if day.is_none_or(is_asked_for) {
            billed.push(order.clone());
        } else {
            outside += 1;
        }
    }
    let listed = billed.len();
    let mut unique = unique_orders(billed);
    if outside > 0 {
        *left_out += outside;
        notes.push(format!("{} left out: sale day outside --from and --to", counted(outside, "order")));
    }
    if unique.len() < listed {
        *left_out += listed - unique.len();
        notes.push(format!(
            "{} left out: listed twice, the last one counts",
            counted(listed - unique.len(), "order")
        ));
    }
    unique.sort_by_key(Order::sale_day);
    unique
}

/// The people of the file by document, each document's in the order of the file.
struct Directory<'a> {
    people: HashMap<DocumentKey, Vec<&'a PersonRecord>>,
}

impl<'a> Directory<'a> {
    fn new(records: &'a [PersonRecord]) -> Self {
        let mut people: HashMap<DocumentKey, Vec<&PersonRecord>> = HashMap::new();
        for record in records {
            if let Some(key) = normalise_text(&record.document).key {
                people.entry(key).or_default().push(record);
            }
        }
        Self { people }
    }

    /// The person that the rules take, and the first that the old script took.
    fn look_up(&self, order: &Order) -> (Enrichment, Option<&'a Contact>) {
        let Some(key) = normalise_text(&order.document).key else { return (Enrichment::NotAsked, None) };
        let records = self.people.get(&key).map(Vec::as_slice).unwrap_or_default();
        let owned: Vec<_> = records.iter().map(|record| (*record).clone()).collect();
        (match_people(&owned, &key), records.first().map(|record| &record.contact))
    }
}

/// The title of a column by its letter.
pub(super) fn title(column: char) -> &'static str {
    ('A'..='R').zip(HEADER).find(|(letter, _)| *letter == column).map_or("the whole row", |(_, title)| title)
}
