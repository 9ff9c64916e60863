//! What each failure becomes, how often it is tried again and how long is waited.
use super::*;

fn at(hour: u32, minute: u32, second: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 27, hour, minute, second).unwrap()
}

#[tokio::test]
async fn refused_credentials_are_final() {
    for status in [401, 403] {
        let bench = Bench::new().await;
        bench.sige.inject(Endpoint::Orders, Fault::status(status), ALWAYS);
        let detail = format!(r#"HTTP {status}: {{"error":"falha simulada"}}"#);
        assert_eq!(bench.codes().await, Err(SourceError::Credentials { system: SYSTEM, detail }));
        assert_eq!(bench.sige.seen().orders, 1);
    }
}

#[tokio::test]
async fn a_refused_request_is_final() {
    for status in [400, 404, 405, 410, 422] {
        let bench = Bench::new().await;
        bench.sige.inject(Endpoint::Orders, Fault::status(status), ALWAYS);
        assert!(matches!(bench.codes().await, Err(SourceError::Rejected { .. })), "{status}");
        assert_eq!(bench.sige.seen().orders, 1);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_credentials() {
    let bench = Bench::new().await;
    let elsewhere =
        SigeSimulator::start(SigeAccount::default(), Arc::new(bench.clock.clone())).await.unwrap();
    for status in [301, 302, 307, 308] {
        let location = format!("{}/request/Pedidos/Pesquisar", elsewhere.base_url());
        let fault =
            Fault::Status { status, body: String::new(), retry_after: None, location: Some(location) };
        bench.sige.inject(Endpoint::Orders, fault, 1);
        let error = bench.codes().await.unwrap_err();
        let detail = format!("HTTP {status}; redirects are not followed, check the base URL");
        assert_eq!(error, SourceError::Untrusted { system: SYSTEM, detail });
    }
    assert_eq!(elsewhere.seen().total(), 0);
}

#[tokio::test]
async fn a_passing_failure_is_tried_again() {
    let passing = [408, 429, 500, 502, 503, 504, 520].map(Fault::status);
    for fault in passing.into_iter().chain([Fault::DropBeforeAnswer, Fault::DropMidAnswer]) {
        let bench = Bench::new().await;
        bench.bill(2);
        let handle = bench.sige.inject(Endpoint::Orders, fault.clone(), 4);
        assert_eq!(bench.codes().await, Ok(vec![1, 2]), "{fault:?}");
        assert_eq!((handle.fired(), bench.admitted(), bench.clock.slept().len()), (4, 5, 4), "{fault:?}");
        let limits = [1_500, 3_000, 6_000, 12_000].map(Duration::from_millis);
        assert!(bench.clock.slept().iter().zip(limits).all(|(slept, limit)| *slept <= limit));
    }
}

#[tokio::test]
async fn waits_are_drawn_anew() {
    let bench = Bench::new().await;
    bench.sige.inject(Endpoint::Orders, Fault::status(503), 4);
    bench.codes().await.unwrap();
    bench.sige.inject(Endpoint::Orders, Fault::status(503), 4);
    bench.codes().await.unwrap();
    let slept = bench.clock.slept();
    assert_ne!(slept[..4], slept[4..]);
}

#[tokio::test]
async fn a_lasting_failure_is_an_outage_after_five_attempts() {
    let bench = Bench::new().await;
    bench.sige.inject(Endpoint::Orders, Fault::status(503), ALWAYS);
    let detail = r#"orders, attempt 5: HTTP 503: {"error":"falha simulada"}"#.to_owned();
    assert_eq!(bench.codes().await, Err(SourceError::Unavailable { system: SYSTEM, detail, retry_at: None }));
    assert_eq!(bench.sige.seen().orders, 5);
    assert!(bench.held().is_empty());
}

#[tokio::test]
async fn nobody_listening_is_an_outage() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut settings = SigeSettings { base_url: format!("http://{free}"), ..SigeSettings::default() };
    settings.retry.delays.clear();
    let api = SigeApi::new(settings, Arc::new(SimulatedClock::default()), Arc::new(SeededRandomness::new(1)))
        .unwrap();
    let client = api.account(&credentials(&SigeAccount::default()), Arc::new(OpenGate)).unwrap();
    let error = client.people(&marina()).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable { .. }), "{error}");
    assert!(
        error.to_string().starts_with("SIGE is unavailable: people, attempt 1: no connection"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_an_outage() {
    let bench = Bench::with(|settings| {
        settings.people_timeout = Duration::from_millis(30);
        settings.retry.delays.truncate(1);
    })
    .await;
    bench.sige.inject(Endpoint::People, Fault::Hold, ALWAYS);
    let error = bench.client.people(&marina()).await.unwrap_err();
    let expected = "SIGE is unavailable: people, attempt 2: no complete answer within the time limit";
    assert_eq!(error.to_string(), expected);
    assert_eq!(bench.admitted(), 2);
}

#[tokio::test]
async fn s10_three_refusals_for_haste_do_not_lose_a_person() {
    let bench = Bench::new().await;
    bench.sige.load([], [json!({"ID": "c1", "CNPJ_CPF": "52998224725"})]);
    bench.sige.inject(Endpoint::People, Fault::too_many(Some("2")), 3);
    assert_eq!(bench.client.people(&marina()).await.unwrap().len(), 1);
    assert_eq!(bench.sige.seen().by_document["52998224725"], 4);
    assert_eq!(bench.held().len(), 3);
    assert!(bench.held()[0] >= at(12, 0, 2), "everybody waits at least as long as asked");
    assert!(bench.clock.slept().iter().all(|slept| *slept >= Duration::from_secs(2)));
}

#[tokio::test]
async fn a_429_without_retry_after_holds_everybody_for_the_drawn_wait() {
    let bench = Bench::new().await;
    bench.sige.inject(Endpoint::Orders, Fault::too_many(None), 1);
    bench.codes().await.unwrap();
    let slept = bench.clock.slept()[0];
    assert_eq!(bench.held(), [at(12, 0, 0) + TimeDelta::from_std(slept).unwrap()]);
}

#[tokio::test]
async fn a_long_retry_after_is_left_to_the_caller() {
    let cases =
        [("31", at(12, 0, 31)), ("Fri, 27 Mar 2026 12:05:00 GMT", at(12, 5, 0)), ("86400", at(12, 15, 0))];
    for (retry_after, until) in cases {
        let bench = Bench::new().await;
        bench.sige.inject(Endpoint::Orders, Fault::too_many(Some(retry_after)), ALWAYS);
        let error = bench.codes().await.unwrap_err();
        assert!(
            matches!(error, SourceError::Unavailable { retry_at: Some(at), .. } if at == until),
            "{error:?}"
        );
        assert_eq!((bench.sige.seen().orders, bench.held()), (1, vec![until]));
        assert_eq!(bench.clock.slept(), []);
    }
}

#[tokio::test]
async fn a_short_retry_after_is_slept() {
    let bench = Bench::new().await;
    let fault =
        Fault::Status { status: 503, body: String::new(), retry_after: Some("30".into()), location: None };
    bench.sige.inject(Endpoint::Orders, fault, 1);
    bench.codes().await.unwrap();
    assert_eq!(bench.clock.slept(), [Duration::from_secs(30)]);
    assert_eq!(bench.held(), [at(12, 0, 30)]);
}

#[tokio::test]
async fn retry_after_on_the_last_attempt_reaches_the_caller() {
    let bench =
        Bench::with(|settings| settings.retry = RetryPolicy { delays: vec![], ..RetryPolicy::default() })
            .await;
    bench.sige.inject(Endpoint::Orders, Fault::too_many(Some("5")), ALWAYS);
    let error = bench.codes().await.unwrap_err();
    assert!(
        matches!(error, SourceError::Unavailable { retry_at: Some(until), .. } if until == at(12, 0, 5)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_closed_gate_defers_without_a_call() {
    let bench = Bench::new().await;
    let until = at(13, 0, 0);
    *bench.gate.refusal.lock().unwrap() = Some(GateError::Deferred { until });
    let error = bench.codes().await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable { retry_at: Some(at), .. } if at == until));
    *bench.gate.refusal.lock().unwrap() = Some(GateError::Unavailable("locked".into()));
    let error = bench.codes().await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable { retry_at: None, .. }));
    assert_eq!(bench.sige.seen().total(), 0);
}

#[tokio::test]
async fn an_answer_beyond_the_cap_is_not_believed() {
    let bench = Bench::with(|settings| {
        settings.orders_bytes_max = 10_000;
        settings.people_bytes_max = 100;
    })
    .await;
    bench.bill(3);
    assert_eq!(bench.codes().await.unwrap().len(), 3);
    let more = (10..30).map(|code| json!({"Codigo": code, "DataFaturamento": "2026-03-25T14:00:00-03:00"}));
    bench.sige.load(more, [json!({"CNPJ_CPF": "52998224725"})]);
    let detail = "orders: the answer is larger than 10000 bytes".to_owned();
    assert_eq!(bench.codes().await, Err(SourceError::Untrusted { system: SYSTEM, detail }));
    assert!(matches!(bench.client.people(&marina()).await, Err(SourceError::Untrusted { .. })));
}

#[tokio::test]
async fn a_body_that_never_ends_is_capped_while_it_arrives() {
    // A server that announces no length and sends for ever: written by hand, an HTTP library would not do this.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let endless = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[").await.unwrap();
        while stream.write_all(&[b' '; 4096]).await.is_ok() {}
    });
    let settings = SigeSettings { base_url, orders_bytes_max: 100_000, ..SigeSettings::default() };
    let clock = Arc::new(SimulatedClock::default());
    let api = SigeApi::new(settings, clock, Arc::new(SeededRandomness::new(1))).unwrap();
    let client = api.account(&credentials(&SigeAccount::default()), Arc::new(OpenGate)).unwrap();
    let detail = "orders: the answer is larger than 100000 bytes".to_owned();
    let expected = SourceError::Untrusted { system: SYSTEM, detail };
    assert_eq!(client.billed_orders(day()).await.unwrap_err(), expected);
    endless.await.unwrap();
}
