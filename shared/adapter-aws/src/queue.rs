//! The queue port on SQS.
//!
//! A FIFO queue hands out several messages of one group at once when it is asked for several; the port promises one,
//! so they are asked for one by one: a group with a message in flight is passed over.
use crate::failure::{self, Failure};
use crate::group::{GROUP_ATTRIBUTE, WireId};
use crate::retry::Retrying;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};
use flows::ports::{Delivery, Message, QueueCounts, QueueError, WorkQueue, rules};
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const MISSING_QUEUE: [&str; 2] = ["NonExistentQueue", "QueueDoesNotExist"];
const STALE: [&str; 3] = ["ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidIdFormat"];
const WRONG_CALL: [&str; 5] = [
    "InvalidAttributeValue",
    "InvalidMessageContents",
    "InvalidParameterValue",
    "MissingParameter",
    "UnsupportedOperation",
];

/// Messages in the queues of a stack.
pub(crate) struct SqsWorkQueue {
    client: Client,
    prefix: String,
    retrying: Retrying,
    /// How long a receive call waits when there is nothing.
    wait: Duration,
    urls: Mutex<HashMap<String, String>>,
}

fn told<E>(queue: &str, operation: &str, error: &SdkError<E>) -> QueueError
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let failure = Failure::of(&format!("sqs {operation} {queue}"), error);
    let code = failure.code.as_str();
    // An expired receipt of a FIFO queue is told as a wrong parameter.
    let of_receipt = error.message().is_some_and(|message| {
        let message = message.to_ascii_lowercase();
        message.contains("receipt handle") || message.contains("receipthandle")
    });
    match code {
        _ if MISSING_QUEUE.contains(&code) => QueueError::NoSuchQueue(queue.to_owned()),
        _ if STALE.contains(&code) => QueueError::StaleReceipt,
        "InvalidParameterValue" if of_receipt => QueueError::StaleReceipt,
        _ if WRONG_CALL.contains(&code) => QueueError::Invalid(failure.text),
        _ => QueueError::Unavailable(failure.text),
    }
}

/// Whole seconds, rounded up: a delivery is never seen by others too early.
fn seconds(duration: Duration) -> i32 {
    let whole = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(whole).unwrap_or(i32::MAX)
}

fn is_fifo(queue: &str) -> bool {
    queue.ends_with(".fifo")
}

/// A message as it came; `None` when the answer lacks what every message has.
fn delivery(message: aws_sdk_sqs::types::Message) -> Option<Delivery> {
    let attribute = |name| message.attributes().and_then(|attributes| attributes.get(&name));
    let sent_group = message.message_attributes().and_then(|attributes| attributes.get(GROUP_ATTRIBUTE));
    let group = sent_group
        .and_then(MessageAttributeValue::string_value)
        .or_else(|| attribute(MessageSystemAttributeName::MessageGroupId).map(String::as_str))
        .map(str::to_owned);
    let counted = attribute(MessageSystemAttributeName::ApproximateReceiveCount);
    Some(Delivery {
        receive_count: counted.and_then(|count| count.parse().ok()).unwrap_or(1),
        group,
        message_id: message.message_id?,
        receipt: message.receipt_handle?,
        body: message.body?,
    })
}

impl SqsWorkQueue {
    pub(crate) fn new(config: &SdkConfig, prefix: String, retrying: Retrying, wait: Duration) -> Self {
        Self { client: Client::new(config), prefix, retrying, wait, urls: Mutex::default() }
    }

