//! The kinds of values a setting can have: how each is read, bounded, shown and written back.
use serde_json::{Value, json};
use url::{Host, Url};

/// A value as it was found, before its setting looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A whole number, and how it was written; `None` when it is negative or too large.
    Number(Option<u64>, String),
    /// True or false.
    Flag(bool),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Found>),
    /// Text of a source without types (the environment): a number, a list with commas, whatever the setting wants.
    Untyped(String),
    /// Something no setting takes, by its type's name.
    Other(&'static str),
}

impl Found {
    /// `expected X, found Y` with the type found, never its value.
    fn unexpected(&self, what: &str) -> String {
        let found = match self {
            Self::Number(..) => "an integer",
            Self::Flag(_) => "a boolean",
            Self::Text(_) | Self::Untyped(_) => "a string",
            Self::List(_) => "an array",
            Self::Other(kind) => kind,
        };
        format!("expected {what}, found {found}")
    }

    /// The text of a setting that is a text.
    ///
    /// # Errors
    /// The message for the user.
    pub fn text(&self, what: &str) -> Result<&str, String> {
        match self {
            Self::Text(text) | Self::Untyped(text) => Ok(text),
            other => Err(other.unexpected(what)),
        }
    }
}

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

    fn number(self, found: Option<u64>, shown: &str) -> Result<u64, String> {
        match found {
            Some(number) if (self.least..=self.most).contains(&number) => Ok(number),
            _ => {
                let shown: String = shown.chars().take(40).collect();
                Err(format!("is {shown}; it must be {} to {}", self.least, self.most))
            }
        }
    }
}

/// A value of the configuration.
pub trait Setting: Sized {
    /// Reads it, or says what is wrong and what is expected.
    ///
    /// # Errors
    /// The message for the user.
    fn read(found: &Found, limit: Limit) -> Result<Self, String>;
    /// As it stands in the file.
    fn to_toml(&self) -> String;
    /// As JSON.
    fn to_json(&self) -> Value;
    /// The allowed values, for people.
    fn allowed(limit: Limit) -> String;
}

impl Setting for u64 {
    fn read(found: &Found, limit: Limit) -> Result<Self, String> {
        match found {
            Found::Number(number, shown) => limit.number(*number, shown),
            Found::Untyped(text) => match text.trim().parse::<i128>() {
                Ok(number) => limit.number(u64::try_from(number).ok(), text.trim()),
                Err(_) => Err(found.unexpected("a whole number")),
            },
            other => Err(other.unexpected("a whole number")),
        }
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
    fn read(found: &Found, _: Limit) -> Result<Self, String> {
        match found {
            Found::Flag(flag) => Ok(*flag),
            Found::Untyped(text) => text.trim().parse().map_err(|_| found.unexpected("true or false")),
            other => Err(other.unexpected("true or false")),
        }
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
    fn read(found: &Found, limit: Limit) -> Result<Self, String> {
        let items = match found {
            Found::List(items) => items.clone(),
            Found::Untyped(text) => {
                text.split(',').map(|item| Found::Untyped(item.trim().to_owned())).collect()
            }
            other => return Err(other.unexpected("a list of whole numbers")),
        };
        if items.len() > LIST_ITEMS_MAX {
            return Err(format!("has {} entries; it may have at most {LIST_ITEMS_MAX}", items.len()));
        }
        items.iter().map(|item| u64::read(item, limit)).collect()
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
    fn read(found: &Found, _: Limit) -> Result<Self, String> {
        Self::parse(found.text("a URL in quotes")?)
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
    fn read(found: &Found, _: Limit) -> Result<Self, String> {
        let text = found.text("a level in quotes")?;
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

/// A TOML string.
pub fn quoted(text: &str) -> String {
    // JSON's escapes are among TOML's, and JSON escapes everything that TOML must.
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
