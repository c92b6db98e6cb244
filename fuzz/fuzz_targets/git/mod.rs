//! Properties that hold for any request of any length.

use concur_cred::fuzzing::{Gatherer, Progress, Secret};
use concur_cred::fuzzing::git::{MAX_LINE_BYTES, MAX_REQUEST_BYTES, Refusal, Request};

/// All of it.
pub fn check(input: &[u8]) {
    let outcome = Request::parse(input);
    match &outcome {
        Ok(request) => {
            reads_back(request);
            every_value_stood_on_its_own_line(request, input);
        }
        Err(refusal) => says_only_its_rule(*refusal),
    }
    however_it_is_cut(input, &outcome);
}

fn reads_back(request: &Request) {
    let rendered = request.render().expect("what was read from lines fits on lines");
    assert_eq!(Request::parse(&rendered).as_ref(), Ok(request));
}

/// No value was put together from two lines, decoded, or taken from behind the blank line.
fn every_value_stood_on_its_own_line(request: &Request, input: &[u8]) {
    let lines: Vec<&[u8]> = input
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .take_while(|line| !line.is_empty())
        .collect();
    let fields = [
        ("protocol", request.protocol.as_deref()),
        ("host", request.host.as_deref()),
        ("path", request.path.as_deref()),
        ("username", request.username.as_deref()),
        ("password", request.password.as_ref().map(Secret::expose)),
        ("credential", request.credential.as_ref().map(Secret::expose)),
        ("oauth_refresh_token", request.oauth_refresh_token.as_ref().map(Secret::expose)),
        ("authtype", request.authtype.as_deref()),
    ];
    for (key, value) in fields {
        let prefix = format!("{key}=");
        let mut given = lines.iter().filter_map(|line| line.strip_prefix(prefix.as_bytes()));
        assert_eq!(given.next(), value, "{key}");
        assert_eq!(given.next(), None, "a second {key} was accepted");
    }
}

/// The text is the rule's own, with nothing of the input in it: but for the line number, it is one of
/// these.
fn says_only_its_rule(refusal: Refusal) {
    let texts = [
        "line # of the request is not of the form key=value".to_owned(),
        "line # of the request repeats a key that can be given only once".to_owned(),
        "line # of the request holds a carriage return inside the line".to_owned(),
        "line # of the request holds a NUL byte".to_owned(),
        format!("the request has a line longer than {MAX_LINE_BYTES} bytes"),
        format!("the request is larger than {MAX_REQUEST_BYTES} bytes"),
    ];
    let line = match refusal {
        Refusal::NoEquals { line }
        | Refusal::Duplicate { line }
        | Refusal::LoneCr { line }
        | Refusal::Nul { line } => line,
        _ => 0,
    };
    let shown = refusal.to_string();
    let shown = shown.replacen(&format!("line {line} "), "line # ", 1);
    assert!(texts.contains(&shown), "{shown}");
}

/// Split in any way, the stream gives the same request, buffers no more than the limit and one byte, and
/// reads nothing after the blank line.
fn however_it_is_cut(input: &[u8], outcome: &Result<Request, Refusal>) {
    let mut whole = Gatherer::of_git();
    let expected = whole.feed(input);
    assert_eq!(whole.is_empty(), input.is_empty());
    let held = whole.finish();
    assert!(input.starts_with(&held) && held.len() <= MAX_REQUEST_BYTES + 1);
    assert_eq!(&Request::parse(&held), outcome);
    match expected {
        Progress::TooLarge | Progress::LineTooLong => assert!(outcome.is_err(), "cut, yet taken"),
        Progress::More => assert_eq!(held.len(), input.len()),
        Progress::Complete => {}
    }
    // The cuts come from the input itself, so that a corpus file is nothing but a request.
    let mut state = input
        .iter()
        .take(64)
        .fold(1_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
    let most = if input.len() > 4096 { 9000 } else { 9 };
    let mut pieces = Gatherer::of_git();
    let (mut rest, mut progress) = (input, Progress::More);
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let size = ((state >> 16) as usize % most).min(rest.len());
        let (piece, later) = rest.split_at(size);
        progress = pieces.feed(piece);
        rest = later;
    }
    assert_eq!(progress, expected);
    assert_eq!(pieces.finish(), held);
}
