use super::*;
use proptest::prelude::*;
use rust_decimal::Decimal;

#[track_caller]
fn check(text: &str, key: Option<&str>, flags: &[Flag]) {
    let seen = normalise_text(text);
    assert_eq!(seen.key.as_ref().map(DocumentKey::as_str), key, "{text:?}");
    assert_eq!(seen.flags, flags, "{text:?}");
}

#[test]
fn the_published_examples_are_valid() {
    for cpf in ["52998224725", "11144477735", "39053344705", "01234567890", "12345678909"] {
        assert!(is_valid_cpf(cpf), "{cpf}");
        check(cpf, Some(cpf), &[]);
    }
    for cnpj in ["11222333000181", "11444777000161", "12ABC34501DE35", "00000000000191"] {
        assert!(is_valid_cnpj(cnpj), "{cnpj}");
        check(cnpj, Some(cnpj), &[]);
    }
}

#[test]
fn a_mask_does_not_change_the_key() {
    check("529.982.247-25", Some("52998224725"), &[]);
    check(" 11.222.333/0001-81 ", Some("11222333000181"), &[]);
    check("12.abc.345/01de-35", Some("12ABC34501DE35"), &[]);
    check("'52998224725", Some("52998224725"), &[]);
    check("\u{200b}529\u{a0}982 247\t25", Some("52998224725"), &[]);
}

#[test]
fn wrong_check_digits_still_make_a_key() {
    check("52998224726", Some("52998224726"), &[Flag::InvalidDocument]);
    check("11222333000182", Some("11222333000182"), &[Flag::InvalidDocument]);
    check("12ABC34501DE36", Some("12ABC34501DE36"), &[Flag::InvalidDocument]);
}

#[test]
fn all_equal_characters_are_no_key() {
    for text in ["00000000000", "111.111.111-11", "99999999999999", "0", "000"] {
        check(text, None, &[Flag::UnreadableDocument]);
    }
    assert!(!is_valid_cpf("11111111111") && !is_valid_cnpj("00000000000000"));
}

#[test]
fn lost_zeros_come_back_only_when_the_check_digits_prove_them() {
    check("1234567890", Some("01234567890"), &[]);
    check("1234567891", None, &[Flag::UnreadableDocument]);
    // 00.360.305/0001-04 as a number has twelve digits.
    check("360305000104", Some("00360305000104"), &[]);
    check("360305000105", None, &[Flag::UnreadableDocument]);
}

#[test]
fn eleven_digits_that_are_only_valid_as_a_cnpj_are_that_cnpj() {
    let cnpj = "00012345000165";
    assert!(is_valid_cnpj(cnpj) && !is_valid_cpf("12345000165"));
    check("12345000165", Some(cnpj), &[]);
}

#[test]
fn a_short_value_that_is_valid_both_ways_is_a_cpf_with_a_flag() {
    assert!(is_valid_cpf("00000000191") && is_valid_cnpj("00000000000191"));
    check("191", Some("00000000191"), &[Flag::AmbiguousDocument]);
    check("00000000191", Some("00000000191"), &[]);
}

#[test]
fn texts_that_are_no_document_are_no_key() {
    check("", None, &[Flag::NoDocument]);
    check(" \t ", None, &[Flag::NoDocument]);
    for text in
        ["-", "NÃO INFORMADO", "CONSUMIDOR FINAL", "SEM DOCUMENTO 1", "12ABC34501", "123456789012345", "😀"]
    {
        check(text, None, &[Flag::UnreadableDocument]);
    }
}

#[test]
fn a_number_cell_must_be_a_whole_number() {
    let cell = |text: &str| normalise_cell(&Cell::Number(text.parse::<Decimal>().unwrap()));
    assert_eq!(cell("52998224725"), normalise_text("52998224725"));
    assert_eq!(cell("52998224725.0"), normalise_text("52998224725"));
    assert_eq!(cell("1234567890"), normalise_text("01234567890"));
    for text in ["-52998224725", "52998224725.5", "0", "79228162514264337593543950335", "529982247250000"] {
        assert_eq!(cell(text).key, None, "{text}");
        assert_eq!(cell(text).flags, [Flag::UnreadableDocument], "{text}");
    }
    assert_eq!(normalise_cell(&Cell::Bool(true)).key, None);
    assert_eq!(normalise_cell(&Cell::Empty), normalise_text(""));
}

#[test]
fn a_canonical_key_is_read_back_and_nothing_else_is() {
    assert_eq!(DocumentKey::parse("12ABC34501DE35").unwrap().as_str(), "12ABC34501DE35");
    for text in ["", "529.982.247-25", "12abc34501de35", "1234567890", "00000000000", "12ABC34501DEX5"] {
        assert_eq!(DocumentKey::parse(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn a_key_is_a_fixed_point(text in "[0-9A-Za-z./ -]{0,20}") {
        if let Some(key) = normalise_text(&text).key {
            prop_assert_eq!(normalise_text(key.as_str()).key, Some(key.clone()));
            prop_assert_eq!(DocumentKey::parse(key.as_str()), Some(key));
        }
    }

    #[test]
    fn masks_and_case_are_invisible(text in "[0-9]{11}|[0-9A-Z]{12}[0-9]{2}", noise in "[./ -]{1,3}", at in 0usize..12) {
        let mut masked = text.to_lowercase();
        masked.insert_str(at.min(text.len()), &noise);
        prop_assert_eq!(normalise_text(&masked), normalise_text(&text));
    }

    #[test]
    fn a_valid_cpf_survives_the_loss_of_its_zeros(nine in 0u32..1_000_000_000) {
        let stem = format!("{nine:09}");
        let cpf = (0..100).map(|check| format!("{stem}{check:02}")).find(|cpf| is_valid_cpf(cpf));
        if let Some(cpf) = cpf {
            let number = Decimal::from(cpf.parse::<u64>().unwrap());
            prop_assert_eq!(normalise_cell(&Cell::Number(number)).key, DocumentKey::parse(&cpf));
        }
    }

    #[test]
    fn a_wrong_check_digit_is_noticed(nine in 1u32..1_000_000_000, position in 9usize..11, shift in 1u8..10) {
        let stem = format!("{nine:09}");
        if let Some(cpf) = (0..100).map(|check| format!("{stem}{check:02}")).find(|cpf| is_valid_cpf(cpf)) {
            let mut wrong = cpf.into_bytes();
            wrong[position] = b'0' + (wrong[position] - b'0' + shift) % 10;
            prop_assert!(!is_valid_cpf(std::str::from_utf8(&wrong).unwrap()));
        }
    }

    #[test]
    fn any_text_is_read_without_a_fault(text in any::<String>()) {
        let seen = normalise_text(&text);
        prop_assert!(seen.flags.len() <= 1);
        prop_assert!(seen.key.is_none() || seen.key.as_ref().unwrap().as_str().len() >= 11);
    }
}
