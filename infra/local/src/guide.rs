//! The page `infra/guide/configuration.md`, made from the tables that the parsers use. A test holds the page to it.
use crate::accounts_file::ACCOUNT_KEYS;
use crate::config::{ACCOUNTS_FILE, CONFIG_FILE};
use crate::settings::Settings;
use std::fmt::Write;

/// The page.
pub fn configuration_page() -> String {
    let mut page = String::from(INTRODUCTION);
    for section in Settings::default().rows() {
        let title = if section.name.is_empty() { "At the top" } else { section.name };
        let _ = write!(page, "\n### {title}\n\n{}\n\n{HEADINGS}", section.about);
        for key in section.keys {
            row(&mut page, key.name, &key.default, &key.allowed, &key.help);
        }
    }
    let _ = write!(page, "{ACCOUNTS}{HEADINGS}");
    for key in ACCOUNT_KEYS {
        let default = if key.default.is_empty() { "required" } else { key.default };
        row(&mut page, key.name, default, key.allowed, key.help);
    }
    page.push_str(SECRETS);
    page.replace("CONFIG_FILE", CONFIG_FILE).replace("ACCOUNTS_FILE", ACCOUNTS_FILE)
}

fn row(page: &mut String, name: &str, default: &str, allowed: &str, help: &str) {
    let cell = |text: &str| text.replace('|', "\\|");
    let _ = writeln!(page, "| `{name}` | `{default}` | {} | {} |", cell(allowed), cell(help));
}

const HEADINGS: &str = "| key | default | allowed | what it does |\n|---|---|---|---|\n";

const INTRODUCTION: &str = "\
# Configuration

This page is made from the tables that the program reads its files with; a test fails when they differ. `erp-sync config init` writes the same as a commented file, `erp-sync config check` says everything that is wrong with yours.

| what | where | changed by |
|---|---|---|
| this installation: addresses, limits, time-outs | `CONFIG_FILE` | an editor |
| companies: spreadsheets, rules, options | `ACCOUNTS_FILE`, then the state store | `erp-sync accounts apply --apply` |
| credentials | the secret store | `erp-sync secrets set` |

Precedence, weakest first: defaults, `CONFIG_FILE`, `ERP_SYNC_DATA_DIR` and `ERP_SYNC_LOG`, `--data-dir` and `--log-level`. The file is the one named by `--config`, else by `ERP_SYNC_CONFIG`, else `CONFIG_FILE` in the current directory; without one everything
has its default. Unknown keys are refused. Units stand in the names: `_s` seconds, `_ms` milliseconds.

## CONFIG_FILE
";

const ACCOUNTS: &str = "
## ACCOUNTS_FILE

One table for each account; its name is 1 to 40 of a-z, 0-9 and '-'. Two keys are required. Applying is a dry run until `--apply` is given, an account that is not in the file stays as it is, and a stop set by the product stays until `erp-sync sige restore` or
`erp-sync accounts resume` lifts it.

```toml
[loja-centro]
erp.spreadsheet = \"https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUvWxYz/edit\"
destination.spreadsheet = \"1ZyXwVuTsRqPoNmLkJiHgFeDcBa\"
rules.lookback_days = 90
```

";

const SECRETS: &str = "
## Secrets

| name | value |
|---|---|
| `sige/<account>` | `{\"token\": \"...\", \"user\": \"administrator's e-mail\", \"app\": \"registered app\"}` |
| `google/<account>` | the JSON key of a service account that both spreadsheets are shared with, or `{\"access_token\": \"...\"}`, or a bare access token (it ends after an hour) |

Stored as `erp-sync/<stage>/<scope>/<name>`, in files of mode 0600 that are refused when others can read them. A value comes in by a hidden prompt, standard input or `--from-file`, never by the command line, and is never shown again.
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_page_in_the_guide_is_made_from_the_tables() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guide/configuration.md");
        if std::env::var_os("ERP_SYNC_WRITE_GUIDE").is_some() {
            std::fs::write(&path, configuration_page()).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == configuration_page(),
            "infra/guide/configuration.md is out of step: run ERP_SYNC_WRITE_GUIDE=1 cargo test -p local guide"
        );
    }

    #[test]
    fn every_key_of_both_files_is_on_the_page() {
        let page = configuration_page();
        for key in Settings::default().rows().into_iter().flat_map(|section| section.keys) {
            assert!(page.contains(&format!("| `{}` | `{}` |", key.name, key.default)), "{}", key.name);
        }
        for key in ACCOUNT_KEYS {
            assert!(page.contains(&format!("| `{}` |", key.name)), "{}", key.name);
        }
    }
}
