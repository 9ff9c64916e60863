//! The macro that turns a table of settings into a struct, a reader and rows for documents.
use super::value::Found;
use serde_json::Value;

/// Where the values of a section come from: a file, or the environment.
pub trait Keys {
    /// The value that stands under a key, if one does; the top level is the section `""`.
    fn find(&mut self, section: &'static str, key: &'static str) -> Option<Found>;
    /// Notes that a value is wrong. The default stands in, so that reading can go on to the next mistake.
    fn problem(&mut self, section: &'static str, key: &'static str, message: String);
}

/// A group of settings.
pub trait Section: Sized + Default {
    /// Name in brackets; empty for the keys at the top.
    const NAME: &'static str;
    /// Reads every key; what is missing has its default.
    fn read(keys: &mut dyn Keys) -> Self;
    /// The table behind it, with the current values.
    fn row(&self) -> SectionRow;
}

/// One section of the configuration, for documents.
#[derive(Debug, Clone, PartialEq)]
pub struct SectionRow {
    /// Name in brackets; empty for the keys at the top.
    pub name: &'static str,
    /// What it is about.
    pub about: String,
    /// Its keys, in order.
    pub keys: Vec<KeyRow>,
}

/// One key of the configuration, for documents.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyRow {
    /// Name within its section.
    pub name: &'static str,
    /// What it does.
    pub help: String,
    /// Allowed values, for people.
    pub allowed: String,
    /// Default as TOML.
    pub default: String,
    /// Current value as TOML.
    pub current: String,
    /// Current value as JSON.
    pub json: Value,
}

/// Declares a section: `/// about`, `["name"] Struct { /// help` `key: Type = default, Limit; }`.
#[macro_export]
macro_rules! settings_section {
    (
        $(#[doc = $about:literal])+
        [$name:literal] $Section:ident {
            $( $(#[doc = $help:literal])+ $key:ident: $type:ty = $default:expr, $limit:expr; )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $Section { $( $(#[doc = $help])+ pub $key: $type, )+ }

        impl Default for $Section {
            fn default() -> Self {
                Self { $( $key: $default, )+ }
            }
        }

        impl $crate::config::Section for $Section {
            const NAME: &'static str = $name;

            fn read(keys: &mut dyn $crate::config::Keys) -> Self {
                Self { $( $key: {
                    let found = keys.find($name, stringify!($key));
                    match found.map(|found| <$type as $crate::config::Setting>::read(&found, $limit)) {
                        None => $default,
                        Some(Ok(value)) => value,
                        Some(Err(message)) => {
                            keys.problem($name, stringify!($key), message);
                            $default
                        }
                    }
                }, )+ }
            }

            fn row(&self) -> $crate::config::SectionRow {
                $crate::config::SectionRow {
                    name: $name,
                    about: [$( $about ),+].concat().trim().to_owned(),
                    keys: vec![ $( $crate::config::KeyRow {
                        name: stringify!($key),
                        help: [$( $help ),+].concat().trim().to_owned(),
                        allowed: <$type as $crate::config::Setting>::allowed($limit),
                        default: $crate::config::Setting::to_toml(&{ let default: $type = $default; default }),
                        current: $crate::config::Setting::to_toml(&self.$key),
                        json: $crate::config::Setting::to_json(&self.$key),
                    }, )+ ],
                }
            }
        }
    };
}
