//! What a function crate looks like: a `main.rs` that wires, and a `lib.rs` whose `handle` both runtimes call.
use std::path::Path;

/// Longest `main.rs`, in lines.
const MAIN_LINES_MAX: usize = 40;

/// One source file of a crate.
pub struct Source {
    /// Its path below `src`.
    pub path: String,
    pub text: String,
}

/// What is wrong with the sources of a function.
pub fn wrong_function(name: &str, sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    let source = |path: &str| sources.iter().find(|source| source.path == path);
    match source("main.rs").map(|main| main.text.lines().count()) {
        None => wrong.push(format!("{name} has no main.rs: nothing starts it")),
        Some(lines) if lines > MAIN_LINES_MAX => {
            wrong.push(format!(
                "main.rs of {name} has {lines} lines, more than {MAIN_LINES_MAX}: it only wires"
            ));
        }
        Some(_) => {}
    }
    let has_handle =
        |library: &Source| library.text.lines().any(|line| line.starts_with("pub async fn handle("));
    if !source("lib.rs").is_some_and(has_handle) {
        wrong.push(format!("lib.rs of {name} has no `pub async fn handle(`, which both runtimes call"));
    }
    for source in sources.iter().filter(|source| source.path != "main.rs") {
        if let Some(line) = source.text.lines().position(names_an_adapter) {
            let (path, line) = (&source.path, line + 1);
            wrong
                .push(format!("{path}:{line} of {name} names an adapter: only main.rs knows a concrete one"));
        }
    }
    wrong
}

/// Comments may speak of adapters.
fn names_an_adapter(line: &str) -> bool {
    line.split("//").next().unwrap_or_default().contains("adapter_")
}

/// The Rust files below a folder.
pub fn sources(folder: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                let path = path.strip_prefix(folder).expect("below it").to_string_lossy().into_owned();
                found.push(Source { path, text });
            }
        }
    }
    found
}
