//! The schemes that a server offers in `WWW-Authenticate` (RFC 9110, section 11.6.1), which git passes on in
//! `wwwauth[]`.

/// Whether Bearer is among the schemes of a header's value. A value may contain several challenges, separated
/// by commas like their parameters.
pub(super) fn offers_bearer(value: &[u8]) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    let parts = value.split(|byte| {
        let is_escaped = std::mem::replace(&mut escaped, false);
        match byte {
            _ if is_escaped => {}
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' => return !quoted,
            _ => {}
        }
        false
    });
    // A scheme is the first word of a part; the first word of a parameter contains more than a scheme's name.
    let mut schemes =
        parts.filter_map(|part| part.split(u8::is_ascii_whitespace).find(|word| !word.is_empty()));
    schemes.any(|scheme| scheme.eq_ignore_ascii_case(b"Bearer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_is_found_among_the_challenges_of_a_header_and_not_in_their_parameters() {
        for (value, expected) in [
            ("Bearer", true),
            ("bearer realm=\"x\"", true),
            ("  BEARER  realm=x", true),
            ("Basic realm=\"x\", Bearer realm=\"y\"", true),
            ("Basic realm=\"a \\\" b\",Bearer", true),
            ("Negotiate, Basic realm=x", false),
            ("Basic", false),
            ("Basic realm=\"x, Bearer y\"", false),
            ("Basic realm=\"x\\\", Bearer y\"", false),
            ("Basic realm=Bearer", false),
            ("Digest bearer=x", false),
            ("BearerToken", false),
            ("Bearer,", true),
            (",", false),
            (" ", false),
        ] {
            assert_eq!(offers_bearer(value.as_bytes()), expected, "{value}");
        }
    }
}
