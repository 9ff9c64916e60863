//! Field masks of answers: `sheets(properties(title,gridProperties/rowCount),developerMetadata)`.
use super::error::ApiError;
use serde_json::Value;
use std::collections::BTreeMap;

/// Which fields of an answer to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mask {
    /// Everything below this point.
    All,
    /// Only the named fields.
    Only(BTreeMap<String, Mask>),
}

impl Mask {
    /// Reads the `fields` parameter; a missing one means everything.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, ApiError> {
        let Some(text) = text.filter(|text| !text.is_empty() && *text != "*") else { return Ok(Self::All) };
        let mut rest = text;
        let mask = list(&mut rest).filter(|_| rest.is_empty());
        mask.ok_or_else(|| ApiError::invalid(format!("Invalid field selection {text}")))
    }

    /// The mask below a field; `None` when the field is not wanted.
    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::All => Some(self),
            Self::Only(fields) => fields.get(name).or_else(|| fields.get("*")),
        }
    }

    /// Whether a field is wanted at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// Removes what is not wanted.
    pub(crate) fn apply(&self, value: &mut Value) {
        if *self == Self::All {
            return;
        }
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.apply(item)),
            Value::Object(fields) => {
                fields.retain(|name, _| self.has(name));
                for (name, below) in fields.iter_mut() {
                    if let Some(mask) = self.field(name) {
                        mask.apply(below);
                    }
                }
            }
            _ => {}
        }
    }

    fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Only(mine), Self::Only(theirs)) => {
                for (name, mask) in theirs {
                    match mine.get_mut(&name) {
                        Some(present) => present.merge(mask),
                        None => {
                            mine.insert(name, mask);
                        }
                    }
                }
            }
            (mine, _) => *mine = Self::All,
        }
    }
}

/// `a,b(c,d),e/f` up to the end or a closing bracket.
fn list(rest: &mut &str) -> Option<Mask> {
    let mut whole = Mask::Only(BTreeMap::new());
    loop {
        whole.merge(path(rest)?);
        match rest.strip_prefix(',') {
            Some(more) => *rest = more,
            None => return Some(whole),
        }
    }
}

fn path(rest: &mut &str) -> Option<Mask> {
    let end = rest.find([',', '(', ')', '/', '.']).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let known = name == "*" || (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()));
    known.then_some(())?;
    *rest = after;
    let below = if let Some(inside) = rest.strip_prefix('(') {
        *rest = inside;
        let mask = list(rest)?;
        *rest = rest.strip_prefix(')')?;
        mask
    } else if let Some(deeper) = rest.strip_prefix(['/', '.']) {
        *rest = deeper;
        path(rest)?
    } else {
        Mask::All
    };
    Some(Mask::Only(BTreeMap::from([(name.to_owned(), below)])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mask_keeps_what_it_names_in_every_element() {
        let mask = Mask::parse(Some("sheets(properties(title,gridProperties/rowCount),extra),id")).unwrap();
        let mut value = json!({
            "id": "x", "other": 1,
            "sheets": [{ "properties": { "title": "A", "index": 0, "gridProperties": { "rowCount": 9, "columnCount": 3 } } }],
        });
        mask.apply(&mut value);
        assert_eq!(
            value,
            json!({ "id": "x", "sheets": [{ "properties": { "title": "A", "gridProperties": { "rowCount": 9 } } }] })
        );
    }

    #[test]
    fn the_same_field_twice_is_merged() {
        let mask = Mask::parse(Some("a/b,a/c,d,d/e")).unwrap();
        let mut value = json!({ "a": { "b": 1, "c": 2, "x": 3 }, "d": { "e": 4, "f": 5 } });
        mask.apply(&mut value);
        assert_eq!(value, json!({ "a": { "b": 1, "c": 2 }, "d": { "e": 4, "f": 5 } }));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["a(", "a)", "a,,b", "(a)", "a b", "a()"] {
            assert_eq!(Mask::parse(Some(text)).unwrap_err().code, 400, "{text}");
        }
    }
}
