//! The company that is simulated: accounts, what SIGE says about their orders, and what people do in their tabs.
//!
//! Every change of an order raises the number that its seller carries, so that a row on the sheet says how old the
//! order was that it was made of. Every row of a person carries a name of its own.
use crate::simulation::broken::Flaw;
use crate::simulation::chance::Chance;
use crate::simulation::worker::Link;
use crate::world::orders::{MemoryOrders, order, person};
use crate::world::sheet::MemorySheet;
use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::booking::ErpRow;
use domain::cell::Cell;
use domain::order::{Order, RawAmount};
use flows::accounts::Account;
use flows::ports::{OrderSource, ReportSheet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Completed days that a daily run looks at again: few, so that a seed is quick.
const RESYNC_DAYS: u32 = 2;
/// Orders of an account that exist at the start, and at most.
const ORDERS_AT_FIRST: u64 = 8;
const ORDERS_MAX: usize = 16;
/// Two who have booked something, one whom SIGE knows, one whom it does not know.
const DOCUMENTS: [&str; 5] = ["52998224725", "11144477735", "12345678909", "98765432100", ""];

/// One account with its outside systems.
pub struct Branch {
    pub account: Account,
    pub orders: Arc<MemoryOrders>,
    pub sheet: Arc<MemorySheet>,
    /// Rows that people made, by their name, with what column E says.
    pub foreign: BTreeMap<String, String>,
    /// A write has hit rows that people had moved: from then until everything is repaired the tab is not judged.
    pub is_upset: bool,
    /// When people last added or moved rows.
    pub moved_at: Option<DateTime<Utc>>,
    pub bookings: Vec<ErpRow>,
    /// The outside systems as workers see them.
    as_seen: (Arc<dyn OrderSource>, Arc<dyn ReportSheet>),
    last_code: i64,
    revision: u64,
    last_name: u64,
}

/// All accounts.
pub struct Company {
    pub branches: Vec<Branch>,
}

/// The first and the last day that orders are billed on.
fn day_of_sale(chance: &Chance, today: NaiveDate) -> NaiveDate {
    // Mostly a day of the last week, now and then today.
    today - Days::new(chance.below(6))
}

fn booking(row: u32, document: &str, service: &str, responsible: &str, day: &str) -> ErpRow {
    let text = |text: &str| Cell::Text(text.to_owned());
    ErpRow {
        row,
        document: text(document),
        service: text(service),
        responsible: text(responsible),
        day: text(day),
        ..ErpRow::default()
    }
}

impl Branch {
    fn new([name, spreadsheet, tab]: [&str; 3], chance: &Chance, today: NaiveDate, flaw: Flaw) -> Self {
        let mut account = Account::with_defaults(name, "erp-spreadsheet-0001", spreadsheet);
        account.destination.tab = tab.to_owned();
        account.resync_days = RESYNC_DAYS;
        let orders = Arc::new(MemoryOrders::default());
        for document in &DOCUMENTS[..3] {
            orders.know(person(document, &format!("Pessoa {document}")));
        }
        let sheet = Arc::new(MemorySheet::new());
        sheet.forget_bookings();
        let bookings = vec![
            booking(2, DOCUMENTS[0], "Retirada", "Bruno", "10/03/2026"),
            booking(3, DOCUMENTS[1], "Novo", "Carla", "11/03/2026"),
            booking(4, DOCUMENTS[1], "Retirada", "Davi", "12/03/2026"),
        ];
        bookings.iter().for_each(|row| sheet.book(row.clone()));
        let as_seen = (flaw.orders(&orders), flaw.sheet(&sheet));
        let mut branch = Self {
            account,
            orders,
            sheet,
            foreign: BTreeMap::new(),
            is_upset: false,
            moved_at: None,
            bookings,
            as_seen,
            last_code: 0,
            revision: 0,
            last_name: 0,
        };
        let at_first = (0..ORDERS_AT_FIRST).map(|_| branch.new_order(chance, today)).collect();
        branch.orders.set(at_first);
        branch.add_row();
        branch
    }

    fn revised(&mut self, mut order: Order) -> Order {
        self.revision += 1;
        order.seller = format!("Loja r{}", self.revision);
        order
    }

    fn new_order(&mut self, chance: &Chance, today: NaiveDate) -> Order {
        self.last_code += 1;
        let amount = format!("{}.{:02}", chance.below(500), chance.below(100));
        let day = day_of_sale(chance, today).to_string();
        let document = DOCUMENTS[chance.index(DOCUMENTS.len())];
        let order = order(self.last_code, &day, &amount, document);
        self.revised(order)
    }

    /// Something changes in SIGE. Says what.
    pub fn change_an_order(&mut self, chance: &Chance, now: DateTime<Utc>) -> String {
        let today = domain::calendar::civil_day(now);
        let all = self.orders.all();
        let kind = chance.below(10);
        if kind < 2 && all.len() < ORDERS_MAX {
            let order = self.new_order(chance, today);
            let said = format!("order {} is billed on {}", order.code, billed(&order));
            self.orders.put_at(order, now);
            return said;
        }
        let mut order = self.revised(all[chance.index(all.len())].clone());
        match kind {
            0..=4 => {
                order.amount = RawAmount::Number(format!("{}.{:02}", chance.below(500), chance.below(100)))
            }
            5..=6 => order.billed_at = Some(format!("{}T12:00:00-03:00", day_of_sale(chance, today))),
            7 => order.status = "Pedido Cancelado".to_owned(),
            8 if chance.one_in(2) => order.billed_at = Some("0001-01-01T00:00:00-02:00".to_owned()),
            8 => order.amount = RawAmount::NotANumber("\"abc\"".to_owned()),
            _ => drop(repair(&mut order)),
        }
        let said = format!(
            "order {} is now {:?} on {}, {}, {}",
            order.code,
            order.amount,
            billed(&order),
            order.status,
            order.seller
        );
        self.orders.put_at(order, now);
        said
    }

    /// Somebody puts right in SIGE what cannot become a row.
    pub fn repair_orders(&mut self, now: DateTime<Utc>) {
        for mut order in self.orders.all() {
            if repair(&mut order) {
                let order = self.revised(order);
                self.orders.put_at(order, now);
            }
        }
    }

    /// Somebody adds a row below everything else.
    pub fn add_row(&mut self) -> String {
        self.last_name += 1;
        let name = format!("nota {}", self.last_name);
        let row = person_row(&name, "conferir");
        self.foreign.insert(name.clone(), "conferir".to_owned());
        self.sheet.edit(|rows| rows.push(row));
        name
    }

    /// Somebody writes something else into column E of a row of theirs.
    pub fn edit_row(&mut self, chance: &Chance) -> Option<String> {
        let names: Vec<String> = self.foreign.keys().cloned().collect();
        let name = names.get(chance.index(names.len().max(1)))?.clone();
        let text = format!("visto {}", chance.below(1_000));
        self.foreign.insert(name.clone(), text.clone());
        self.sheet.edit(|rows| {
            for row in rows.iter_mut().filter(|row| row.get(1) == Some(&Cell::Text(name.clone()))) {
                row[4] = Cell::Text(text.clone());
            }
        });
        Some(name)
    }

    /// Somebody moves rows: sorts them, or inserts one at the top.
    pub fn move_rows(&mut self, chance: &Chance) -> &'static str {
        if chance.one_in(2) {
            self.sheet.edit(|rows| rows.reverse());
            return "sorted";
        }
        self.last_name += 1;
        let name = format!("nota {}", self.last_name);
        let row = person_row(&name, "no topo");
        self.foreign.insert(name, "no topo".to_owned());
        self.sheet.edit(|rows| rows.insert(0, row));
        "a row inserted at the top"
    }
}

