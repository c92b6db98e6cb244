//! PEM in all usual forms: blocks without a line end between them, a byte-order mark, any line ends, indented,
//! with text around. Every block is read or refused by its label: an ignored certificate would be hard to find.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// The longest label of any kind of block.
const MAX_LABEL: usize = 40;

/// Labels of certificates: `OpenSSL` writes the first, older versions the second.
const CERTIFICATES: [&str; 2] = ["CERTIFICATE", "X509 CERTIFICATE"];
/// Labels of private keys (RFC 5958, RFC 8017, RFC 5915).
const KEYS: [&str; 3] = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
/// Accompanies such a key and adds nothing to it.
const PARAMETERS: [&str; 1] = ["EC PARAMETERS"];
/// Further labels that errors show. Any other could be a secret in the wrong place.
const NAMED: [&str; 17] = [
    "TRUSTED CERTIFICATE",
    "ATTRIBUTE CERTIFICATE",
    "CERTIFICATE REQUEST",
    "NEW CERTIFICATE REQUEST",
    "X509 CRL",
    "PKCS7",
    "PKCS #7 SIGNED DATA",
    "CMS",
    "PUBLIC KEY",
    "RSA PUBLIC KEY",
    "EC PUBLIC KEY",
    "ENCRYPTED PRIVATE KEY",
    "DSA PRIVATE KEY",
    "ANY PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "DH PARAMETERS",
    "DSA PARAMETERS",
];

/// Why a private key is refused, as the end of a sentence.
pub(super) const DAMAGED_KEY: &str =
    "its private key is damaged or of a kind that is not supported";

/// Why a text is refused, as the end of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The private key needs a passphrase.
    Encrypted,
    /// Anything else.
    Other(String),
}

/// The content of a text.
#[derive(Default)]
pub(super) struct Contents {
    /// In the order of the text.
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// At most one.
    pub(super) key: Option<PrivateKeyDer<'static>>,
}

/// One block of the text.
struct Block<'t> {
    label: &'t str,
    body: &'t [u8],
}

/// The certificates of a text that must contain nothing else.
pub(super) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    let mut found = Vec::new();
    for block in blocks(text)? {
        if !CERTIFICATES.contains(&block.label) {
            return Err(unexpected(block.label));
        }
        found.push(certificate(&block, found.len() + 1)?);
    }
    Ok(found)
}

/// The certificates of a text, and the private key.
pub(super) fn identity(text: &[u8]) -> Result<Contents, Refusal> {
    let mut found = Contents::default();
    for block in blocks(text)? {
        let is_encrypted = block.label == "ENCRYPTED PRIVATE KEY"
            || (KEYS.contains(&block.label) && find(block.body, b"ENCRYPTED").is_some());
        if is_encrypted {
            return Err(Refusal::Encrypted);
        }
        if CERTIFICATES.contains(&block.label) {
            let number = found.certificates.len() + 1;
            found.certificates.push(certificate(&block, number)?);
        } else if KEYS.contains(&block.label) {
            if found.key.is_some() {
                return Err(other("it contains more than one private key"));
            }
            let key = PrivateKeyDer::from_pem_slice(&canonical(block.label, block.body));
            found.key = Some(key.map_err(|_| other(DAMAGED_KEY))?);
        } else if !PARAMETERS.contains(&block.label) {
            return Err(unexpected(block.label));
        }
    }
    Ok(found)
}

fn other(why: &str) -> Refusal {
    Refusal::Other(why.to_owned())
}

fn unexpected(label: &str) -> Refusal {
    let all = CERTIFICATES.iter().chain(&KEYS).chain(&PARAMETERS).chain(&NAMED);
    Refusal::Other(if all.into_iter().any(|known| *known == label) {
        format!("it contains a block {label}, which is not supported")
    } else {
        "it contains a block of an unknown kind".to_owned()
    })
}

fn certificate(block: &Block<'_>, number: usize) -> Result<CertificateDer<'static>, Refusal> {
    CertificateDer::from_pem_slice(&canonical("CERTIFICATE", block.body))
        .map_err(|_| damaged("CERTIFICATE", number))
}

/// The form that the library reads: blocks in whole lines.
fn canonical(label: &str, body: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(body.len() + 2 * MAX_LABEL));
    text.extend_from_slice(format!("-----BEGIN {label}-----\n").as_bytes());
    text.extend(body.iter().filter(|byte| !byte.is_ascii_whitespace()));
    text.extend_from_slice(format!("\n-----END {label}-----\n").as_bytes());
    text
}

fn damaged(label: &str, number: usize) -> Refusal {
    Refusal::Other(if CERTIFICATES.contains(&label) {
        format!("certificate {number} in it is damaged")
    } else {
        "it contains a damaged block".to_owned()
    })
}

