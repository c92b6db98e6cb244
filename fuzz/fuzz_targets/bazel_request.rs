//! Requests for a URI's headers, and the answer with any token.
#![no_main]

use concur_cred::fuzzing::{Gatherer, Progress, Secret};
use concur_cred::fuzzing::bazel::{self, MAX_REQUEST_BYTES, Request};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    match Request::parse(data) {
        Ok(request) => is_the_uris_own(&request, data),
        Err(refusal) => assert!(refusal.to_string().len() < 60),
    }
    if bazel::is_object(data) {
        is_gathered_however_cut(data);
    }
    reads_back(data);
});

fn is_the_uris_own(request: &Request, data: &[u8]) {
    assert!(data.len() <= MAX_REQUEST_BYTES);
    // A number out of range in an unused field does not matter.
    if let Ok(object) = serde_json::from_slice::<Value>(data) {
        assert!(object["uri"].is_string());
    }
    let Request { scheme, host } = request;
    assert!(!host.is_empty() && !host.contains(['@', '/', '\\', '?', '#', ' ', '\n', '\r', '\0']));
    let same = serde_json::json!({ "uri": format!("{scheme}://{host}/") }).to_string();
    assert_eq!(Request::parse(same.as_bytes()).as_ref(), Ok(request));
}

fn is_gathered_however_cut(data: &[u8]) {
    let mut whole = Gatherer::of_either();
    let progress = whole.feed(data);
    let whole = whole.finish();
    assert!(whole.len() <= MAX_REQUEST_BYTES + 1);
    let mut pieces = Gatherer::of_either();
    let size = usize::from(data.get(1).copied().unwrap_or(1)) + 1;
    let mut last = Progress::More;
    for piece in data.chunks(size) {
        last = pieces.feed(piece);
    }
    assert_eq!(last, progress);
    let pieces = pieces.finish();
    assert!(whole.starts_with(&pieces));
    if progress == Progress::Complete {
        // Data after the object may or may not be in a piece, and never changes the request.
        let (one, other) = (Request::parse(&whole), Request::parse(&pieces));
        assert!(one.is_err() || one == other);
    } else {
        assert_eq!(whole, pieces);
    }
}

fn reads_back(token: &[u8]) {
    let is_line = !token.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0));
    let token = std::str::from_utf8(token);
    match (bazel::answer(&Secret::new(token.unwrap_or("\n")), Some(0)), token) {
        (Ok(answer), Ok(token)) => {
            assert!(is_line && answer.ends_with(b"}\n"));
            let object: Value = serde_json::from_slice(&answer).expect("an object");
            assert_eq!(object["headers"]["Authorization"][0], format!("Bearer {token}"));
        }
        (answer, token) => assert!(answer.is_err() && (token.is_err() || !is_line)),
    }
}