    fn known<T>(&self, look: impl FnOnce(&mut HashMap<String, String>) -> T) -> T {
        look(&mut self.urls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The address of a queue, asked for once.
    async fn url(&self, queue: &str) -> Result<String, QueueError> {
        if let Some(url) = self.known(|urls| urls.get(queue).cloned()) {
            return Ok(url);
        }
        let request = self.client.get_queue_url().queue_name(format!("{}{queue}", self.prefix));
        let answer = self.retrying.call(failure::passes, || request.clone().send()).await;
        let url = answer.map_err(|error| told(queue, "GetQueueUrl", &error))?.queue_url.unwrap_or_default();
        self.known(|urls| urls.insert(queue.to_owned(), url.clone()));
        Ok(url)
    }

    async fn receive_at_once(
        &self,
        queue: &str,
        url: &str,
        max: usize,
        visibility: Duration,
        wait: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let mut request = self
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(i32::try_from(max).unwrap_or(1))
            .visibility_timeout(seconds(visibility))
            .wait_time_seconds(seconds(wait))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId)
            .message_attribute_names(GROUP_ATTRIBUTE);
        if is_fifo(queue) {
            // When the answer is lost, the same attempt gets the same messages instead of waiting for them.
            request = request.receive_request_attempt_id(self.retrying.unique_id());
        }
        let answer = self.retrying.call(failure::passes, || request.clone().send()).await;
        let messages = answer.map_err(|error| told(queue, "ReceiveMessage", &error))?.messages;
        let deliveries: Option<Vec<_>> = messages.unwrap_or_default().into_iter().map(delivery).collect();
        deliveries.ok_or_else(|| {
            QueueError::Unavailable(format!(
                "sqs ReceiveMessage {queue}: a message without id, receipt or body"
            ))
        })
    }
}

#[async_trait]
impl WorkQueue for SqsWorkQueue {
    async fn send(&self, queue: &str, message: Message) -> Result<(), QueueError> {
        rules::message(queue, is_fifo(queue), &message)?;
        let mut request =
            self.client.send_message().queue_url(self.url(queue).await?).message_body(message.body);
        if let Some(group) = message.group {
            let wire = WireId::of(&group);
            let id = message.deduplication_id.unwrap_or_else(|| self.retrying.unique_id());
            request = request.message_group_id(wire.id).message_deduplication_id(WireId::of(&id).id);
            if wire.replaced {
                let value = MessageAttributeValue::builder().data_type("String").string_value(group).build();
                let value = value.map_err(|error| QueueError::Invalid(error.to_string()))?;
                request = request.message_attributes(GROUP_ATTRIBUTE, value);
            }
        }
        let sent = self.retrying.call(failure::passes, || request.clone().send()).await;
        sent.map(drop).map_err(|error| told(queue, "SendMessage", &error))
    }

    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        rules::receive(max, visibility)?;
        let url = self.url(queue).await?;
        if !is_fifo(queue) {
            return self.receive_at_once(queue, &url, max, visibility, self.wait).await;
        }
        let mut deliveries = self.receive_at_once(queue, &url, 1, visibility, self.wait).await?;
        while !deliveries.is_empty() && deliveries.len() < max {
            match self.receive_at_once(queue, &url, 1, visibility, Duration::ZERO).await {
                Ok(more) if more.is_empty() => break,
                Ok(more) => deliveries.extend(more),
                // Those that came are hidden from others by now: they must not be lost to an error.
                Err(error) => {
                    tracing::debug!(%error, "fewer messages than asked for");
                    break;
                }
            }
        }
        Ok(deliveries)
    }

    async fn acknowledge(&self, queue: &str, receipt: &str) -> Result<(), QueueError> {
        let request = self.client.delete_message().queue_url(self.url(queue).await?).receipt_handle(receipt);
        if receipt.is_empty() {
            return Err(QueueError::StaleReceipt);
        }
        let done = self.retrying.call(failure::passes, || request.clone().send()).await;
        done.map(drop).map_err(|error| told(queue, "DeleteMessage", &error))
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<(), QueueError> {
        let request = self
            .client
            .change_message_visibility()
            .queue_url(self.url(queue).await?)
            .receipt_handle(receipt)
            .visibility_timeout(seconds(visibility));
        rules::visibility(visibility)?;
        if receipt.is_empty() {
            return Err(QueueError::StaleReceipt);
        }
        let done = self.retrying.call(failure::passes, || request.clone().send()).await;
        done.map(drop).map_err(|error| told(queue, "ChangeMessageVisibility", &error))
    }

    async fn counts(&self, queue: &str) -> Result<QueueCounts, QueueError> {
        const WAITING: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessages;
        const DELAYED: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessagesDelayed;
        const IN_FLIGHT: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let request = self
            .client
            .get_queue_attributes()
            .queue_url(self.url(queue).await?)
            .set_attribute_names(Some(vec![WAITING, DELAYED, IN_FLIGHT]));
        let answer = self.retrying.call(failure::passes, || request.clone().send()).await;
        let answer = answer.map_err(|error| told(queue, "GetQueueAttributes", &error))?;
        let count = |name: QueueAttributeName| -> u64 {
            let attributes = answer.attributes();
            attributes.and_then(|attributes| attributes.get(&name)?.parse().ok()).unwrap_or(0)
        };
        Ok(QueueCounts { waiting: count(WAITING) + count(DELAYED), in_flight: count(IN_FLIGHT) })
    }
}
