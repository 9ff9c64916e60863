//! Where the configuration comes from: the file, found or named, and what the command line and environment override.
//!
//! ```text
//! defaults  <  erp-sync.toml  <  ERP_SYNC_DATA_DIR, ERP_SYNC_LOG  <  --data-dir, --log-level
//! the file: --config, else ERP_SYNC_CONFIG, else erp-sync.toml in the current directory, else none
//! ```
use crate::failure::Failure;
use crate::problem::Problem;
use crate::settings::{DataDir, Level, Settings};
use crate::toml_reader::{Reader, Source};
use flows::config::SectionRow;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Name of the configuration file.
pub const CONFIG_FILE: &str = "erp-sync.toml";
/// Name of the accounts file, beside the configuration.
pub const ACCOUNTS_FILE: &str = "accounts.toml";
/// Largest configuration file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What the command line and the environment say about the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The file named by the user.
    pub config: Option<PathBuf>,
    /// Replaces `data_dir`; relative to the current directory.
    pub data_dir: Option<PathBuf>,
    /// Replaces `log_level`.
    pub log_level: Option<Level>,
}

/// The configuration in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file it was read from; none when there is none and everything has its default.
    pub file: Option<PathBuf>,
    /// Every setting.
    pub settings: Settings,
    /// Where everything is kept, resolved.
    pub data_dir: PathBuf,
}

impl Config {
    /// Finds and reads the configuration.
    ///
    /// # Errors
    /// [`Failure::BadConfig`] with everything that is wrong.
    pub fn load(overrides: &Overrides) -> Result<Self, Failure> {
        let named = overrides.config.as_deref();
        let path = named.unwrap_or(Path::new(CONFIG_FILE));
        let text = match read_text(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => None,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Failure::config(Problem::new(
                    path.to_string_lossy(),
                    "",
                    "there is no such file; write one with `erp-sync config init --config FILE`",
                )));
            }
            Err(error) => return Err(unreadable(path, &error)),
        };
        let mut settings = match &text {
            Some(text) => parse(&path.to_string_lossy(), text).map_err(Failure::BadConfig)?,
            None => Settings::default(),
        };
        let file = text.map(|_| path.to_owned());
        if let Some(level) = overrides.log_level {
            settings.general.log_level = level;
        }
        let data_dir = match &overrides.data_dir {
            Some(given) => {
                settings.general.data_dir = DataDir::given(given);
                given.clone()
            }
            None => beside(file.as_deref(), settings.general.data_dir.as_path()),
        };
        Ok(Self { file, settings, data_dir })
    }

    /// The accounts file beside the configuration.
    pub fn accounts_file(&self) -> PathBuf {
        beside(self.file.as_deref(), Path::new(ACCOUNTS_FILE))
    }
}

