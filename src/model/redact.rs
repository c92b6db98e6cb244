//! Finds secrets in the text of a service: gateways quote requests in their errors, and errors are shown,
//! traced and stored.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use zeroize::Zeroizing;

use super::secret::Secret;

/// A shorter secret may occur in any text by chance, bytes.
const SHORTEST_SECRET_BYTES: usize = 4;
/// The longest text that is searched, bytes.
const LONGEST_TEXT_BYTES: usize = 16 * 1024;
/// The shortest run of letters that is read as base64, bytes.
const SHORTEST_RUN_BYTES: usize = 4;
/// The length of `2803b8f8-9e42-43c2-a739-ff768b00b7ea`.
const UUID_BYTES: usize = 36;

/// The last letters of a run may have bits beyond the last byte.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

type Bytes = Zeroizing<Vec<u8>>;

/// Whether `text` contains one of the secrets as it is, URL- or form-encoded, with JSON's escapes, or in base64
/// of either alphabet at any alignment; the case of letters does not count. A text that is too long to be shown
/// is not searched and counts as containing one.
///
/// A text that is a UUID is an id, which may share digits with a short secret: it repeats only a secret that
/// is that UUID.
pub(crate) fn repeats(text: &str, secrets: &[&Secret]) -> bool {
    if text.len() > LONGEST_TEXT_BYTES {
        return true;
    }
    if is_uuid(text) {
        return secrets.iter().any(|secret| is_same_uuid(text.as_bytes(), secret.expose()));
    }
    let readings = readings(text);
    secrets
        .iter()
        .map(|secret| lower(secret.expose()))
        .filter(|secret| secret.len() >= SHORTEST_SECRET_BYTES)
        .any(|secret| readings.iter().any(|read| is_in(read, &secret)))
}

fn is_in(text: &[u8], secret: &[u8]) -> bool {
    text.windows(secret.len()).any(|window| window == secret)
}

fn is_uuid(text: &str) -> bool {
    text.len() == UUID_BYTES && uuid::Uuid::try_parse(text).is_ok()
}

fn is_same_uuid(uuid: &[u8], secret: &[u8]) -> bool {
    let digits = |text: &[u8]| -> Bytes {
        Zeroizing::new(text.iter().filter(|b| **b != b'-').map(u8::to_ascii_lowercase).collect())
    };
    secret.len() <= UUID_BYTES && digits(uuid) == digits(secret)
}

fn lower(text: &[u8]) -> Bytes {
    Zeroizing::new(text.to_ascii_lowercase())
}

/// The text unchanged and decoded from each encoding, in lower case; wiped after use.
fn readings(text: &str) -> Vec<Bytes> {
    let spaced = Zeroizing::new(text.replace('+', " "));
    let mut all = vec![
        Zeroizing::new(text.as_bytes().to_vec()),
        percent_decoded(text),
        percent_decoded(&spaced),
        unescaped(text),
    ];
    let in_alphabet = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let runs = text.split(|c| !in_alphabet(c)).filter(|run| run.len() >= SHORTEST_RUN_BYTES);
    all.extend(runs.flat_map(base64_decoded));
    all.iter().map(|read| lower(read)).collect()
}

fn percent_decoded(text: &str) -> Bytes {
    Zeroizing::new(percent_encoding::percent_decode_str(text).collect())
}

/// Decodes JSON's escapes (RFC 8259, section 7), except for control characters, which no secret contains.
fn unescaped(text: &str) -> Bytes {
    let mut read = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (character, length) = escape(rest).unwrap_or((first, first.len_utf8()));
        read.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[length..];
    }
    read
}

/// The escape at the beginning of a text, and its length in bytes.
fn escape(text: &str) -> Option<(char, usize)> {
    let rest = text.strip_prefix('\\')?;
    let first = rest.chars().next()?;
    if first != 'u' {
        return Some((first, 1 + first.len_utf8()));
    }
    let unit = |at: usize| u16::from_str_radix(text.get(at..at + 4)?, 16).ok();
    let unit_behind = text.get(6..8).filter(|mark| *mark == "\\u").and_then(|_| unit(8));
    let mut read = char::decode_utf16([unit(2)?].into_iter().chain(unit_behind));
    let character = read.next()?.ok()?;
    Some((character, character.len_utf16() * 6))
}

