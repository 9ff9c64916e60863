use super::*;
use crate::clock::SimulatedClock;
use chrono::TimeDelta;
use serde_json::json;
use std::time::Duration;

async fn company() -> (SigeSimulator, SimulatedClock) {
    let clock = SimulatedClock::at(2026, 3, 27, 12, 0);
    let sige = SigeSimulator::start(SigeAccount::default(), Arc::new(clock.clone())).await.unwrap();
    let order = |code: i64, billed: &str| json!({"Codigo": code, "ValorFinal": 41.97, "Data": "2026-03-20T10:00:00-03:00", "DataFaturamento": billed});
    sige.load(
        [
            order(1, "2026-03-25T00:00:00-03:00"),
            order(2, "2026-03-25T23:59:59.99-03:00"),
            order(3, "2026-03-26T02:59:59Z"),
            order(4, "2026-03-26T00:00:00-03:00"),
            order(5, "0001-01-01T00:00:00-02:00"),
        ],
        [
            json!({"ID": "c1", "CNPJ_CPF": "529.982.247-25", "NomeFantasia": "Marina T."}),
            json!({"ID": "c2", "CNPJ_CPF": "52998224725000"}),
        ],
    );
    (sige, clock)
}

async fn get(sige: &SigeSimulator, path_and_query: &str) -> (u16, String) {
    let SigeAccount { token, user, app } = sige.account().clone();
    let request = reqwest::Client::new().get(format!("{}{path_and_query}", sige.base_url()));
    let response = request
        .header("Authorization-Token", token)
        .header("User", user)
        .header("App", app)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn codes(sige: &SigeSimulator, query: &str) -> Vec<i64> {
    let (status, body) = get(sige, &format!("/request/Pedidos/Pesquisar?{query}")).await;
    assert_eq!(status, 200, "{body}");
    let orders: Vec<Value> = serde_json::from_str(&body).unwrap();
    orders.iter().map(|order| order["Codigo"].as_i64().unwrap()).collect()
}

const DAY_25: &str = "dataInicial=2026-03-25&dataFinal=2026-03-25&filtrarPor=3&pageSize=100";

#[tokio::test]
async fn a_day_is_a_day_of_sao_paulo() {
    let (sige, _) = company().await;
    assert_eq!(codes(&sige, DAY_25).await, [1, 2, 3]);
    let by_creation = codes(&sige, "dataInicial=2026-03-20&dataFinal=2026-03-20&pageSize=100").await;
    assert_eq!(by_creation, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn pages_follow_skip_and_page_size() {
    let (sige, _) = company().await;
    assert_eq!(codes(&sige, "pageSize=2").await, [1, 2]);
    assert_eq!(codes(&sige, "pageSize=2&skip=4").await, [5]);
    assert_eq!(codes(&sige, "pageSize=2&skip=6").await, [0; 0]);
}

#[tokio::test]
async fn a_cancelled_order_leaves_the_billed_listing_and_counts_as_changed() {
    let (sige, clock) = company().await;
    clock.advance(Duration::from_secs(60));
    assert!(sige.set_status(2, "Pedido Cancelado"));
    assert!(!sige.set_status(99, "Pedido Cancelado"));
    assert_eq!(codes(&sige, &format!("status=Pedido%20Faturado&{DAY_25}")).await, [1, 3]);
    assert_eq!(codes(&sige, "alteradoApos=2026-03-27T09:00:00&pageSize=100").await, [2]);
    assert_eq!(codes(&sige, "alteradoApos=2026-03-27T09:01:00&pageSize=100").await, [0; 0]);
}

#[tokio::test]
async fn an_order_is_served_whole_in_the_apis_order() {
    let (sige, _) = company().await;
    let (_, body) = get(&sige, "/request/pedidos/pesquisar?codigo=1").await;
    let order = &serde_json::from_str::<Vec<Value>>(&body).unwrap()[0];
    let names: Vec<&String> = order.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 68);
    assert_eq!(
        (names[0].as_str(), names[2].as_str(), names[67].as_str()),
        ("ID", "Codigo", "DataAprovacaoPedido")
    );
    assert!(body.contains(r#""ValorFinal":41.97,"#));
    assert_eq!(order["PrevisaoEntrega"], "0001-01-01T00:00:00-02:00");
    assert_eq!(order["Items"][0]["ValorTotal"], 41.97);
}

#[tokio::test]
async fn a_person_is_found_by_document_and_carries_poison() {
    let (sige, _) = company().await;
    let (_, body) = get(&sige, "/request/Pessoas/Pesquisar?cpfcnpj=52998224725").await;
    let people: Vec<Value> = serde_json::from_str(&body).unwrap();
    assert_eq!(people.len(), 1);
    assert_eq!(people[0]["Senha"], POISON_PASSWORD);
    assert_eq!(people[0]["Salt"], POISON_SALT);
    sige.match_document_prefix(true);
    let (_, body) = get(&sige, "/request/Pessoas/Pesquisar?cpfcnpj=52998224725").await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&body).unwrap().len(), 2);
    assert_eq!(sige.seen().by_document["52998224725"], 2);
}

#[tokio::test]
async fn wrong_headers_are_refused_and_counted() {
    let (sige, _) = company().await;
    let answer = reqwest::get(format!("{}/request/Pedidos/Pesquisar", sige.base_url())).await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!((sige.seen().refused, sige.seen().orders), (1, 1));
}

#[tokio::test]
async fn a_parameter_that_cannot_be_read_is_named() {
    let (sige, _) = company().await;
    let (status, body) = get(&sige, "/request/Pedidos/Pesquisar?dataInicial=25/03/2026").await;
    assert_eq!((status, body.as_str()), (400, r#""Parâmetro inválido: dataInicial""#));
    assert_eq!(get(&sige, "/request/Produtos/Pesquisar").await.0, 404);
}

#[tokio::test]
async fn faults_strike_as_often_as_planned_and_say_so() {
    let (sige, _) = company().await;
    let busy = sige.inject(Endpoint::Orders, Fault::too_many(Some("7")), 2).after(1);
    let statuses =
        [get(&sige, "/request/Pedidos/Pesquisar").await.0, get(&sige, "/request/Pedidos/Pesquisar").await.0];
    assert_eq!(statuses, [200, 429]);
    assert_eq!(get(&sige, "/request/Pessoas/Pesquisar").await.0, 200);
    assert_eq!(get(&sige, "/request/Pedidos/Pesquisar").await.0, 429);
    assert_eq!(get(&sige, "/request/Pedidos/Pesquisar").await.0, 200);
    assert_eq!(busy.fired(), 2);
}

#[tokio::test]
async fn page_faults_bend_the_listing() {
    let (sige, _) = company().await;
    let page = async |fault: Fault, query: &str| {
        let handle = sige.inject(Endpoint::Orders, fault, 1);
        let codes = codes(&sige, query).await;
        assert_eq!(handle.fired(), 1);
        codes
    };
    assert_eq!(page(Fault::Overlap(1), "pageSize=2&skip=2").await, [2, 3]);
    assert_eq!(page(Fault::RepeatPage, "pageSize=2&skip=2").await, [1, 2]);
    assert_eq!(page(Fault::IgnoreSkip, "pageSize=2&skip=4").await, [1, 2]);
    assert_eq!(page(Fault::PageCap(3), "pageSize=100").await, [1, 2, 3]);
    assert_eq!(page(Fault::Endless, "pageSize=2&skip=100").await, [100, 101]);
    assert_eq!(page(Fault::OrderAppears(json!({"Codigo": 9})), "pageSize=2").await, [9, 1]);
    assert_eq!(page(Fault::OrderDisappears(9), "pageSize=2").await, [1, 2]);
}

#[tokio::test]
async fn a_dropped_connection_gives_no_whole_answer() {
    let (sige, _) = company().await;
    for fault in [Fault::DropBeforeAnswer, Fault::DropMidAnswer] {
        let dropped = sige.inject(Endpoint::Orders, fault, 1);
        let url = format!("{}/request/Pedidos/Pesquisar", sige.base_url());
        let SigeAccount { token, user, app } = sige.account().clone();
        let request =
            reqwest::Client::new().get(url).header("Authorization-Token", token).header("User", user);
        let answer = match request.header("App", app).send().await {
            Ok(response) => response.text().await,
            Err(error) => Err(error),
        };
        assert!(answer.is_err());
        assert_eq!(dropped.fired(), 1);
    }
}

#[tokio::test]
async fn a_held_answer_comes_when_it_is_released() {
    let (sige, _) = company().await;
    let held = sige.inject(Endpoint::Orders, Fault::Hold, 1);
    let release = async {
        held.reached().await;
        sige.upsert_order(json!({"Codigo": 6}));
        held.release();
    };
    let (codes, ()) = tokio::join!(codes(&sige, "pageSize=100"), release);
    assert_eq!(codes, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn the_rate_is_told_by_the_clock() {
    let (sige, clock) = company().await;
    for _ in 0..3 {
        get(&sige, "/request/Pedidos/Pesquisar").await;
        clock.advance(Duration::from_millis(500));
    }
    let seen = sige.seen();
    assert_eq!(seen.most_within(TimeDelta::milliseconds(501)), 2);
    assert_eq!(seen.shortest_gap(), Some(TimeDelta::milliseconds(500)));
    assert_eq!(seen.connections(), 3);
    sige.forget_seen();
    assert_eq!(sige.seen().total(), 0);
}
