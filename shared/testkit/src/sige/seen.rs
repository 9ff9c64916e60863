//! What the stand-in was asked: the evidence of a test.
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, VecDeque};

/// Most requests that are kept one by one; the counters go on.
const REQUESTS_KEPT_MAX: usize = 20_000;

/// Which resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// `Pedidos/Pesquisar`.
    Orders,
    /// `Pessoas/Pesquisar`.
    People,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRequest {
    /// When, on the stand-in's clock.
    pub at: DateTime<Utc>,
    /// Which resource.
    pub endpoint: Endpoint,
    /// The query, decoded, in the order of the URL.
    pub query: Vec<(String, String)>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The connection it came on, numbered from 0.
    pub connection: u64,
}

impl SeenRequest {
    /// The first value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Counters since the start or since they were last forgotten.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Requests for orders, faulty answers included.
    pub orders: u64,
    /// Requests for people, faulty answers included.
    pub people: u64,
    /// Requests with missing or wrong credential headers.
    pub refused: u64,
    /// Requests for people by the document asked.
    pub by_document: BTreeMap<String, u64>,
    /// The latest requests, oldest first.
    pub requests: VecDeque<SeenRequest>,
}

impl Seen {
    /// All requests.
    pub fn total(&self) -> u64 {
        self.orders + self.people
    }

    /// The most requests within any window of this length, by the stand-in's clock.
    pub fn most_within(&self, window: TimeDelta) -> usize {
        let starts = self.requests.iter().enumerate();
        let lengths = starts.map(|(first, start)| {
            self.requests.iter().skip(first).take_while(|request| request.at - start.at < window).count()
        });
        lengths.max().unwrap_or(0)
    }

    /// The shortest time between two requests, by the stand-in's clock.
    pub fn shortest_gap(&self) -> Option<TimeDelta> {
        let next = self.requests.iter().skip(1);
        self.requests.iter().zip(next).map(|(one, two)| two.at - one.at).min()
    }

    /// On how many connections the requests came.
    pub fn connections(&self) -> usize {
        let numbers: std::collections::BTreeSet<u64> =
            self.requests.iter().map(|request| request.connection).collect();
        numbers.len()
    }

    pub(super) fn note(&mut self, request: SeenRequest) {
        match request.endpoint {
            Endpoint::Orders => self.orders += 1,
            Endpoint::People => {
                self.people += 1;
                let document = request.parameter("cpfcnpj").unwrap_or_default().to_owned();
                *self.by_document.entry(document).or_default() += 1;
            }
        }
        if self.requests.len() == REQUESTS_KEPT_MAX {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }
}
