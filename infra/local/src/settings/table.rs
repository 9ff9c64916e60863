//! The macro that turns the table of settings into structs, a parser and rows for documents.
use serde_json::Value;

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

macro_rules! settings {
    ($(
        $(#[doc = $about:literal])+
        [$name:literal] $section:ident: $Section:ident {
            $( $(#[doc = $help:literal])+ $key:ident: $type:ty = $default:expr, $limit:expr; )+
        }
    )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $Section { $( $(#[doc = $help])+ pub $key: $type, )+ }

            impl Default for $Section {
                fn default() -> Self {
                    Self { $( $key: $default, )+ }
                }
            }

            impl $Section {
                fn read_keys(reader: &mut Reader<'_, '_>) -> Self {
                    Self { $( $key: reader.take(stringify!($key), $default, |found| {
                        <$type as Setting>::read(found, $limit)
                    }), )+ }
                }
            }
        )+

        /// Every setting. Each field is a section of the file (`general` are the keys at its top).
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct Settings { $( $(#[doc = $about])+ pub $section: $Section, )+ }

        impl Settings {
            fn read_keys(top: &mut Reader<'_, '_>) -> Self {
                Self { $( $section: match $name {
                    "" => $Section::read_keys(top),
                    name => {
                        let mut section = top.section(name);
                        let read = $Section::read_keys(&mut section);
                        section.finish();
                        read
                    }
                }, )+ }
            }

            /// The table behind the settings, with the current values.
            pub fn rows(&self) -> Vec<SectionRow> {
                vec![ $( SectionRow {
                    name: $name,
                    about: [$( $about ),+].concat().trim().to_owned(),
                    keys: vec![ $( KeyRow {
                        name: stringify!($key),
                        help: [$( $help ),+].concat().trim().to_owned(),
                        allowed: <$type as Setting>::allowed($limit),
                        default: <$type as Setting>::to_toml(&$default),
                        current: self.$section.$key.to_toml(),
                        json: self.$section.$key.to_json(),
                    }, )+ ],
                }, )+ ]
            }
        }
    };
}

pub(super) use settings;