fn billed(order: &Order) -> &str {
    order.billed_at.as_deref().and_then(|text| text.get(..10)).unwrap_or("no day")
}

/// Makes an order mappable and billed again. Says whether it was not.
fn repair(order: &mut Order) -> bool {
    let was_broken = order.sale_day().is_none() || matches!(order.amount, RawAmount::NotANumber(_));
    if order.sale_day().is_none() {
        order.billed_at = Some("2026-03-24T12:00:00-03:00".to_owned());
    }
    if let RawAmount::NotANumber(_) = order.amount {
        order.amount = RawAmount::Number("77.77".to_owned());
    }
    order.status = domain::order::BILLED_STATUS.to_owned();
    was_broken
}

fn person_row(name: &str, text: &str) -> Vec<Cell> {
    let mut row = vec![Cell::Empty; 18];
    row[1] = Cell::Text(name.to_owned());
    row[4] = Cell::Text(text.to_owned());
    row
}

impl Company {
    /// Two accounts with a tab each in one spreadsheet, and one with a spreadsheet of its own.
    pub fn new(chance: &Chance, now: DateTime<Utc>, flaw: Flaw) -> Self {
        let today = domain::calendar::civil_day(now);
        let branch = |names| Branch::new(names, chance, today, flaw);
        let mut branches = vec![branch(["matriz", "faturamento-spreadsheet-0001", "Faturamento"])];
        if chance.one_in(3) {
            branches.push(branch(["filial", "faturamento-spreadsheet-0001", "Filial"]));
        }
        if chance.one_in(4) {
            branches.push(branch(["loja", "faturamento-spreadsheet-0002", "Faturamento"]));
        }
        Self { branches }
    }

    /// What `accounts` and spreadsheets belong together.
    pub fn spreadsheets(&self) -> BTreeMap<String, String> {
        let pair =
            |branch: &Branch| (branch.account.name.clone(), branch.account.destination.spreadsheet.clone());
        self.branches.iter().map(pair).collect()
    }

    /// The outside systems of each account.
    pub fn links(&self) -> Vec<Link> {
        let link = |branch: &Branch| Link {
            account: branch.account.name.clone(),
            orders: branch.as_seen.0.clone(),
            sheet: branch.as_seen.1.clone(),
        };
        self.branches.iter().map(link).collect()
    }
}
