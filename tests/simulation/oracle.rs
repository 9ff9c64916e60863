//! What a day should look like when nothing had ever gone wrong: the rules alone, without flows, stores or clock.
use crate::simulation::company::Branch;
use crate::world::sheet::to_cell;
use chrono::NaiveDate;
use domain::booking::BookingIndex;
use domain::document::normalise_text;
use domain::order::Order;
use domain::person::{Enrichment, match_people};
use domain::row::build_row;
use flows::before_image::cell_text;
use std::collections::BTreeSet;

/// The rows of a day, sorted, each as text.
pub type Rows = Vec<Vec<String>>;

/// What SIGE, the bookings and the rules say about a day.
pub struct Expected {
    pub rows: Rows,
    /// Orders that cannot become a row wherever they are listed: an earlier row of theirs is left alone.
    pub unmappable: BTreeSet<i64>,
}

/// The billed orders of a day, and those without any day.
fn listed(branch: &Branch, day: NaiveDate) -> Vec<Order> {
    let of_day = |order: &Order| order.is_billed() && order.sale_day().is_none_or(|sale_day| sale_day == day);
    branch.orders.all().into_iter().filter(of_day).collect()
}

/// What should stand there.
pub fn expected(branch: &Branch, day: NaiveDate) -> Expected {
    let rules = &branch.account.rules;
    let bookings = BookingIndex::build(&branch.bookings, rules);
    let mut expected = Expected { rows: Vec::new(), unmappable: BTreeSet::new() };
    for order in listed(branch, day) {
        let key = normalise_text(&order.document).key;
        let people = branch.orders.people_known();
        let enrichment = key.map_or(Enrichment::NotAsked, |key| match_people(&people, &key));
        match build_row(&order, &enrichment, &bookings, rules) {
            Ok(built) => {
                expected.rows.push(built.row.cells().iter().map(|cell| cell_text(&to_cell(cell))).collect())
            }
            Err(_) => {
                expected.unmappable.insert(order.code);
            }
        }
    }
    expected.rows.sort();
    expected
}
