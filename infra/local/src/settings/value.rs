//! The kinds of values a setting can have: how each is read, bounded, shown and written back.
use crate::toml_reader::expected;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use toml::de::{DeInteger, DeValue};
use url::{Host, Url};

/// Longest list of delays.
const LIST_ITEMS_MAX: usize = 20;

/// Bounds of a number, or of each number of a list; both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    least: u64,
    most: u64,
}

impl Limit {
    /// For values whose type is limit enough.
    pub const fn any() -> Self {
        Self::of(0, u64::MAX)
    }

    /// From the least to the most allowed.
    pub const fn of(least: u64, most: u64) -> Self {
        Self { least, most }
    }

    fn number(self, found: &DeInteger<'_>) -> Result<u64, String> {
        let bounds = format!("it must be {} to {}", self.least, self.most);
        let shown = || found.as_str().chars().take(40).collect::<String>();
        let number = i128::from_str_radix(found.as_str(), found.radix()).ok();
        let number = number.and_then(|number| u64::try_from(number).ok());
        match number {
            Some(number) if (self.least..=self.most).contains(&number) => Ok(number),
            _ => Err(format!("is {}; {bounds}", shown())),
        }
    }
}

/// A value of the configuration.
pub trait Setting: Sized {
    /// Reads it, or says what is wrong and what is expected.
    ///
    /// # Errors
    /// The message for the user.
    fn read(found: &DeValue<'_>, limit: Limit) -> Result<Self, String>;
    /// As it stands in the file.
    fn to_toml(&self) -> String;
    /// As JSON.
    fn to_json(&self) -> Value;
    /// The allowed values, for people.
    fn allowed(limit: Limit) -> String;
}

impl Setting for u64 {
    fn read(found: &DeValue<'_>, limit: Limit) -> Result<Self, String> {
        limit.number(found.as_integer().ok_or_else(|| expected("a whole number", found))?)
    }
    fn to_toml(&self) -> String {
        self.to_string()
    }
    fn to_json(&self) -> Value {
        json!(self)
    }
    fn allowed(limit: Limit) -> String {
        format!("{} to {}", limit.least, limit.most)
    }
}

impl Setting for bool {
    fn read(found: &DeValue<'_>, _: Limit) -> Result<Self, String> {
        found.as_bool().ok_or_else(|| expected("true or false", found))
    }
    fn to_toml(&self) -> String {
        self.to_string()
    }
    fn to_json(&self) -> Value {
        json!(self)
    }
    fn allowed(_: Limit) -> String {
        "true or false".to_owned()
    }
}

impl Setting for Vec<u64> {
    fn read(found: &DeValue<'_>, limit: Limit) -> Result<Self, String> {
        let items = found.as_array().ok_or_else(|| expected("a list of whole numbers", found))?;
        if items.len() > LIST_ITEMS_MAX {
            return Err(format!("has {} entries; it may have at most {LIST_ITEMS_MAX}", items.len()));
        }
        items.iter().map(|item| u64::read(item.get_ref(), limit)).collect()
    }
    fn to_toml(&self) -> String {
        let items: Vec<_> = self.iter().map(u64::to_string).collect();
        format!("[{}]", items.join(", "))
    }
    fn to_json(&self) -> Value {
        json!(self)
    }
    fn allowed(limit: Limit) -> String {
        format!("up to {LIST_ITEMS_MAX} numbers, each {}", u64::allowed(limit))
    }
}

/// The address of an outside system; ends with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// An address written in the program.
    pub fn known(url: &'static str) -> Self {
        Self(url.to_owned())
    }

    /// Checks an address: http or https, a host, no user, query or fragment. Adds the final `/`.
    ///
    /// # Errors
    /// What is wrong, without the text itself, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut url =
            Url::parse(text).map_err(|error| format!("is not a URL ({error}); write https://host/"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must begin with https:// (or http:// for this machine)".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user or password; credentials are secrets (`erp-sync secrets set`)"
                .to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must not hold a query (?) or fragment (#)".to_owned());
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self(url.to_string()))
    }

    /// The address, with its final `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is http to another machine.
    pub fn is_plain_and_remote(&self) -> bool {
        let Ok(url) = Url::parse(&self.0) else { return true };
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        url.scheme() == "http" && !here
    }
}

impl Setting for BaseUrl {
    fn read(found: &DeValue<'_>, _: Limit) -> Result<Self, String> {
        Self::parse(found.as_str().ok_or_else(|| expected("a URL in quotes", found))?)
    }
    fn to_toml(&self) -> String {
        quoted(&self.0)
    }
    fn to_json(&self) -> Value {
        json!(self.0)
    }
    fn allowed(_: Limit) -> String {
        "https://host/path/ (http:// only to this machine)".to_owned()
    }
}

/// Least severe level that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Failures only.
    Error,
    /// And what may become one.
    Warn,
    /// And what was done.
    Info,
    /// And how.
    Debug,
    /// And everything else.
    Trace,
}

impl Level {
    const NAMES: [(&'static str, Self); 5] = [
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];

    /// The level of that name.
    pub fn named(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, level)| *level)
    }

    /// Every name, for people.
    pub fn names() -> String {
        Self::NAMES.map(|(name, _)| name).join(", ")
    }

    /// Its name in the file.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, level)| *level == self).map_or("info", |(name, _)| name)
    }
}

impl Setting for Level {
    fn read(found: &DeValue<'_>, _: Limit) -> Result<Self, String> {
        let text = found.as_str().ok_or_else(|| expected("a level in quotes", found))?;
        Self::named(text).ok_or_else(|| format!("is {text:?}; it must be one of {}", Self::names()))
    }
    fn to_toml(&self) -> String {
        quoted(self.name())
    }
    fn to_json(&self) -> Value {
        json!(self.name())
    }
    fn allowed(_: Limit) -> String {
        Self::names()
    }
}

/// Name of an installation, `[a-z0-9-]{1,20}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageName(String);

impl StageName {
    /// The stage of one machine.
    pub fn local() -> Self {
        Self("local".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for StageName {
    fn read(found: &DeValue<'_>, limit: Limit) -> Result<Self, String> {
        let text = found.as_str().ok_or_else(|| expected("a name in quotes", found))?;
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=20).contains(&text.len()) && text.bytes().all(known) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("is {text:?}; it must be {}", Self::allowed(limit)))
    }
    fn to_toml(&self) -> String {
        quoted(&self.0)
    }
    fn to_json(&self) -> Value {
        json!(self.0)
    }
    fn allowed(_: Limit) -> String {
        "1 to 20 of a-z, 0-9 and '-'".to_owned()
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
    fn read(found: &DeValue<'_>, _: Limit) -> Result<Self, String> {
        let text = found.as_str().ok_or_else(|| expected("a path in quotes", found))?;
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

/// A TOML string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
