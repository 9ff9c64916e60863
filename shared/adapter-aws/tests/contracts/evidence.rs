//! S3: what becomes of blobs when answers are lost, spoilt or refused, and how long listings are read.
use crate::account::Account;
use crate::interposer::{Interposer, Treatment};
use flows::ports::{BlobError, BlobStore};
use std::sync::Arc;

async fn disturbed() -> (Interposer, Arc<dyn BlobStore>) {
    let account = Account::new();
    account.create_bucket().await;
    let between = Interposer::before(account.endpoint()).await;
    let blobs = account.by_way_of(between.endpoint()).aws().blobs;
    (between, blobs)
}

fn refusal(status: u16, code: &str) -> Treatment {
    let body = format!("<Error><Code>{code}</Code><Message>no</Message><RequestId>ID</RequestId></Error>");
    Treatment::Answer(status, body)
}

#[tokio::test]
async fn a_refusal_is_told_with_its_remedy_and_not_repeated() {
    let (between, blobs) = disturbed().await;
    for (code, remedy) in [
        ("AccessDenied", "the credentials lack this permission"),
        ("ExpiredToken", "the credentials have expired"),
        ("SignatureDoesNotMatch", "the credentials are not valid"),
        ("NoSuchBucket", "the stack is deployed"),
    ] {
        between.plan([refusal(403, code), refusal(403, code), refusal(403, code), refusal(403, code)]);
        let outcomes = [
            ("PutObject", blobs.put("a", vec![1]).await.unwrap_err()),
            ("GetObject", blobs.get("a").await.unwrap_err()),
            ("DeleteObject", blobs.delete("a").await.unwrap_err()),
            ("ListObjectsV2", blobs.list("", 1).await.unwrap_err()),
        ];
        for (operation, told) in outcomes {
            let told = told.to_string();
            // An id in a header is believed before that of the body.
            let expected = format!("s3 {operation}: {code}: no (request REQUEST-ID); ");
            assert!(told.contains(&expected) && told.contains(remedy), "{told}");
        }
        assert_eq!(between.seen().len(), 4, "{code} does not pass");
    }
}

#[tokio::test]
async fn what_passes_is_waited_for() {
    let (between, blobs) = disturbed().await;
    between.plan([refusal(503, "SlowDown"), Treatment::LoseAnswer]);
    blobs.put("a", vec![1]).await.unwrap();
    assert_eq!(between.seen().len(), 3);
    between.plan([Treatment::LoseAnswer, refusal(500, "InternalError")]);
    assert_eq!(blobs.get("a").await.unwrap(), Some(vec![1]));
    between.plan([Treatment::LoseAnswer]);
    blobs.delete("a").await.unwrap();
    between.plan(std::iter::repeat_n(refusal(503, "SlowDown"), 20));
    let told = blobs.list("", 1).await.unwrap_err().to_string();
    assert!(told.contains("s3 ListObjectsV2: SlowDown"), "{told}");
    assert_eq!(between.seen().len(), 7);
}

#[tokio::test]
async fn bytes_that_are_not_those_that_were_put_are_never_handed_out() {
    let (between, blobs) = disturbed().await;
    blobs.put("a", vec![1, 2, 3]).await.unwrap();
    between.plan([Treatment::SpoilAnswer]);
    assert_eq!(blobs.get("a").await.unwrap(), Some(vec![1, 2, 3]), "the line was at fault");
    between.plan(std::iter::repeat_n(Treatment::SpoilAnswer, 20));
    let told = blobs.get("a").await.unwrap_err();
    assert!(matches!(&told, BlobError::Unreadable { key, .. } if key == "a"), "{told:?}");
}

#[tokio::test]
async fn a_long_listing_is_read_to_its_end_and_no_further() {
    let (between, blobs) = disturbed().await;
    let page = |key: &str, next: &str| {
        let body =
            format!("<ListBucketResult><Contents><Key>{key}</Key></Contents>{next}</ListBucketResult>");
        Treatment::Answer(200, body)
    };
    let next = "<NextContinuationToken>1/a+b=</NextContinuationToken>";
    between.plan([page("a%20b", next), page("c", "")]);
    assert_eq!(blobs.list("x/", 5000).await.unwrap(), ["a b", "c"]);
    let lines: Vec<String> = between.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains("&max-keys=1000&prefix=x%2F ") && !lines[0].contains("token"), "{lines:?}");
    assert!(lines[1].contains("&continuation-token=1%2Fa%2Bb%3D "), "{lines:?}");
    between.plan([page("a", next), page("b", next), page("c", next)]);
    assert_eq!(blobs.list("", 2).await.unwrap(), ["a", "b"]);
    assert_eq!(between.seen().len(), 2);
}
