//! Content encodings (RFC 9110, section 8.4.1). None is requested; gzip and deflate are decoded nevertheless.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::{DeflateDecoder, GzDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::{Decompress, FlushDecompress, Status};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use zeroize::Zeroizing;

/// The most encodings of one body, nested.
const MAX_LAYERS: usize = 4;
/// The trailer of a gzip member, a checksum and a length (RFC 1952, section 2.3), bytes.
const GZIP_TRAILER_BYTES: usize = 8;

/// An encoding that is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, and what some services send instead: bare RFC 1951.
    Deflate,
}

/// An encoding that is not decoded, by its name if it is one of IANA's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unknown(pub &'static str);

/// The encodings of a body, in the order in which they were applied.
pub(crate) fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, Unknown> {
    let mut all = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let names = value.to_str().map_err(|_| Unknown("unknown"))?;
        for name in names.split(',').map(|name| name.trim().to_ascii_lowercase()) {
            all.push(match name.as_str() {
                "" | "identity" => continue,
                "gzip" | "x-gzip" => Coding::Gzip,
                "deflate" => Coding::Deflate,
                "br" => return Err(Unknown("br")),
                "zstd" => return Err(Unknown("zstd")),
                "compress" | "x-compress" => return Err(Unknown("compress")),
                _ => return Err(Unknown("unknown")),
            });
        }
    }
    if all.len() > MAX_LAYERS { Err(Unknown("several")) } else { Ok(all) }
}

/// A streamed body without these encodings. One that is labelled but not encoded is left as it is.
pub fn decoded<'r>(body: Box<dyn Read + 'r>, codings: &[Coding]) -> Box<dyn Read + 'r> {
    codings.iter().rev().fold(body, |inner, coding| {
        Box::new(Layer { coding: *coding, packed: Some(BufReader::new(inner)), open: None })
    })
}

/// A decoder before its first byte, which shows which kind of data it is.
struct Layer<'r> {
    coding: Coding,
    packed: Option<BufReader<Box<dyn Read + 'r>>>,
    open: Option<Box<dyn Read + 'r>>,
}

impl Read for Layer<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(packed) = &mut self.packed {
            let first = packed.fill_buf()?.first().copied();
            let Some(packed) = self.packed.take() else { return Ok(0) };
            self.open = Some(match (first, self.coding) {
                (Some(0x1f), Coding::Gzip) => Box::new(MultiGzDecoder::new(packed)),
                (Some(b'{' | b'[') | None, _) | (_, Coding::Gzip) => Box::new(packed),
                (Some(first), Coding::Deflate) if is_zlib(first) => {
                    Box::new(ZlibDecoder::new(packed))
                }
                (_, Coding::Deflate) => Box::new(DeflateDecoder::new(packed)),
            });
        }
        self.open.as_mut().map_or(Ok(0), |open| open.read(into))
    }
}

/// The first byte of zlib's two (RFC 1950, section 2.2). No encoder begins a stream of RFC 1951 with it.
fn is_zlib(first: u8) -> bool {
    first & 0x0f == 8 && first >> 4 <= 7
}

/// The decoded body of an answer in memory, as far as it was received, at most `room` bytes. The bytes show the
/// encoding, not the headers, which gateways get wrong. A JSON object is left as it is.
pub fn unpacked(mut body: Zeroizing<Vec<u8>>, room: usize) -> Zeroizing<Vec<u8>> {
    for _ in 0..MAX_LAYERS {
        match one_layer_less(&body, room) {
            Some(inner) => body = inner,
            None => break,
        }
    }
    body
}

/// Whether it looks like JSON. No stream of RFC 1951 that contains text begins like this.
fn is_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    matches!(bytes.trim_ascii_start().first(), None | Some(b'{' | b'['))
}

fn one_layer_less(body: &[u8], room: usize) -> Option<Zeroizing<Vec<u8>>> {
    let is_packed = |bytes: &[u8]| {
        matches!(bytes, [0x1f, 0x8b, ..])
            || matches!(bytes, [a, b, ..] if is_zlib(*a) && u16::from_be_bytes([*a, *b]) % 31 == 0)
    };
    if is_json(body) {
        return None;
    }
    let mut inner = Zeroizing::new(vec![0; room]);
    let length = match body {
        [0x1f, 0x8b, ..] => gunzip(body, &mut inner),
        _ if is_packed(body) => inflate(body, true, &mut inner).1,
        _ => 0,
    };
    let length = if length > 0 { length } else { inflate(body, false, &mut inner).1 };
    inner.truncate(length);
    // Almost any bytes are the beginning of a stream of RFC 1951.
    let is_it = length > 0 && (is_packed(body) || is_json(&inner) || is_packed(&inner));
    is_it.then_some(inner)
}

/// Every member of a gzip file, as far as it was received and there is room. Checksums are ignored: a token
/// that was received is kept in any case.
fn gunzip(mut body: &[u8], into: &mut [u8]) -> usize {
    let mut length = 0;
    loop {
        let file = GzDecoder::new(body);
        if file.header().is_none() {
            return length;
        }
        let data = file.into_inner();
        let (consumed, written) = inflate(data, false, &mut into[length..]);
        length += written;
        let Some(next) = data.get(consumed + GZIP_TRAILER_BYTES..) else { return length };
        if written == 0 || next.is_empty() {
            return length;
        }
        body = next;
    }
}

