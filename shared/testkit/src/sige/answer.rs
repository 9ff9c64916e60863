//! From a request to an answer: count it, check its headers, select, misbehave if planned.
use super::company::{OrderFilter, Page, parameter_end, parameter_start};
use super::faults::Fault;
use super::network::Connection;
use super::records::{full_order, full_person};
use super::seen::{Endpoint, SeenRequest};
use super::{Shared, object};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use std::sync::{Arc, PoisonError};
use url::form_urlencoded;

/// The page length when none is asked for.
const PAGE_SIZE_DEFAULT: usize = 10;
/// Bytes of the answer that get out before a connection breaks in the middle: the head and the start of the body.
const BYTES_BEFORE_DROP: u64 = 400;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

type Query = Vec<(String, String)>;

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response<Body> {
    let endpoint = match request.uri().path().to_ascii_lowercase().as_str() {
        "/request/pedidos/pesquisar" => Endpoint::Orders,
        "/request/pessoas/pesquisar" => Endpoint::People,
        _ => return plain(StatusCode::NOT_FOUND, r#""Recurso não encontrado""#.to_owned()),
    };
    let query: Query =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let user_agent = text_of(request.headers(), "User-Agent").to_owned();
    let at = shared.clock.0.now();
    let number = connection.number;
    shared.seen(|seen| {
        seen.note(SeenRequest { at, endpoint, query: query.clone(), user_agent, connection: number })
    });
    if !is_authorised(&shared, request.headers()) {
        shared.seen(|seen| seen.refused += 1);
        return plain(StatusCode::UNAUTHORIZED, r#""Token, usuário ou aplicação inválidos""#.to_owned());
    }
    let plan = shared.faults.strike(endpoint);
    let fault = plan.as_ref().map(|plan| &plan.fault);
    if let (Some(plan), Some(Fault::Hold)) = (&plan, fault) {
        plan.held().await;
    }
    match fault {
        Some(Fault::Status { status, body, retry_after, location }) => {
            return status_answer(*status, body, retry_after.as_deref(), location.as_deref());
        }
        Some(Fault::Body(body)) => return plain(StatusCode::OK, body.clone()),
        Some(Fault::DropBeforeAnswer) => connection.cut_after(0),
        Some(Fault::DropMidAnswer) => connection.cut_after(BYTES_BEFORE_DROP),
        _ => {}
    }
    match select(&shared, endpoint, &query, fault) {
        Ok(elements) => plain(StatusCode::OK, array(elements, fault)),
        Err(parameter) => plain(StatusCode::BAD_REQUEST, format!(r#""Parâmetro inválido: {parameter}""#)),
    }
}

fn is_authorised(shared: &Shared, headers: &HeaderMap) -> bool {
    let rotated = shared.rotated.lock().unwrap_or_else(PoisonError::into_inner);
    let account = rotated.as_ref().unwrap_or(&shared.account);
    let wanted = [("Authorization-Token", &account.token), ("User", &account.user), ("App", &account.app)];
    wanted.iter().all(|(name, value)| text_of(headers, name) == value.as_str())
}

fn text_of<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn plain(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn status_answer(
    status: u16,
    body: &str,
    retry_after: Option<&str>,
    location: Option<&str>,
) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = plain(status, body.to_owned());
    for (name, value) in [(header::RETRY_AFTER, retry_after), (header::LOCATION, location)] {
        if let Some(Ok(value)) = value.map(header::HeaderValue::from_str) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The elements of the page as JSON texts; the name of a parameter that cannot be read otherwise.
fn select(
    shared: &Shared,
    endpoint: Endpoint,
    query: &Query,
    fault: Option<&Fault>,
) -> Result<Vec<String>, &'static str> {
    let asked = Page {
        skip: number(query, "skip")?.unwrap_or(0),
        size: number(query, "pageSize")?.unwrap_or(PAGE_SIZE_DEFAULT),
    };
    if fault == Some(&Fault::Endless) {
        return Ok((asked.skip..asked.skip + asked.size).map(endless_order).collect());
    }
    let page = bent(asked, fault);
    let filter = order_filter(query)?;
    let now = shared.clock.0.now();
    Ok(shared.company(|company| {
        match fault {
            Some(Fault::OrderAppears(order)) => company.insert_first(object(order.clone()), now),
            Some(Fault::OrderDisappears(code)) => {
                company.remove_order(*code);
            }
            _ => {}
        }
        match endpoint {
            Endpoint::Orders => company.orders(&filter, page, full_order),
            Endpoint::People => {
                company.people(parameter(query, "cpfcnpj").unwrap_or_default(), page, full_person)
            }
        }
    }))
}

/// The page that a faulty server gives instead of the one that was asked for.
fn bent(asked: Page, fault: Option<&Fault>) -> Page {
    let Page { skip, size } = asked;
    match fault {
        Some(Fault::Overlap(records)) => Page { skip: skip.saturating_sub(*records), size },
        Some(Fault::RepeatPage) => Page { skip: skip.saturating_sub(size), size },
        Some(Fault::IgnoreSkip) => Page { skip: 0, size },
        Some(Fault::PageCap(cap)) => Page { skip, size: size.min(*cap) },
        _ => asked,
    }
}

fn endless_order(number: usize) -> String {
    format!(r#"{{"ID":"66f0e11d1e55{number:012}","Codigo":{number},"StatusSistema":"Pedido Faturado"}}"#)
}

fn array(mut elements: Vec<String>, fault: Option<&Fault>) -> String {
    if let (Some(Fault::ElementWithoutCode), Some(first)) = (fault, elements.first_mut()) {
        *first = first.replace(r#""Codigo":"#, r#""CodigoAntigo":"#);
    }
    let mut json = format!("[{}]", elements.join(","));
    if fault == Some(&Fault::TruncatedJson) {
        let middle = (0..=json.len() / 2).rev().find(|at| json.is_char_boundary(*at)).unwrap_or(0);
        json.truncate(middle.max(1));
    }
    json
}

fn order_filter(query: &Query) -> Result<OrderFilter, &'static str> {
    let date =
        |name: &'static str, read: fn(&str) -> Option<chrono::NaiveDateTime>| match parameter(query, name) {
            None => Ok(None),
            Some(text) => read(text).map(Some).ok_or(name),
        };
    let by_billing_date = matches!(parameter(query, "filtrarPor"), Some("3" | "DataFaturamentoPedido"));
    Ok(OrderFilter {
        status: parameter(query, "status").map(str::to_owned),
        from: date("dataInicial", parameter_start)?,
        to: date("dataFinal", parameter_end)?,
        by_billing_date,
        changed_after: date("alteradoApos", parameter_start)?,
        code: number(query, "codigo")?.filter(|code| *code != 0).and_then(|code| i64::try_from(code).ok()),
    })
}

/// A parameter that was given and is not empty; names are not case-sensitive.
fn parameter<'q>(query: &'q Query, name: &str) -> Option<&'q str> {
    let found = query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

fn number(query: &Query, name: &'static str) -> Result<Option<usize>, &'static str> {
    parameter(query, name).map(|text| text.parse().map_err(|_| name)).transpose()
}
