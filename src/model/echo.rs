//! Whether a text of a service gives back a secret that it was sent: gateways quote requests in their
//! errors, and an error is shown, traced and kept.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::secret::Secret;

/// So much of a secret in a row is a part of it, bytes.
const PART_BYTES: usize = 8;
/// The same where it could be a word of anybody's: a password can have "password" in it, or "expense".
const WORDS_PART_BYTES: usize = 12;
/// A shorter one stands in any text by chance, bytes.
const SHORTEST_SECRET_BYTES: usize = 4;
/// The longest text that is looked into, bytes.
const LONGEST_TEXT_BYTES: usize = 16 * 1024;
/// The shortest run of letters that is read as base64 or hex, bytes.
const SHORTEST_RUN: usize = 8;
/// The length of `2803b8f8-9e42-43c2-a739-ff768b00b7ea`.
const UUID_BYTES: usize = 36;

/// Whether `text` holds one of the secrets or a part of one: as it is, URL-encoded (a space as `+` too), with
/// escapes of JSON or HTML, in base64 at any place of it, in hex, as a list
/// of bytes, or with zeros between; in letters of either case; and in one of these within another.
/// So does a text that is longer than any that is shown: it is not searched for long.
///
/// A text that is a UUID is an id, which tokens may hold, and which may have digits in common with another
/// one: it repeats a secret that is that UUID.
pub(crate) fn repeats(text: &str, secrets: &[&Secret]) -> bool {
    if text.len() > LONGEST_TEXT_BYTES {
        return true;
    }
    if is_uuid(text) {
        return secrets.iter().any(|secret| is_same_uuid(text.as_bytes(), secret.expose()));
    }
    let is_telling = |secret: &&&Secret| secret.expose().len() >= SHORTEST_SECRET_BYTES;
    let sought: Vec<Sought> = secrets.iter().filter(is_telling).map(|s| Sought::of(s)).collect();
    let is_found = |read: &[u8]| sought.iter().any(|secret| secret.is_in(read));
    !sought.is_empty()
        && (is_found(&text.as_bytes().to_ascii_lowercase())
            || readings(text.as_bytes()).iter().any(|outer| {
                is_found(&lower(outer))
                    || readings(outer).iter().any(|inner| is_found(&lower(inner)))
            }))
}

fn is_uuid(text: &str) -> bool {
    text.len() == UUID_BYTES && uuid::Uuid::try_parse(text).is_ok()
}

fn is_same_uuid(uuid: &[u8], secret: &[u8]) -> bool {
    let digits = |text: &[u8]| -> Zeroizing<Vec<u8>> {
        Zeroizing::new(text.iter().filter(|b| **b != b'-').map(u8::to_ascii_lowercase).collect())
    };
    secret.len() <= UUID_BYTES && digits(uuid) == digits(secret)
}

fn lower(text: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.to_ascii_lowercase())
}

/// A secret as it is looked for, in lower case: its parts in order, so that each place of a text is one search
/// among them, however long the secret is.
struct Sought {
    whole: Zeroizing<Vec<u8>>,
    parts: Zeroizing<Vec<[u8; PART_BYTES]>>,
    words: Zeroizing<Vec<[u8; WORDS_PART_BYTES]>>,
}

impl Sought {
    fn of(secret: &Secret) -> Self {
        let (given, whole) = (secret.expose(), lower(secret.expose()));
        let is_telling = |(at, _): &(usize, &[u8])| !is_like_words(&given[*at..][..PART_BYTES]);
        let parts = whole.windows(PART_BYTES).enumerate().filter(is_telling);
        let parts = parts.filter_map(|(_, part)| <[u8; PART_BYTES]>::try_from(part).ok());
        let words = whole.windows(WORDS_PART_BYTES);
        let words = words.filter_map(|part| <[u8; WORDS_PART_BYTES]>::try_from(part).ok());
        // With room from the start: a buffer that grows leaves copies behind, which nobody wipes.
        let mut all_parts = Zeroizing::new(Vec::with_capacity(whole.len()));
        let mut all_words = Zeroizing::new(Vec::with_capacity(whole.len()));
        all_parts.extend(parts);
        all_words.extend(words);
        all_parts.sort_unstable();
        all_words.sort_unstable();
        Self { whole, parts: all_parts, words: all_words }
    }

    /// Whether a text in lower case holds a part of it.
    fn is_in(&self, text: &[u8]) -> bool {
        is_any_in(text, &self.parts)
            || is_any_in(text, &self.words)
            || self.whole.len() < WORDS_PART_BYTES
                && text.windows(self.whole.len()).any(|window| window == &**self.whole)
    }
}

fn is_any_in<const BYTES: usize>(text: &[u8], parts: &[[u8; BYTES]]) -> bool {
    !parts.is_empty()
        && text.windows(BYTES).any(|window| {
            <[u8; BYTES]>::try_from(window).is_ok_and(|window| parts.binary_search(&window).is_ok())
        })
}

/// Whether this could stand in a sentence or in the name of a scope: letters as they are written there.
fn is_like_words(part: &[u8]) -> bool {
    let is_between = |byte: u8| b" ._-".contains(&byte);
    let begins = |at: usize| at.checked_sub(1).is_none_or(|before| is_between(part[before]));
    let is_small = |(at, byte): (usize, &u8)| {
        byte.is_ascii_lowercase() || is_between(*byte) || byte.is_ascii_uppercase() && begins(at)
    };
    part.iter().all(|byte| byte.is_ascii_uppercase() || is_between(*byte))
        || part.iter().enumerate().all(is_small)
}

