//! Reads a file of `NAME=value` lines, as shells and dotenv write them: comments, `export`, quotes, Windows line ends.
//! Values are never repeated in a message.
use crate::problem::Problem;
use std::collections::BTreeMap;

/// A variable and the line it stands on.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its value, unquoted.
    pub value: String,
    /// Line, from 1.
    pub line: usize,
}

/// The variables of a text.
///
/// # Errors
/// Every line that is not a variable, and every variable that stands there twice.
pub fn parse(file: &str, text: &str) -> Result<BTreeMap<String, Variable>, Vec<Problem>> {
    let mut variables: BTreeMap<String, Variable> = BTreeMap::new();
    let mut problems = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let mut say =
            |key: &str, message: String| problems.push(Problem::new(file, key, message).at_line(line));
        let content = content.strip_prefix("export ").unwrap_or(content);
        let Some((name, value)) = content.split_once('=') else {
            say("", "is not a line of the form NAME=value".to_owned());
            continue;
        };
        let name = name.trim();
        if !is_name(name) {
            say("", "is not a line of the form NAME=value".to_owned());
            continue;
        }
        match unquote(value.trim()) {
            Err(message) => say(name, message.to_owned()),
            Ok(value) => match variables.get(name) {
                Some(first) => say(name, format!("stands here and on line {}; keep one", first.line)),
                None => {
                    variables.insert(name.to_owned(), Variable { value, line });
                }
            },
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(problems) }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn unquote(text: &str) -> Result<String, &'static str> {
    for quote in ['"', '\''] {
        if let Some(rest) = text.strip_prefix(quote) {
            let (value, after) = rest.split_once(quote).ok_or("has a quote that does not end on its line")?;
            let after = after.trim();
            return if after.is_empty() || after.starts_with('#') {
                Ok(value.to_owned())
            } else {
                Err("has text after its closing quote")
            };
        }
    }
    // Without quotes a comment begins at " #"; a # within a value stays.
    Ok(text.split(" #").next().unwrap_or_default().trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let variables = parse("f", text).map_err(|problems| problems.len()).unwrap();
        variables.into_iter().map(|(name, variable)| (name, variable.value)).collect()
    }

    #[test]
    fn the_usual_forms_are_read() {
        let text =
            "# comment\r\n\r\nA=1\r\nexport B = \"two words\" # note\nC='x#y'\nD=a=b#c # note\nE=\nF=\"\"\n";
        let expected = [("A", "1"), ("B", "two words"), ("C", "x#y"), ("D", "a=b#c"), ("E", ""), ("F", "")];
        assert_eq!(values(text), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn every_bad_line_is_named_and_no_value_repeated() {
        let text = "hunter2\nA=\"hunter2\nB='x' hunter2\n1C=hunter2\nD=1\nD=hunter2\n";
        let problems: Vec<_> =
            parse("f", text).map(|_| ()).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "f:1: is not a line of the form NAME=value",
                "f:2: A: has a quote that does not end on its line",
                "f:3: B: has text after its closing quote",
                "f:4: is not a line of the form NAME=value",
                "f:6: D: stands here and on line 5; keep one",
            ]
        );
    }
}
