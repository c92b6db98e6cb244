//! The encodings in which a secret could appear: how each is written, for the controls, and how it
//! is decoded, for the search.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

type Writes = fn(&[u8]) -> Vec<u8>;

/// Every form, as it is written.
pub(crate) const FORMS: [(&str, Writes); 20] = [
    ("plain", |secret| secret.to_vec()),
    ("URL-encoded, upper case", |s| quoted(s, |b| format!("%{b:02X}"))),
    ("URL-encoded, lower case", |s| quoted(s, |b| format!("%{b:02x}"))),
    ("form-encoded, + for a space", |s| {
        url::form_urlencoded::byte_serialize(s).collect::<String>().into_bytes()
    }),
    ("base64", |s| STANDARD.encode(s).into_bytes()),
    ("base64, second alignment", |s| STANDARD.encode([b"1", s].concat()).into_bytes()),
    ("base64, third alignment", |s| STANDARD.encode([b"12", s].concat()).into_bytes()),
    ("base64 without padding", |s| STANDARD_NO_PAD.encode([s, b"1"].concat()).into_bytes()),
    ("base64url", |s| URL_SAFE.encode(s).into_bytes()),
    ("base64url without padding", |s| URL_SAFE_NO_PAD.encode([b"1", s].concat()).into_bytes()),
    ("JSON", |s| serde_json::Value::from(text(s)).to_string().into_bytes()),
    ("JSON, everything escaped", |s| {
        text(s).encode_utf16().flat_map(|unit| format!("\\u{unit:04X}").into_bytes()).collect()
    }),
    ("JSON with \\/", |s| {
        serde_json::Value::from(text(s)).to_string().replace('/', "\\/").into_bytes()
    }),
    ("hex, lower case", |s| each(s, |b| format!("{b:02x}"))),
    ("hex, upper case", |s| each(s, |b| format!("{b:02X}"))),
    ("\\xHH", |s| each(s, |b| format!("\\x{b:02x}"))),
    ("list of bytes", |s| s.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes()),
    ("HTML", |s| {
        let entity = |c: char| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&#39;".to_owned(),
            c if c.is_ascii() => c.to_string(),
            c => format!("&#x{:x};", u32::from(c)),
        };
        text(s).chars().map(entity).collect::<String>().into_bytes()
    }),
    ("lower case, as of a host", |s| s.to_ascii_lowercase()),
    ("UTF-16", |s| text(s).encode_utf16().flat_map(u16::to_le_bytes).collect()),
];

/// So many of [`FORMS`], from the first, are recognised by the program where a service repeats a secret.
pub(crate) const ECHOED: usize = 13;

fn text(secret: &[u8]) -> String {
    String::from_utf8_lossy(secret).into_owned()
}

fn each(secret: &[u8], write: fn(u8) -> String) -> Vec<u8> {
    secret.iter().map(|byte| write(*byte)).collect::<String>().into_bytes()
}

fn quoted(secret: &[u8], write: fn(u8) -> String) -> Vec<u8> {
    let one = |byte: &u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        byte => write(*byte),
    };
    secret.iter().map(one).collect::<String>().into_bytes()
}

/// What `bytes` would be in each encoding that can be undone here, but for what they are as they stand.
pub(crate) fn readings(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = Vec::new();
    let mut keep = |name, read: Vec<u8>| {
        if !read.is_empty() && read != bytes {
            all.push((name, read));
        }
    };
    if bytes.contains(&b'%') || bytes.contains(&b'+') {
        keep("URL-encoded", unquoted(bytes));
        let spaced: Vec<u8> = bytes.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
        keep("form-encoded", unquoted(&spaced));
    }
    if bytes.contains(&b'\\') {
        keep("escaped", unescaped(bytes));
    }
    if bytes.contains(&b'&') {
        keep("HTML", without_entities(bytes));
    }
    if bytes.contains(&0) {
        keep("UTF-16", bytes.iter().copied().filter(|byte| *byte != 0).collect());
    }
    let is_base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/-_".contains(&b);
    for skip in 0..4 {
        keep("base64", runs(bytes, is_base64, |run| base64(run.get(skip..).unwrap_or_default())));
    }
    for skip in 0..2 {
        let hex = |run: &[u8]| run[skip..].chunks_exact(2).filter_map(pair).collect();
        keep("hex", runs(bytes, |b| b.is_ascii_hexdigit(), hex));
    }
    let is_list = |b: u8| b.is_ascii_digit() || b == b',' || b == b' ' || b == b'\n';
    keep("list of bytes", runs(bytes, is_list, numbers));
    all
}

