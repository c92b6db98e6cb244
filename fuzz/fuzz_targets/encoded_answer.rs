//! The body of an answer in any encoding: the decoded text stays within its limit; decoded at once
//! or in parts, the result is the same; an encoded text decodes to itself, and truncated, to its beginning.
#![no_main]

use std::io::{Read as _, Write as _};

use concur_cred::fuzzing::{Coding, decoded, unpacked};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use libfuzzer_sys::fuzz_target;

const ROOM: usize = 4096;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let came = unpacked(bytes.to_vec().into(), ROOM);
    assert!(came.len() <= ROOM || *came == bytes);
    for codings in [&[Coding::Gzip][..], &[Coding::Deflate], &[Coding::Deflate, Coding::Gzip]] {
        let mut some = Vec::new();
        let _any = decoded(Box::new(bytes), codings).take(ROOM as u64).read_to_end(&mut some);
        assert!(some.len() <= ROOM);
    }
    if bytes.len() + 1 <= ROOM {
        comes_back(*choice, &[b"{", bytes].concat());
    }
});

fn comes_back(choice: u8, text: &[u8]) {
    let level = Compression::new(u32::from(choice) % 10);
    let (packed, coding) = match choice / 10 % 3 {
        0 => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(text).expect("memory takes it");
            (encoder.finish().expect("memory takes it"), Coding::Gzip)
        }
        1 => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(text).expect("memory takes it");
            (encoder.finish().expect("memory takes it"), Coding::Deflate)
        }
        _ => {
            let mut encoder = DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(text).expect("memory takes it");
            (encoder.finish().expect("memory takes it"), Coding::Deflate)
        }
    };
    assert_eq!(*unpacked(packed.clone().into(), ROOM), text);
    let mut streamed = Vec::new();
    decoded(Box::new(&packed[..]), &[coding]).read_to_end(&mut streamed).expect("it is whole");
    assert_eq!(streamed, text);
    let cut = &packed[..packed.len() * usize::from(choice) / 256];
    let came = unpacked(cut.to_vec().into(), ROOM);
    assert!(text.starts_with(&came) || *came == cut);
}
