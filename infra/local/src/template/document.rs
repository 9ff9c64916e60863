//! A CloudFormation template as one JSON value, with the short tags of YAML written out: `!Ref X` is `{"Ref": "X"}`, `!GetAtt
//! X.Arn` is `{"Fn::GetAtt": ["X", "Arn"]}`, any other `!Name` is `{"Fn::Name": …}`.
use super::TEMPLATE_FILE;
use crate::problem::Problem;
use serde_json::{Map, Value, json};
use yaml_serde::Value as Yaml;

/// Deepest nesting that is read.
const DEPTH_MAX: usize = 64;

/// A parsed template.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    root: Value,
}

/// One resource of a template.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resource<'d> {
    /// Its logical id.
    pub id: &'d str,
    /// Its `Type`; empty when it has none.
    pub kind: &'d str,
    /// All of it.
    pub body: &'d Value,
}

impl Document {
    /// Parses the text of a template.
    ///
    /// # Errors
    /// The text is not YAML, or not a template.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let problem = |key: &str, message: String| vec![Problem::new(TEMPLATE_FILE, key, message)];
        let yaml: Yaml = yaml_serde::from_str(text).map_err(|error| {
            let told = problem("", error.to_string());
            match error.location() {
                Some(place) => told.into_iter().map(|problem| problem.at_line(place.line())).collect(),
                None => told,
            }
        })?;
        let root = json_of(yaml, DEPTH_MAX).map_err(|message| problem("", message))?;
        match root.get("Resources") {
            Some(Value::Object(_)) => Ok(Self { root }),
            _ => Err(problem("Resources", "is missing: this is no template".to_owned())),
        }
    }

    /// The whole template.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// Every resource, in the order of the file.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let all = self.root.get("Resources").and_then(Value::as_object);
        all.into_iter().flatten().map(|(id, body)| Resource { id, kind: text(body.get("Type")), body })
    }

    /// The resources of a type, such as `AWS::SQS::Queue`.
    pub fn of_type(&self, kind: &str) -> impl Iterator<Item = Resource<'_>> {
        self.resources().filter(move |resource| resource.kind == kind)
    }

    /// The resource of that logical id.
    pub fn resource(&self, id: &str) -> Option<Resource<'_>> {
        self.resources().find(|resource| resource.id == id)
    }

    /// Names and definitions of the parameters, in the order of the file.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Value)> {
        let all = self.root.get("Parameters").and_then(Value::as_object);
        all.into_iter().flatten().map(|(name, body)| (name.as_str(), body))
    }

    /// The default of a parameter; `None` when there is no such parameter, or no default.
    pub fn default_of(&self, parameter: &str) -> Option<&Value> {
        self.root.get("Parameters")?.get(parameter)?.get("Default")
    }

    /// Gives a parameter another default; a parameter that is not there stays away.
    pub fn set_default(&mut self, parameter: &str, value: Value) {
        let defined = self.root.get_mut("Parameters").and_then(|all| all.get_mut(parameter));
        if let Some(definition) = defined.and_then(Value::as_object_mut) {
            definition.insert("Default".to_owned(), value);
        }
    }
}