/// What `read` makes of each long run, one behind the other.
fn runs(bytes: &[u8], belongs: impl Fn(u8) -> bool, read: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut all = Vec::new();
    for run in bytes.split(|byte| !belongs(*byte)).filter(|run| run.len() >= 16) {
        all.extend(read(run));
        all.extend(b"\xff\xff");
    }
    all
}

fn unquoted(bytes: &[u8]) -> Vec<u8> {
    let mut read = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = if bytes[at] == b'%' { bytes.get(at + 1..at + 3).and_then(pair) } else { None };
        read.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    read
}

fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut read = Vec::with_capacity(bytes.len());
    let mut units = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let after = &bytes[at..];
        let unit = after
            .strip_prefix(b"\\u")
            .and_then(|rest| rest.get(..4))
            .and_then(|digits| u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        if let Some(unit) = unit {
            units.push(unit);
            at += 6;
            continue;
        }
        read.extend(String::from_utf16_lossy(&std::mem::take(&mut units)).bytes());
        let (byte, length) = match after {
            [b'\\', b'x', digits @ ..] => {
                digits.get(..2).and_then(pair).map_or((b'\\', 1), |byte| (byte, 4))
            }
            [b'\\', b'u', b'{', rest @ ..] => match braced(rest) {
                Some((character, length)) => {
                    read.extend(character.to_string().bytes());
                    at += length + 4;
                    continue;
                }
                None => (b'\\', 1),
            },
            [b'\\', b'n', ..] => (b'\n', 2),
            [b'\\', b't', ..] => (b'\t', 2),
            [b'\\', next, ..] => (*next, 2),
            [byte, ..] => (*byte, 1),
            [] => break,
        };
        read.push(byte);
        at += length;
    }
    read.extend(String::from_utf16_lossy(&units).bytes());
    read
}

/// The character behind `\u{`, and how many digits name it.
fn braced(bytes: &[u8]) -> Option<(char, usize)> {
    let length = bytes.iter().take(7).position(|byte| *byte == b'}')?;
    let digits = std::str::from_utf8(&bytes[..length]).ok()?;
    Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, length))
}

fn without_entities(bytes: &[u8]) -> Vec<u8> {
    let mut read = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if let Some((character, length)) = entity(&bytes[at..]) {
            read.extend(character.to_string().bytes());
            at += length;
        } else {
            read.push(bytes[at]);
            at += 1;
        }
    }
    read
}

fn entity(bytes: &[u8]) -> Option<(char, usize)> {
    let rest = bytes.strip_prefix(b"&")?;
    let end = rest.iter().take(10).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&rest[..end]).ok()?;
    let number = |digits: &str, radix| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        _ => match name.strip_prefix('#')? {
            hex if hex.starts_with('x') => number(&hex[1..], 16)?,
            decimal => number(decimal, 10)?,
        },
    };
    Some((character, end + 2))
}

fn base64(run: &[u8]) -> Vec<u8> {
    let standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let run: Vec<u8> = run[..run.len() / 4 * 4].iter().map(standard).collect();
    STANDARD_NO_PAD.decode(run).unwrap_or_default()
}

fn numbers(run: &[u8]) -> Vec<u8> {
    let parts = run.split(|byte| !byte.is_ascii_digit());
    parts.filter_map(|digits| std::str::from_utf8(digits).ok()?.parse().ok()).collect()
}

fn pair(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
