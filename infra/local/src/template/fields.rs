//! Reads single fields of the wiring without stopping at the first mistake: each is a literal, `!Ref` of a parameter with a
//! default, or `!GetAtt X.Arn`, and everything else is reported under the name of its resource.
use super::TEMPLATE_FILE;
use super::document::Document;
use crate::problem::Problem;
use serde_json::Value;
use std::cell::RefCell;

/// A template being read, and what is wrong with it so far.
pub(super) struct Reading<'d> {
    pub(super) document: &'d Document,
    problems: RefCell<Vec<Problem>>,
}

impl<'d> Reading<'d> {
    pub(super) fn of(document: &'d Document) -> Self {
        Self { document, problems: RefCell::default() }
    }

    pub(super) fn report(&self, place: &str, message: impl Into<String>) {
        self.problems.borrow_mut().push(Problem::new(TEMPLATE_FILE, place, message));
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// A mapping of the template being read field by field.
pub(super) struct Fields<'r, 'd> {
    reading: &'r Reading<'d>,
    path: String,
    own: Option<&'d Value>,
    shared: Option<&'d Value>,
}

/// What stands in a field of the wiring.
enum Found<'d> {
    Nothing,
    Wrong,
    Literal(&'d Value),
    Arn(&'d str),
}

impl<'r, 'd> Fields<'r, 'd> {
    /// The properties of a resource. What it does not say itself, `shared` says (the template's `Globals`).
    pub(super) fn of_resource(
        reading: &'r Reading<'d>,
        id: &str,
        body: &'d Value,
        shared: Option<&'d Value>,
    ) -> Self {
        Self { reading, path: id.to_owned(), own: body.get("Properties"), shared }
    }

    /// A mapping within this one; every field of it is missing when it is missing itself.
    pub(super) fn section(&self, name: &str) -> Self {
        let path = self.path_of(name);
        let own = self.value(name);
        let mapping = own.filter(|value| value.is_object());
        if own.is_some() && mapping.is_none() {
            self.reading.report(&path, "is not a mapping");
        }
        Self { reading: self.reading, path, own: mapping, shared: None }
    }

    /// Whether a field stands here.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The names of the fields and what stands under them, in the order of the file.
    pub(super) fn sections(&self) -> Vec<(&'d str, Self)> {
        let names = self.own.and_then(Value::as_object).into_iter().flatten();
        names.map(|(name, _)| (name.as_str(), self.section(name))).collect()
    }

    /// Reports fields that the runtime does not know: what they ask for would silently not happen.
    pub(super) fn only(&self, known: &[&str]) {
        for (name, _) in self.own.and_then(Value::as_object).into_iter().flatten() {
            if !known.contains(&name.as_str()) {
                self.report(name, "is not known to the one-machine runtime");
            }
        }
    }

    /// Reports something about a field.
    pub(super) fn report(&self, name: &str, message: impl Into<String>) {
        self.reading.report(&self.path_of(name), message);
    }

    /// A whole number. Without a default the field must be there.
    pub(super) fn number(&self, name: &str, default: Option<u64>) -> u64 {
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        self.literal(name, "a whole number", default, number)
    }

    /// A text. Without a default the field must be there.
    pub(super) fn text(&self, name: &str, default: Option<&str>) -> String {
        self.literal(name, "a text", default.map(str::to_owned), |value| value.as_str().map(str::to_owned))
    }

    /// `true` or `false`; false when it is missing.
    pub(super) fn flag(&self, name: &str) -> bool {
        let flag = |value: &Value| value.as_bool().or_else(|| value.as_str()?.parse().ok());
        self.literal(name, "true or false", Some(false), flag)
    }

    /// The logical id behind `!GetAtt X.Arn`; `None` when the field is missing.
    pub(super) fn arn(&self, name: &str) -> Option<&'d str> {
        match self.found(name) {
            Found::Arn(resource) => Some(resource),
            Found::Literal(_) => {
                self.report(name, "must be !GetAtt X.Arn of a resource of this template");
                None
            }
            Found::Nothing | Found::Wrong => None,
        }
    }

    /// The texts of a list; none when it is missing.
    pub(super) fn texts(&self, name: &str) -> Vec<&'d str> {
        match self.found(name) {
            Found::Literal(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Found::Literal(_) | Found::Arn(_) => {
                self.report(name, "is not a list");
                Vec::new()
            }
            Found::Nothing | Found::Wrong => Vec::new(),
        }
    }

    fn literal<T: Default>(
        &self,
        name: &str,
        wanted: &str,
        default: Option<T>,
        read: impl Fn(&Value) -> Option<T>,
    ) -> T {
        match (self.found(name), default) {
            (Found::Literal(value), _) => read(value).unwrap_or_else(|| {
                self.report(name, format!("is {value}, {wanted} is expected"));
                T::default()
            }),
            (Found::Arn(_), _) => {
                self.report(name, format!("is an ARN, {wanted} is expected"));
                T::default()
            }
            (Found::Nothing, Some(default)) => default,
            (Found::Nothing, None) => {
                self.report(name, format!("is missing, {wanted} is expected"));
                T::default()
            }
            (Found::Wrong, _) => T::default(),
        }
    }

    fn found(&self, name: &str) -> Found<'d> {
        let Some(value) = self.value(name) else { return Found::Nothing };
        let document = self.reading.document;
        let Some((function, argument)) = function_of(value) else { return Found::Literal(value) };
        let refused = match (function, argument) {
            ("Ref", Value::String(parameter)) => match document.default_of(parameter) {
                Some(default) => return Found::Literal(default),
                None if document.parameters().any(|(known, _)| known == parameter) => {
                    format!("is !Ref {parameter}, a parameter without a default")
                }
                None => format!("is !Ref {parameter}, which is not a parameter"),
            },
            ("Fn::GetAtt", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(resource), Value::String(attribute)] if attribute == "Arn" => {
                    if document.resource(resource).is_some() {
                        return Found::Arn(resource);
                    }
                    format!("is !GetAtt {resource}.Arn, and there is no resource {resource}")
                }
                _ => "is another attribute than X.Arn".to_owned(),
            },
            (function, _) => format!(
                "is !{}; the wiring takes a literal, !Ref of a parameter with a default, or !GetAtt X.Arn",
                function.trim_start_matches("Fn::")
            ),
        };
        self.report(name, refused);
        Found::Wrong
    }

    fn value(&self, name: &str) -> Option<&'d Value> {
        let stands = |mapping: Option<&'d Value>| mapping?.get(name).filter(|value| !value.is_null());
        stands(self.own).or_else(|| stands(self.shared))
    }

    fn path_of(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}

/// The function and its argument when a value is one: a mapping of one field, `Ref` or `Fn::…`.
fn function_of(value: &Value) -> Option<(&str, &Value)> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    let (name, argument) = fields.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}
