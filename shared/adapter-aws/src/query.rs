//! Pages of a partition, or of the index.
//!
//! DynamoDB counts what it looks at, not what a filter lets through, and ends an answer at a megabyte: a page of the
//! port is as many answers as it takes to fill it with live items or to come to the end.
use crate::failure::{self, Failure};
use crate::item::{self, Attributes, DELETED, EXPIRES_AT, INDEX_PK, INDEX_SK, PK, SK, millis, text};
use crate::names::INDEX_NAME;
use crate::retry::Retrying;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use flows::ports::state::{Range, SK_BYTES_MAX};
use flows::ports::{Item, ItemKey, Page, StoreError};
use std::collections::HashMap;

/// The most answers behind one page. A page that would need more ends early, with a cursor.
const ANSWERS_MAX: usize = 500;
const ALIVE: &str =
    "attribute_not_exists(#deleted) AND (attribute_not_exists(#expires_at) OR #expires_at > :now)";

/// Where a query looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The table itself; a cursor is the last sort key.
    Table,
    /// The index; a cursor is the last sort key of the index with the key of its item, as JSON.
    Index,
}

fn invalid<T>(reason: &str) -> Result<T, StoreError> {
    Err(StoreError::Invalid(reason.to_owned()))
}

/// The bounds in the words of DynamoDB, which knows no empty text and no range that ends before it begins.
struct Bounds {
    from: Option<String>,
    to: Option<String>,
}

impl Bounds {
    /// `None` is a range that holds nothing.
    fn of(range: Range) -> Result<Option<Self>, StoreError> {
        if [&range.from, &range.to].into_iter().flatten().any(|bound| bound.len() > SK_BYTES_MAX) {
            return invalid("a bound of the range is longer than a sort key may be");
        }
        let from = range.from.filter(|from| !from.is_empty());
        let nothing = match (&from, &range.to) {
            (_, Some(to)) if to.is_empty() => true,
            (Some(from), Some(to)) => from > to,
            _ => false,
        };
        Ok((!nothing).then_some(Self { from, to: range.to }))
    }

    fn hold(&self, sk: &str) -> bool {
        self.from.as_deref().is_none_or(|from| from <= sk) && self.to.as_deref().is_none_or(|to| sk <= to)
    }

    fn condition(&self) -> &'static str {
        match (&self.from, &self.to) {
            (None, None) => "#pk = :pk",
            (Some(_), None) => "#pk = :pk AND #sk >= :from",
            (None, Some(_)) => "#pk = :pk AND #sk <= :to",
            (Some(_), Some(_)) => "#pk = :pk AND #sk BETWEEN :from AND :to",
        }
    }
}

impl Place {
    fn key_names(self) -> (&'static str, &'static str) {
        match self {
            Self::Table => (PK, SK),
            Self::Index => (INDEX_PK, INDEX_SK),
        }
    }

    /// The cursor that goes on after an item.
    fn cursor(self, key: &ItemKey, index: Option<&ItemKey>) -> Option<String> {
        match self {
            Self::Table => Some(key.sk.clone()),
            Self::Index => serde_json::to_string(&(&index?.sk, &key.pk, &key.sk)).ok(),
        }
    }

    /// The key that DynamoDB starts after; refused when it is not of this place and range.
    fn start(self, pk: &str, bounds: &Bounds, cursor: &str) -> Result<Attributes, StoreError> {
        let proper = |part: &str| (1..=SK_BYTES_MAX).contains(&part.len());
        match self {
            Self::Table if proper(cursor) && bounds.hold(cursor) => {
                Ok(item::key_attributes(&ItemKey::new(pk, cursor)))
            }
            Self::Table => invalid("the cursor is not one of this query"),
            Self::Index => match serde_json::from_str::<(String, String, String)>(cursor) {
                Ok((index_sk, item_pk, item_sk)) if proper(&index_sk) && bounds.hold(&index_sk) => {
                    let mut start = item::key_attributes(&ItemKey::new(item_pk, item_sk));
                    start.insert(INDEX_PK.to_owned(), text(pk));
                    start.insert(INDEX_SK.to_owned(), text(index_sk));
                    Ok(start)
                }
                _ => invalid("the cursor is not one of this index"),
            },
        }
    }
}

/// The table to ask and how.
pub(crate) struct Asking<'a> {
    pub(crate) client: &'a Client,
    pub(crate) table: &'a str,
    pub(crate) retrying: &'a Retrying,
}

