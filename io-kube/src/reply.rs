//! From the answers of an API server to the words of the state machines.

use http::{HeaderMap, StatusCode, header};
use pilothouse_protocol::ApiError;
use serde_json::Value;

/// The longest text that is taken over from an answer which is not a `Status` object, in bytes.
const FOREIGN_TEXT_MAX: usize = 1024;

/// The error in an answer that is not a success: a `Status` object, or whatever a proxy in between wrote.
#[must_use]
pub fn api_error(code: StatusCode, headers: &HeaderMap, body: &[u8]) -> ApiError {
    let status = serde_json::from_slice::<Value>(body).ok().filter(|value| value["kind"] == "Status");
    let mut error = match status {
        Some(status) => of_status(&status),
        None => ApiError::new(code.as_u16(), reason(code), foreign_text(code, body)),
    };
    if error.code == 0 {
        error.code = code.as_u16();
    }
    if error.retry_after_seconds.is_none() {
        error.retry_after_seconds = retry_after(headers);
    }
    error
}

/// A `Status` object of kind failure, as in answers and in `ERROR` events of watches.
#[must_use]
pub fn of_status(status: &Value) -> ApiError {
    let text = |field: &str| status[field].as_str().unwrap_or_default().to_owned();
    ApiError {
        code: status["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or_default(),
        reason: text("reason"),
        message: text("message"),
        retry_after_seconds: status["details"]["retryAfterSeconds"]
            .as_u64()
            .and_then(|seconds| u32::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0),
    }
}

/// `Retry-After` in seconds; the form with a date is not used by API servers.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<u32> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

fn foreign_text(code: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..FOREIGN_TEXT_MAX).unwrap_or(body));
    match text.trim() {
        "" => code.canonical_reason().unwrap_or("unknown error").to_owned(),
        text => text.to_owned(),
    }
}

/// The reason that apimachinery gives to a bare status code (`NewGenericServerResponse`).
fn reason(code: StatusCode) -> &'static str {
    match code.as_u16() {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        406 => "NotAcceptable",
        409 => "Conflict",
        410 => "Gone",
        413 => "RequestEntityTooLarge",
        415 => "UnsupportedMediaType",
        422 => "Invalid",
        429 => "TooManyRequests",
        500 => "InternalError",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_object_is_taken_as_it_is() {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 429, "reason": "TooManyRequests",
            "message": "slow down", "details": {"retryAfterSeconds": 3},
        });
        let error = api_error(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), body.to_string().as_bytes());
        assert_eq!(
            (error.code, error.reason.as_str(), error.message.as_str()),
            (429, "TooManyRequests", "slow down")
        );
        assert_eq!(error.retry_after_seconds, Some(3));
    }

    #[test]
    fn other_answers_keep_code_and_text() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("7"));
        for (code, body, reason, message) in [
            (503, "upstream is away\n", "ServiceUnavailable", "upstream is away"),
            (404, "404 page not found\n", "NotFound", "404 page not found"),
            (502, "", "", "Bad Gateway"),
            (409, r#"{"kind":"Other"}"#, "Conflict", r#"{"kind":"Other"}"#),
        ] {
            let error = api_error(StatusCode::from_u16(code).unwrap(), &headers, body.as_bytes());
            assert_eq!((error.code, error.reason.as_str(), error.message.as_str()), (code, reason, message));
            assert_eq!(error.retry_after_seconds, Some(7));
        }
    }
}
