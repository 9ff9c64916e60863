//! The three files: read whole, checked whole, before anything is printed.
use super::args::{PreviewArgs, is_standard_input};
use super::erp::{self, ErpTab};
use crate::failure::Failure;
use crate::problem::Problem;
use adapter_sige::wire::{self, WireError};
use domain::order::Order;
use domain::person::PersonRecord;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// No export of these is larger; a larger file is a mistake.
const INPUT_BYTES_MAX: u64 = 1 << 30;

/// What the files hold.
#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) orders: Vec<Order>,
    pub(super) people: Option<Vec<PersonRecord>>,
    pub(super) erp: ErpTab,
}

/// Reads the files. Every file that is wrong is named, each with its first fault.
pub(super) fn read(args: &PreviewArgs, standard_input: &mut dyn Read) -> Result<Inputs, Failure> {
    let mut problems = Vec::new();
    let mut note = |problem: Problem| problems.push(problem);
    let mut bytes_of = |option: &str, path: &Path| bytes(option, path, standard_input);
    let wire_problem =
        |option: &str, path: &Path, error: WireError| Problem::new(name(option, path), "", error.to_string());

    let orders = bytes_of("--orders", &args.orders).and_then(|body| {
        wire::parse_orders(&body).map_err(|error| wire_problem("--orders", &args.orders, error))
    });
    let people = args.people.as_deref().map(|path| {
        bytes_of("--people", path)
            .and_then(|body| wire::parse_people(&body).map_err(|error| wire_problem("--people", path, error)))
    });
    let erp = bytes_of("--erp", &args.erp).and_then(|body| erp::parse(&body, &name("--erp", &args.erp)));
    match (orders, people.transpose(), erp) {
        (Ok(orders), Ok(people), Ok(erp)) => Ok(Inputs { orders, people, erp }),
        (orders, people, erp) => {
            orders.err().into_iter().for_each(&mut note);
            people.err().into_iter().for_each(&mut note);
            erp.err().into_iter().for_each(&mut note);
            Err(Failure::BadConfig(problems))
        }
    }
}

fn bytes(option: &str, path: &Path, standard_input: &mut dyn Read) -> Result<Vec<u8>, Problem> {
    let problem = |message: String| Problem::new(name(option, path), option, message);
    let cannot_be_read = |error: std::io::Error| problem(format!("cannot be read: {error}"));
    let mut body = Vec::new();
    let read = if is_standard_input(path) {
        standard_input.take(INPUT_BYTES_MAX + 1).read_to_end(&mut body)
    } else {
        File::open(path).map_err(cannot_be_read)?.take(INPUT_BYTES_MAX + 1).read_to_end(&mut body)
    };
    read.map_err(cannot_be_read)?;
    if body.len() as u64 > INPUT_BYTES_MAX {
        return Err(problem(format!("is larger than {INPUT_BYTES_MAX} bytes")));
    }
    Ok(body)
}

/// How a file is called in a message.
fn name(option: &str, path: &Path) -> String {
    if is_standard_input(path) { format!("standard input ({option})") } else { path.display().to_string() }
}
