//! A listing in pages, read until it is proven complete.
//!
//! The API neither promises an order of records nor a stable listing, nor the page length that was asked for. What is
//! known at the end of a page is what came; so reading goes on until a page proves the end, and whatever contradicts
//! itself is an error, never a shorter list:
//!
//! ```text
//! page empty                           the end
//! page shorter than asked              the end, unless its length is a round number, as server limits are: once more
//! page full                            once more
//! page without a new identity          error: repeated, or `skip` is ignored
//! page with some known identities      records moved down while reading: the listing must be confirmed
//! a full page, or more than one        records may have moved up unseen: the listing must be confirmed
//! ```
//!
//! To confirm is to read all again until two passes in a row list the same identities. Without it, an order that is
//! cancelled between two requests would pull the first record of the next page onto the page already read, and a
//! billed order would be missing from a list that looks perfect.
use crate::calls::SYSTEM;
use domain::order::{Order, OrderIdentity};
use flows::ports::SourceError;
use std::collections::HashMap;
use std::future::Future;

/// Servers that shorten pages do it to a multiple of one of these (10, 20, 25, 50, 100 ...). A short page of such a
/// length may not be the last.
const SERVER_LIMIT_STEPS: [usize; 2] = [10, 25];

/// The limits of a listing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListingLimits {
    pub(crate) page_size: usize,
    pub(crate) records_max: usize,
    pub(crate) passes_max: usize,
}

/// Every record of a listing, one per identity (the last wins), in the order of first appearance.
pub(crate) async fn read_all<F, Page>(limits: ListingLimits, fetch: F) -> Result<Vec<Order>, SourceError>
where
    F: Fn(usize) -> Page + Sync,
    Page: Future<Output = Result<Vec<Order>, SourceError>> + Send,
{
    let mut before: Option<Pass> = None;
    for number in 1..=limits.passes_max {
        let pass = read_pass(limits, &fetch).await?;
        let (pages, records) = (pass.pages, pass.orders.len());
        tracing::debug!(
            listing.pass = number,
            listing.pages = pages,
            listing.records = records,
            "orders listed"
        );
        let is_settled = match &before {
            None => pass.came_at_once(limits),
            Some(before) => pass.lists_the_same(before),
        };
        if is_settled {
            return Ok(pass.orders);
        }
        if pass.has_overlap || before.is_some() {
            tracing::warn!(
                listing.pass = number,
                listing.records = records,
                "the listing moves, it is read again"
            );
        }
        before = Some(pass);
    }
    let passes = limits.passes_max;
    Err(untrusted(format!("the listing moves: {passes} passes over it do not agree")))
}

#[derive(Debug, Default)]
struct Pass {
    orders: Vec<Order>,
    places: HashMap<OrderIdentity, usize>,
    pages: usize,
    received: usize,
    has_overlap: bool,
}

impl Pass {
    /// Takes a page in; how many of its records were new.
    fn take(&mut self, page: Vec<Order>) -> usize {
        let known_before = self.orders.len();
        self.pages += 1;
        self.received += page.len();
        for order in page {
            let place = *self.places.entry(order.identity()).or_insert(self.orders.len());
            match self.orders.get_mut(place) {
                Some(known) => {
                    self.has_overlap = true;
                    *known = order;
                }
                None => self.orders.push(order),
            }
        }
        self.orders.len() - known_before
    }

    /// Whether one answer held the whole listing: nothing can have moved between two.
    fn came_at_once(&self, limits: ListingLimits) -> bool {
        self.pages <= 1 && self.received < limits.page_size && !self.has_overlap
    }

    fn lists_the_same(&self, other: &Self) -> bool {
        self.places.len() == other.places.len()
            && self.places.keys().all(|identity| other.places.contains_key(identity))
    }
}

async fn read_pass<F, Page>(limits: ListingLimits, fetch: &F) -> Result<Pass, SourceError>
where
    F: Fn(usize) -> Page + Sync,
    Page: Future<Output = Result<Vec<Order>, SourceError>> + Send,
{
    let mut pass = Pass::default();
    loop {
        let skip = pass.received;
        let page = fetch(skip).await?;
        let length = page.len();
        if length == 0 {
            return Ok(pass);
        }
        if pass.take(page) == 0 {
            return Err(untrusted(format!(
                "the page at record {skip} repeats records that are already listed"
            )));
        }
        if pass.received > limits.records_max {
            return Err(untrusted(format!("the listing has more than {} records", limits.records_max)));
        }
        let may_be_cut = SERVER_LIMIT_STEPS.iter().any(|step| length.is_multiple_of(*step));
        if length < limits.page_size && !may_be_cut {
            return Ok(pass);
        }
    }
}

fn untrusted(detail: String) -> SourceError {
    SourceError::Untrusted { system: SYSTEM, detail }
}

#[cfg(test)]
mod tests;
