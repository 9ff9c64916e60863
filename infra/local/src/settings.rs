//! The configuration `erp-sync.toml`, typed. Tables of data are the truth, one per section, each
//! beside what it is for: the structs, their defaults, the parser, the file that `config init` writes and the page in
//! `infra/guide/configuration.md` all come from them.
//!
//! Units stand in the names. Times nest (an HTTP call ends before its step, a step before the handler, the handler
//! before the message becomes visible again), and [`Settings::conflicts`] checks that they do.
mod up;
mod value;

pub use flows::config::Level;
pub use up::{Expression, UpSection, Zone};
pub use value::{DataDir, StageName};

use crate::toml_reader::Reader;
use adapter_sheets::SheetsSection;
use adapter_sige::SigeSection;
use flows::config::{Limit, Section, SectionRow, Transport};
use flows::settings::FlowSection;

flows::settings_section! {
    /// This installation as a whole.
    [""] General {
        /// Name of this installation; part of the name of every secret, `erp-sync/<stage>/<scope>/<name>`.
        stage: StageName = StageName::local(), Limit::any();
        /// Directory of the database, secrets, blobs and logs; relative to this file. Created with mode 0700.
        data_dir: DataDir = DataDir::beside_config(), Limit::any();
        /// Least severe level written to `<data_dir>/logs`.
        log_level: Level = Level::Info, Limit::any();
        /// Log files older than this many days are deleted.
        log_keep_days: u64 = 30, Limit::of(1, 3_650);
    }
}

/// Every setting. Each field is a section of the file (`general` and `transport` are the keys at its top).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// This installation as a whole.
    pub general: General,
    /// How connections to the outside are made.
    pub transport: Transport,
    /// SIGE Cloud.
    pub sige: SigeSection,
    /// Google Sheets.
    pub sheets: SheetsSection,
    /// How work is planned, leased, deferred and retried.
    pub flows: FlowSection,
    /// The runtime of one machine.
    pub up: UpSection,
}

impl Settings {
    /// Every setting of a parsed file; what is missing has its default. Mistakes are reported to the reader's source.
    pub fn read(top: &mut Reader<'_, '_>) -> Self {
        let mut keys = top.keys();
        let settings = Self {
            general: Section::read(&mut keys),
            transport: Section::read(&mut keys),
            sige: Section::read(&mut keys),
            sheets: Section::read(&mut keys),
            flows: Section::read(&mut keys),
            up: Section::read(&mut keys),
        };
        keys.finish();
        for (key, message) in settings.conflicts() {
            top.conflict(key, message);
        }
        settings
    }

    /// The tables behind the settings, with the current values; keys at the top come first.
    pub fn rows(&self) -> Vec<SectionRow> {
        vec![
            self.general.row(),
            self.transport.row(),
            self.sige.row(),
            self.sheets.row(),
            self.flows.row(),
            self.up.row(),
        ]
    }

    /// Settings that are each in range but do not go together: key and reason.
    pub fn conflicts(&self) -> Vec<(&'static str, String)> {
        let calls: Vec<_> = self.sige.timings().into_iter().chain(self.sheets.timings()).collect();
        let mut found = self.flows.conflicts(&calls, &self.sheets.timings());
        found.extend(self.sige.conflicts(&self.transport));
        found.extend(self.sheets.conflicts(&self.transport));
        found
    }
}

#[cfg(test)]
mod tests;
