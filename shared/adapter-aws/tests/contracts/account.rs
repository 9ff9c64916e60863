//! An account of the emulator for each test: nobody else's things in it, and a clock of its own.
use adapter_aws::{Aws, Http, INDEX_NAME, Names};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use aws_sdk_sqs::types::QueueAttributeName;
use flows::ports::{Clock, QueueConfig, Randomness};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use testkit::clock::SeededRandomness;
use testkit::emulator::{AccountClock, Emulator};

/// One for all tests of the process; it ends with it.
static EMULATOR: LazyLock<Arc<Emulator>> = LazyLock::new(|| Arc::new(Emulator::start().unwrap()));
static ACCOUNTS: AtomicU64 = AtomicU64::new(100_000_000_001);

pub(crate) const REGION: &str = "sa-east-1";
pub(crate) const STACK: &str = "erp-test";

#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) config: SdkConfig,
    pub(crate) names: Names,
    clock: AccountClock,
    random: SeededRandomness,
}

/// The SDK against an address.
pub(crate) fn config(endpoint: &str, account: &str) -> SdkConfig {
    let credentials = Credentials::new(account, "secret", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(Http::default())
        .endpoint_url(endpoint)
        .build()
}

impl Account {
    pub(crate) fn new() -> Self {
        let id = ACCOUNTS.fetch_add(1, Ordering::Relaxed).to_string();
        let clock = EMULATOR.account(&id).unwrap();
        Self {
            config: config(EMULATOR.endpoint(), &id),
            names: Names::of_stack(STACK, &id, REGION),
            random: SeededRandomness::with_clock(7, Arc::new(clock.clone())),
            clock,
            id,
        }
    }

    /// The same account, reached by way of another address.
    pub(crate) fn by_way_of(&self, endpoint: &str) -> Self {
        Self { config: config(endpoint, &self.id), ..self.clone() }
    }

    pub(crate) fn endpoint(&self) -> &str {
        EMULATOR.endpoint()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }

    pub(crate) fn random(&self) -> Arc<dyn Randomness> {
        Arc::new(self.random.clone())
    }

    /// The ports as a new process would have them.
    pub(crate) fn aws(&self) -> Aws {
        Aws::with_config(&self.config, self.names.clone(), self.clock(), self.random(), Duration::ZERO)
    }

    /// The table as `template.yaml` has it.
    pub(crate) async fn create_table(&self) {
        let attribute = |name: &str| {
            let attribute = AttributeDefinition::builder().attribute_name(name);
            attribute.attribute_type(ScalarAttributeType::S).build().unwrap()
        };
        let element = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
        };
        let index = GlobalSecondaryIndex::builder()
            .index_name(INDEX_NAME)
            .key_schema(element("index_pk", KeyType::Hash))
            .key_schema(element("index_sk", KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::All).build());
        aws_sdk_dynamodb::Client::new(&self.config)
            .create_table()
            .table_name(&self.names.table)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(["pk", "sk", "index_pk", "index_sk"].map(attribute).to_vec()))
            .key_schema(element("pk", KeyType::Hash))
            .key_schema(element("sk", KeyType::Range))
            .global_secondary_indexes(index.build().unwrap())
            .send()
            .await
            .unwrap();
    }

    pub(crate) async fn create_queues(&self, queues: &[QueueConfig]) {
        let sqs = aws_sdk_sqs::Client::new(&self.config);
        let (with, without): (Vec<_>, Vec<_>) =
            queues.iter().partition(|queue| queue.dead_letter_queue.is_some());
        for queue in without.into_iter().chain(with) {
            let name = |name: &str| format!("{}{name}", self.names.queue_prefix);
            let mut attributes = HashMap::from([
                (QueueAttributeName::VisibilityTimeout, queue.visibility.as_secs().to_string()),
                (QueueAttributeName::MessageRetentionPeriod, queue.retention.as_secs().to_string()),
            ]);
            if queue.fifo {
                attributes.insert(QueueAttributeName::FifoQueue, "true".to_owned());
            }
            if let Some(dead_letters) = &queue.dead_letter_queue {
                let arn = format!("arn:aws:sqs:{REGION}:{}:{}", self.id, name(dead_letters));
                let policy = format!(
                    r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{}}}"#,
                    queue.max_receive_count
                );
                attributes.insert(QueueAttributeName::RedrivePolicy, policy);
            }
            let create = sqs.create_queue().queue_name(name(&queue.name)).set_attributes(Some(attributes));
            create.send().await.unwrap();
        }
    }

    /// Asked for by hand, since the product never makes one; the emulator reads the account from the signature.
    pub(crate) async fn create_bucket(&self) {
        let address = format!("{}/{}", self.endpoint(), self.names.bucket);
        let signature = format!(
            "AWS4-HMAC-SHA256 Credential={}/20240315/{REGION}/s3/aws4_request, SignedHeaders=host, Signature=0",
            self.id
        );
        let place = format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let created =
            client.put(address).header("authorization", signature).body(place).send().await.unwrap();
        assert!(created.status().is_success(), "{created:?}");
    }
}
