//! What every secret store promises.
use super::Subject;
use flows::ports::{SecretError, SecretStore};
use secrecy::{ExposeSecret, SecretString};

/// What the suite works on.
pub type SecretSubject = Subject<dyn SecretStore>;

/// Generates one test per promise. The path names an `async fn() -> Subject<dyn SecretStore>`.
#[macro_export]
macro_rules! secret_contract {
    ($subject:path) => {
        $crate::promises!(
            $subject,
            $crate::contract::secrets,
            [
                a_secret_comes_back_as_it_was_set,
                a_secret_is_replaced,
                an_unknown_secret_is_told_by_name,
                names_are_listed_sorted_and_by_prefix,
                a_name_that_is_no_name_is_refused,
                an_empty_or_oversized_value_is_refused,
                a_restart_keeps_secrets,
            ]
        );
    };
}

async fn set(subject: &SecretSubject, name: &str, value: &str) -> Result<(), SecretError> {
    subject.port.set(name, SecretString::from(value)).await
}

async fn get(subject: &SecretSubject, name: &str) -> Result<String, SecretError> {
    subject.port.get(name).await.map(|value| value.expose_secret().to_owned())
}

/// To the last byte: keys are text with line breaks, and one break more or less is another key.
pub async fn a_secret_comes_back_as_it_was_set(subject: SecretSubject) {
    let values =
        ["token", "two\nlines", "ends\n", "ends\n\n", "ends\r\n", " blanks ", "ção 😀", "\n", "{\"k\": 1}"];
    for (number, value) in values.into_iter().enumerate() {
        let name = format!("erp-sync/local/sige/account-{number}");
        set(&subject, &name, value).await.unwrap();
        assert_eq!(get(&subject, &name).await.unwrap(), value, "{value:?}");
    }
}

/// The last one counts.
pub async fn a_secret_is_replaced(subject: SecretSubject) {
    set(&subject, "erp-sync/local/sige/matriz", "a long first value").await.unwrap();
    set(&subject, "erp-sync/local/sige/matriz", "second").await.unwrap();
    assert_eq!(get(&subject, "erp-sync/local/sige/matriz").await.unwrap(), "second");
    assert_eq!(subject.port.list("").await.unwrap().len(), 1);
}

/// Absent is an answer of its own, also where other secrets stand below or above.
pub async fn an_unknown_secret_is_told_by_name(subject: SecretSubject) {
    set(&subject, "erp-sync/local/sige/matriz", "x").await.unwrap();
    for name in ["erp-sync/local/sige/filial", "erp-sync/local/sige", "erp-sync/local/sige/matriz/below"] {
        assert_eq!(get(&subject, name).await.unwrap_err(), SecretError::NotFound(name.to_owned()));
    }
}

/// Names only.
pub async fn names_are_listed_sorted_and_by_prefix(subject: SecretSubject) {
    let names = ["erp-sync/local/google/reports", "erp-sync/local/sige/filial", "erp-sync/local/sige/matriz"];
    for name in names.iter().rev() {
        set(&subject, name, "x").await.unwrap();
    }
    let list = async |prefix: &str| subject.port.list(prefix).await.unwrap();
    assert_eq!(list("").await, names);
    assert_eq!(list("erp-sync/local/sige/").await, names[1..]);
    assert_eq!(list("erp-sync/local/sige/mat").await, names[2..]);
    assert!(list("erp-sync/prod").await.is_empty());
}

/// A name is a path of plain words.
pub async fn a_name_that_is_no_name_is_refused(subject: SecretSubject) {
    let long = "n".repeat(513);
    let bad = [
        "", "/", "/abs", "a//b", "a/", "..", "a/../b", ".hidden", "a b", "a\nb", "ção", "a\\b", "a\0", &long,
    ];
    for name in bad {
        for refused in [set(&subject, name, "x").await.err(), get(&subject, name).await.err()] {
            assert!(matches!(refused, Some(SecretError::Refused { .. })), "{name:?}: {refused:?}");
            let said = refused.map(|error| error.to_string()).unwrap_or_default();
            assert!(!said.contains('\n'), "{said:?} breaks a log line");
        }
    }
    assert!(subject.port.list("").await.unwrap().is_empty());
}

/// What is empty was not meant; what is larger than 64 KiB is not a secret.
pub async fn an_empty_or_oversized_value_is_refused(subject: SecretSubject) {
    let largest = "x".repeat(64 * 1024);
    for value in [String::new(), format!("{largest}x")] {
        let refused = set(&subject, "a", &value).await.unwrap_err();
        assert!(matches!(refused, SecretError::Refused { .. }), "{refused:?}");
        assert!(!refused.to_string().contains("xxx"), "the value is in the message");
    }
    assert_eq!(get(&subject, "a").await.unwrap_err(), SecretError::NotFound("a".to_owned()));
    set(&subject, "a", &largest).await.unwrap();
    assert_eq!(get(&subject, "a").await.unwrap(), largest);
}

/// The next process reads what this one set.
pub async fn a_restart_keeps_secrets(mut subject: SecretSubject) {
    set(&subject, "a/b", "kept").await.unwrap();
    subject.restart();
    assert_eq!(get(&subject, "a/b").await.unwrap(), "kept");
}
