//! Settings as tables of data: a section names its keys with type, default, bounds and help, once; the struct, the
//! reader and the documents come from it. Each adapter declares its own section, so that a function reads only what
//! it uses, from a file on one machine and from the environment in the cloud.
mod nest;
mod section;
mod value;

pub use nest::{Timing, check_nest};
pub use section::{KeyRow, Keys, Section, SectionRow};
pub use value::{BaseUrl, Found, Level, Limit, Setting, quoted};

crate::settings_section! {
    /// How connections to the outside are made.
    [""] Transport {
        /// Allow http:// to other hosts than this machine; credentials then travel unencrypted.
        allow_plain_http: bool = false, Limit::any();
    }
}

impl Transport {
    /// What is wrong with an address under this rule.
    pub fn problem_with(&self, url: &BaseUrl) -> Option<String> {
        (url.is_plain_and_remote() && !self.allow_plain_http).then(|| {
            "would send credentials unencrypted to another host; use https:// (or set allow_plain_http)"
                .to_owned()
        })
    }
}
