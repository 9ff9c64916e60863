use super::*;
use proptest::prelude::*;

/// The documented example of the API, shortened to one order with every field.
const ORDER: &str = r#"[{"ID":"66f0c0ffee00000000070001","AndroidVendaID":null,"Codigo":70001,"OrigemVenda":"Venda Direta",
"StatusSistema":"Pedido Faturado","Status":null,"EmpresaID":"66f0c0ffee0000000000e001","Cliente":"Marina Teste",
"ClienteCNPJ":"52998224725","ClienteEmail":"pedido@example.com","Vendedor":"Loja Centro","ValorFinal":300.0,
"Items":[{"Codigo":"S-10","ValorTotal":300.0,"Atributos":null,"Data":{"a":[[[]]]}}],
"Data":"2026-03-25T13:58:00-03:00","NumeroNFe":"1234","DataFaturamento":"2026-03-25T14:10:02.332-03:00"}]"#;

#[track_caller]
fn one_order(body: &str) -> Order {
    let mut orders = parse_orders(body.as_bytes()).unwrap();
    assert_eq!(orders.len(), 1);
    orders.remove(0)
}

#[track_caller]
fn refused(body: impl AsRef<[u8]>, sentence: &str) {
    assert_eq!(parse_orders(body.as_ref()).unwrap_err().to_string(), sentence);
}

#[test]
fn the_documented_order_is_read_field_by_field() {
    assert_eq!(
        one_order(ORDER),
        Order {
            id: Some("66f0c0ffee00000000070001".into()),
            company_id: Some("66f0c0ffee0000000000e001".into()),
            code: 70001,
            status: "Pedido Faturado".into(),
            customer: "Marina Teste".into(),
            document: "52998224725".into(),
            email: "pedido@example.com".into(),
            seller: "Loja Centro".into(),
            amount: RawAmount::Number("300.0".into()),
            invoice: Some("1234".into()),
            billed_at: Some("2026-03-25T14:10:02.332-03:00".into()),
            created_at: Some("2026-03-25T13:58:00-03:00".into()),
        }
    );
}

#[test]
fn camel_case_names_mean_the_same() {
    let camel = r#"[{"id":"a1","empresaID":"e1","codigo":7,"statusSistema":"Pedido","cliente":"C","clienteCnpj":"1",
        "clienteEmail":"m","vendedor":"V","valorFinal":1,"numeroNFe":5,"dataFaturamento":"x","data":"y"}]"#;
    let pascal = r#"[{"ID":"a1","EmpresaID":"e1","Codigo":7,"StatusSistema":"Pedido","Cliente":"C","ClienteCNPJ":"1",
        "ClienteEmail":"m","Vendedor":"V","ValorFinal":1,"NumeroNFe":"5","DataFaturamento":"x","Data":"y"}]"#;
    assert_eq!(one_order(camel), one_order(pascal));
    let people =
        parse_people(br#"[{"cnpJ_CPF":"1"},{"cnpjCpf":"1"},{"CNPJ_CPF":"1"},{"cnpj_cpf":"1"}]"#).unwrap();
    assert!(people.iter().all(|person| person.document == "1"));
}

