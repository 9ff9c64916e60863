//! The first thing that a newcomer sees: few entries, each with one purpose.

/// What may stand there beside files and folders whose name begins with a dot.
const ENTRIES: [&str; 12] = [
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "events",
    "functions",
    "infra",
    "rust-toolchain.toml",
    "shared",
    "template.yaml",
    "tests",
];

/// Entries of the top level that do not belong there, given the path of every file.
pub fn strangers<'a>(files: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut entries: Vec<&str> = files.filter_map(|path| path.split('/').next()).collect();
    entries.sort_unstable();
    entries.dedup();
    let is_stranger = |entry: &&str| !entry.starts_with('.') && !ENTRIES.contains(entry);
    let strangers = entries.into_iter().filter(is_stranger);
    strangers.map(|entry| format!("{entry} does not belong to the top level: put it into a folder")).collect()
}
