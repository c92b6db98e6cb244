//! Whether a text of a service gives back a secret that it was sent: gateways quote requests in their
//! errors, and an error is shown, traced and kept.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::secret::Secret;

/// So much of a secret in a row is a part of it, bytes; a shorter secret counts as a whole.
const PART_BYTES: usize = 8;
/// A shorter one stands in any text by chance, bytes.
const SHORTEST_SECRET_BYTES: usize = 4;
/// The longest text that is looked into, bytes.
const LONGEST_TEXT_BYTES: usize = 16 * 1024;
/// The shortest run of letters that is read as base64 or hex, bytes.
const SHORTEST_RUN: usize = 8;

/// Whether `text` holds one of the secrets or a part of one: as it is, URL-encoded (a space as `+` too), with
/// escapes of JSON or HTML, in base64 at any place of it, in hex, as a list
/// of bytes, or with zeros between; in letters of either case.
/// So does a text that is longer than any that is shown: it is not searched for long.
pub fn repeats(text: &str, secrets: &[&Secret]) -> bool {
    if text.len() > LONGEST_TEXT_BYTES {
        return true;
    }
    let readings = readings(text.as_bytes());
    let is_telling = |secret: &&&Secret| secret.expose().len() >= SHORTEST_SECRET_BYTES;
    secrets.iter().filter(is_telling).any(|secret| {
        let secret = Zeroizing::new(secret.expose().to_ascii_lowercase());
        let mut parts = secret.windows(PART_BYTES.min(secret.len()));
        parts.any(|part| readings.iter().any(|read| contains(read, part)))
    })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The text as each of the encodings would have it, in lower case; wiped after use.
fn readings(text: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    let dense = text.iter().copied().filter(|byte| *byte != 0).collect();
    let mut all = vec![text.to_vec(), dense, unescaped(text), unquoted(text), unquoted(&spaced)];
    all.extend(runs(text, |b| b.is_ascii_hexdigit()).flat_map(hex));
    all.extend(runs(text, |b| b.is_ascii_alphanumeric() || b"+/-_".contains(&b)).flat_map(base64));
    all.extend(runs(text, |b| b.is_ascii_digit() || b", \n".contains(&b)).map(numbers));
    let lower = |bytes: Vec<u8>| Zeroizing::new(Zeroizing::new(bytes).to_ascii_lowercase());
    all.into_iter().map(lower).collect()
}

fn runs(text: &[u8], belongs: fn(u8) -> bool) -> impl Iterator<Item = &[u8]> {
    text.split(move |byte| !belongs(*byte)).filter(|run| run.len() >= SHORTEST_RUN)
}

/// Percent-encoding undone.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut read = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let byte = (*first == b'%').then(|| after.get(..2).and_then(pair)).flatten();
        read.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    read
}

/// `\u00e9`, `\xe9` and `\/` of JSON and its kin, and `&amp;`, `&#233;`, `&#xe9;` of HTML undone.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut read = String::with_capacity(text.len());
    let text = String::from_utf8_lossy(text);
    let mut rest: &str = &text;
    while let Some(first) = rest.chars().next() {
        let (character, length) = escape(rest).unwrap_or((first, first.len_utf8()));
        read.push(character);
        rest = &rest[length..];
    }
    read.into_bytes()
}

/// The escape with which a text begins, and its length in bytes.
fn escape(text: &str) -> Option<(char, usize)> {
    let numbered = |digits: &str, radix| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
    if let Some(rest) = text.strip_prefix('\\') {
        let first = rest.chars().next()?;
        return match first {
            'u' => Some((numbered(rest.get(1..5)?, 16)?, 6)),
            'x' => Some((numbered(rest.get(1..3)?, 16)?, 4)),
            _ => Some((first, 1 + first.len_utf8())),
        };
    }
    let (name, _) = text.strip_prefix('&')?.split_once(';')?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => match name.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => numbered(&hex[1..], 16)?,
            decimal => numbered(decimal, 10)?,
        },
    };
    Some((character, name.len() + 2))
}

/// A run of hex digits, from its first and from its second one.
fn hex(run: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..2).map(|skip| run[skip..].chunks_exact(2).filter_map(pair).collect())
}

fn pair(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A list of bytes, as it is written for those who look for defects.
fn numbers(run: &[u8]) -> Vec<u8> {
    let digits = run.split(|byte| !byte.is_ascii_digit());
    digits.filter_map(|digits| std::str::from_utf8(digits).ok()?.parse().ok()).collect()
}

/// A run of base64's letters of either alphabet, from each of the four places where a group may begin.
fn base64(run: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let run: Cow<'_, [u8]> = run.iter().map(standard).collect::<Vec<_>>().into();
    (0..4).filter_map(move |skip| {
        let groups = run.get(skip..)?;
        // The last letters may be no whole byte.
        let whole = groups.len() / 4 * 4;
        STANDARD_NO_PAD.decode(&groups[..whole]).ok()
    })
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "s3cr3t\"/é &<+~?>";

    fn repeated(text: &str) -> bool {
        repeats(text, &[&Secret::from("another one"), &Secret::from(SECRET)])
    }

    #[test]
    fn a_secret_is_recognised_in_every_encoding() {
        let form: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        let hex: Vec<String> = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
        let hex = hex.concat();
        for said in [
            SECRET.to_owned(),
            SECRET.to_uppercase(),
            form.replace('+', "%20"),
            form.to_lowercase(),
            form,
            "s3cr3t\\\"\\/\\u00e9 &<+~?>".to_owned(),
            "s3cr3t&quot;/&#233; &amp;&lt;+~?&gt;".to_owned(),
            "s3cr3t&#x22;/&#xE9; &amp;&lt;+".to_owned(),
            hex.to_lowercase(),
            format!("a{hex}"),
            format!("{:?}", SECRET.as_bytes()),
            SECRET.chars().flat_map(|c| [c, '\0']).collect(),
        ] {
            assert!(repeated(&format!("no such token: {said}!")), "{said}");
        }
        for before in ["", "x", "xy", "xyz"] {
            let whole = format!("{before}{SECRET}");
            assert!(repeated(&format!("id {}", BASE64_STANDARD.encode(&whole))), "{whole}");
            assert!(repeated(&format!("x{}", BASE64_URL_SAFE_NO_PAD.encode(&whole))), "{whole}");
        }
    }

    #[test]
    fn a_part_of_a_secret_is_recognised_and_a_few_letters_are_not() {
        assert!(repeated("it began with s3cr3t\"/"));
        assert!(!repeated("it began with s3cr3t\""));
        assert!(repeats("the code 1234 is wrong", &[&Secret::from("1234")]));
        for too_short in ["", "x", "bad"] {
            assert!(!repeats("bad or expired refresh token", &[&Secret::from(too_short)]));
        }
        assert!(!repeated("bad or expired refresh token (2803b8f8-9e42-43c2-a739-ff768b00b7ea)"));
    }

    proptest! {
        #[test]
        fn any_text_can_be_looked_at(text: String, secret in "\\PC{0,40}") {
            let is_there = secret.len() >= SHORTEST_SECRET_BYTES && text.contains(&secret);
            prop_assert!(!is_there || repeats(&text, &[&Secret::from(secret)]));
        }
    }
}
