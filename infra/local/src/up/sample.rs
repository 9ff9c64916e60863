//! `up --sample`: the whole product at work against simulators, in a directory that goes with the process.
use crate::config::Config;
use crate::context::Context;
use crate::demo;
use crate::failure::Failure;
use crate::output::Output;
use crate::sample_installation::{DESTINATION_SPREADSHEET, SampleInstallation, Scale};
use shared::system::SystemClock;
use std::sync::Arc;
use testkit::sample::SampleSize;

/// The simulators and the directory.
pub(super) struct Sample {
    installation: SampleInstallation,
    _folder: tempfile::TempDir,
    config: Config,
}

impl Sample {
    pub(super) async fn start() -> Result<Self, Failure> {
        let scale = Scale { company: SampleSize::FULL, destination_rows: 0 };
        let installation = SampleInstallation::start(Arc::new(SystemClock), scale).await?;
        let folder =
            tempfile::tempdir().map_err(|error| Failure::failed(format!("no temporary folder: {error}")))?;
        let settings = demo::settings(&installation, folder.path())?;
        let config = Config { file: None, settings, data_dir: folder.path().join("data") };
        Ok(Self { installation, _folder: folder, config })
    }

    /// The configuration that points at the simulators.
    pub(super) fn config(&self) -> Config {
        self.config.clone()
    }

    /// Stores the sample company's account and credentials.
    pub(super) async fn register(&self, context: &Context) -> Result<(), Failure> {
        demo::register(context, &self.installation).await
    }

    pub(super) fn tell(&self, output: &Output) {
        output.note(format!(
            "sample company in simulators: SIGE at {}, spreadsheet {DESTINATION_SPREADSHEET} at {}; nothing outside this \
             machine is touched, and all of it goes with this process",
            self.installation.sige.base_url(),
            self.installation.sheets.base_url()
        ));
    }
}
