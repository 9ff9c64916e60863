//! Orders and people as complete API objects, rendered from the few fields that were given.
use serde_json::{Map, Value};

/// What every person of the stand-in carries in `Senha`: nothing of the product may ever show it.
pub const POISON_PASSWORD: &str = "VENENO-SENHA-8d1f";
/// What every person of the stand-in carries in `Salt`.
pub const POISON_SALT: &str = "VENENO-SALT-77c2";

/// The API's null date.
const NO_DATE: &str = r#""0001-01-01T00:00:00-02:00""#;

/// Where the value of a field comes from when it was not given.
enum Fill {
    /// A JSON literal.
    Json(&'static str),
    /// Another field's value.
    Same(&'static str),
    /// A 24-digit id with this prefix, made of `Codigo`.
    Id(&'static str),
    /// One item worth `ValorFinal`.
    Items,
    /// One payment of `ValorFinal`.
    Payments,
    /// Left out.
    Nothing,
}
use Fill::{Id, Items, Json, Nothing, Payments, Same};

/// Every field of an order, in the order in which the API sends them.
const ORDER: &[(&str, Fill)] = &[
    ("ID", Id("66f0c0ffee")),
    ("AndroidVendaID", Json("null")),
    ("Codigo", Nothing),
    ("OrigemVenda", Json(r#""Venda Direta""#)),
    ("DepositoID", Json(r#""66f0c0ffee0000000000d001""#)),
    ("Tabela", Json(r#""PADRÃO""#)),
    ("TabelaID", Json(r#""66f0c0ffee0000000000a001""#)),
    ("Deposito", Json(r#""PADRÃO""#)),
    ("StatusSistema", Json(r#""Pedido Faturado""#)),
    ("Status", Json("null")),
    ("Categoria", Json("null")),
    ("Validade", Same("Data")),
    ("Empresa", Json(r#""EMPRESA EXEMPLO""#)),
    ("EmpresaID", Json(r#""66f0c0ffee0000000000e001""#)),
    ("ClienteID", Json(r#""66f0c0ffee0000000000c001""#)),
    ("Cliente", Json(r#""CONSUMIDOR NÃO IDENTIFICADO""#)),
    ("PessoaID", Same("ClienteID")),
    ("ClienteCNPJ", Json(r#""""#)),
    ("ClienteEmail", Json(r#""""#)),
    ("Vendedor", Json(r#""Loja Centro""#)),
    ("VendedorID", Json(r#""11111111-2222-4333-8444-555555555555""#)),
    ("PlanoDeConta", Json(r#""RECEITA DE SERVIÇOS""#)),
    ("FormaPagamento", Json(r#""PIX""#)),
    ("FormaPagamentoID", Json(r#""66f0c0ffee0000000000f001""#)),
    ("NumeroParcelas", Json("1")),
    ("FreteMeioEnvio", Json("0")),
    ("Transportadora", Json("null")),
    ("FreteFormaEnvio", Json("null")),
    ("DataEnvio", Same("Data")),
    ("PrevisaoEntrega", Json(NO_DATE)),
    ("DataPostagem", Json(NO_DATE)),
    ("Enviado", Json("false")),
    ("ValorFrete", Json("0.0")),
    ("FreteContaEmitente", Json("false")),
    ("CodigoRastreio", Json("null")),
    ("EnderecoOpcional", Json("false")),
    ("ValorSeguro", Json("0.0")),
    ("Descricao", Json("null")),
    ("OutrasDespesas", Json("0.0")),
    ("TransacaoCartao", Json("null")),
    ("ValorFinal", Json("0.0")),
    ("Finalizado", Json("true")),
    ("Lancado", Json("true")),
    ("Municipio", Json(r#""São Paulo""#)),
    ("CodigoMunicipio", Json(r#""3550308""#)),
    ("Pais", Json(r#""Brasil""#)),
    ("CEP", Json(r#""01001000""#)),
    ("UF", Json(r#""SP""#)),
    ("UFCodigo", Json(r#""35""#)),
    ("Bairro", Json(r#""Sé""#)),
    ("Logradouro", Json(r#""Rua Exemplo""#)),
    ("LogradouroNumero", Json(r#""10""#)),
    ("LogradouroComplemento", Json("null")),
    ("GruposProdutos", Json(r#"[{"Id":1,"Nome":"Grupo de Produtos Padrão - 01"}]"#)),
    ("Items", Items),
    ("Banco", Json("null")),
    ("Data", Json(NO_DATE)),
    ("Pagamentos", Payments),
    ("LancarComissaoVendedor", Json("null")),
    ("ValorComissaoVendedor", Json("0.0")),
    ("NumeroNFe", Json("null")),
    ("DataFaturamento", Json(NO_DATE)),
    ("ChaveAcessoNFe", Json("null")),
    ("DanfeURL", Json("null")),
    ("UrlSefaz", Json("null")),
    ("OrdemServico", Json("null")),
    ("CodigoPedidoCliente", Json("null")),
    ("DataAprovacaoPedido", Same("Data")),
];

/// Every field of a person, in the order in which the API sends them (`Fonecedor` is the API's spelling).
const PERSON: &[(&str, Fill)] = &[
    ("ID", Json(r#""66f0c0ffee0000000000c001""#)),
    ("UltimaAlteracao", Json(NO_DATE)),
    ("PessoaFisica", Json("true")),
    ("NomeFantasia", Json("null")),
    ("RazaoSocial", Json("null")),
    ("CNPJ_CPF", Json(r#""""#)),
    ("RG", Json("null")),
    ("IE", Json("null")),
    ("Logradouro", Json(r#""Rua Exemplo""#)),
    ("LogradouroNumero", Json(r#""10""#)),
    ("Complemento", Json("null")),
    ("Bairro", Json(r#""Sé""#)),
    ("Cidade", Json(r#""São Paulo""#)),
    ("CodigoMunicipio", Json(r#""3550308""#)),
    ("Pais", Json(r#""Brasil""#)),
    ("CodigoPais", Json(r#""1058""#)),
    ("CEP", Json(r#""01001000""#)),
    ("UF", Json(r#""SP""#)),
    ("CodigoUF", Json(r#""35""#)),
    ("Telefone", Json("null")),
    ("Celular", Json("null")),
    ("Email", Json("null")),
    ("Site", Json("null")),
    ("Cliente", Json("true")),
    ("Tecnico", Json("false")),
    ("Vendedor", Json("false")),
    ("Transportadora", Json("false")),
    ("Fonecedor", Json("false")),
    ("Representada", Json("false")),
    ("Ramo", Json("null")),
    ("VendedorPadrao", Json("null")),
    ("EmailLoginEcommerce", Same("Email")),
    ("Senha", Json(r#""VENENO-SENHA-8d1f""#)),
    ("Salt", Json(r#""VENENO-SALT-77c2""#)),
    ("Bloqueado", Json("false")),
    ("NomePai", Json("null")),
    ("NomeMae", Json("null")),
    ("Naturalidade", Json("null")),
    ("ValorMinimoCompra", Json("0.0")),
    ("DataNascimento", Json(NO_DATE)),
    ("EstaInadimplente", Json("false")),
    ("EnderecoPadrao", Json("null")),
];

/// The JSON text of an order as the API sends it, completed from the given fields. Given fields that the API does not
/// know come last.
pub fn full_order(given: &Map<String, Value>) -> String {
    render(ORDER, given)
}

/// The JSON text of a person as the API sends it, completed from the given fields.
pub fn full_person(given: &Map<String, Value>) -> String {
    render(PERSON, given)
}

fn render(fields: &[(&str, Fill)], given: &Map<String, Value>) -> String {
    let mut json = String::with_capacity(3 * 1024);
    let mut put = |name: &str, literal: &str| {
        json.push(if json.is_empty() { '{' } else { ',' });
        json.push('"');
        json.push_str(name);
        json.push_str("\":");
        json.push_str(literal);
    };
    for (name, fill) in fields {
        if let Some(value) = given.get(*name) {
            put(name, &value.to_string());
        } else if let Some(literal) = filled(fill, given) {
            put(name, &literal);
        }
    }
    for (name, value) in given.iter().filter(|(name, _)| !fields.iter().any(|(known, _)| known == name)) {
        put(name, &value.to_string());
    }
    json.push('}');
    json
}

fn filled(fill: &Fill, given: &Map<String, Value>) -> Option<String> {
    let amount = || {
        given.get("ValorFinal").filter(|value| value.is_number()).map_or("0.0".to_owned(), Value::to_string)
    };
    match fill {
        Json(literal) => Some((*literal).to_owned()),
        Same(other) => Some(given.get(*other).map_or(NO_DATE.to_owned(), Value::to_string)),
        Id(prefix) => {
            let code = given.get("Codigo").and_then(Value::as_i64);
            Some(code.map_or("null".to_owned(), |code| format!("\"{prefix}{code:014}\"")))
        }
        Items => Some(format!(
            r#"[{{"Codigo":"S-10","Unidade":"UN","Descricao":"Troca de tela","Quantidade":1.0,"ValorUnitario":{0},"ValorFrete":0.0,"DescontoUnitario":0.0,"ValorTotal":{0},"PesoKG":0.0,"Comprimento":0.0,"Altura":0.0,"Largura":0.0,"FreteGratis":false,"ValorUnitarioFrete":1.0,"PrazoEntregaFrete":0,"ComissaoVendedor":0.0,"Seguro":0.0,"Composicoes":[],"Atributos":null,"ProductGroupId":1,"Categoria":"SERVIÇOS","CategoriaID":"66f0c0ffee0000000000b001"}}]"#,
            amount()
        )),
        Payments => Some(format!(
            r#"[{{"FormaPagamento":"PIX","DescricaoPagamento":"Pagamento recebido em PIX","ValorPagamento":{},"BandeiraCartao":"","NumeroTerminal":null,"DataTransacao":"2026-03-25T03:00:00Z","CredenciadoraCartao":null,"CredenciadoraCNPJ":null,"CV_NSU":null,"TipoIntegracao":null,"CondicaoPagamento":0,"Parcelas":1,"PeriodoParcelas":30,"Adiantamento":0.0,"Quitar":null}}]"#,
            amount()
        )),
        Nothing => None,
    }
}
