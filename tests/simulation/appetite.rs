//! What a seed is fond of: each one leaves some kinds of trouble out and overdoes others, so that rare combinations
//! are met by some seed instead of by none.
use crate::simulation::chance::Chance;
use crate::simulation::turnstile::{Port, Verdict};

/// Workers under way at once, in the busiest seeds.
const WORKERS_MAX: usize = 4;

/// What may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A worker goes on for some calls.
    Work,
    /// A message is delivered to a new worker.
    Claim,
    /// The dispatcher ticks.
    Tick,
    /// The schedule ticks, or somebody asks for a daily run.
    Daily,
    /// Somebody asks for a range of days.
    Backfill,
    /// The schedule repeats what failed.
    Repeat,
    /// A worker is killed.
    Crash,
    /// A write that had no answer arrives.
    LateArrival,
    /// A message is delivered twice.
    Redeliver,
    /// A worker looks at a due window without a message.
    Wake,
    /// Somebody redrives the dead letters.
    Redrive,
    /// Somebody purges the queue.
    Purge,
    /// Somebody sends nonsense.
    Poison,
    /// The clock jumps.
    Jump,
    /// Something changes in SIGE.
    Change,
    /// Somebody works in the destination tab.
    Edit,
    /// Rows are moved just before a write arrives.
    MoveRows,
    /// An outage begins.
    Outage,
    /// An operator ends a lease by force.
    ForceRelease,
    /// An operator lifts the stop of an account.
    Restore,
    /// An operator cancels a plan, or lets a cancelled one go on.
    TurnPlan,
}

/// What fails together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    Stores,
    Sige,
    Sheets,
}

impl System {
    pub fn of(port: Port) -> Self {
        match port {
            Port::Items | Port::Index | Port::Queue | Port::Blobs => Self::Stores,
            Port::Orders | Port::Changes | Port::People => Self::Sige,
            Port::Bookings | Port::Tab | Port::Write => Self::Sheets,
        }
    }
}

/// How often what happens.
pub struct Appetite {
    /// What may happen next, by weight.
    pub actions: Vec<(Action, u64)>,
    /// Workers under way at once.
    pub workers_max: usize,
    /// Most calls a worker makes before it is somebody else's turn.
    pub burst: u64,
    /// Longest time one call takes, in milliseconds.
    pub call_ms_max: u64,
    /// Whether an invocation is ended by the platform when its time is up; else it goes on when the world has changed.
    pub times_out: bool,
    /// Calls that fail, in a thousand: stores, SIGE, reads of Sheets, writes of Sheets.
    fails: [u64; 4],
}

impl Appetite {
    /// What the seed is fond of.
    pub fn of(chance: &Chance) -> Self {
        let mut actions =
            vec![(Action::Work, 90), (Action::Claim, 25), (Action::Tick, 8), (Action::Daily, 3)];
        let fond_of = |weight: u64| if chance.one_in(3) { 0 } else { 1 + chance.below(2 * weight) };
        for (action, weight) in [
            (Action::Backfill, 3),
            (Action::Repeat, 3),
            (Action::Crash, 3),
            (Action::LateArrival, 4),
            (Action::Redeliver, 3),
            (Action::Wake, 20),
            (Action::Redrive, 2),
            (Action::Purge, 1),
            (Action::Poison, 1),
            (Action::Jump, 4),
            (Action::Change, 14),
            (Action::Edit, 3),
            (Action::MoveRows, 9),
            (Action::Outage, 2),
            (Action::ForceRelease, 1),
            (Action::Restore, 9),
            (Action::TurnPlan, 2),
        ] {
            actions.push((action, fond_of(weight)));
        }
        let often = |times: u64| if chance.one_in(3) { 0 } else { chance.below(times) };
        Self {
            actions,
            workers_max: 1 + chance.index(WORKERS_MAX),
            burst: [10, 40, 120][chance.index(3)],
            call_ms_max: [100, 1_000, 10_000][chance.index(3)],
            times_out: chance.one_in(3),
            fails: [often(25), often(120), often(120), often(900)],
        }
    }

    /// Nothing but work.
    pub fn calm() -> Self {
        let actions = vec![(Action::Work, 60), (Action::Claim, 30), (Action::Tick, 6), (Action::Daily, 1)];
        Self {
            actions,
            workers_max: WORKERS_MAX,
            burst: 40,
            call_ms_max: 200,
            times_out: false,
            fails: [0; 4],
        }
    }

    /// What becomes of a call while its system is well. `bookings_known`: an empty ERP tab would be noticed.
    pub fn verdict(&self, chance: &Chance, port: Port, bookings_known: bool) -> Verdict {
        use Verdict::{Down, Empty, Late, Rejected, ReplyLost, Throttled, Untrusted, Vanishes, Works};
        let [stores, sige, reads, writes] = self.fails;
        let (times, failures): (u64, &[(Verdict, u64)]) = match port {
            Port::Items | Port::Index | Port::Queue | Port::Blobs => (stores, &[(Down, 1), (ReplyLost, 1)]),
            Port::Orders | Port::Changes | Port::People => {
                (sige, &[(Down, 4), (Throttled, 2), (Untrusted, 1)])
            }
            Port::Bookings if bookings_known => (reads, &[(Down, 2), (Throttled, 1), (Empty, 3)]),
            Port::Bookings | Port::Tab => (reads, &[(Down, 2), (Throttled, 1)]),
            Port::Write => (
                writes,
                &[(ReplyLost, 4), (Vanishes, 3), (Late, 14), (Throttled, 1), (Down, 1), (Rejected, 1)],
            ),
        };
        if chance.in_thousand(times) { chance.pick(failures) } else { Works }
    }
}
