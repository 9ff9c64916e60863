//! The bookings of the ERP tab: 34 columns, typed and mistyped as in the real one.
use super::chance::Chance;
use super::customers::Customer;
use super::orders::Sale;
use super::{SampleSize, documents, names};
use chrono::{Datelike, NaiveDate};
use domain::cell::Cell;
use rust_decimal::Decimal;
use std::borrow::Cow;

/// Columns A to AH.
pub const ERP_COLUMNS: usize = 34;

/// The first row of the ERP tab. The sheet's own names are not public; what counts is the position.
pub const ERP_HEADER: [&str; ERP_COLUMNS] = [
    "Telefone",
    "Status",
    "Cliente",
    "CPF",
    "Agendamento",
    "Término",
    "Tipo de serviço",
    "Loja",
    "Aparelho",
    "Canal",
    "Observação",
    "Cidade",
    "Início do formulário",
    "Responsável (form)",
    "Reagendamento",
    "Responsável",
    "Chave",
    "Dia do formulário",
    "Hora do formulário",
    "Dia agendado",
    "Hora agendada",
    "Novo serviço",
    "Avaliação Store",
    "Retirada",
    "Garantia",
    "Único",
    "Total",
    "Realizado",
    "Não reagendado",
    "Faltou",
    "Cancelado",
    "Realizado (2)",
    "Reserva",
    "Mês",
];

/// Service types as people choose or type them; the last ones are rare.
const SERVICES: [&str; 7] = [
    "Novo serviço",
    "Avaliação Store",
    "Retirada",
    "Garantia",
    "RETIRADA ",
    "novo  serviço",
    "Novo serviço / Retirada",
];

const DONE: &str = "Cliente realizou o serviço";
const NO_SHOW: &str = "Cliente faltou";
const CANCELLED: &str = "Cliente cancelou o serviço";

/// 1970-01-01 as a serial day of the spreadsheet.
const EPOCH_SERIAL: i32 = 25_569;
const MINUTES_PER_DAY: i64 = 24 * 60;

/// How column D holds the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DocumentStyle {
    Text,
    Masked,
    Number,
    Blank,
}

/// How column T holds the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DayStyle {
    Serial,
    MonthNameSlashes,
    MonthNameDashes,
    BrazilianText,
    Impossible,
    Blank,
}

/// Whose booking it is.
#[derive(Debug, Clone, Copy)]
enum Who {
    Customer(u32),
    /// Somebody who never bought; the number is the seed of the document.
    Stranger(u32),
}

/// A booking in little space; its cells are made when asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Booking {
    who: Who,
    service: u8,
    /// Days since 1970.
    form_day: i32,
    form_minute: u16,
    day: i32,
    minute: u16,
    /// Out of 1000, for the less frequent properties.
    lot: u16,
    responsible: u8,
    document_style: DocumentStyle,
    day_style: DayStyle,
}

pub(super) fn bookings(
    chance: &mut Chance,
    reference_day: NaiveDate,
    size: SampleSize,
    sales: &[Sale],
    customers: &[Customer],
) -> Vec<Booking> {
    let today = days_since_epoch(reference_day);
    let mut bookings = Vec::with_capacity(size.erp_rows + 8);
    for sale in sales {
        around(
            chance,
            &mut bookings,
            u32::try_from(sale.customer).unwrap_or_default(),
            days_since_epoch(sale.day),
        );
    }
    // The newest bookings matter most: what does not fit is cut from the beginning, as the tab's tail is read.
    while bookings.len() < size.erp_rows {
        let form_day = today - chance.between(0, i32::try_from(size.days).unwrap_or_default() + 60);
        let day = form_day + chance.between(0, 14);
        let is_customer = chance.per_mille(50) && !customers.is_empty();
        let who = if is_customer {
            Who::Customer(chance.below(customers.len() as u32))
        } else {
            Who::Stranger(chance.below(u32::MAX))
        };
        let service = u8::try_from(chance.below(4)).unwrap_or_default();
        bookings.push(booking(chance, who, service, form_day, day));
    }
    bookings.sort_by_key(|booking| (booking.form_day, booking.form_minute));
    let surplus = bookings.len().saturating_sub(size.erp_rows);
    bookings.drain(..surplus);
    bookings
}