/// Decodes a run of base64 letters of either alphabet, from each of the four positions where a group may begin.
fn base64_decoded(run: &str) -> impl Iterator<Item = Bytes> {
    let standard = Zeroizing::new(run.replace('-', "+").replace('_', "/"));
    (0..4).filter_map(move |skip| {
        let groups = standard.get(skip..)?;
        // One letter is less than a byte.
        let end = groups.len() - usize::from(groups.len() % 4 == 1);
        BASE64.decode(&groups[..end]).ok().map(Zeroizing::new)
    })
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "s3cr3t\"/é \u{1f511}&<+~?>";

    fn repeated(text: &str) -> bool {
        repeats(text, &[&Secret::from("another one"), &Secret::from(SECRET)])
    }

    #[test]
    fn a_secret_is_recognised_as_it_is_and_in_the_encodings_of_forms_json_and_base64() {
        let form: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        let json = serde_json::Value::from(SECRET).to_string();
        let escaped: Vec<_> = SECRET.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        let escaped = escaped.concat();
        for said in [
            SECRET.to_owned(),
            SECRET.to_ascii_uppercase(),
            form.replace('+', "%20"),
            form.to_lowercase(),
            form,
            json.replace('/', "\\/"),
            json,
            escaped,
        ] {
            assert!(repeated(&format!("no such token: {said}!")), "{said}");
        }
        for before in ["", "x", "xy", "xyz"] {
            let whole = format!("{before}{SECRET}");
            assert!(repeated(&format!("id {}", BASE64_STANDARD.encode(&whole))), "{whole}");
            assert!(repeated(&format!("id {}", BASE64_STANDARD_NO_PAD.encode(&whole))), "{whole}");
            assert!(repeated(&format!("x{}", BASE64_URL_SAFE_NO_PAD.encode(&whole))), "{whole}");
        }
    }

    /// What Concur says, and secrets as it and people make them.
    #[test]
    fn honest_words_ids_and_scopes_repeat_nothing() {
        let company = "2421333b-2f24-4363-9cf2-19438cb16aa8";
        let client = "5f9c1f2e-7d0e-4b8f-9a55-0d4c5f3b2a10";
        let secrets = [
            client.to_owned(),
            format!("0_{company}_x7Gh2kQ9zR4vB1nM8pL3"),
            format!("at-{company}-15b4v5n8"),
            "Password1!".to_owned(),
            "Expense.Rep2024".to_owned(),
            "493817".to_owned(),
        ];
        let secrets: Vec<Secret> = secrets.into_iter().map(Secret::from).collect();
        let secrets: Vec<&Secret> = secrets.iter().collect();
        for honest in [
            company,
            "a4938170-0000-4000-8000-000000000000",
            "openid EXPRPT USER ITINER identity.user.ids.read expense.report.read request.read",
            "bad or expired refresh token",
            "Invalid username or password",
            "us2.api.concursolutions.com",
        ] {
            assert!(!repeats(honest, &secrets), "{honest}");
        }
        for dishonest in [
            client.to_owned(),
            client.to_uppercase(),
            format!("{client}-1"),
            "your Password1! is wrong".to_owned(),
            "493817".to_owned(),
        ] {
            assert!(repeats(&dishonest, &secrets), "{dishonest}");
        }
        assert!(repeats(client, &[&Secret::from(client.replace('-', ""))]));
        for too_short in ["", "x", "bad"] {
            assert!(!repeats("bad or expired refresh token", &[&Secret::from(too_short)]));
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_searched(text: String, secret in "\\PC{0,40}") {
            let is_there = secret.len() >= SHORTEST_SECRET_BYTES && text.contains(&secret);
            prop_assert!(!is_there || repeats(&text, &[&Secret::from(secret)]));
        }
    }
}
