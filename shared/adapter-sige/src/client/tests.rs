use super::*;
use crate::retry::RetryPolicy;
use chrono::{TimeDelta, TimeZone};
use flows::ports::{GateError, OpenGate};
use serde_json::json;
use std::sync::Mutex;
use std::time::Duration;
use testkit::clock::{SeededRandomness, SimulatedClock};
use testkit::sige::{ALWAYS, Endpoint, Fault, SigeAccount, SigeSimulator};

mod failures;
mod pages;

/// A running stand-in, a clock that jumps, and a client of both.
struct Bench {
    sige: SigeSimulator,
    clock: SimulatedClock,
    client: SigeClient,
    gate: Arc<RecordingGate>,
}

/// A gate that is open unless told otherwise and remembers.
#[derive(Default)]
struct RecordingGate {
    admitted: Mutex<u32>,
    held: Mutex<Vec<DateTime<Utc>>>,
    refusal: Mutex<Option<GateError>>,
}

#[async_trait]
impl CallGate for RecordingGate {
    async fn admit(&self) -> Result<(), GateError> {
        *self.admitted.lock().unwrap() += 1;
        self.refusal.lock().unwrap().clone().map_or(Ok(()), Err)
    }
    async fn hold_until(&self, until: DateTime<Utc>) -> Result<(), GateError> {
        self.held.lock().unwrap().push(until);
        Ok(())
    }
}

impl Bench {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(adjust: impl FnOnce(&mut SigeSettings)) -> Self {
        let clock = SimulatedClock::at(2026, 3, 27, 12, 0);
        let sige = SigeSimulator::start(SigeAccount::default(), Arc::new(clock.clone())).await.unwrap();
        let mut settings = SigeSettings { base_url: sige.base_url().to_owned(), ..SigeSettings::default() };
        adjust(&mut settings);
        let random = Arc::new(SeededRandomness::new(1));
        let api = SigeApi::new(settings, Arc::new(clock.clone()), random).unwrap();
        let gate = Arc::new(RecordingGate::default());
        let client = api.account(&credentials(sige.account()), gate.clone()).unwrap();
        Self { sige, clock, client, gate }
    }

    /// Orders 1 to `count`, billed on the day.
    fn bill(&self, count: i64) {
        self.sige.load(
            (1..=count)
                .map(|code| json!({"Codigo": code, "DataFaturamento": "2026-03-25T14:10:02.33-03:00"})),
            [],
        );
    }

    async fn codes(&self) -> Result<Vec<i64>, SourceError> {
        let orders = self.client.billed_orders(day()).await?;
        Ok(orders.iter().map(|order| order.code).collect())
    }

    /// The values of a parameter in the requests so far.
    fn asked(&self, parameter: &str) -> Vec<String> {
        let seen = self.sige.seen();
        seen.requests.iter().map(|request| request.parameter(parameter).unwrap_or("-").to_owned()).collect()
    }

    fn held(&self) -> Vec<DateTime<Utc>> {
        self.gate.held.lock().unwrap().clone()
    }

    fn admitted(&self) -> u32 {
        *self.gate.admitted.lock().unwrap()
    }
}

fn credentials(account: &SigeAccount) -> SigeCredentials {
    let SigeAccount { token, user, app } = account.clone();
    SigeCredentials { token: token.into(), user: user.into(), app: app.into() }
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 25).unwrap()
}

fn marina() -> DocumentKey {
    DocumentKey::parse("52998224725").unwrap()
}

#[tokio::test]
async fn the_query_is_the_documented_one() {
    let bench = Bench::new().await;
    bench.codes().await.unwrap();
    let seen = bench.sige.seen();
    let expected = [
        ("status", "Pedido Faturado"),
        ("dataInicial", "2026-03-25"),
        ("dataFinal", "2026-03-25"),
        ("filtrarPor", "3"),
        ("pageSize", "100"),
        ("skip", "0"),
    ];
    assert_eq!(seen.requests[0].query, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(seen.requests[0].user_agent, concat!("erp-sync/", env!("CARGO_PKG_VERSION")));
    assert_eq!(seen.refused, 0);
}

#[tokio::test]
async fn a_margin_widens_the_days_asked_for() {
    let bench = Bench::with(|settings| settings.query_margin_days = 1).await;
    bench.codes().await.unwrap();
    assert_eq!(
        (bench.asked("dataInicial"), bench.asked("dataFinal")),
        (vec!["2026-03-24".into()], vec!["2026-03-26".into()])
    );
}

#[tokio::test]
async fn orders_arrive_field_by_field() {
    let bench = Bench::new().await;
    bench.sige.load(
        [json!({"Codigo": 7, "Cliente": "Marina Teste", "ClienteCNPJ": "529.982.247-25", "ValorFinal": 100.01,
            "NumeroNFe": 1234, "Data": "2026-03-25T13:58:00-03:00", "DataFaturamento": "2026-03-25T14:10:02.332-03:00"})],
        [],
    );
    let orders = bench.client.billed_orders(day()).await.unwrap();
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].document, "529.982.247-25");
    assert_eq!(orders[0].amount, domain::order::RawAmount::Number("100.01".into()));
    assert_eq!(orders[0].invoice.as_deref(), Some("1234"));
    assert_eq!(orders[0].billed_at.as_deref(), Some("2026-03-25T14:10:02.332-03:00"));
}

