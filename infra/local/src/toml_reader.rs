//! Reads TOML without stopping at the first mistake: every syntax error, wrong type, value out of range and unknown
//! key of a file is collected with its line, so that one look is enough to repair it.
use crate::problem::Problem;
use flows::config::{Found, Keys};
use std::cell::RefCell;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A file being read, and what is wrong with it so far.
#[derive(Debug)]
pub struct Source<'t> {
    file: String,
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
}

impl<'t> Source<'t> {
    /// A file's name (as the user gave it) and text.
    pub fn new(file: impl Into<String>, text: &'t str) -> Self {
        Self { file: file.into(), text, problems: RefCell::new(Vec::new()) }
    }

    /// Parses the text. Syntax errors become problems; what could be parsed is returned all the same.
    pub fn parse(&self) -> Spanned<DeTable<'t>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            self.report(error.span(), "", first_line(error.message()));
        }
        table
    }

    /// Adds a problem at a place of the text.
    pub fn report(&self, span: Option<Range<usize>>, key: &str, message: impl Into<String>) {
        let problem = Problem::new(self.file.clone(), key, message);
        self.problems.borrow_mut().push(match span {
            Some(span) => problem.at_line(self.line_of(span.start)),
            None => problem,
        });
    }

    /// Every problem found, by line; those without a line last.
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
        problems
    }

    fn line_of(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count().saturating_add(1)
    }
}

/// A table being read key by key. [`Reader::finish`] reports what nobody asked for.
#[derive(Debug)]
pub struct Reader<'s, 't> {
    source: &'s Source<'t>,
    path: String,
    table: Option<&'s DeTable<'t>>,
    known: Vec<&'static str>,
}

impl<'s, 't> Reader<'s, 't> {
    /// The top level of a parsed file.
    pub fn top(source: &'s Source<'t>, table: &'s DeTable<'t>) -> Self {
        Self { source, path: String::new(), table: Some(table), known: Vec::new() }
    }

    /// A table that stands under a name found by the caller.
    pub fn of(source: &'s Source<'t>, path: String, value: &'s Spanned<DeValue<'t>>) -> Self {
        let mut reader = Self { source, path, table: None, known: Vec::new() };
        reader.table = reader.as_table(value);
        reader
    }

    /// The entries of the table as they stand.
    pub fn entries(
        &self,
    ) -> impl Iterator<Item = (&'s str, Range<usize>, &'s Spanned<DeValue<'t>>)> + use<'s, 't> {
        let entries = self.table.into_iter().flatten();
        entries.map(|(name, value)| (name.get_ref().as_ref(), name.span(), value))
    }

    /// A table within this one; empty when it is missing.
    pub fn section(&mut self, name: &'static str) -> Reader<'s, 't> {
        let path = self.path_of(name);
        match self.value(name) {
            Some(value) => Reader::of(self.source, path, value),
            None => Reader { source: self.source, path, table: None, known: Vec::new() },
        }
    }

    /// The value of a key as `read` understands it, or the default when the key is missing. When the value is wrong the
    /// problem is reported and the default stands in, so that reading can go on.
    pub fn take<T>(
        &mut self,
        name: &'static str,
        default: T,
        read: impl FnOnce(&Found) -> Result<T, String>,
    ) -> T {
        let Some(value) = self.value(name) else { return default };
        match read(&found(value.get_ref())) {
            Ok(value) => value,
            Err(message) => {
                self.source.report(Some(value.span()), &self.path_of(name), message);
                default
            }
        }
    }

    /// Whether the key is there.
    pub fn has(&self, name: &str) -> bool {
        self.entries().any(|(found, _, _)| found == name)
    }

    /// Where the value at a dotted path stands in the text.
    pub fn deep_span_of(&self, path: &str) -> Option<Range<usize>> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let (_, _, value) = self.entries().find(|(found, _, _)| *found == first)?;
        match rest {
            None => Some(value.span()),
            Some(rest) => {
                let table = value.get_ref().as_table()?;
                Reader { source: self.source, path: String::new(), table: Some(table), known: Vec::new() }
                    .deep_span_of(rest)
            }
        }
    }

    /// Reports a value that is right alone and wrong beside another, by its dotted path.
    pub fn conflict(&self, path: &str, message: impl Into<String>) {
        self.source.report(self.deep_span_of(path), path, message);
    }

    /// The table as the keys of several sections, of which `""` is this table itself.
    pub fn keys<'r>(&'r mut self) -> TableKeys<'r, 's, 't> {
        TableKeys { top: self, sections: Vec::new() }
    }

    /// Reports a value of this table that is wrong.
    fn conflict_here(&self, key: &str, message: String) {
        self.source.report(self.deep_span_of(key), &self.path_of(key), message);
    }

    /// Reports every key that was not asked for.
    pub fn finish(self) {
        for (name, span, _) in self.entries().filter(|(name, _, _)| !self.known.contains(name)) {
            let advice = match closest(name, &self.known) {
                Some(known) => format!("unknown key; did you mean {known}?"),
                None => format!("unknown key; known here are {}", self.known.join(", ")),
            };
            self.source.report(Some(span), &self.path_of(name), advice);
        }
    }

    fn value(&mut self, name: &'static str) -> Option<&'s Spanned<DeValue<'t>>> {
        self.known.push(name);
        self.entries().find(|(found, _, _)| *found == name).map(|(_, _, value)| value)
    }

    /// Dotted path of a key of this table, for messages.
    pub fn path_of(&self, name: &str) -> String {
        let name: String =
            name.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).take(80).collect();
        if self.path.is_empty() { name } else { format!("{}.{name}", self.path) }
    }

    fn as_table(&self, value: &'s Spanned<DeValue<'t>>) -> Option<&'s DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.source.report(Some(value.span()), &self.path, expected("a table", value.get_ref()));
        }
        table
    }
}

