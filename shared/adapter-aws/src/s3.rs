//! The four calls of S3 that the blob port is made of, on one bucket: signed here, sent by the client of all services.
//!
//! The address is `https://BUCKET.s3.REGION.amazonaws.com/KEY`, or `ENDPOINT/BUCKET/KEY` where another endpoint is
//! named: whoever does so has no DNS names for buckets. An object is stored with the SHA-256 of its bytes, which S3
//! checks, keeps, and gives back with them.
mod answers;
mod encoding;

use crate::credentials::CredentialCache;
use crate::http::Http;
use crate::signing;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::{ErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::base64;
use aws_smithy_types::body::SdkBody;
use chrono::{DateTime, Utc};
use encoding::{in_path, in_query};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::time::Duration;

pub(crate) use answers::Listing;

/// How long one attempt may take: a blob may be large, and a line slow.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const CHECKSUM: &str = "x-amz-checksum-sha256";

/// Why a call of S3 failed, as it is told of the other services.
pub(crate) type S3Error = SdkError<ErrorMetadata, HttpResponse>;

/// An object as it came.
pub(crate) struct Object {
    pub(crate) bytes: Vec<u8>,
    /// Whether the bytes are those that were stored, as far as S3 can say.
    pub(crate) intact: bool,
}

/// A bucket.
pub(crate) struct Bucket {
    http: Http,
    credentials: CredentialCache,
    region: String,
    address: String,
}

/// What a call is made of, before it is signed.
struct Call<'a> {
    method: &'a str,
    /// What follows the bucket's address, encoded.
    rest: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

fn unmade(error: impl Into<Box<dyn Error + Send + Sync>>) -> S3Error {
    S3Error::construction_failure(error)
}

fn address(bucket: &str, region: &str, endpoint: Option<&str>) -> String {
    match endpoint {
        Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
        None => {
            let china = if region.starts_with("cn-") { ".cn" } else { "" };
            format!("https://{bucket}.s3.{region}.amazonaws.com{china}")
        }
    }
}

fn checksum(bytes: &[u8]) -> String {
    base64::encode(Sha256::digest(bytes))
}

impl Bucket {
    pub(crate) fn new(config: &SdkConfig, http: Http, name: &str) -> Self {
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        Self {
            http,
            credentials: CredentialCache::new(config.credentials_provider()),
            address: address(name, &region, config.endpoint_url()),
            region,
        }
    }

    /// One attempt of a call; an answer that is not a success is an error with what it says.
    async fn call(&self, call: Call<'_>, now: DateTime<Utc>) -> Result<HttpResponse, S3Error> {
        let mut request = HttpRequest::new(SdkBody::from(call.body));
        request.set_method(call.method).map_err(unmade)?;
        request.set_uri(format!("{}{}", self.address, call.rest)).map_err(unmade)?;
        for (name, value) in call.headers {
            request.headers_mut().try_insert(name, value).map_err(unmade)?;
        }
        let credentials = self.credentials.at(now).await.map_err(unmade)?;
        signing::sign(&mut request, &credentials, "s3", &self.region, now).map_err(unmade)?;
        let sent = self.http.send(request, Some(ATTEMPT_TIMEOUT)).await;
        let answer = sent.map_err(S3Error::dispatch_failure)?;
        if answer.status().is_success() { Ok(answer) } else { Err(answers::refusal(answer)) }
    }

    pub(crate) async fn put(&self, key: &str, bytes: Vec<u8>, now: DateTime<Utc>) -> Result<(), S3Error> {
        let headers = vec![("content-length", bytes.len().to_string()), (CHECKSUM, checksum(&bytes))];
        let call = Call { method: "PUT", rest: in_path(key), headers, body: bytes };
        self.call(call, now).await.map(drop)
    }

    pub(crate) async fn get(&self, key: &str, now: DateTime<Utc>) -> Result<Object, S3Error> {
        let headers = vec![("x-amz-checksum-mode", "ENABLED".to_owned())];
        let call = Call { method: "GET", rest: in_path(key), headers, body: Vec::new() };
        let answer = self.call(call, now).await?;
        let bytes = answer.body().bytes().unwrap_or_default().to_vec();
        let intact = answer.headers().get(CHECKSUM).is_none_or(|stored| stored == checksum(&bytes));
        Ok(Object { bytes, intact })
    }

    pub(crate) async fn delete(&self, key: &str, now: DateTime<Utc>) -> Result<(), S3Error> {
        let call = Call { method: "DELETE", rest: in_path(key), headers: Vec::new(), body: Vec::new() };
        self.call(call, now).await.map(drop)
    }

    /// Keys in the order of their bytes, from where an earlier answer ended.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        keys_max: usize,
        from: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Listing, S3Error> {
        let from = from.map_or_else(String::new, |from| format!("&continuation-token={}", in_query(from)));
        let prefix = in_query(prefix);
        let rest = format!("/?encoding-type=url&list-type=2&max-keys={keys_max}&prefix={prefix}{from}");
        let call = Call { method: "GET", rest, headers: Vec::new(), body: Vec::new() };
        let answer = self.call(call, now).await?;
        answers::listing(answer.body().bytes().unwrap_or_default())
            .map_err(|reason| S3Error::response_error(reason, answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_a_name_of_its_own_on_aws_and_a_path_elsewhere() {
        assert_eq!(address("b", "sa-east-1", None), "https://b.s3.sa-east-1.amazonaws.com");
        assert_eq!(address("b", "cn-north-1", None), "https://b.s3.cn-north-1.amazonaws.com.cn");
        for endpoint in ["http://127.0.0.1:4566", "http://127.0.0.1:4566/"] {
            assert_eq!(address("b", "sa-east-1", Some(endpoint)), "http://127.0.0.1:4566/b");
        }
    }
}
