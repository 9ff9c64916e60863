//! SIGE as a value: orders and people, answers on demand.
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::document::{DocumentKey, normalise_text};
use domain::order::{BILLED_STATUS, Order, RawAmount};
use domain::person::{Contact, PersonRecord};
use flows::ports::{OrderSource, SourceError};
use std::sync::Mutex;

#[derive(Default)]
pub struct MemoryOrders {
    orders: Mutex<Vec<Order>>,
    people: Mutex<Vec<PersonRecord>>,
    changed: Mutex<Vec<(DateTime<Utc>, Order)>>,
    fail: Mutex<Option<SourceError>>,
    people_fail: Mutex<Option<SourceError>>,
    pub asked_people: Mutex<Vec<String>>,
}

/// A billed order of a day, at noon in São Paulo.
pub fn order(code: i64, on: &str, amount: &str, document: &str) -> Order {
    Order {
        id: Some(format!("66f0c0ffee00000000{code:06}")),
        company_id: None,
        code,
        status: BILLED_STATUS.to_owned(),
        customer: format!("Cliente {code}"),
        document: document.to_owned(),
        email: String::new(),
        seller: "Loja Centro".to_owned(),
        amount: RawAmount::Number(amount.to_owned()),
        invoice: None,
        billed_at: Some(format!("{on}T12:00:00-03:00")),
        created_at: None,
    }
}

pub fn person(document: &str, name: &str) -> PersonRecord {
    PersonRecord {
        id: format!("p-{document}"),
        document: document.to_owned(),
        updated_at: "2026-03-20T10:11:12.5-03:00".to_owned(),
        contact: Contact {
            name: name.to_owned(),
            mobile: "+55 (11) 98765-4321".to_owned(),
            phone: String::new(),
            email: String::new(),
        },
    }
}

impl MemoryOrders {
    pub fn set(&self, orders: Vec<Order>) {
        *self.orders.lock().unwrap() = orders;
    }

    /// A change that every changed-since listing names, whenever it is asked for.
    pub fn put(&self, order: Order) {
        self.put_at(order, DateTime::<Utc>::MAX_UTC);
    }

    /// A change at a time: a listing names it while it asks for changes since an earlier one.
    pub fn put_at(&self, order: Order, at: DateTime<Utc>) {
        let mut orders = self.orders.lock().unwrap();
        orders.retain(|known| known.id != order.id);
        orders.push(order.clone());
        let mut changed = self.changed.lock().unwrap();
        changed.retain(|(_, known)| known.id != order.id);
        changed.push((at, order));
    }

    pub fn people_known(&self) -> Vec<PersonRecord> {
        self.people.lock().unwrap().clone()
    }

    pub fn all(&self) -> Vec<Order> {
        self.orders.lock().unwrap().clone()
    }

    pub fn remove(&self, code: i64) {
        self.orders.lock().unwrap().retain(|order| order.code != code);
    }

    pub fn know(&self, person: PersonRecord) {
        self.people.lock().unwrap().push(person);
    }

    pub fn fail(&self, error: Option<SourceError>) {
        *self.fail.lock().unwrap() = error;
    }

    pub fn fail_people(&self, error: Option<SourceError>) {
        *self.people_fail.lock().unwrap() = error;
    }
}

#[async_trait]
impl OrderSource for MemoryOrders {
    async fn billed_orders(&self, day: NaiveDate) -> Result<Vec<Order>, SourceError> {
        if let Some(error) = self.fail.lock().unwrap().clone() {
            return Err(error);
        }
        let orders = self.orders.lock().unwrap();
        let of_day = |order: &&Order| order.sale_day().is_none_or(|sale_day| sale_day == day);
        Ok(orders.iter().filter(of_day).cloned().collect())
    }

    async fn orders_changed_since(&self, since: DateTime<Utc>) -> Result<Vec<Order>, SourceError> {
        if let Some(error) = self.fail.lock().unwrap().clone() {
            return Err(error);
        }
        let changed = self.changed.lock().unwrap();
        Ok(changed.iter().filter(|(at, _)| *at > since).map(|(_, order)| order.clone()).collect())
    }

    async fn people(&self, document: &DocumentKey) -> Result<Vec<PersonRecord>, SourceError> {
        self.asked_people.lock().unwrap().push(document.as_str().to_owned());
        if let Some(error) = self.people_fail.lock().unwrap().clone() {
            return Err(error);
        }
        let people = self.people.lock().unwrap();
        let is_asked =
            |person: &&PersonRecord| normalise_text(&person.document).key.as_ref() == Some(document);
        Ok(people.iter().filter(is_asked).cloned().collect())
    }
}