/// The text as each of the encodings would have it, where that is another text; wiped after use.
fn readings(text: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let spaced = text.iter().map(|b| if *b == b'+' { b' ' } else { *b });
    let spaced = Zeroizing::new(spaced.collect::<Vec<u8>>());
    let dense = text.iter().copied().filter(|byte| *byte != 0).collect();
    let mut all = vec![dense, unescaped(text), unquoted(text), unquoted(&spaced)];
    all.extend(runs(text, |b| b.is_ascii_hexdigit()).flat_map(hex));
    all.extend(runs(text, |b| b.is_ascii_alphanumeric() || b"+/-_".contains(&b)).flat_map(base64));
    all.extend(runs(text, |b| b.is_ascii_digit() || b", \n".contains(&b)).map(numbers));
    all.into_iter().map(Zeroizing::new).filter(|read| ***read != *text).collect()
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
    fn an_encoding_within_an_encoding_is_recognised() {
        let quoted: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        let json = serde_json::Value::from(SECRET).to_string();
        for inner in [quoted, json, BASE64_STANDARD.encode(SECRET)] {
            let hex: Vec<String> = inner.bytes().map(|byte| format!("{byte:02x}")).collect();
            for said in [
                serde_json::Value::from(&*inner).to_string(),
                url::form_urlencoded::byte_serialize(inner.as_bytes()).collect(),
                BASE64_STANDARD.encode(&inner),
                hex.concat(),
            ] {
                assert!(repeated(&said), "{inner}: {said}");
            }
        }
    }

    /// What Concur says, and secrets as it and people make them.
    #[test]
    fn honest_words_ids_and_scopes_are_no_echo() {
        let company = "2421333b-2f24-4363-9cf2-19438cb16aa8";
        let (client, time_based) =
            ("5f9c1f2e-7d0e-4b8f-9a55-0d4c5f3b2a10", "7a0b2c1d-8f3e-11ee-8c9d-0242ac120002");
        let jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjE0NTU2MTQwNDkifQ.eyJzdWIiOiIyNDIxMzMzYiJ9.c2ln";
        let secrets = [
            client.to_owned(),
            time_based.to_owned(),
            jwt.to_owned(),
            format!("0_{company}_x7Gh2kQ9zR4vB1nM8pL3"),
            format!("at-{company}-15b4v5n8"),
            "fdf2k9x7gh2kq9zr4vb1nm8pl3wd5t".to_owned(),
            "Password1!".to_owned(),
            "MyIdentity2024".to_owned(),
            "Expense.Rep2024".to_owned(),
            "erika@example.com-Request1".to_owned(),
            "493817".to_owned(),
        ];
        let secrets: Vec<Secret> = secrets.into_iter().map(Secret::from).collect();
        let secrets: Vec<&Secret> = secrets.iter().collect();
        for honest in [
            company,
            "0c6e1a44-8f3e-11ee-8c9d-0242ac120002",
            "a4938170-0000-4000-8000-000000000000",
            "openid EXPRPT USER ITINER identity.user.ids.read expense.report.read request.read",
            "company.read credentials.write creditcardaccount.read receipts.writeonly",
            "bad or expired refresh token",
            "Invalid username or password",
            "Requested scope exceeds granted scope",
            "these are not the grants you are looking for",
            "No request token was issued for this application",
            "us2.api.concursolutions.com",
        ] {
            assert!(!repeats(honest, &secrets), "{honest}");
        }
        for dishonest in [
            client.to_owned(),
            client.to_uppercase(),
            format!("{time_based}-1"),
            format!("bad token {}", &jwt[..12]),
            "your Password1! is wrong".to_owned(),
            "493817".to_owned(),
        ] {
            assert!(repeats(&dishonest, &secrets), "{dishonest}");
        }
        assert!(repeats("a5f9c1f2", &[&Secret::from("5f9c1f2")]), "short, and whole");
        assert!(repeats(client, &[&Secret::from(client.replace('-', ""))]));
        let words = Secret::from("correct horse battery staple");
        assert!(repeats("no such user: horse battery", &[&words]));
        assert!(!repeats("no such battery", &[&words]));
    }

    /// A service that is bad could else make a login take minutes.
    #[test]
    fn a_long_secret_and_a_long_text_are_compared_in_few_steps() {
        let letters = b"0123456789abcdefABCDEFghijklmnop";
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            letters[(state >> 27) as usize]
        };
        let secret = Secret::new((0..60_000).map(|_| next()).collect::<Vec<u8>>());
        let sought = Sought::of(&secret);
        assert!(sought.parts.is_sorted() && sought.words.is_sorted(), "a search of 16 steps");
        for text in ["&#x", "%4", "0123456789abcdef", "QUFBQUFBQUFB", "\\u00", "1,"] {
            let text = text.repeat(LONGEST_TEXT_BYTES / text.len());
            let mut outer = readings(text.as_bytes());
            outer.push(Zeroizing::new(text.clone().into_bytes()));
            let inner = outer.iter().flat_map(|read| readings(read));
            let lengths = inner.map(|read| read.len()).chain(outer.iter().map(|read| read.len()));
            assert!(lengths.sum::<usize>() < 40 * LONGEST_TEXT_BYTES, "{text:.9}");
            assert!(!repeats(&text, &[&secret]));
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
