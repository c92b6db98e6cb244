//! Encoded, truncated and malformed answers, as a client receives them.

use std::io::{Read as _, Write as _};

use concur_sandbox::{
    BadEnd, Coding, Config, Cut, Fault, FaultSpec, Framing, Sandbox, Then, Times,
};

use crate::http::{connect, log_in, refresh_form, token_request};

/// All bytes of the answer to a refresh, and how the connection ended.
fn bytes(sandbox: &Sandbox, token: &str) -> (String, Vec<u8>, bool) {
    let mut stream = connect(sandbox);
    stream.write_all(token_request(&refresh_form(sandbox.app(), token)).as_bytes()).unwrap();
    let mut all = Vec::new();
    let ended = stream.read_to_end(&mut all).is_ok();
    let at = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(all[..at].to_vec()).unwrap().to_ascii_lowercase();
    (head, all[at + 4..].to_vec(), ended)
}

fn answered(fault: Fault) -> (String, Vec<u8>, bool) {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let token = log_in(&sandbox).field("refresh_token");
    sandbox.push_fault(fault);
    let answer = bytes(&sandbox, &token);
    assert_eq!(sandbox.counters().grants_made_of("refresh_token"), 1);
    answer
}

#[test]
fn a_length_can_be_wrong_either_way() {
    for (more, then, clean) in
        [(100, Then::Close, true), (-20, Then::Close, true), (9, Then::Reset, false)]
    {
        let (head, body, ended) =
            answered(Fault::BadEnd(BadEnd::new(Framing::Length(more)).then(then)));
        let stated: i64 = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(stated - i64::try_from(body.len()).unwrap(), more, "{head}");
        assert!(body.ends_with(b"}") && head.contains("\r\ndate: "), "{head}");
        assert_eq!(ended, clean);
    }
}

#[test]
fn chunks_end_as_configured() {
    for (framing, end) in [
        (Framing::Unended, &b"}\r\n"[..]),
        (Framing::ShortChunk, b"}"),
        (Framing::BadChunk, b"}\r\nno chunk\r\n"),
    ] {
        let (head, body, _) = answered(Fault::BadEnd(BadEnd::new(framing)));
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        assert!(body.ends_with(end), "{framing:?}");
    }
}

#[test]
fn a_body_can_end_behind_a_field_or_before_its_last_bytes() {
    let cut = |cut| answered(Fault::BadEnd(BadEnd::new(Framing::UntilClose).cut(cut))).1;
    let text = String::from_utf8(cut(Cut::AfterField("refresh_token".to_owned()))).unwrap();
    assert!(text.ends_with('"') && text.contains("\"refresh_token\":\"") && !text.contains("geo"));
    let text = String::from_utf8(cut(Cut::AfterField("expires_in".to_owned()))).unwrap();
    assert_eq!(text, "{\"expires_in\":3600");
    assert!(!cut(Cut::Off(1)).ends_with(b"}"));
}

#[test]
fn a_body_is_encoded_as_configured() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let token = log_in(&sandbox).field("refresh_token");
    for (codings, label, first) in [
        (&[Coding::Gzip][..], "gzip", 0x1f),
        (&[Coding::Deflate], "deflate", 0x78),
        (&[Coding::Deflate, Coding::Gzip], "deflate, gzip", 0x1f),
    ] {
        sandbox.push_fault(Fault::encoded(codings));
        let (head, body, _) = bytes(&sandbox, &token);
        assert!(head.contains(&format!("content-encoding: {label}")), "{head}");
        assert_eq!(body[0], first);
    }
}

#[test]
fn endings_can_be_set_on_the_command_line() {
    let fault = |text: &str| text.parse::<FaultSpec>().map(|spec| (spec.times, spec.fault));
    assert_eq!(
        fault("2xend:length-20,after=refresh_token,reset"),
        Ok((
            Times::Count(2),
            Fault::BadEnd(
                BadEnd::new(Framing::Length(-20))
                    .cut(Cut::AfterField("refresh_token".to_owned()))
                    .then(Then::Reset)
            )
        ))
    );
    assert_eq!(
        fault("encode:deflate+gzip").map(|(_, fault)| fault),
        Ok(Fault::encoded(&[Coding::Deflate, Coding::Gzip]))
    );
    assert!(matches!(fault("headers:150"), Ok((_, Fault::Together(all))) if all.len() == 150));
    for bad in ["end:length", "end:late", "end:unended,soon", "encode:br", "encode:", "headers:x"] {
        assert!(fault(bad).is_err(), "{bad}");
    }
}