/// The sections of a table, read one after the other. [`TableKeys::finish`] reports what nobody asked for in them.
#[derive(Debug)]
pub struct TableKeys<'r, 's, 't> {
    top: &'r mut Reader<'s, 't>,
    sections: Vec<(&'static str, Reader<'s, 't>)>,
}

impl<'s, 't> TableKeys<'_, 's, 't> {
    fn reader(&mut self, section: &'static str) -> Option<&mut Reader<'s, 't>> {
        if section.is_empty() {
            return Some(self.top);
        }
        if !self.sections.iter().any(|(name, _)| *name == section) {
            let opened = self.top.section(section);
            self.sections.push((section, opened));
        }
        self.sections.iter_mut().find(|(name, _)| *name == section).map(|(_, reader)| reader)
    }

    /// Reports every key of the sections that was not asked for; the top is finished by its owner.
    pub fn finish(self) {
        self.sections.into_iter().for_each(|(_, reader)| reader.finish());
    }
}

impl Keys for TableKeys<'_, '_, '_> {
    fn find(&mut self, section: &'static str, key: &'static str) -> Option<Found> {
        self.reader(section)?.value(key).map(|value| found(value.get_ref()))
    }

    fn problem(&mut self, section: &'static str, key: &'static str, message: String) {
        if let Some(reader) = self.reader(section) {
            reader.conflict_here(key, message);
        }
    }
}

/// A value of the file, as settings take it.
fn found(value: &DeValue<'_>) -> Found {
    match value {
        DeValue::String(text) => Found::Text(text.to_string()),
        DeValue::Integer(number) => {
            let value = i128::from_str_radix(number.as_str(), number.radix()).ok();
            Found::Number(value.and_then(|value| u64::try_from(value).ok()), number.as_str().to_owned())
        }
        DeValue::Boolean(flag) => Found::Flag(*flag),
        DeValue::Array(items) => Found::List(items.iter().map(|item| found(item.get_ref())).collect()),
        DeValue::Float(_) => Found::Other("a float"),
        DeValue::Datetime(_) => Found::Other("a datetime"),
        DeValue::Table(_) => Found::Other("a table"),
    }
}

/// `expected X, found Y` with the type found, never its value.
fn expected(what: &str, found: &DeValue<'_>) -> String {
    format!("expected {what}, found {} {}", article(found.type_str()), found.type_str())
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or("is not valid TOML").to_owned()
}

/// The known name within two edits of a wrong one.
pub fn closest<'n>(wrong: &str, known: &[&'n str]) -> Option<&'n str> {
    let near = known.iter().map(|name| (edits(wrong, name), *name)).min()?;
    (near.0 <= 2 && near.0 < wrong.len()).then_some(near.1)
}

fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.chars().enumerate() {
        let mut diagonal = row;
        let mut current = vec![row.saturating_add(1)];
        for (to, above) in right.iter().zip(previous.iter().skip(1)) {
            let before = current.last().copied().unwrap_or_default();
            let changed = diagonal.saturating_add(usize::from(from != *to));
            current.push(changed.min(above.saturating_add(1)).min(before.saturating_add(1)));
            diagonal = *above;
        }
        previous = current;
    }
    previous.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flows::config::{Limit, Setting};

    fn read(text: &str) -> Vec<String> {
        let source = Source::new("f.toml", text);
        let table = source.parse();
        let mut top = Reader::top(&source, table.get_ref());
        let mut sige = top.section("sige");
        sige.take("burst", 1, |value| u64::read(value, Limit::any()));
        sige.take("base_url", 1, |_| Ok(1));
        sige.finish();
        top.finish();
        source.into_problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_mistakes_of_a_file_are_reported_with_their_lines() {
        let text = "[sige]\nburst = \"many\"\nbase_ur = 1\n\n[other]\nx = 1\n";
        assert_eq!(
            read(text),
            [
                "f.toml:2: sige.burst: expected a whole number, found a string",
                "f.toml:3: sige.base_ur: unknown key; did you mean base_url?",
                "f.toml:5: other: unknown key; known here are sige",
            ]
        );
    }

    #[test]
    fn a_syntax_error_does_not_hide_the_other_mistakes() {
        let problems = read("[sige]\nburst = \nbase_ur = 1\n");
        assert!(problems.iter().any(|problem| problem.starts_with("f.toml:2: ")), "{problems:?}");
        assert!(problems.iter().any(|problem| problem.contains("sige.base_ur")), "{problems:?}");
    }

    #[test]
    fn a_section_of_the_wrong_type_is_one_problem() {
        assert_eq!(read("sige = 5\n"), ["f.toml:1: sige: expected a table, found an integer"]);
    }

    #[test]
    fn only_a_near_name_is_suggested() {
        assert_eq!(closest("burts", &["burst", "base_url"]), Some("burst"));
        assert_eq!(closest("colour", &["burst", "base_url"]), None);
        assert_eq!(closest("x", &["ab"]), None, "two edits of a one-letter word mean nothing");
    }
}
