//! The blob port on S3. A key is the object's key as it is; encryption, retention and versions are the bucket's.
use crate::failure::{self, Failure};
use crate::retry::Retrying;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::EncodingType;
use flows::ports::{BlobError, BlobStore, rules};
use std::error::Error;
use std::time::Duration;

/// How long one attempt may take: a blob may be large, and a line slow.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most keys of one answer.
const ANSWER_KEYS_MAX: usize = 1000;

/// Blobs in the bucket of a stack.
pub(crate) struct S3BlobStore {
    client: Client,
    bucket: String,
    retrying: Retrying,
}

fn unavailable<E>(operation: &str, error: &SdkError<E>) -> BlobError
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    BlobError::Unavailable(Failure::of(operation, error).text)
}

/// Keys come percent-encoded, with `+` for a blank: XML does not carry every character.
fn decoded(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

impl S3BlobStore {
    pub(crate) fn new(config: &SdkConfig, bucket: String, retrying: Retrying) -> Self {
        let timeouts = config.timeout_config().map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        let config = aws_sdk_s3::config::Builder::from(config)
            // Whoever names another endpoint has no DNS names for its buckets.
            .force_path_style(config.endpoint_url().is_some())
            .timeout_config(timeouts.operation_attempt_timeout(ATTEMPT_TIMEOUT).build())
            .build();
        Self { client: Client::from_conf(config), bucket, retrying }
    }

    /// One attempt: the object with its bytes, which come after the answer and may break off.
    async fn get_once(&self, key: &str) -> Result<Option<Vec<u8>>, GetError> {
        let object = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(object) => object,
            Err(error) if failure::code(&error) == Some("NoSuchKey") => return Ok(None),
            Err(error) => {
                let passes = failure::passes(&error);
                return Err(GetError { passes, error: unavailable("s3 GetObject", &error) });
            }
        };
        match object.body.collect().await {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(error) => {
                let reason = failure::chain(&error);
                let error = if reason.to_ascii_lowercase().contains("checksum") {
                    BlobError::Unreadable { key: key.to_owned(), reason }
                } else {
                    BlobError::Unavailable(format!("s3 GetObject: {reason}"))
                };
                Err(GetError { passes: true, error })
            }
        }
    }
}

struct GetError {
    passes: bool,
    error: BlobError,
}

#[async_trait]
impl BlobStore for S3BlobStore {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        rules::blob_key(key)?;
        let send = || {
            let body = ByteStream::from(bytes.clone());
            self.client.put_object().bucket(&self.bucket).key(key).body(body).send()
        };
        let put = self.retrying.call(failure::passes, send).await;
        put.map(drop).map_err(|error| unavailable("s3 PutObject", &error))
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, BlobError> {
        rules::blob_key(key)?;
        let got = self.retrying.call(|failed: &GetError| failed.passes, || self.get_once(key)).await;
        got.map_err(|failed| failed.error)
    }

    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, BlobError> {
        let mut keys: Vec<String> = Vec::new();
        let mut from = None;
        while keys.len() < limit {
            let wanted = (limit - keys.len()).min(ANSWER_KEYS_MAX);
            let request = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(prefix)
                .encoding_type(EncodingType::Url)
                .max_keys(i32::try_from(wanted).unwrap_or(1))
                .set_continuation_token(from);
            let answer = self.retrying.call(failure::passes, || request.clone().send()).await;
            let answer = answer.map_err(|error| unavailable("s3 ListObjectsV2", &error))?;
            for object in answer.contents() {
                let encoded = object.key().unwrap_or_default();
                keys.push(decoded(encoded).ok_or_else(|| {
                    BlobError::Unavailable(format!("s3 ListObjectsV2: {encoded:?} is not an encoded key"))
                })?);
            }
            from = answer.next_continuation_token;
            if from.is_none() {
                break;
            }
        }
        Ok(keys)
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        rules::blob_key(key)?;
        let request = self.client.delete_object().bucket(&self.bucket).key(key);
        let deleted = self.retrying.call(failure::passes, || request.clone().send()).await;
        deleted.map(drop).map_err(|error| unavailable("s3 DeleteObject", &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded_as_they_were() {
        assert_eq!(
            decoded("before/matriz/2024-03-15.json").as_deref(),
            Some("before/matriz/2024-03-15.json")
        );
        assert_eq!(decoded("a+b%2Bc%25%C3%A9%0A").as_deref(), Some("a b+c%é\n"));
        for wrong in ["%", "%2", "%zz", "%FF"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }
}
