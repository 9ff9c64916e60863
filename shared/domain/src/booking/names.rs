//! Texts that thousands of rows share, read once each: responsibles and service types.
use crate::cell::Cell;
use crate::service::ServiceKinds;
use crate::text::clean;
use std::borrow::Cow;
use std::collections::HashMap;

/// What M and P say when nobody is named (N7, the sheet's own words).
pub(crate) const NOBODY: &str = "Sem vendedor";

/// Reads a responsible cell: clean text, or [`NOBODY`].
fn responsible(text: &str) -> String {
    let name = clean(text);
    if name.is_empty() { NOBODY.to_owned() } else { name }
}

/// Gives each distinct text of the rows one number, and remembers what it means.
pub(super) struct Names<'rows> {
    numbers: HashMap<Cow<'rows, str>, u32>,
    meanings: Vec<String>,
}

impl<'rows> Names<'rows> {
    pub(super) fn new() -> Self {
        Self { numbers: HashMap::new(), meanings: Vec::new() }
    }

    pub(super) fn number_of(&mut self, cell: &'rows Cell) -> u32 {
        let text = cell.as_text();
        if let Some(number) = self.numbers.get(text.as_ref()) {
            return *number;
        }
        let number = u32::try_from(self.meanings.len()).unwrap_or(u32::MAX);
        self.meanings.push(responsible(&text));
        self.numbers.insert(text, number);
        number
    }

    pub(super) fn into_meanings(self) -> Vec<String> {
        self.meanings
    }
}

/// The kinds of each distinct service type.
pub(super) struct Services<'rows>(HashMap<&'rows str, ServiceKinds>);

impl<'rows> Services<'rows> {
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    pub(super) fn kinds_of(&mut self, cell: &'rows Cell) -> ServiceKinds {
        match cell {
            Cell::Text(text) => *self.0.entry(text).or_insert_with(|| ServiceKinds::of_text(text)),
            Cell::Empty | Cell::Number(_) | Cell::Bool(_) => ServiceKinds::default(),
        }
    }
}
