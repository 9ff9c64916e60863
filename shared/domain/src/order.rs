//! A billed order as SIGE reports it, reduced to the fields the rules need.
use crate::calendar::sale_day;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// `StatusSistema` of an order that has been billed; the only status that becomes a row.
pub const BILLED_STATUS: &str = "Pedido Faturado";

/// `ValorFinal` as received, before it is judged (N6). The text is the JSON literal, never a float.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawAmount {
    /// `null` or missing: becomes zero with the flag `valor_ausente`.
    Absent,
    /// The decimal literal of a JSON number (`255.0`, `41.97`, `1e2`).
    Number(String),
    /// Anything else (a string, an object, a boolean): the order is quarantined.
    NotANumber(String),
}

/// One order of SIGE. Strings are as received; normalisation is the rules' business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// `ID`, 24 hex digits, unique in the account when present.
    pub id: Option<String>,
    /// `EmpresaID`.
    pub company_id: Option<String>,
    /// `Codigo`, the number people see.
    pub code: i64,
    /// `StatusSistema`.
    pub status: String,
    /// `Cliente`.
    pub customer: String,
    /// `ClienteCNPJ`: CPF or CNPJ as received, possibly masked, possibly empty.
    pub document: String,
    /// `ClienteEmail`.
    pub email: String,
    /// `Vendedor`: what the sheet calls *Local Técnico*.
    pub seller: String,
    /// `ValorFinal`.
    pub amount: RawAmount,
    /// `NumeroNFe`, text or number in the API.
    pub invoice: Option<String>,
    /// `DataFaturamento` as received; year 1 means absent.
    pub billed_at: Option<String>,
    /// `Data` as received; year 1 means absent.
    pub created_at: Option<String>,
}

/// What makes an order *this* order: `ID`, else `EmpresaID + Codigo`, else `Codigo`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderIdentity(pub String);

impl Order {
    /// Whether the order has been billed.
    pub fn is_billed(&self) -> bool {
        self.status == BILLED_STATUS
    }

    /// The day of the sale (N4); `None` when the order cannot be placed on one.
    pub fn sale_day(&self) -> Option<NaiveDate> {
        sale_day(self.billed_at.as_deref(), self.created_at.as_deref())
    }

    /// What makes this order this order. The kinds of identity never meet: each has its own prefix.
    pub fn identity(&self) -> OrderIdentity {
        let present = |text: &Option<String>| {
            text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        OrderIdentity(match (present(&self.id), present(&self.company_id)) {
            (Some(id), _) => format!("id:{id}"),
            (None, Some(company)) => format!("company:{company}/{}", self.code),
            (None, None) => format!("code:{}", self.code),
        })
    }
}

impl OrderIdentity {
    /// The identity as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One order per identity, the last one, sorted by `Codigo`, then `ID`.
pub fn unique_orders(orders: Vec<Order>) -> Vec<Order> {
    let mut last = HashMap::with_capacity(orders.len());
    for order in orders {
        last.insert(order.identity(), order);
    }
    let mut unique: Vec<_> = last.into_iter().collect();
    unique.sort_by(|(left_identity, left), (right_identity, right)| {
        (left.code, &left.id, left_identity).cmp(&(right.code, &right.id, right_identity))
    });
    unique.into_iter().map(|(_, order)| order).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: Option<&str>, company: Option<&str>, code: i64, customer: &str) -> Order {
        Order {
            id: id.map(str::to_owned),
            company_id: company.map(str::to_owned),
            code,
            status: BILLED_STATUS.into(),
            customer: customer.into(),
            document: String::new(),
            email: String::new(),
            seller: String::new(),
            amount: RawAmount::Absent,
            invoice: None,
            billed_at: None,
            created_at: None,
        }
    }

    #[test]
    fn an_identity_falls_back_and_its_kinds_never_meet() {
        assert_eq!(order(Some("a1"), Some("e1"), 7, "").identity().as_str(), "id:a1");
        assert_eq!(order(Some(" "), Some("e1"), 7, "").identity().as_str(), "company:e1/7");
        assert_eq!(order(None, None, 7, "").identity().as_str(), "code:7");
        assert_ne!(order(Some("7"), None, 7, "").identity(), order(None, None, 7, "").identity());
    }

    #[test]
    fn the_last_of_two_equal_orders_wins_and_the_rest_is_sorted() {
        let seen = unique_orders(vec![
            order(Some("b"), None, 9, "first"),
            order(Some("z"), None, 7, "z"),
            order(Some("b"), None, 8, "last"),
            order(Some("a"), None, 7, "a"),
            order(None, Some("e1"), 7, "company one"),
            order(None, Some("e2"), 7, "company two"),
        ]);
        let names: Vec<_> = seen.iter().map(|order| order.customer.as_str()).collect();
        assert_eq!(names, ["company one", "company two", "a", "z", "last"]);
    }

    #[test]
    fn only_the_exact_status_is_billed() {
        assert!(order(None, None, 1, "").is_billed());
        for status in ["Pedido", "Pedido Não Faturado", "Pedido Cancelado", "pedido faturado", ""] {
            assert!(!Order { status: status.into(), ..order(None, None, 1, "") }.is_billed(), "{status}");
        }
    }
}