/// The bookings around one sale: a new service before it in half of the cases, a pick-up before it in a third, and a
/// few after it, which must not count.
fn around(chance: &mut Chance, bookings: &mut Vec<Booking>, customer: u32, sale_day: i32) {
    const NOVO: u8 = 0;
    const RETIRADA: u8 = 2;
    let who = Who::Customer(customer);
    let mut add = |chance: &mut Chance, service: u8, day: i32| {
        let form_day = day - chance.between(0, 7);
        let rare = if chance.per_mille(15) { 4 } else { 0 };
        let service = match (service, rare) {
            (NOVO, 4) => 5 + u8::from(chance.per_mille(200)),
            (RETIRADA, 4) => 4,
            (service, _) => service,
        };
        bookings.push(booking(chance, who, service, form_day, day));
    };
    if chance.per_mille(550) {
        let day = sale_day - chance.between(0, 20);
        add(chance, NOVO, day);
    }
    if chance.per_mille(330) {
        let day = sale_day - chance.between(0, 6);
        add(chance, RETIRADA, day);
    }
    if chance.per_mille(60) {
        let day = sale_day + chance.between(1, 10);
        add(chance, NOVO, day);
    }
    if chance.per_mille(60) {
        let day = sale_day + chance.between(1, 10);
        add(chance, RETIRADA, day);
    }
}

fn booking(chance: &mut Chance, who: Who, service: u8, form_day: i32, day: i32) -> Booking {
    Booking {
        who,
        service,
        form_day,
        form_minute: u16::try_from(8 * 60 + chance.below(13 * 60)).unwrap_or_default(),
        day,
        minute: u16::try_from(8 * 60 + 15 * chance.below(44)).unwrap_or_default(),
        lot: u16::try_from(chance.below(1000)).unwrap_or_default(),
        responsible: u8::try_from(chance.below(names::RESPONSIBLE.len() as u32)).unwrap_or_default(),
        document_style: match chance.below(1000) {
            0..=699 => DocumentStyle::Text,
            700..=869 => DocumentStyle::Masked,
            870..=949 => DocumentStyle::Number,
            _ => DocumentStyle::Blank,
        },
        day_style: match chance.below(1000) {
            0..=919 => DayStyle::Serial,
            920..=949 => DayStyle::MonthNameSlashes,
            950..=969 => DayStyle::MonthNameDashes,
            970..=984 => DayStyle::BrazilianText,
            985..=991 => DayStyle::Impossible,
            _ => DayStyle::Blank,
        },
    }
}

impl Booking {
    /// The cells of the row, empty ones at the end left out.
    pub(super) fn cells(&self, customers: &[Customer]) -> Vec<Cell> {
        let (document, name, phone) = self.person(customers);
        let status = match self.lot {
            0..=39 => CANCELLED,
            40..=89 => NO_SHOW,
            _ => DONE,
        };
        let is_rescheduled = self.lot % 20 == 7;
        let service = SERVICES.get(usize::from(self.service)).copied().unwrap_or_default();
        let (form_name, shown_name) =
            names::RESPONSIBLE.get(usize::from(self.responsible)).copied().unwrap_or_default();
        let document_cell = self.document_cell(&document);
        let is_service = |number: u8| {
            flag(
                self.service == number
                    || (number == 0 && self.service >= 5)
                    || (number == 2 && matches!(self.service, 4 | 6)),
            )
        };
        let mut cells = Vec::with_capacity(ERP_COLUMNS);
        cells.extend([
            text(phone),
            text(status),
            text(name),
            document_cell,
            moment(self.day, self.minute),
            moment(self.day, self.minute + 45),
            text(service),
            text(pick(names::SHOPS, self.lot)),
            text(pick(names::DEVICES, self.lot / 3)),
            text(pick(names::CHANNELS, self.lot / 7)),
            if self.lot.is_multiple_of(11) { text("=cliente pediu retorno") } else { Cell::Empty },
            text("São Paulo"),
            moment(self.form_day, self.form_minute),
            text(form_name),
            if is_rescheduled { text("Cliente reagendou") } else { Cell::Empty },
            if self.lot % 33 == 5 { Cell::Empty } else { text(shown_name) },
            text(format!("{}{document}", serial(self.day))),
            Cell::Number(serial(self.form_day).into()),
            fraction(self.form_minute),
            self.day_cell(),
            fraction(self.minute),
            is_service(0),
            is_service(1),
            is_service(2),
            is_service(3),
            flag(!self.lot.is_multiple_of(9)),
            flag(true),
            flag(status == DONE),
            flag(!is_rescheduled),
            flag(status == NO_SHOW),
            flag(status == CANCELLED),
            flag(status == DONE),
            flag(false),
            text(form_month(self.form_day)),
        ]);
        // Rows that end before the appointment day: somebody cleared them, or the export broke off.
        if matches!(self.lot, 500..=509) {
            cells.truncate(15 + usize::from(self.lot % 5));
        }
        while cells.last() == Some(&Cell::Empty) {
            cells.pop();
        }
        cells
    }

