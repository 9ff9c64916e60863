//! The company behind the stand-in: its orders and people, and how the API's parameters select among them.
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::America::Sao_Paulo;
use serde_json::{Map, Value};

/// Dates before this year are the API's way of saying "none".
const FIRST_REAL_YEAR: i32 = 1900;

#[derive(Debug, Default)]
pub(super) struct Company {
    orders: Vec<StoredOrder>,
    people: Vec<StoredPerson>,
    pub(super) match_prefix: bool,
}

#[derive(Debug)]
struct StoredOrder {
    fields: Map<String, Value>,
    /// `DataFaturamento`, or `Data` where that is the null date, on the company's wall clock.
    billed: Option<NaiveDateTime>,
    created: Option<NaiveDateTime>,
    changed: Option<NaiveDateTime>,
}

#[derive(Debug)]
struct StoredPerson {
    fields: Map<String, Value>,
    document: String,
}

/// The parameters of `Pedidos/Pesquisar` that the stand-in understands; a missing one selects everything.
#[derive(Debug, Clone, Default)]
pub(super) struct OrderFilter {
    pub(super) status: Option<String>,
    pub(super) from: Option<NaiveDateTime>,
    pub(super) to: Option<NaiveDateTime>,
    pub(super) by_billing_date: bool,
    pub(super) changed_after: Option<NaiveDateTime>,
    pub(super) code: Option<i64>,
}

/// A part of a listing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) skip: usize,
    pub(super) size: usize,
}

impl Company {
    pub(super) fn add_order(&mut self, fields: Map<String, Value>, changed_at: Option<DateTime<Utc>>) {
        self.orders.push(StoredOrder::new(fields, changed_at));
    }

    pub(super) fn insert_first(&mut self, fields: Map<String, Value>, now: DateTime<Utc>) {
        self.orders.insert(0, StoredOrder::new(fields, Some(now)));
    }

    pub(super) fn upsert_order(&mut self, fields: Map<String, Value>, now: DateTime<Utc>) {
        let key = if fields.contains_key("ID") { "ID" } else { "Codigo" };
        let same = self
            .orders
            .iter_mut()
            .find(|order| fields.contains_key(key) && order.fields.get(key) == fields.get(key));
        match same {
            Some(order) => *order = StoredOrder::new(fields, Some(now)),
            None => self.add_order(fields, Some(now)),
        }
    }

    pub(super) fn edit(
        &mut self,
        code: i64,
        now: DateTime<Utc>,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> bool {
        let Some(order) = self.orders.iter_mut().find(|order| order.code() == Some(code)) else {
            return false;
        };
        let mut fields = std::mem::take(&mut order.fields);
        change(&mut fields);
        *order = StoredOrder::new(fields, Some(now));
        true
    }

    pub(super) fn remove_order(&mut self, code: i64) -> bool {
        let before = self.orders.len();
        self.orders.retain(|order| order.code() != Some(code));
        self.orders.len() < before
    }

    pub(super) fn add_person(&mut self, fields: Map<String, Value>) {
        let document = plain_document(fields.get("CNPJ_CPF").and_then(Value::as_str).unwrap_or_default());
        self.people.push(StoredPerson { fields, document });
    }

    pub(super) fn upsert_person(&mut self, fields: Map<String, Value>) {
        if let Some(id) = fields.get("ID") {
            self.people.retain(|person| person.fields.get("ID") != Some(id));
        }
        self.add_person(fields);
    }

    /// The orders of a page, rendered by `render`.
    pub(super) fn orders<T>(
        &self,
        filter: &OrderFilter,
        page: Page,
        render: impl Fn(&Map<String, Value>) -> T,
    ) -> Vec<T> {
        let wanted = self.orders.iter().filter(|order| order.is_wanted(filter));
        wanted.skip(page.skip).take(page.size).map(|order| render(&order.fields)).collect()
    }

    /// The people of a page; an empty document finds everybody, as on the real server.
    pub(super) fn people<T>(
        &self,
        document: &str,
        page: Page,
        render: impl Fn(&Map<String, Value>) -> T,
    ) -> Vec<T> {
        let document = plain_document(document);
        let is_wanted = |person: &&StoredPerson| match document.as_str() {
            "" => true,
            asked if self.match_prefix => person.document.starts_with(asked),
            asked => person.document == asked,
        };
        let wanted = self.people.iter().filter(is_wanted);
        wanted.skip(page.skip).take(page.size).map(|person| render(&person.fields)).collect()
    }
}

impl StoredOrder {
    fn new(fields: Map<String, Value>, changed_at: Option<DateTime<Utc>>) -> Self {
        let date = |name: &str| fields.get(name).and_then(Value::as_str).and_then(wall_clock);
        let created = date("Data");
        let billed = date("DataFaturamento").or(created);
        let changed = changed_at.map(|at| at.with_timezone(&Sao_Paulo).naive_local()).or(billed);
        Self { billed, created, changed, fields }
    }

    fn code(&self) -> Option<i64> {
        self.fields.get("Codigo").and_then(Value::as_i64)
    }

    fn status(&self) -> &str {
        self.fields
            .get("StatusSistema")
            .map_or("Pedido Faturado", |status| status.as_str().unwrap_or_default())
    }

    fn is_wanted(&self, filter: &OrderFilter) -> bool {
        let date = if filter.by_billing_date { self.billed } else { self.created };
        filter.status.as_ref().is_none_or(|status| status == self.status())
            && filter.from.is_none_or(|from| date.is_some_and(|date| date >= from))
            && filter.to.is_none_or(|to| date.is_some_and(|date| date <= to))
            && filter.changed_after.is_none_or(|after| self.changed.is_some_and(|changed| changed > after))
            && filter.code.is_none_or(|code| self.code() == Some(code))
    }
}

/// A date of the API on the company's wall clock; the null date is none.
fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    use chrono::Datelike;
    let local = match DateTime::parse_from_rfc3339(text) {
        Ok(instant) => instant.with_timezone(&Sao_Paulo).naive_local(),
        Err(_) => parameter_start(text)?,
    };
    (local.year() >= FIRST_REAL_YEAR).then_some(local)
}

/// A date parameter as the first instant it names.
pub(super) fn parameter_start(text: &str) -> Option<NaiveDateTime> {
    let day = text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN));
    day.or_else(|_| text.parse::<NaiveDateTime>()).ok()
}

/// A date parameter as the last instant it names: a bare day includes that day.
pub(super) fn parameter_end(text: &str) -> Option<NaiveDateTime> {
    let end_of_day = NaiveTime::from_hms_milli_opt(23, 59, 59, 999)?;
    let day = text.parse::<NaiveDate>().map(|day| day.and_time(end_of_day));
    day.or_else(|_| text.parse::<NaiveDateTime>()).ok()
}

fn plain_document(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}
