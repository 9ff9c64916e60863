//! No credential, document or personal body leaves through a log line, an error, the database or a blob.
use super::{Setting, Shop};
use testkit::sige::{Endpoint, Fault};

/// What must not be found: credentials, documents, names, and the poison that SIGE's people carry in `Senha` and `Salt`.
fn secrets(shop: &Shop) -> Vec<String> {
    let company = &shop.installation.company;
    let text = |value: &serde_json::Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let mut secrets = vec![company.account.token.clone(), "Senha".into(), "PRIVATE KEY".into()];
    for person in &company.people {
        secrets.extend(["CNPJ_CPF", "Celular", "Email", "Senha", "Salt"].map(|field| text(person, field)));
    }
    for order in &company.orders {
        secrets.extend(["ClienteCNPJ", "ClienteEmail"].map(|field| text(order, field)));
    }
    secrets.retain(|secret| secret.len() >= 5);
    secrets.sort();
    secrets.dedup();
    assert!(secrets.len() > 50, "the sample has hardly any personal data: this test would show nothing");
    secrets
}

#[tokio::test(flavor = "multi_thread")]
async fn after_full_and_failing_runs_no_secret_or_personal_data_is_on_the_disk_or_the_terminal() {
    let shop = Shop::open(Setting { log_level: "trace", ..Setting::default() }).await;
    let mut printed = String::new();
    for arguments in [
        &["run", "sige-daily-sync"] as &[&str],
        &["run", "sige-daily-sync", "--json"],
        &["accounts", "list"],
        &["accounts", "show", local::sample_installation::ACCOUNT],
        &["secrets", "list"],
    ] {
        let finished = shop.run(arguments).await.done();
        printed += &(finished.stdout + &finished.stderr);
    }
    for (endpoint, fault) in [
        (Endpoint::Orders, Fault::object()),
        (Endpoint::People, Fault::status(400)),
        (Endpoint::Orders, Fault::status(401)),
    ] {
        let fault = shop.installation.sige.inject(endpoint, fault, 1_000);
        let finished = shop.run(&["run", "sige-daily-sync"]).await;
        printed += &(finished.stdout + &finished.stderr);
        fault.stop();
    }
    let secrets = secrets(&shop);
    let mut looked_at = 0;
    for file in shop.place.files() {
        // The secret files themselves are where secrets belong; they are 0600, which is tested elsewhere.
        if file.contains("/secrets/") {
            continue;
        }
        let bytes = std::fs::read(shop.place.path(&file)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{file} holds {secret:?}");
        }
        looked_at += 1;
    }
    assert!(looked_at >= 4, "database, log and blobs were looked at, {looked_at} files");
    assert!(shop.place.files().iter().any(|file| file.contains("logs/")), "there is a log");
    for secret in &secrets {
        assert!(!printed.contains(secret.as_str()), "printed {secret:?}");
    }
}