    fn person<'c>(&self, customers: &'c [Customer]) -> (Cow<'c, str>, Cow<'c, str>, Cow<'c, str>) {
        match self.who {
            Who::Customer(number) => match customers.get(number as usize) {
                Some(customer) => (
                    Cow::Borrowed(customer.document.as_str()),
                    Cow::Borrowed(customer.name.as_str()),
                    Cow::Owned(format!("55{}", customer.mobile)),
                ),
                None => Default::default(),
            },
            Who::Stranger(seed) => {
                let mut chance = Chance::new(u64::from(seed), "stranger");
                let document = documents::cpf(&mut chance);
                let name = format!("{} {}", chance.pick(names::FIRST), chance.pick(names::LAST));
                let phone = format!("55119{:04}{:04}", chance.below(10_000), chance.below(10_000));
                (Cow::Owned(document), Cow::Owned(name), Cow::Owned(phone))
            }
        }
    }

    fn document_cell(&self, document: &str) -> Cell {
        match self.document_style {
            DocumentStyle::Blank => Cell::Empty,
            DocumentStyle::Masked => text(documents::masked(document)),
            // A document with letters cannot become a number.
            DocumentStyle::Number => {
                document.parse::<i64>().map_or_else(|_| text(document), |number| Cell::Number(number.into()))
            }
            DocumentStyle::Text => text(document),
        }
    }

    fn day_cell(&self) -> Cell {
        let Some(day) = NaiveDate::from_epoch_days(self.day) else { return Cell::Empty };
        let month = names::MONTHS.get(day.month0() as usize).copied().unwrap_or_default();
        match self.day_style {
            DayStyle::Serial => Cell::Number(serial(self.day).into()),
            DayStyle::MonthNameSlashes => text(format!("{:02}/{month}/{}", day.day(), day.year())),
            DayStyle::MonthNameDashes => text(format!(
                "{:02}-{month}-{} {:02}:{:02}",
                day.day(),
                day.year(),
                self.minute / 60,
                self.minute % 60
            )),
            DayStyle::BrazilianText => text(format!("{:02}/{:02}/{}", day.day(), day.month(), day.year())),
            DayStyle::Impossible => text(format!("31/02/{}", day.year())),
            DayStyle::Blank => Cell::Empty,
        }
    }
}

fn text(value: impl Into<String>) -> Cell {
    match value.into() {
        empty if empty.is_empty() => Cell::Empty,
        value => Cell::Text(value),
    }
}

fn flag(on: bool) -> Cell {
    Cell::Number(i32::from(on).into())
}

fn pick<'t>(table: &[&'t str], lot: u16) -> &'t str {
    table.get(usize::from(lot) % table.len()).copied().unwrap_or_default()
}

fn days_since_epoch(day: NaiveDate) -> i32 {
    day.to_epoch_days()
}

fn serial(days: i32) -> i32 {
    days + EPOCH_SERIAL
}

/// A date and time as the spreadsheet stores it: days and a fraction.
fn moment(day: i32, minute: u16) -> Cell {
    Cell::Number((Decimal::from(serial(day)) + fraction_of_day(minute)).normalize())
}

fn fraction(minute: u16) -> Cell {
    Cell::Number(fraction_of_day(minute).normalize())
}

/// Ten decimals, which is finer than a second.
fn fraction_of_day(minute: u16) -> Decimal {
    Decimal::new(i64::from(minute) * 10_000_000_000 / MINUTES_PER_DAY, 10)
}

fn form_month(day: i32) -> String {
    NaiveDate::from_epoch_days(day).map_or(String::new(), |day| format!("{:02}/{}", day.month(), day.year()))
}
