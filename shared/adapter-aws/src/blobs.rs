//! The blob port on S3. A key is the object's key as it is; encryption, retention and versions are the bucket's.
use crate::failure::{self, Failure};
use crate::http::Http;
use crate::retry::Retrying;
use crate::s3::{Bucket, S3Error};
use async_trait::async_trait;
use aws_config::SdkConfig;
use flows::ports::{BlobError, BlobStore, rules};

/// The most keys of one answer.
const ANSWER_KEYS_MAX: usize = 1000;

/// Blobs in the bucket of a stack.
pub(crate) struct S3BlobStore {
    bucket: Bucket,
    retrying: Retrying,
}

fn unavailable(operation: &str, error: &S3Error) -> BlobError {
    BlobError::Unavailable(Failure::of(operation, error).text)
}

impl S3BlobStore {
    pub(crate) fn new(config: &SdkConfig, http: Http, bucket: &str, retrying: Retrying) -> Self {
        Self { bucket: Bucket::new(config, http, bucket), retrying }
    }

    /// One attempt, whose bytes may not be those that were put.
    async fn get_once(&self, key: &str) -> Result<Option<Vec<u8>>, GetError> {
        match self.bucket.get(key, self.retrying.clock().now()).await {
            Ok(object) if object.intact => Ok(Some(object.bytes)),
            Ok(_) => {
                let reason = "its bytes do not have the checksum they were put with".to_owned();
                Err(GetError { passes: true, error: BlobError::Unreadable { key: key.to_owned(), reason } })
            }
            Err(error) if failure::code(&error) == Some("NoSuchKey") => Ok(None),
            Err(error) => {
                let passes = failure::passes(&error);
                Err(GetError { passes, error: unavailable("s3 GetObject", &error) })
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
        let send = || self.bucket.put(key, bytes.clone(), self.retrying.clock().now());
        let put = self.retrying.call(failure::passes, send).await;
        put.map_err(|error| unavailable("s3 PutObject", &error))
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, BlobError> {
        rules::blob_key(key)?;
        let got = self.retrying.call(|failed: &GetError| failed.passes, || self.get_once(key)).await;
        got.map_err(|failed| failed.error)
    }

    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, BlobError> {
        let mut keys: Vec<String> = Vec::new();
        let mut from: Option<String> = None;
        while keys.len() < limit {
            let wanted = (limit - keys.len()).min(ANSWER_KEYS_MAX);
            let send = || self.bucket.list(prefix, wanted, from.as_deref(), self.retrying.clock().now());
            let answer = self.retrying.call(failure::passes, send).await;
            let answer = answer.map_err(|error| unavailable("s3 ListObjectsV2", &error))?;
            keys.extend(answer.keys);
            from = answer.next;
            if from.is_none() {
                break;
            }
        }
        Ok(keys)
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        rules::blob_key(key)?;
        let send = || self.bucket.delete(key, self.retrying.clock().now());
        let deleted = self.retrying.call(failure::passes, send).await;
        deleted.map_err(|error| unavailable("s3 DeleteObject", &error))
    }
}
