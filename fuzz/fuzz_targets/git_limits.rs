//! Requests at the limits of length; slow, so apart from `git_request`.
#![no_main]

mod git;

use concur_cred::fuzzing::git::MAX_REQUEST_BYTES;

libfuzzer_sys::fuzz_target!(|data: &[u8]| git::check(&grown(data)));

/// Makes the limits reachable with short inputs: `0xf8 n` stands for `16 n²` bytes of `x`, up to
/// the size of the longest request.
fn grown(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut bytes = data.iter();
    while let Some(&byte) = bytes.next() {
        if byte == 0xf8 && out.len() <= MAX_REQUEST_BYTES {
            let n = usize::from(bytes.next().copied().unwrap_or_default());
            out.resize(out.len() + 16 * n * n, b'x');
        } else {
            out.push(byte);
        }
    }
    out
}