/// How much was read and written until the end, an error, or the end of room or input.
fn inflate(data: &[u8], has_zlib_header: bool, into: &mut [u8]) -> (usize, usize) {
    let mut stream = Decompress::new(has_zlib_header);
    let position = |stream: &Decompress| {
        let at = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        (at(stream.total_in()), at(stream.total_out()))
    };
    loop {
        let (consumed, written) = position(&stream);
        let (Some(rest), Some(room)) = (data.get(consumed..), into.get_mut(written..)) else {
            return (consumed, written);
        };
        let ended = stream.decompress(rest, room, FlushDecompress::None);
        let is_over = matches!(ended, Ok(Status::StreamEnd) | Err(_));
        if is_over || position(&stream) == (consumed, written) {
            return position(&stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::Coding::{Deflate, Gzip};
    use super::*;

    const ROOM: usize = 64 * 1024;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(body: Vec<u8>) -> Vec<u8> {
        unpacked(Zeroizing::new(body), ROOM).to_vec()
    }

    const JSON: &[u8] =
        br#"{"access_token":"aaaaaaaaaaaaaaaa","refresh_token":"r","scope":"x y z"}"#;

    #[test]
    fn a_body_is_recognised_by_its_bytes() {
        let stored = [&[0x01, 71, 0, !71, 0xff][..], JSON].concat();
        assert_eq!(JSON.len(), 71);
        let members = [gzip(&JSON[..30]), gzip(&JSON[30..])].concat();
        for (name, body) in [
            ("plain", JSON.to_vec()),
            ("gzip", gzip(JSON)),
            ("zlib", zlib(JSON)),
            ("raw", raw(JSON)),
            ("stored", stored),
            ("twice", gzip(&gzip(JSON))),
            ("mixed", zlib(&gzip(&raw(JSON)))),
            ("members", members),
        ] {
            assert_eq!(unpack(body), JSON, "{name}");
        }
        for other in [&b"all is well"[..], b"", b"\x1f\x8b", b"\x28\xb5\x2f\xfd\x04", b"\x78\x9c"] {
            assert_eq!(unpack(other.to_vec()), other);
        }
    }

    #[test]
    fn what_came_of_a_cut_body_is_there() {
        for body in [gzip(JSON), zlib(JSON), raw(JSON)] {
            for length in 0..body.len() {
                let came = unpack(body[..length].to_vec());
                assert!(JSON.starts_with(&came) || came == body[..length], "{length}");
            }
            let nearly = unpack(body[..body.len() - 9].to_vec());
            assert!(nearly.len() > 40, "{} bytes", nearly.len());
        }
    }

    #[test]
    fn a_bomb_fills_the_room_and_no_more() {
        let blanks = vec![b' '; 10 << 20];
        for bomb in [gzip(&blanks), zlib(&blanks), gzip(&gzip(&blanks))] {
            assert_eq!(unpack(bomb).len(), ROOM);
        }
    }

    #[test]
    fn the_headers_name_the_layers() {
        let of = |values: &[&'static str]| {
            let pair = |value: &&'static str| {
                (CONTENT_ENCODING, reqwest::header::HeaderValue::from_static(value))
            };
            let mut headers = HeaderMap::new();
            for (name, value) in values.iter().map(pair) {
                headers.append(name, value);
            }
            codings(&headers)
        };
        assert_eq!(of(&[]), Ok(vec![]));
        assert_eq!(of(&["identity", ""]), Ok(vec![]));
        assert_eq!(of(&["GZip"]), Ok(vec![Gzip]));
        assert_eq!(of(&["deflate, x-gzip"]), Ok(vec![Deflate, Gzip]));
        assert_eq!(of(&["deflate", "gzip"]), Ok(vec![Deflate, Gzip]));
        assert_eq!(of(&["gzip, br"]), Err(Unknown("br")));
        assert_eq!(of(&["secret"]), Err(Unknown("unknown")));
        assert_eq!(of(&["gzip,gzip,gzip,gzip,gzip"]), Err(Unknown("several")));
    }

    #[test]
    fn a_stream_is_decoded_as_it_comes() {
        for (body, codings) in [
            (gzip(JSON), &[Gzip][..]),
            (zlib(JSON), &[Deflate]),
            (raw(JSON), &[Deflate]),
            (gzip(&zlib(JSON)), &[Deflate, Gzip]),
            (JSON.to_vec(), &[Gzip]),
            (JSON.to_vec(), &[Deflate]),
        ] {
            let mut text = Vec::new();
            decoded(Box::new(&body[..]), codings).read_to_end(&mut text).unwrap();
            assert_eq!(text, JSON, "{codings:?}");
        }
        let mut nothing = Vec::new();
        decoded(Box::new(io::empty()), &[Gzip]).read_to_end(&mut nothing).unwrap();
        assert!(nothing.is_empty(), "a body that is not there is not encoded either");
        let cut = &gzip(JSON)[..40];
        assert!(decoded(Box::new(cut), &[Gzip]).read_to_end(&mut Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_outgrow_its_room(
            bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0..4,
        ) {
            let head: &[u8] = match kind {
                0 => b"\x1f\x8b\x08",
                1 => b"\x78\x9c",
                2 => b"\x1f\x8b\x08\x1f\0\0\0\0\0\0",
                _ => b"",
            };
            let body = [head, &bytes].concat();
            prop_assert!(unpacked(Zeroizing::new(body.clone()), 100).len() <= 100.max(body.len()));
        }
    }
}