#[test]
fn the_apis_own_spelling_wins_wherever_it_stands() {
    assert_eq!(one_order(r#"[{"Codigo":1,"codigo":2}]"#).code, 1);
    assert_eq!(one_order(r#"[{"codigo":2,"Codigo":1}]"#).code, 1);
}

#[test]
fn of_two_equal_names_the_last_wins() {
    let order = one_order(r#"[{"Codigo":1,"ValorFinal":1,"Codigo":2,"ValorFinal":5.5}]"#);
    assert_eq!((order.code, order.amount), (2, RawAmount::Number("5.5".into())));
}

#[test]
fn nulls_and_missing_fields_are_empty() {
    let nulls = r#"[{"ID":null,"EmpresaID":null,"Codigo":1,"StatusSistema":null,"Cliente":null,"ClienteCNPJ":null,
        "ClienteEmail":null,"Vendedor":null,"ValorFinal":null,"NumeroNFe":null,"DataFaturamento":null,"Data":null}]"#;
    let order = one_order(nulls);
    assert_eq!(order, one_order(r#"[{"Codigo":1}]"#));
    assert_eq!(
        (order.customer.as_str(), order.amount, order.invoice, order.id),
        ("", RawAmount::Absent, None, None)
    );
}

#[test]
fn an_amount_is_the_literal_of_the_document() {
    let amount = |literal: &str| one_order(&format!(r#"[{{"Codigo":1,"ValorFinal":{literal}}}]"#)).amount;
    for literal in
        ["255.0", "41.97", "-0.005", "1e2", "0.1000000000000000055511151231257827", "12345678901234567890"]
    {
        assert_eq!(amount(literal), RawAmount::Number(literal.into()));
    }
    for literal in [r#""255.00""#, "true", "[1]", r#"{"v":1}"#] {
        assert_eq!(amount(literal), RawAmount::NotANumber(literal.into()));
    }
    let endless = amount(&"9".repeat(100_000));
    assert_eq!(endless, RawAmount::NotANumber("9".repeat(AMOUNT_LITERAL_CHARS_MAX)));
}

#[test]
fn an_invoice_number_is_a_text_a_number_or_absent() {
    let invoice = |literal: &str| one_order(&format!(r#"[{{"Codigo":1,"NumeroNFe":{literal}}}]"#)).invoice;
    assert_eq!(invoice(r#""001234""#).as_deref(), Some("001234"));
    assert_eq!(invoice("1234").as_deref(), Some("1234"));
    assert_eq!(invoice("1234.0").as_deref(), Some("1234"));
    for absent in ["null", r#""""#, r#""  ""#, "0", "0.0"] {
        assert_eq!(invoice(absent), None, "{absent}");
    }
}

#[test]
fn the_null_id_of_the_database_is_no_identity() {
    for id in ["", "000000000000000000000000", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(one_order(&format!(r#"[{{"Codigo":1,"ID":"{id}"}}]"#)).id, None);
    }
}

#[test]
fn a_code_is_a_whole_number_in_any_dress() {
    let code = |literal: &str| one_order(&format!(r#"[{{"Codigo":{literal}}}]"#)).code;
    assert_eq!(code("70001.0"), 70001);
    assert_eq!(code(r#"" 70001 ""#), 70001);
    assert_eq!(code("-1"), -1);
    assert_eq!(code("9223372036854775807"), i64::MAX);
}

#[test]
fn an_order_without_code_is_an_error_that_names_it() {
    refused(r#"[{"Codigo":1},{"ID":"x"}]"#, "order 1 (counted from 0): Codigo is missing");
    refused(r#"[{"Codigo":null}]"#, "order 0 (counted from 0): Codigo is missing");
    refused(r#"[{"Codigo":""}]"#, "order 0 (counted from 0): Codigo is missing");
    refused(r#"[{"Codigo":1.5}]"#, "order 0 (counted from 0): Codigo is not a whole number");
    refused(r#"[{"Codigo":9223372036854775808}]"#, "order 0 (counted from 0): Codigo is not a whole number");
    refused(r#"[{"Codigo":"A-7"}]"#, "order 0 (counted from 0): Codigo is not a whole number");
    refused(r#"[{"Codigo":[]}]"#, "order 0 (counted from 0): Codigo expected a whole number, found an array");
}

#[test]
fn only_a_bare_array_is_a_list() {
    let expected = |found: &str| format!("expected a JSON array of orders, found {found}");
    refused("", &expected("nothing"));
    refused(" \n", &expected("nothing"));
    refused("null", &expected("null"));
    refused("{}", &expected("an object"));
    refused(r#"{"data":[]}"#, &expected("an object"));
    refused(r#""[]""#, &expected("a text"));
    refused("0", &expected("a number"));
    refused("<!DOCTYPE html><html></html>", &expected("an HTML or XML page"));
    refused("Service Unavailable", &expected("something that is not JSON"));
    let people = parse_people(b"{}").unwrap_err().to_string();
    assert_eq!(people, "expected a JSON array of people, found an object");
}

#[test]
fn a_damaged_array_is_told_from_an_empty_one() {
    refused(r#"[{"Codigo":1}"#, "expected a JSON array of orders, but it is cut off at line 1 column 13");
    refused("[{]", "expected a JSON array of orders, but it is not valid JSON at line 1 column 3");
    refused("[] []", "expected a JSON array of orders, but it is not valid JSON at line 1 column 4");
    refused(
        b"[{\"Codigo\":1,\"Cliente\":\"\xff\"}]",
        "expected a JSON array of orders, but it is not UTF-8 at byte 24",
    );
    assert_eq!(parse_orders(b"[]").unwrap(), []);
}

#[test]
fn an_element_that_is_no_object_is_an_error() {
    refused("[1]", "order 0 (counted from 0): expected an object, found a number");
    refused(r#"[{"Codigo":1},null]"#, "order 1 (counted from 0): expected an object, found null");
    refused(r#"[[{"Codigo":1}]]"#, "order 0 (counted from 0): expected an object, found an array");
}

#[test]
fn a_text_of_another_kind_is_an_error_that_does_not_repeat_it() {
    let body = r#"[{"Codigo":1,"ClienteCNPJ":{"valor":"52998224725"}}]"#;
    refused(body, "order 0 (counted from 0): ClienteCNPJ expected a text, found an object");
    let error = parse_orders(body.as_bytes()).unwrap_err();
    assert!(!format!("{error:?}").contains("52998224725"));
}

#[test]
fn a_byte_order_mark_is_forgiven() {
    assert_eq!(parse_orders(b"\xEF\xBB\xBF [{\"Codigo\":1}]").unwrap().len(), 1);
}

#[test]
fn half_an_emoji_does_not_hide_an_order() {
    assert_eq!(
        one_order(r#"[{"Codigo":1,"Cliente":"Jo\u00e3o \ud83d"}]"#).customer,
        "João \u{FFFD}\u{FFFD}\u{FFFD}"
    );
    assert_eq!(one_order(r#"[{"Codigo":1,"Cliente":"\ud83d\ude00"}]"#).customer, "😀");
    assert_eq!(one_order(r#"[{"Codigo":1,"\ud83d":"x"}]"#).code, 1);
}

#[test]
fn deep_nesting_is_skipped_or_refused_without_a_stack_overflow() {
    let deep = "[".repeat(200_000);
    assert!(parse_orders(deep.as_bytes()).is_err());
    let closed = format!(r#"[{{"Codigo":1,"Items":{deep}{}}}]"#, "]".repeat(200_000));
    assert_eq!(one_order(&closed).code, 1);
    let amount = closed.replace("Items", "ValorFinal");
    assert!(
        matches!(one_order(&amount).amount, RawAmount::NotANumber(text) if text.len() == AMOUNT_LITERAL_CHARS_MAX)
    );
}

#[test]
fn a_person_is_reduced_to_the_fields_of_a_row() {
    let body = r#"[{"ID":"c1","UltimaAlteracao":"2026-03-20T10:11:12.5-03:00","PessoaFisica":true,"NomeFantasia":"Marina T.",
        "CNPJ_CPF":"52998224725","Telefone":"(11) 3456-7890","Celular":"+55 (11) 98765-4321","Email":"marina@example.com",
        "Vendedor":false,"EmailLoginEcommerce":"loja@example.com","Senha":"s3nha","Salt":"s4lt","EnderecoPadrao":{}},{}]"#;
    let people = parse_people(body.as_bytes()).unwrap();
    let contact = Contact {
        name: "Marina T.".into(),
        mobile: "+55 (11) 98765-4321".into(),
        phone: "(11) 3456-7890".into(),
        email: "marina@example.com".into(),
    };
    let updated_at = "2026-03-20T10:11:12.5-03:00".into();
    let marina = PersonRecord { id: "c1".into(), document: "52998224725".into(), updated_at, contact };
    assert_eq!(people, [marina, PersonRecord::default()]);
    let seen = format!("{people:?}");
    assert!(!seen.contains("s3nha") && !seen.contains("s4lt"));
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[0-9]{1,25}(\\.[0-9]{1,4})?",
        "[^\"\\\\\\x00-\\x1f]{0,12}".prop_map(|text| format!("\"{text}\"")),
        Just(r#""\ud800""#.to_owned()),
    ];
    let key = prop_oneof![
        Just("Codigo"),
        Just("codigo"),
        Just("ID"),
        Just("ValorFinal"),
        Just("NumeroNFe"),
        Just("Cliente")
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|members| {
                let members: Vec<String> =
                    members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_orders(&body);
        let _ = parse_people(&body);
    }

    #[test]
    fn an_array_of_any_json_has_as_many_orders_or_an_error(elements in prop::collection::vec(json(), 0..6)) {
        let body = format!("[{}]", elements.join(","));
        if let Ok(orders) = parse_orders(body.as_bytes()) {
            prop_assert_eq!(orders.len(), elements.len());
        }
    }

    #[test]
    fn a_cut_document_is_never_a_list(cut in 0..ORDER.len()) {
        prop_assert!(parse_orders(&ORDER.as_bytes()[..cut]).is_err());
    }
}
