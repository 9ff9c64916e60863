//! What S3 answers in XML: listings, and why it refused.
use super::S3Error;
use super::encoding::decoded;
use aws_sdk_dynamodb::error::ErrorMetadata;
use aws_sdk_dynamodb::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_xml::decode::{Document, XmlDecodeError, try_data};
use std::error::Error;

type Fault = Box<dyn Error + Send + Sync>;

/// A part of a listing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) keys: Vec<String>,
    /// Where the next part begins.
    pub(crate) next: Option<String>,
}

/// The keys of a `ListBucketResult`.
pub(super) fn listing(body: &[u8]) -> Result<Listing, Fault> {
    let mut document = Document::new(std::str::from_utf8(body)?);
    let mut root = document.root_element()?;
    if !root.start_el().matches("ListBucketResult") {
        return Err("the answer is no listing".into());
    }
    let mut listing = Listing { keys: Vec::new(), next: None };
    while let Some(mut element) = root.next_tag() {
        match element.start_el().local() {
            "Contents" => {
                while let Some(mut part) = element.next_tag() {
                    if part.start_el().matches("Key") {
                        let encoded = try_data(&mut part)?;
                        let key = decoded(&encoded);
                        let key = key.ok_or_else(|| format!("{encoded:?} is not an encoded key"))?;
                        listing.keys.push(key);
                    }
                }
            }
            "NextContinuationToken" => listing.next = Some(try_data(&mut element)?.into_owned()),
            _ => {}
        }
    }
    Ok(listing)
}

#[derive(Default)]
struct Told {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

fn told(body: &[u8]) -> Result<Told, XmlDecodeError> {
    let text = String::from_utf8_lossy(body);
    let mut document = Document::new(&text);
    let mut root = document.root_element()?;
    let mut told = Told::default();
    if !root.start_el().matches("Error") {
        return Ok(told);
    }
    while let Some(mut element) = root.next_tag() {
        let place = match element.start_el().local() {
            "Code" => &mut told.code,
            "Message" => &mut told.message,
            "RequestId" => &mut told.request_id,
            _ => continue,
        };
        *place = Some(try_data(&mut element)?.into_owned());
    }
    Ok(told)
}

/// An answer that is not a success. One without readable XML, from somebody in between, has its status only.
pub(super) fn refusal(mut answer: HttpResponse) -> S3Error {
    let told = told(answer.body().bytes().unwrap_or_default()).unwrap_or_default();
    if let (None, Some(id)) = (answer.request_id(), told.request_id) {
        // What is no header is no id either.
        let _refused = answer.headers_mut().try_insert("x-amz-request-id", id);
    }
    let mut metadata = ErrorMetadata::builder();
    if let Some(code) = told.code {
        metadata = metadata.code(code);
    }
    if let Some(message) = told.message {
        metadata = metadata.message(message);
    }
    S3Error::service_error(metadata.build(), answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{Failure, passes};
    use aws_smithy_types::body::SdkBody;

    fn refused(status: u16, body: &'static str) -> (bool, String) {
        let error = refusal(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body)));
        (passes(&error), Failure::of("s3 GetObject", &error).text)
    }

    #[test]
    fn a_listing_is_read_with_its_encoded_keys_and_where_it_goes_on() {
        let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><Prefix>a%2F</Prefix>\
            <Contents><Key>a/b+c</Key><ETag>&quot;e&quot;</ETag><Owner><ID>Key</ID></Owner></Contents>\
            <Contents><Size>1</Size><Key>a/%0A</Key></Contents>\
            <NextContinuationToken>1&amp;2=</NextContinuationToken></ListBucketResult>";
        let expected = Listing { keys: vec!["a/b c".into(), "a/\n".into()], next: Some("1&2=".into()) };
        assert_eq!(listing(body.as_bytes()).unwrap(), expected);
        let empty = listing(b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>").unwrap();
        assert_eq!(empty, Listing { keys: Vec::new(), next: None });
    }

    #[test]
    fn what_is_no_listing_is_not_taken_for_an_empty_one() {
        for body in [
            "",
            "<html></html>",
            "{}",
            "<ListBucketResult><Contents><Key>%</Key></Contents></ListBucketResult>",
        ] {
            assert!(listing(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_refusal_has_the_code_the_message_and_the_id_of_its_body() {
        let (passes, text) = refused(
            403,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>not &lt;you&gt;\
             </Message><Resource>/b/k</Resource><RequestId>4442587FB7D0A2F9</RequestId></Error>",
        );
        let expected =
            "s3 GetObject: AccessDenied: not <you> (request 4442587FB7D0A2F9); the credentials lack";
        assert!(text.starts_with(expected) && !passes, "{text}");
        assert_eq!(
            refused(400, "<Error><Code>SlowDown</Code></Error>"),
            (true, "s3 GetObject: SlowDown".into())
        );
    }

    #[test]
    fn who_answers_without_xml_is_judged_by_the_status() {
        for body in ["", "<html><body>Bad Gateway", "{}"] {
            assert_eq!(refused(502, body), (true, "s3 GetObject: HTTP 502".into()), "{body}");
        }
        assert_eq!(refused(404, ""), (false, "s3 GetObject: HTTP 404".into()));
    }
}
