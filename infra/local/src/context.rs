//! What a command works with: the configuration in force, where to print, and the ports on this machine.
use crate::audit::Audit;
use crate::config::{Config, operator};
use crate::output::Output;
use crate::stack::Stack;
use adapter_local::LocalStores;
use flows::ports::{BlobStore, Clock, Randomness, SecretStore, StateStore, WorkQueue};
use std::sync::Arc;

/// Built once at the start of a command.
#[derive(Clone)]
pub struct Context {
    /// The configuration in force.
    pub config: Config,
    /// Where to print.
    pub output: Arc<Output>,
    /// Items.
    pub state: Arc<dyn StateStore>,
    /// Wake-ups.
    pub queue: Arc<dyn WorkQueue>,
    /// Evidence.
    pub blobs: Arc<dyn BlobStore>,
    /// Credentials.
    pub secrets: Arc<dyn SecretStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance and ids.
    pub random: Arc<dyn Randomness>,
    /// The stores behind the ports, where they are this machine's: they want to be tidied up now and then.
    pub stores: Option<Arc<LocalStores>>,
    /// The stack on AWS that is worked on instead of this machine.
    pub stack: Option<Stack>,
}

impl Context {
    /// The stage of this installation.
    pub fn stage(&self) -> &str {
        self.config.settings.general.stage.as_str()
    }

    /// Says which outside systems this process is about to ask itself, where a person may expect those of the stack.
    pub fn note_own_settings(&self) {
        let Some(stack) = &self.stack else { return };
        let settings = &self.config.settings;
        let (sige, sheets) = (settings.sige.base_url.as_str(), settings.sheets.base_url.as_str());
        let name = &stack.name;
        self.output.note(format!(
            "this machine asks by itself: SIGE at {sige}, Google Sheets at {sheets}; addresses and limits are those of its \
             erp-sync.toml, the functions of stack {name} have their own"
        ));
    }

    /// Writes audit items on behalf of the person at the keyboard.
    pub fn audit(&self) -> Audit<'_> {
        Audit::new(&*self.clock, &*self.random, operator())
    }
}

#[cfg(test)]
pub(crate) mod for_tests {
    use super::*;
    use crate::settings::Settings;
    use std::io::Write;
    use std::sync::{Mutex, PoisonError};
    use testkit::clock::{SeededRandomness, SimulatedClock};
    use testkit::reference::{MemoryBlobStore, MemorySecretStore, MemoryStateStore, MemoryWorkQueue};

    /// What was printed on standard output.
    #[derive(Clone, Default)]
    pub(crate) struct Printed(Arc<Mutex<Vec<u8>>>);

    impl Printed {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
        }
    }

    impl Write for Printed {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// A context on the reference model, and what it prints.
    pub(crate) fn context(json: bool) -> (Context, Printed) {
        let printed = Printed::default();
        let clock: Arc<dyn Clock> = Arc::new(SimulatedClock::at(2026, 5, 20, 12, 0));
        let random: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(1));
        let context = Context {
            config: Config { file: None, settings: Settings::default(), data_dir: "unused".into() },
            output: Arc::new(Output::to(Box::new(printed.clone()), json, true)),
            state: Arc::new(MemoryStateStore::new(Arc::clone(&clock))),
            queue: Arc::new(MemoryWorkQueue::new(Arc::clone(&clock), &[])),
            blobs: Arc::new(MemoryBlobStore::default()),
            secrets: Arc::new(MemorySecretStore::default()),
            clock,
            random,
            stores: None,
            stack: None,
        };
        (context, printed)
    }
}