#[tokio::test]
async fn changed_orders_of_any_status_are_asked_for_in_local_time() {
    let bench = Bench::new().await;
    bench.bill(3);
    bench.clock.advance(Duration::from_secs(60));
    bench.sige.set_status(2, "Pedido Cancelado");
    let since = Utc.with_ymd_and_hms(2026, 3, 27, 2, 30, 59).unwrap() + TimeDelta::milliseconds(900);
    let changed = bench.client.orders_changed_since(since).await.unwrap();
    let seen: Vec<_> = changed.iter().map(|order| (order.code, order.status.as_str())).collect();
    assert_eq!(seen, [(2, "Pedido Cancelado")]);
    assert_eq!(bench.asked("alteradoApos"), ["2026-03-26T23:30:59"]);
    assert_eq!(bench.asked("status"), ["-"]);
}

#[tokio::test]
async fn people_are_asked_for_by_canonical_document_and_come_unmatched() {
    let bench = Bench::new().await;
    bench.sige.match_document_prefix(true);
    bench.sige.load([], [
        json!({"ID": "c1", "CNPJ_CPF": "529.982.247-25", "NomeFantasia": "Marina T.", "Celular": "+55 (11) 98765-4321"}),
        json!({"ID": "c2", "CNPJ_CPF": "52998224725111"}),
    ]);
    let people = bench.client.people(&marina()).await.unwrap();
    assert_eq!(people.iter().map(|person| person.id.as_str()).collect::<Vec<_>>(), ["c1", "c2"]);
    assert_eq!(people[0].contact.mobile, "+55 (11) 98765-4321");
    assert_eq!(bench.asked("cpfcnpj"), ["52998224725"]);
    let nobody = DocumentKey::parse("11144477735").unwrap();
    assert_eq!(bench.client.people(&nobody).await.unwrap(), []);
}

#[tokio::test]
async fn an_ignored_document_filter_is_noticed() {
    let bench = Bench::new().await;
    let people: Vec<String> = (0..100).map(|number| format!(r#"{{"ID":"{number}"}}"#)).collect();
    bench.sige.inject(Endpoint::People, Fault::Body(format!("[{}]", people.join(","))), ALWAYS);
    let error = bench.client.people(&marina()).await.unwrap_err();
    assert!(matches!(error, SourceError::Untrusted { .. }), "{error}");
}

#[tokio::test]
async fn one_connection_serves_a_whole_run() {
    let bench = Bench::new().await;
    bench.codes().await.unwrap();
    for _ in 0..20 {
        bench.client.people(&marina()).await.unwrap();
    }
    assert_eq!((bench.sige.seen().total(), bench.sige.seen().connections()), (21, 1));
}

#[tokio::test]
async fn accounts_of_one_connection_keep_their_own_headers() {
    let bench = Bench::new().await;
    let settings = SigeSettings { base_url: bench.sige.base_url().to_owned(), ..SigeSettings::default() };
    let api =
        SigeApi::new(settings, Arc::new(bench.clock.clone()), Arc::new(SeededRandomness::new(1))).unwrap();
    let right = api.account(&credentials(bench.sige.account()), Arc::new(OpenGate)).unwrap();
    for field in 0..3 {
        let mut account = bench.sige.account().clone();
        *[&mut account.token, &mut account.user, &mut account.app][field] = "outro".to_owned();
        let wrong = api.account(&credentials(&account), Arc::new(OpenGate)).unwrap();
        let error = wrong.billed_orders(day()).await.unwrap_err();
        assert!(matches!(error, SourceError::Credentials { .. }), "{error}");
        right.billed_orders(day()).await.unwrap();
    }
    assert_eq!(bench.sige.seen().refused, 3);
}
