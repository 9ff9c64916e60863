//! The options of `sige preview`. Their documentation is the documentation of the file formats.
use crate::cli::day;
use crate::failure::Failure;
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use domain::legacy::Defects;
use domain::rules::{BookingStatusPolicy, Profile, Rules, Share};
use std::path::{Path, PathBuf};

/// The second half of `--help`. Lines are short, so that a narrow terminal does not break them.
const FORMATS: &str = "\
Files are UTF-8. One of them may be `-`, standard input.

--orders
  The JSON array that GET /request/Pedidos/Pesquisar answers. Fields read:
  ID, EmpresaID, Codigo, StatusSistema, Cliente, ClienteCNPJ,
  ClienteEmail, Vendedor, ValorFinal, NumeroNFe, DataFaturamento, Data.
  Only orders with StatusSistema \"Pedido Faturado\" become rows.
--people
  The JSON array that GET /request/Pessoas/Pesquisar answers, for all
  customers in one array. Fields read: ID, CNPJ_CPF, UltimaAlteracao,
  NomeFantasia, Celular, Telefone, Email. Nothing else is looked at.
--erp
  The ERP tab, columns A to AH (34), in one of two forms:
  CSV with comma or semicolon, with or without its header row; in Google
  Sheets: File > Download > Comma-separated values;
  JSON array of rows as values.get returns it, formatted or unformatted,
  or its whole answer with \"values\"; there a row may end early.
  Columns read: D (CPF/CNPJ), G (service type), P (responsible),
  T (appointment day), AE (cancelled), AH (form month).

Output goes to standard output:

json   An array of objects with the keys A to R and flags. Numbers are
       numbers, amounts exact; D, L, O and R are serial day numbers; text
       is text. With --profile legacy, what the old script posted. With
       both: order, strict, legacy, differences. Same as --json.
csv    The titles of the 18 columns and Flags, then the rows. A text that
       a spreadsheet could take for a formula gets an apostrophe. With
       both: one line per difference.
table  What the correlation decides, for people. With both: the
       differences, their reasons and counts.

Orders that are left out or quarantined are listed on standard error, one
line each with the reason, and counted in a last line. A file that is not
what it should be ends the command with exit code 2 and no output.

Examples:
  erp-sync sige preview --orders orders.json --erp erp.csv
  erp-sync sige preview --orders orders.json --people people.json \\
    --erp erp.json --profile both
  erp-sync sige preview --orders orders.json --erp erp.csv \\
    --window-months 3 --format csv > rows.csv";

/// Options of `sige preview`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = FORMATS)]
pub struct PreviewArgs {
    /// Orders: the API's JSON array.
    #[arg(long, value_name = "FILE")]
    pub orders: PathBuf,
    /// People: the API's JSON array. Without it rows have no contact data.
    #[arg(long, value_name = "FILE")]
    pub people: Option<PathBuf>,
    /// Bookings: the ERP tab as CSV, or as the JSON rows of values.get.
    #[arg(long, value_name = "FILE")]
    pub erp: PathBuf,
    /// The rules to apply.
    #[arg(long, value_enum, default_value = "strict")]
    pub profile: ProfileChoice,
    /// How to print the rows [default: table].
    #[arg(long, value_enum)]
    pub format: Option<FormatChoice>,
    /// First sale day, as YYYY-MM-DD or DD/MM/YYYY.
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub from: Option<NaiveDate>,
    /// Last sale day, as YYYY-MM-DD or DD/MM/YYYY.
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub to: Option<NaiveDate>,
    /// Leave out bookings older than this many days before the sale [default: none is too old].
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(0..=73_000))]
    pub lookback_days: Option<u32>,
    /// Use only bookings whose form (column AH) is from the sale month or the N-1 months before [default: all].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=1_200))]
    pub window_months: Option<u32>,
    /// Whether cancelled bookings (AE = 1) count.
    #[arg(long, value_enum, value_name = "POLICY", default_value = "ignore")]
    pub booking_status_policy: BookingPolicyChoice,
    /// The Retirada's share of a sale, as a fraction.
    #[arg(long, value_name = "N/D", default_value = "1/2")]
    pub split: Share,
    /// With legacy and both: show what the old script really wrote, or what its rules say without its accidents (UTC
    /// days, anonymous matches, crash on short rows, rolled-over dates, null dates).
    #[arg(long, value_enum, value_name = "WHAT", default_value = "reproduce")]
    pub legacy_defects: DefectsChoice,
    /// With both: list the differences of mere presentation one by one too, instead of counting them.
    #[arg(long)]
    pub all: bool,
}

/// The rules to apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProfileChoice {
    /// The rules of the sync: the latest booking not after the sale, for both kinds.
    Strict,
    /// The row that the old script would have posted.
    Legacy,
    /// Both, with the reason of every difference (the shadow run).
    Both,
}

/// How to print the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatChoice {
    /// To read on a screen.
    Table,
    /// To open in a spreadsheet.
    Csv,
    /// To process.
    Json,
}

/// Whether cancelled bookings count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BookingPolicyChoice {
    /// Every booking counts.
    #[value(name = "ignore")]
    Ignore,
    /// Cancelled bookings are left out.
    #[value(name = "exclude_cancelled", alias = "exclude-cancelled")]
    ExcludeCancelled,
}

/// Whether the old script's accidents are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DefectsChoice {
    /// What it really wrote.
    Reproduce,
    /// What its rules say.
    Repair,
}

impl PreviewArgs {
    /// The format, after checking the options against each other.
    pub(super) fn checked_format(&self, json: bool) -> Result<FormatChoice, Failure> {
        let from_standard_input: Vec<_> = self
            .named_files()
            .into_iter()
            .filter(|(_, path)| is_standard_input(path))
            .map(|(option, _)| option)
            .collect();
        if let [first, second, ..] = from_standard_input.as_slice() {
            let message =
                format!("{first} and {second} are both `-`; only one file can come from standard input");
            return Err(Failure::BadUsage(message));
        }
        if let Some((from, to)) = self.from.zip(self.to).filter(|(from, to)| from > to) {
            return Err(Failure::BadUsage(format!("--from {from} is after --to {to}")));
        }
        match self.format {
            Some(FormatChoice::Table | FormatChoice::Csv) if json => {
                Err(Failure::BadUsage("--json and another --format exclude each other".to_owned()))
            }
            _ if json => Ok(FormatChoice::Json),
            format => Ok(format.unwrap_or(FormatChoice::Table)),
        }
    }

    /// The files with the options that name them.
    pub(super) fn named_files(&self) -> Vec<(&'static str, &Path)> {
        let people = self.people.as_deref().map(|people| ("--people", people));
        let required = [("--orders", self.orders.as_path()), ("--erp", self.erp.as_path())];
        required.into_iter().chain(people).collect()
    }

    /// The rules of the new rows.
    pub(super) fn rules(&self) -> Rules {
        Rules {
            profile: Profile::Strict,
            lookback_days: self.lookback_days,
            window_months: self.window_months,
            booking_status_policy: match self.booking_status_policy {
                BookingPolicyChoice::Ignore => BookingStatusPolicy::Ignore,
                BookingPolicyChoice::ExcludeCancelled => BookingStatusPolicy::ExcludeCancelled,
            },
            split: self.split,
        }
    }

    /// Which accidents of the old script are shown.
    pub(super) fn defects(&self) -> Defects {
        match self.legacy_defects {
            DefectsChoice::Reproduce => Defects::as_published(),
            DefectsChoice::Repair => Defects::repaired(),
        }
    }
}

/// `-` stands for standard input.
pub(super) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}
