//! Encoded bodies, requested or not.

use concur_sandbox::{BadEnd, Coding, Cut, Fault, Framing};

use super::support::{ECHO, api, sent};
use crate::harness::World;

use Coding::{Deflate, Gzip, RawDeflate};

const COUNT: usize = 300_000;

fn bytes() -> Vec<u8> {
    (0..COUNT).map(|at| u8::try_from(at % 256).unwrap()).collect()
}

#[test]
fn no_encoding_is_requested_unless_the_caller_does() {
    let world = World::logged_in();
    let asked = |args: &[&str]| sent(&world, args)["headers"]["accept-encoding"][0].clone();
    assert_eq!(asked(&[ECHO]), "identity");
    assert_eq!(asked(&[ECHO, "--header", "Accept-Encoding: gzip"]), "gzip");
}

#[test]
fn an_encoded_body_of_any_size_is_decoded() {
    let world = World::logged_in();
    let path = format!("/sandbox/bytes?count={COUNT}");
    for codings in [&[Gzip][..], &[Deflate], &[RawDeflate], &[Deflate, Gzip]] {
        world.sandbox.push_faults_at("/sandbox/", 2, Fault::encoded(codings));
        assert!(api(&world, &[&path]).ok().silent().stdout == bytes(), "{codings:?}");
        api(&world, &[&path, "--output", "out"]).ok().silent();
        assert!(std::fs::read(world.work().join("out")).unwrap() == bytes(), "{codings:?}");
    }
    let upper = Fault::Encoded { codings: vec![Gzip], label: Some("X-GZIP".to_owned()) };
    let asked = ["--header", "Accept-Encoding: gzip"];
    world.sandbox.push_faults_at("/sandbox/", 1, upper);
    assert!(api(&world, &[&path, asked[0], asked[1]]).ok().silent().stdout == bytes());
}

#[test]
fn a_missing_body_with_an_encoding_header_is_empty() {
    let world = World::logged_in();
    let label = Fault::Encoded { codings: Vec::new(), label: Some("gzip".to_owned()) };
    world.sandbox.push_faults_at("/sandbox/", 2, label);
    assert!(api(&world, &["/sandbox/bytes?count=0"]).ok().silent().stdout.is_empty());
    assert!(api(&world, &["HEAD", ECHO]).ok().silent().stdout.is_empty());
}

#[test]
fn a_truncated_encoded_body_is_reported() {
    let world = World::logged_in();
    let end = BadEnd::new(Framing::UntilClose).cut(Cut::Off(20));
    let fault = Fault::Together(vec![Fault::encoded(&[Gzip]), Fault::BadEnd(end)]);
    world.sandbox.push_faults_at("/sandbox/", 1, fault);
    let path = format!("/sandbox/bytes?count={COUNT}");
    api(&world, &[&path, "--output", "out"]).fails(5).says("broke off");
    assert!(!world.work().join("out").exists());
}

#[test]
fn encoded_failure_messages_are_shown_too() {
    let world = World::logged_in();
    let body = br#"{"message":"no such report"}"#.to_vec();
    let raw = Fault::RawBody { status: 404, content_type: "application/json".to_owned(), body };
    let fault = Fault::Together(vec![raw, Fault::encoded(&[Gzip])]);
    world.sandbox.push_faults_at("/sandbox/", 1, fault);
    api(&world, &[ECHO]).fails(1).says("no such report");
}

#[test]
fn an_unsupported_encoding_is_named_or_passed_on_if_requested() {
    let world = World::logged_in();
    for name in ["br", "zstd", "gzip, br"] {
        let label = Fault::Encoded { codings: Vec::new(), label: Some(name.to_owned()) };
        world.sandbox.push_faults_at("/sandbox/", 2, label);
        let path = "/sandbox/bytes?count=9";
        api(&world, &[path]).fails(1).says("encoding that was not asked for");
        let asked = api(&world, &[path, "--header", "Accept-Encoding: br"]).ok().silent();
        assert_eq!(asked.stdout, (0..9).collect::<Vec<u8>>());
    }
}
