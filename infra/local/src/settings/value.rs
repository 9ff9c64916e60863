//! The settings that only this machine has: the name of the installation and where it keeps everything.
use flows::config::{Found, Limit, Setting, quoted};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Name of an installation, `[a-z0-9-]{1,20}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageName(String);

impl StageName {
    /// The stage of one machine.
    pub fn local() -> Self {
        Self("local".to_owned())
    }

    /// A stage of that name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn named(text: &str) -> Result<Self, String> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=40).contains(&text.len()) && text.bytes().all(known) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("is {text:?}; it must be {}", Self::allowed(Limit::any())))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for StageName {
    fn read(found: &Found, _: Limit) -> Result<Self, String> {
        let text = found.text("a name in quotes")?;
        Self::named(text)
    }
    fn to_toml(&self) -> String {
        quoted(&self.0)
    }
    fn to_json(&self) -> Value {
        json!(self.0)
    }
    fn allowed(_: Limit) -> String {
        "1 to 40 of a-z, 0-9 and '-'".to_owned()
    }
}

/// The directory of everything that is kept, as written: [`crate::config::Config::data_dir`] is the resolved one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// `erp-sync-data` beside the configuration.
    pub fn beside_config() -> Self {
        Self(PathBuf::from("erp-sync-data"))
    }

    /// A directory given on the command line.
    pub fn given(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// As written.
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl Setting for DataDir {
    fn read(found: &Found, _: Limit) -> Result<Self, String> {
        let text = found.text("a path in quotes")?;
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err("must be the path of a directory".to_owned());
        }
        Ok(Self(PathBuf::from(text)))
    }
    fn to_toml(&self) -> String {
        quoted(&self.0.to_string_lossy())
    }
    fn to_json(&self) -> Value {
        json!(self.0.to_string_lossy())
    }
    fn allowed(_: Limit) -> String {
        "a path, absolute or relative to this file".to_owned()
    }
}