/// The blocks of a text.
fn blocks(text: &[u8]) -> Result<Vec<Block<'_>>, Refusal> {
    let is_utf16 = text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff");
    if is_utf16 {
        return Err(other("it is UTF-16 text; save it as UTF-8"));
    }
    let mut found = Vec::new();
    let mut rest = text;
    let mut certificates = 0;
    while let Some(start) = find(rest, BEGIN) {
        check_between(&rest[..start])?;
        let after = &rest[start + BEGIN.len()..];
        let label = label(after).ok_or_else(|| other("it contains a damaged block"))?;
        certificates += usize::from(CERTIFICATES.contains(&label));
        let after = &after[label.len() + DASHES.len()..];
        let ends = [END, label.as_bytes(), DASHES].concat();
        let end = find(after, &ends).ok_or_else(|| damaged(label, certificates))?;
        let body = &after[..end];
        if find(body, DASHES).is_some() {
            return Err(damaged(label, certificates));
        }
        found.push(Block { label, body });
        rest = &after[end + ends.len()..];
    }
    check_between(rest)?;
    // Certificates and PKCS #12 files in binary form begin with a long ASN.1 sequence.
    if found.is_empty()
        && text.starts_with(b"\x30")
        && text.get(1).is_some_and(|byte| *byte >= 0x80)
    {
        return Err(other(
            "it contains no certificate: it is in binary form (DER or PKCS #12), not in PEM",
        ));
    }
    Ok(found)
}

/// Refuses text between blocks that looks like a part of one.
fn check_between(text: &[u8]) -> Result<(), Refusal> {
    let text = text.to_ascii_uppercase();
    let looks_like_one = ["--BEGIN", "-- BEGIN", "--END", "-- END"]
        .iter()
        .any(|part| find(&text, part.as_bytes()).is_some());
    if looks_like_one { Err(other("it contains a damaged block")) } else { Ok(()) }
}

/// The label before the dashes that end a block's first line.
fn label(text: &[u8]) -> Option<&str> {
    let end = find(&text[..text.len().min(MAX_LABEL + DASHES.len())], DASHES)?;
    let is_of_one = |b: &u8| b.is_ascii_alphanumeric() || b" #".contains(b);
    let label = text[..end].iter().all(is_of_one).then_some(&text[..end])?;
    std::str::from_utf8(label).ok()
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nAQID\nBA==\n-----END CERTIFICATE-----";
    const TWO: &str = "-----BEGIN X509 CERTIFICATE-----\r\nBQY=\r\n-----END X509 CERTIFICATE-----";

    fn read(text: &str) -> Result<Vec<Vec<u8>>, Refusal> {
        let read = certificates(text.as_bytes())?;
        Ok(read.iter().map(|certificate| certificate.as_ref().to_vec()).collect())
    }

    #[test]
    fn every_certificate_is_found_however_the_blocks_stand() {
        let both = vec![vec![1, 2, 3, 4], vec![5, 6]];
        for text in [
            format!("{ONE}\n{TWO}\n"),
            format!("{ONE}{TWO}"),
            format!("\u{feff}{ONE}\n{TWO}"),
            format!("text\n{ONE} text {TWO} text"),
            format!("{ONE}\n{TWO}").replace('\n', "\r\n"),
            format!("{ONE}\n{TWO}").replace('\n', "\r"),
            format!("{ONE}\n{TWO}").replace('\n', "\n    "),
            format!("{ONE}\n{TWO}").replace('\n', " \n\n"),
            format!("subject=/CN=a--b\nissuer=BEGIN\n{ONE}\n{TWO}"),
        ] {
            assert_eq!(read(&text).as_ref(), Ok(&both), "{text:?}");
        }
        assert_eq!(read("no block at all"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_read_is_refused_and_no_secret_of_it_quoted() {
        let why = |text: &str| match read(text) {
            Err(Refusal::Other(why)) => why,
            read => panic!("{text:?}: {read:?}"),
        };
        for label in ["TRUSTED CERTIFICATE", "PKCS7", "X509 CRL", "PRIVATE KEY", "EC PARAMETERS"] {
            let text = format!("{ONE}\n-----BEGIN {label}-----\nAQID\n-----END {label}-----\n");
            assert!(why(&text).contains(&format!("a block {label},")), "{label}");
        }
        let secret = "-----BEGIN s3cr3t-----\nAQID\n-----END s3cr3t-----";
        assert_eq!(why(secret), "it contains a block of an unknown kind");
        for text in [
            &ONE[..40],
            &ONE.replace("END", "EDN"),
            &ONE.replace("AQID", "A!ID"),
            &format!("{}\n{ONE}", &ONE[..40]),
        ] {
            assert_eq!(why(text), "certificate 1 in it is damaged", "{text:?}");
        }
        for text in [
            "----BEGIN CERTIFICATE----\nAQID\n----END CERTIFICATE----",
            "-----begin certificate-----\nAQID\n-----end certificate-----",
            "----- BEGIN CERTIFICATE -----\nAQID\n----- END CERTIFICATE -----",
            "-----BEGIN CERTIFICATE\nAQID\n-----END CERTIFICATE-----",
            "AQID\n-----END CERTIFICATE-----",
        ] {
            assert_eq!(why(&format!("{ONE}\n{text}")), "it contains a damaged block", "{text:?}");
        }
        let binary = |bytes: &[u8]| certificates(bytes).unwrap_err();
        assert!(
            matches!(binary(b"\x30\x82\x01\x0a\x30"), Refusal::Other(why) if why.contains("DER"))
        );
        assert!(matches!(binary(b"\xff\xfe-\0"), Refusal::Other(why) if why.contains("UTF-16")));
    }
}
