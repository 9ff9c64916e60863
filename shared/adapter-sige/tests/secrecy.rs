//! Nothing that identifies a person or opens the account leaves the client by a side door.
//!
//! A process of its own: another test without a subscriber would switch off the events that are looked for here.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use adapter_sige::{SigeApi, SigeClient, SigeCredentials, SigeSettings};
use domain::document::DocumentKey;
use flows::ports::{OpenGate, OrderSource};
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};
use testkit::clock::{SeededRandomness, SimulatedClock};
use testkit::sige::{ALWAYS, Endpoint, Fault, POISON_PASSWORD, POISON_SALT, SigeAccount, SigeSimulator};
use tracing_subscriber::filter::LevelFilter;

/// Everything that is logged, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[track_caller]
fn check_clean(text: &str) {
    let SigeAccount { token, user, app } = SigeAccount::default();
    let data = [
        "52998224725",
        "529.982.247-25",
        "Marina",
        "marina@",
        "98765",
        "cpfcnpj",
        "Authorization",
        "Senha",
        "Salt",
        "Itu",
    ];
    for forbidden in data.into_iter().chain([POISON_PASSWORD, POISON_SALT, &token, &user, &app]) {
        assert!(!text.contains(forbidden), "{forbidden} in {text}");
    }
}

/// Runs every kind of call and failure; gives back all that was said about it.
async fn everything_said() -> String {
    let clock = Arc::new(SimulatedClock::at(2026, 3, 27, 12, 0));
    let sige = SigeSimulator::start(SigeAccount::default(), clock.clone()).await.unwrap();
    let settings = SigeSettings { base_url: sige.base_url().to_owned(), ..SigeSettings::default() };
    let api = SigeApi::new(settings, clock, Arc::new(SeededRandomness::new(1))).unwrap();
    let SigeAccount { token, user, app } = SigeAccount::default();
    let telltale = format!("52998224725 marina@example.com (11) 98765-4321 {token} {user} {app}");
    let credentials = SigeCredentials { token: token.into(), user: user.into(), app: app.into() };
    let client = api.account(&credentials, Arc::new(OpenGate)).unwrap();
    let order = json!({"Codigo": 1, "Cliente": "Marina Teste", "ClienteCNPJ": "52998224725",
        "DataFaturamento": "2026-03-25T14:00:00-03:00"});
    let person = json!({"ID": "c1", "CNPJ_CPF": "529.982.247-25", "NomeFantasia": "Marina T.",
        "Email": "marina@example.com", "Celular": "+55 (11) 98765-4321"});
    sige.load([order], [person]);
    let (day, marina) = ("2026-03-25".parse().unwrap(), DocumentKey::parse("52998224725").unwrap());
    assert_eq!(client.billed_orders(day).await.unwrap().len(), 1);
    let mut said = format!("{api:?} {client:?} {credentials:?}");
    let people = client.people(&marina).await.unwrap();
    assert_eq!(people.first().unwrap().contact.email, "marina@example.com");
    assert!(!format!("{people:?}").contains("VENENO"));
    let poisoned = [
        Fault::Body("{}".into()),
        Fault::Body(r#"[{"Codigo":"52998224725x"}]"#.into()),
        Fault::Body(r#"[{"CNPJ_CPF":{"valor":"52998224725"},"Senha":"VENENO-SENHA-8d1f"}]"#.into()),
        Fault::Body(r#"[{"CNPJ_CPF":"52998224725","Nome":"Marina","#.into()),
        Fault::TruncatedJson,
        Fault::DropMidAnswer,
        Fault::DropBeforeAnswer,
        Fault::status(503),
    ];
    let statuses = [302, 400, 401, 404, 429, 500].map(|status| {
        let location = Some("https://x.test/?cpfcnpj=52998224725".to_owned());
        Fault::Status { status, body: telltale.clone(), retry_after: None, location }
    });
    for fault in poisoned.into_iter().chain(statuses) {
        let faults =
            [Endpoint::People, Endpoint::Orders].map(|endpoint| sige.inject(endpoint, fault.clone(), ALWAYS));
        let errors = [client.people(&marina).await.err(), client.billed_orders(day).await.err()];
        for error in errors.into_iter().flatten() {
            said.push_str(&format!("\n{error} {error:?}"));
        }
        faults.iter().for_each(|fault| assert!(fault.fired() > 0));
        faults.iter().for_each(|fault| fault.stop());
    }
    said.push_str(&said_about_a_person(&client, &sige).await);
    said
}

/// Failures of the look-up of a person whose body is that person: words that no redaction of text recognises.
async fn said_about_a_person(client: &SigeClient, sige: &SigeSimulator) -> String {
    let body = format!(
        r#"{{"Nome":"Marina Teste","Senha":"{POISON_PASSWORD}","Salt":"{POISON_SALT}","Cidade":"Itu"}}"#
    );
    let marina = DocumentKey::parse("52998224725").unwrap();
    let mut said = String::new();
    for status in [302, 400, 401, 403, 404, 408, 429, 500, 503] {
        let fault = Fault::Status { status, body: body.clone(), retry_after: None, location: None };
        let handle = sige.inject(Endpoint::People, fault, ALWAYS);
        let error = client.people(&marina).await.unwrap_err();
        handle.stop();
        let told = format!("HTTP {status} (body of {} bytes not shown: it may hold a person)", body.len());
        assert!(error.to_string().contains(&told), "{told} missing in {error}");
        said.push_str(&format!("\n{error} {error:?}"));
    }
    said
}

#[test]
fn neither_errors_nor_debug_nor_logs_tell_a_secret_or_a_person() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let said = runtime.block_on(everything_said());
    assert!(said.contains("is unavailable") && said.contains("refused the credentials"));
    check_clean(&said);
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for expected in [
        "sige answered",
        "http.status=200",
        "http.duration_ms=",
        "trying again",
        "listing.pages=1",
        "not shown: it may hold a person",
    ] {
        assert!(logged.contains(expected), "{expected} missing in {logged}");
    }
    check_clean(&logged);
}
