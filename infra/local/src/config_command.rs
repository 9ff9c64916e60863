//! `erp-sync config …`: write a commented file, and check what is there without starting anything.
use crate::accounts_file;
use crate::cli::ConfigInitArgs;
use crate::config::{self, CONFIG_FILE, Config, Overrides};
use crate::failure::Failure;
use crate::output::Output;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// `config init`.
///
/// # Errors
/// The file is there already, or cannot be written.
pub fn init(output: &Output, overrides: &Overrides, args: &ConfigInitArgs) -> Result<(), Failure> {
    let path = overrides.config.clone().unwrap_or_else(|| PathBuf::from(CONFIG_FILE));
    config::init(&path, args.force)?;
    let shown = path.display().to_string();
    output.result(&json!({ "written": shown }), |output| output.line(format!("{shown} is written")));
    Ok(())
}

/// `config check`: the configuration, and the accounts file if there is one.
///
/// # Errors
/// [`Failure::BadConfig`] with everything that is wrong in either.
pub fn check(output: &Output, overrides: &Overrides) -> Result<(), Failure> {
    let loaded = Config::load(overrides);
    let accounts_path = match (&loaded, &overrides.config) {
        (Ok(config), _) => config.accounts_file(),
        (Err(_), Some(file)) => file.with_file_name(config::ACCOUNTS_FILE),
        (Err(_), None) => PathBuf::from(config::ACCOUNTS_FILE),
    };
    let accounts = if accounts_path.exists() { accounts_file::load(&accounts_path) } else { Ok(Vec::new()) };
    let (config, accounts) = match (loaded, accounts) {
        (Ok(config), Ok(accounts)) => (config, accounts),
        (Err(Failure::BadConfig(mut problems)), Err(Failure::BadConfig(more))) => {
            problems.extend(more);
            return Err(Failure::BadConfig(problems));
        }
        (Err(failure), _) | (_, Err(failure)) => return Err(failure),
    };
    let names: Vec<_> = accounts.iter().map(|account| account.name.clone()).collect();
    let value = json!({
        "file": config.file,
        "data_dir": config.data_dir,
        "settings": settings_json(&config),
        "accounts": names,
    });
    output.result(&value, |output| {
        match &config.file {
            Some(file) => output.line(format!("{} is right", file.display())),
            None => output.line(format!("there is no {CONFIG_FILE} here; everything has its default")),
        }
        let rows = config.settings.rows().into_iter().flat_map(|section| {
            section.keys.into_iter().map(move |key| {
                let name = if section.name.is_empty() {
                    key.name.to_owned()
                } else {
                    format!("{}.{}", section.name, key.name)
                };
                let changed = if key.current == key.default { String::new() } else { key.default };
                [name, key.current, changed]
            })
        });
        output.table(["setting", "value", "default, if other"], rows.collect::<Vec<_>>());
        output.line(format!("data directory: {}", config.data_dir.display()));
        if !names.is_empty() {
            output.line(format!("{} is right: {}", accounts_path.display(), names.join(", ")));
        }
    });
    Ok(())
}

fn settings_json(config: &Config) -> Value {
    let mut all = Map::new();
    for section in config.settings.rows() {
        let keys = section.keys.into_iter().map(|key| (key.name.to_owned(), key.json));
        if section.name.is_empty() {
            all.extend(keys);
        } else {
            all.insert(section.name.to_owned(), Value::Object(keys.collect()));
        }
    }
    Value::Object(all)
}
