//! Signature Version 4 as S3 wants it: the path is encoded once and kept as it is, and the payload's hash is a header.
//! Lambda takes the same, as long as nothing in the path needs encoding.
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use chrono::{DateTime, Utc};
use std::error::Error;

type Fault = Box<dyn Error + Send + Sync>;

/// Adds the headers that make a request somebody's. All others must be there already: each is signed.
pub(crate) fn sign(
    request: &mut HttpRequest,
    credentials: &Credentials,
    service: &str,
    region: &str,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    let identity = Identity::from(credentials.clone());
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(now.into())
        .settings(settings)
        .build()?
        .into();
    let instructions = {
        let body = SignableBody::Bytes(request.body().bytes().ok_or("the body is not in memory")?);
        let signable = SignableRequest::new(request.method(), request.uri(), request.headers().iter(), body)?;
        aws_sigv4::http_request::sign(signable, &params)?.into_parts().0
    };
    let (headers, _query) = instructions.into_parts();
    for header in headers {
        request.headers_mut().try_insert(header.name(), header.value().to_owned())?;
    }
    Ok(())
}

/// AWS's own examples, <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>.
#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;

    fn signed(
        method: &str,
        rest: &str,
        headers: &[(&'static str, &'static str)],
        body: &'static str,
        token: Option<&str>,
    ) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method(method).unwrap();
        request.set_uri(format!("https://examplebucket.s3.amazonaws.com{rest}")).unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, *value);
        }
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let credentials =
            Credentials::new("AKIAIOSFODNN7EXAMPLE", secret, token.map(str::to_owned), None, "tests");
        let now = DateTime::from_timestamp(1_369_353_600, 0).unwrap();
        sign(&mut request, &credentials, "s3", "us-east-1", now).unwrap();
        request
    }

    fn authorization(signed_headers: &str, signature: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders={signed_headers}, Signature={signature}"
        )
    }

    #[test]
    fn a_read_is_signed_as_aws_signs_it() {
        let request = signed("GET", "/test.txt", &[("range", "bytes=0-9")], "", None);
        let expected = authorization(
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        );
        assert_eq!(request.headers().get("authorization"), Some(expected.as_str()));
        assert_eq!(request.headers().get("x-amz-date"), Some("20130524T000000Z"));
    }

    #[test]
    fn a_write_is_signed_with_its_bytes_and_an_encoded_key() {
        let headers =
            [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")];
        let request = signed("PUT", "/test%24file.text", &headers, "Welcome to Amazon S3.", None);
        let expected = authorization(
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        );
        assert_eq!(request.headers().get("authorization"), Some(expected.as_str()));
        assert_eq!(
            request.headers().get("x-amz-content-sha256"),
            Some("44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072")
        );
    }

    #[test]
    fn a_listing_is_signed_with_its_query() {
        let request = signed("GET", "/?max-keys=2&prefix=J", &[], "", None);
        let expected = authorization(
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        );
        assert_eq!(request.headers().get("authorization"), Some(expected.as_str()));
    }

    #[test]
    fn a_session_goes_along_and_is_signed() {
        let request = signed("GET", "/a", &[], "", Some("TOKEN"));
        assert_eq!(request.headers().get("x-amz-security-token"), Some("TOKEN"));
        let authorization = request.headers().get("authorization").unwrap();
        assert!(authorization.contains("x-amz-date;x-amz-security-token,"), "{authorization}");
    }
}