impl<'d> Resource<'d> {
    /// A property by its path below `Properties`, such as `RedrivePolicy.maxReceiveCount`.
    pub fn property(&self, path: &str) -> Option<&'d Value> {
        path.split('.').try_fold(self.body.get("Properties")?, |value, name| value.get(name))
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn json_of(yaml: Yaml, depth: usize) -> Result<Value, String> {
    let below = depth.checked_sub(1).ok_or_else(|| format!("it is nested deeper than {DEPTH_MAX} levels"))?;
    match yaml {
        Yaml::Null => Ok(Value::Null),
        Yaml::Bool(value) => Ok(Value::Bool(value)),
        Yaml::String(text) => Ok(Value::String(text)),
        Yaml::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Ok(json!(number)),
            (None, Some(number)) => Ok(json!(number)),
            (None, None) => {
                number.as_f64().map(|number| json!(number)).ok_or_else(|| format!("{number} is no number"))
            }
        },
        Yaml::Sequence(items) => {
            let items = items.into_iter().map(|item| json_of(item, below));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        Yaml::Mapping(entries) => {
            let mut fields = Map::new();
            for (name, value) in entries {
                fields.insert(key_of(name)?, json_of(value, below)?);
            }
            Ok(Value::Object(fields))
        }
        Yaml::Tagged(tagged) => {
            let argument = json_of(tagged.value, below)?;
            Ok(written_out(&tagged.tag.to_string(), argument))
        }
    }
}

fn key_of(name: Yaml) -> Result<String, String> {
    match name {
        Yaml::String(name) => Ok(name),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(value) => Ok(value.to_string()),
        other => Err(format!("{other:?} cannot be the name of a field")),
    }
}

/// The long form of a tag.
fn written_out(tag: &str, argument: Value) -> Value {
    let name = tag.trim_start_matches('!');
    match (name, argument) {
        ("Ref" | "Condition", argument) => json!({ name: argument }),
        ("GetAtt", Value::String(path)) => match path.split_once('.') {
            Some((resource, attribute)) => json!({ "Fn::GetAtt": [resource, attribute] }),
            None => json!({ "Fn::GetAtt": path }),
        },
        (name, argument) => json!({ format!("Fn::{name}"): argument }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Document {
        Document::parse(text).unwrap()
    }

    #[test]
    fn short_tags_and_long_forms_are_the_same() {
        let short = "Resources: {A: {Type: T, Properties: {a: !Ref B, b: !GetAtt C.Arn, c: !Sub '${D}', d: !If [X, 1, !Ref E]}}}";
        let long = "Resources: {A: {Type: T, Properties: {a: {Ref: B}, b: {'Fn::GetAtt': [C, Arn]}, c: {'Fn::Sub': '${D}'}, \
                    d: {'Fn::If': [X, 1, {Ref: E}]}}}}";
        assert_eq!(parse(short), parse(long));
        assert_eq!(parse(short).resource("A").unwrap().property("a"), Some(&json!({ "Ref": "B" })));
    }

    #[test]
    fn resources_are_found_by_id_type_and_path() {
        let document = parse("Resources:\n  B: {Type: T, Properties: {x: {y: 3}}}\n  A: {Type: U}\n");
        let ids: Vec<_> = document.resources().map(|resource| resource.id).collect();
        assert_eq!(ids, ["B", "A"], "as in the file");
        assert_eq!(document.of_type("T").count(), 1);
        assert_eq!(document.resource("B").unwrap().property("x.y"), Some(&json!(3)));
        assert_eq!(document.resource("B").unwrap().property("x.z"), None);
        assert_eq!(document.resource("C"), None);
    }

    #[test]
    fn what_is_no_template_is_told_with_its_line() {
        let told = |text: &str| {
            Document::parse(text).unwrap_err().iter().map(Problem::to_string).collect::<Vec<_>>()
        };
        assert_eq!(told("a: 1\n"), ["template.yaml: Resources: is missing: this is no template"]);
        assert!(told("a: 1\nb: [\n").concat().starts_with("template.yaml:3: "), "{:?}", told("a: 1\nb: [\n"));
        assert!(told("a: 1\na: 2\n").concat().contains("duplicate"), "{:?}", told("a: 1\na: 2\n"));
        let deep = format!("Resources: {}1{}", "[".repeat(80), "]".repeat(80));
        assert_eq!(told(&deep), ["template.yaml: it is nested deeper than 64 levels"]);
    }

    #[test]
    fn defaults_of_parameters_are_at_hand() {
        let document =
            parse("Parameters: {P: {Type: Number, Default: 7}, Q: {Type: String}}\nResources: {}\n");
        assert_eq!(document.default_of("P"), Some(&json!(7)));
        assert_eq!((document.default_of("Q"), document.default_of("R")), (None, None));
        assert_eq!(document.parameters().map(|(name, _)| name).collect::<Vec<_>>(), ["P", "Q"]);
    }
}