/// Reads the settings from a file's text.
///
/// # Errors
/// Everything that is wrong, by line.
pub fn parse(file: &str, text: &str) -> Result<Settings, Vec<Problem>> {
    let source = Source::new(file, text);
    let table = source.parse();
    let mut top = Reader::top(&source, table.get_ref());
    let settings = Settings::read(&mut top);
    top.finish();
    let problems = source.into_problems();
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// Reads a text file of bounded size.
///
/// # Errors
/// The system's; a file that is too large or not UTF-8 is `InvalidData`.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    let invalid = |why: String| std::io::Error::new(ErrorKind::InvalidData, why);
    if std::fs::metadata(path)?.len() > FILE_BYTES_MAX {
        return Err(invalid(format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    let bytes = std::fs::read(path)?;
    let text = String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8 text".to_owned()))?;
    Ok(text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text))
}

/// A file that is there and cannot be read.
pub fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::config(Problem::new(path.to_string_lossy(), "", format!("cannot be read: {error}")))
}

/// Writes a new configuration file with every key, default and range.
///
/// # Errors
/// [`Failure::BadUsage`] when the file is there and `force` is not given; [`Failure::Failed`] when it cannot be written.
pub fn init(path: &Path, force: bool) -> Result<(), Failure> {
    if path.exists() && !force {
        let message = format!("{} is there already; replace it with --force", path.display());
        return Err(Failure::BadUsage(message));
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(template().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map_err(|error| Failure::Failed(format!("{} cannot be written: {error}", path.display())))?;
    Ok(())
}

/// The commented configuration file: every key with its default, so that a reader sees what can be turned.
pub fn template() -> String {
    let mut text = String::from(
        "# erp-sync: configuration. Every key is shown with its default; what is left out keeps it.\n\
         # Check the file with `erp-sync config check`. Credentials do not belong here: `erp-sync secrets set`.\n",
    );
    for section in Settings::default().rows() {
        text.push_str(&section_text(&section));
    }
    text
}

fn section_text(section: &SectionRow) -> String {
    let mut text = format!("\n# {}\n", section.about);
    if !section.name.is_empty() {
        text.push_str(&format!("[{}]\n", section.name));
    }
    for key in &section.keys {
        text.push_str(&format!(
            "\n# {}\n# Allowed: {}\n{} = {}\n",
            key.help, key.allowed, key.name, key.default
        ));
    }
    text
}

/// Who works at this machine, for the audit trail.
pub fn operator() -> String {
    let name = ["USER", "LOGNAME"].into_iter().find_map(std::env::var_os);
    name.map_or_else(|| "unknown".to_owned(), |name| name.to_string_lossy().chars().take(100).collect())
}

/// Whether the user asked for no colour (<https://no-color.org>).
pub fn no_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn beside(file: Option<&Path>, path: &Path) -> PathBuf {
    file.and_then(Path::parent).unwrap_or(Path::new("")).join(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(config: &Path) -> Result<Config, Failure> {
        Config::load(&Overrides { config: Some(config.to_owned()), ..Overrides::default() })
    }

    #[test]
    fn the_file_that_init_writes_gives_the_defaults_and_shows_every_key() {
        assert_eq!(parse("f", &template()), Ok(Settings::default()));
        for section in Settings::default().rows() {
            for key in section.keys {
                assert!(template().contains(&format!("\n{} = {}\n", key.name, key.default)), "{}", key.name);
                assert!(template().contains(&key.help), "{}", key.name);
            }
        }
    }

    #[test]
    fn init_does_not_replace_a_file_unless_forced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(CONFIG_FILE);
        init(&path, false).unwrap();
        std::fs::write(&path, "mine = 1\n").unwrap();
        assert!(matches!(init(&path, false), Err(Failure::BadUsage(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine = 1\n");
        init(&path, true).unwrap();
        assert_eq!(load(&path).unwrap().settings, Settings::default());
    }

    #[test]
    fn the_data_directory_stands_beside_the_file_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("other.toml");
        std::fs::write(&path, "data_dir = \"d\"\n").unwrap();
        let config = load(&path).unwrap();
        assert_eq!(config.data_dir, dir.path().join("d"));
        assert_eq!(config.accounts_file(), dir.path().join(ACCOUNTS_FILE));
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(CONFIG_FILE);
        std::fs::write(&path, "data_dir = \"d\"\nlog_level = \"warn\"\n").unwrap();
        let overrides = Overrides {
            config: Some(path),
            data_dir: Some("elsewhere".into()),
            log_level: Some(Level::Trace),
        };
        let config = Config::load(&overrides).unwrap();
        assert_eq!(config.data_dir, Path::new("elsewhere"));
        assert_eq!(config.settings.general.log_level, Level::Trace);
    }

    #[test]
    fn a_named_file_must_be_there_and_be_text() {
        let dir = tempfile::tempdir().unwrap();
        let missing = load(&dir.path().join("none.toml")).unwrap_err();
        assert_eq!(missing.exit_code(), 2);
        assert!(missing.to_string().contains("none.toml: there is no such file"), "{missing}");
        let binary = dir.path().join("binary.toml");
        std::fs::write(&binary, [0xff, 0xfe, 0]).unwrap();
        assert!(load(&binary).unwrap_err().to_string().contains("not UTF-8"));
        assert!(load(dir.path()).unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn a_byte_order_mark_and_windows_line_ends_are_fine() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(CONFIG_FILE);
        std::fs::write(&path, "\u{FEFF}stage = \"x\"\r\n[sige]\r\nburst = 0\r\n").unwrap();
        assert!(load(&path).unwrap_err().to_string().contains(":3: sige.burst"));
    }
}
