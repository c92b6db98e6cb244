//! Encoded answers although no encoding was accepted.

use concur_sandbox::{BadEnd, Coding, Config, Cut, Fault, Framing, Rotation};
use serde_json::json;

use super::support::{assert_refresh_token_is_not_lost, each, stored_refresh_token};
use crate::harness::World;

use Coding::{Deflate, Gzip, RawDeflate};

fn rotating() -> World {
    World::logged_in_with(Config { rotation: Rotation::NewRevokeFamily, ..Config::default() })
}

fn labelled(codings: &[Coding], label: &str) -> Fault {
    Fault::Encoded { codings: codings.to_vec(), label: Some(label.to_owned()) }
}

fn served_by_one_request(world: &World, fault: &Fault) {
    world.sandbox.push_fault(fault.clone());
    world.expire("default");
    let token = world.concur(["get"]).ok().line();
    assert!(world.sandbox.is_live_access_token(&token), "{fault:?}");
    assert_eq!(world.refreshes(), 1, "one request: {fault:?}");
    assert_refresh_token_is_not_lost(world, &format!("{fault:?}"));
    world.expire("default");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0, "{fault:?}");
}

#[test]
fn gzip_and_deflate_are_decoded_whatever_the_header_says() {
    let cases = [
        Fault::encoded(&[Gzip]),
        Fault::encoded(&[Deflate]),
        Fault::encoded(&[RawDeflate]),
        Fault::encoded(&[Deflate, Gzip]),
        Fault::encoded(&[Gzip, Gzip]),
        Fault::encoded(&[Gzip, RawDeflate, Gzip]),
        labelled(&[Gzip], "x-gzip"),
        labelled(&[Gzip], "GZip"),
        labelled(&[Deflate], "DEFLATE"),
        labelled(&[Gzip], "identity, gzip"),
        labelled(&[Gzip], ""),
        labelled(&[Gzip], "deflate"),
        labelled(&[], "gzip"),
        labelled(&[], "deflate"),
        Fault::Together(vec![labelled(&[Deflate], "deflate"), labelled(&[Gzip], "gzip")]),
    ];
    each(&cases, |fault| served_by_one_request(&rotating(), fault));
}

#[test]
fn a_truncated_encoded_answer_is_decoded_as_far_as_it_came() {
    let padding = || Fault::OverrideField { name: "x".to_owned(), value: json!("x".repeat(500)) };
    let mut cases = Vec::new();
    for codings in [&[Gzip][..], &[Deflate], &[RawDeflate], &[Deflate, Gzip]] {
        for (framing, cut) in [
            (Framing::Length(100), Cut::Nowhere),
            (Framing::UntilClose, Cut::Off(10)),
            (Framing::Unended, Cut::Off(30)),
            (Framing::Length(-10), Cut::Nowhere),
            (Framing::BadChunk, Cut::AfterField("refresh_token".to_owned())),
        ] {
            let end = Fault::BadEnd(BadEnd::new(framing).cut(cut));
            cases.push(Fault::Together(vec![padding(), Fault::encoded(codings), end]));
        }
    }
    each(&cases, |fault| served_by_one_request(&rotating(), fault));
}

#[test]
fn a_decompression_bomb_is_read_up_to_the_usual_limit() {
    let large = |length: usize| Fault::OverrideField {
        name: "padding".to_owned(),
        value: json!(" ".repeat(length)),
    };
    each(&[&[Gzip][..], &[Deflate], &[Gzip, Gzip]], |codings| {
        let fault = Fault::Together(vec![large(2 << 20), Fault::encoded(codings)]);
        served_by_one_request(&rotating(), &fault);
    });
}

#[test]
fn an_encoded_refusal_is_decoded_too() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.push_fault(Fault::Together(vec![Fault::Code(59), Fault::encoded(&[Gzip])]));
    world.concur(["get"]).fails(4).says("code 59");
}

#[test]
fn an_unsupported_encoding_is_named_and_loses_no_stored_token() {
    each(&["br", "zstd", "compress", "gzip, br", "made-up"], |name| {
        let world = World::logged_in();
        let before = stored_refresh_token(&world, "default");
        world.expire("default");
        let body = b"\x0b\x02\x80no JSON at all\x03".to_vec();
        world.sandbox.fault_always(Fault::Together(vec![
            Fault::RawBody { status: 200, content_type: "application/json".to_owned(), body },
            Fault::Header { name: "content-encoding".to_owned(), value: (*name).to_owned() },
        ]));
        let output = world.concur(["get"]).fails(5).says("encoding that was not requested");
        assert!(!output.stderr.contains("made-up"), "input is not quoted\n{output:?}");
        assert_eq!(stored_refresh_token(&world, "default"), before, "{name}");
        world.sandbox.clear_faults();
        world.concur(["get"]).at_offset(61).ok().silent();
    });
}