impl Asking<'_> {
    fn request(&self, place: Place, pk: &str, bounds: &Bounds) -> QueryFluentBuilder {
        let (pk_name, sk_name) = place.key_names();
        let mut names = HashMap::from([("#pk", pk_name), ("#deleted", DELETED), ("#expires_at", EXPIRES_AT)]);
        let mut values = HashMap::from([(":pk", text(pk)), (":now", millis(self.retrying.clock().now()))]);
        for (placeholder, bound) in [(":from", &bounds.from), (":to", &bounds.to)] {
            if let Some(bound) = bound {
                names.insert("#sk", sk_name);
                values.insert(placeholder, text(bound));
            }
        }
        let request = self
            .client
            .query()
            .table_name(self.table)
            .key_condition_expression(bounds.condition())
            .filter_expression(ALIVE)
            .set_expression_attribute_names(Some(owned(names)))
            .set_expression_attribute_values(Some(owned(values)));
        match place {
            Place::Table => request.consistent_read(true),
            Place::Index => request.index_name(INDEX_NAME),
        }
    }

    /// A page of live items.
    pub(crate) async fn page(
        &self,
        place: Place,
        pk: &str,
        range: Range,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        let Some(bounds) = Bounds::of(range)? else { return Ok(Page::default()) };
        let mut start = cursor.map(|cursor| place.start(pk, &bounds, &cursor)).transpose()?;
        let request = self.request(place, pk, &bounds);
        let mut items: Vec<Item> = Vec::new();
        for _ in 0..ANSWERS_MAX {
            // One more than is wanted says whether there is a next page.
            let wanted = i32::try_from(limit + 1 - items.len()).unwrap_or(i32::MAX);
            let send = || request.clone().limit(wanted).set_exclusive_start_key(start.clone()).send();
            let answer = self
                .retrying
                .call(failure::passes, send)
                .await
                .map_err(|error| StoreError::Unavailable(Failure::of("dynamodb Query", &error).text))?;
            for attributes in answer.items() {
                items.push(item::item(attributes)?);
            }
            if items.len() > limit {
                items.truncate(limit);
                let cursor = items.last().and_then(|item| place.cursor(&item.key, item.index.as_ref()));
                return Ok(Page { items, cursor });
            }
            match answer.last_evaluated_key {
                Some(last) => start = Some(last),
                None => return Ok(Page { items, cursor: None }),
            }
        }
        let ended = start.unwrap_or_default();
        let key = item::key_of(&ended)
            .ok_or_else(|| StoreError::Unavailable("dynamodb Query: a page ended nowhere".to_owned()))?;
        Ok(Page { items, cursor: place.cursor(&key, item::index_of(&ended).as_ref()) })
    }
}

fn owned<T, U: From<T>>(map: HashMap<&str, T>) -> HashMap<String, U> {
    map.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(from: Option<&str>, to: Option<&str>) -> Result<Option<Bounds>, StoreError> {
        Bounds::of(Range { from: from.map(str::to_owned), to: to.map(str::to_owned) })
    }

    #[test]
    fn a_range_that_holds_nothing_is_not_asked_for() {
        for (from, to) in [(Some("b"), Some("a")), (None, Some("")), (Some(""), Some(""))] {
            assert!(bounds(from, to).unwrap().is_none(), "{from:?} {to:?}");
        }
        for (from, to) in [(Some("a"), Some("a")), (None, None), (Some(""), None), (Some("a"), None)] {
            assert!(bounds(from, to).unwrap().is_some(), "{from:?} {to:?}");
        }
        assert!(bounds(Some(&"x".repeat(SK_BYTES_MAX + 1)), None).is_err());
    }

    #[test]
    fn a_cursor_is_only_good_where_it_comes_from() {
        let bounds = bounds(Some("b"), Some("d")).unwrap().unwrap();
        assert!(Place::Table.start("p", &bounds, "c").is_ok());
        for foreign in ["", "a", "e", &"c".repeat(SK_BYTES_MAX + 1)] {
            assert!(
                matches!(Place::Table.start("p", &bounds, foreign), Err(StoreError::Invalid(_))),
                "{foreign}"
            );
        }
        let place = ItemKey::new("p", "c");
        let cursor = Place::Index.cursor(&ItemKey::new("item", "sk"), Some(&place)).unwrap();
        let start = Place::Index.start("p", &bounds, &cursor).unwrap();
        assert_eq!(item::index_of(&start), Some(place));
        assert_eq!(item::key_of(&start), Some(ItemKey::new("item", "sk")));
        for foreign in ["", "c", "{}", r#"["c","p"]"#, r#"["a","p","s"]"#, r#"["","p","s"]"#] {
            assert!(
                matches!(Place::Index.start("p", &bounds, foreign), Err(StoreError::Invalid(_))),
                "{foreign}"
            );
        }
    }
}
