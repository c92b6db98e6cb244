//! The claims of our own tokens (JWT).

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use zeroize::Zeroizing;

use super::lenient::{whole, whole_number};
use super::principal::PrincipalType;
use super::secret::Secret;

/// The longest token that is parsed, in bytes.
const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// RFC 7515 writes base64url without padding; some issuers pad nevertheless.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The used claims. Each is `None` if it is absent or has another type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// `exp`, epoch seconds; a fraction is cut off.
    pub expires_at: Option<i64>,
    /// `iat`, epoch seconds; a fraction is cut off.
    pub issued_at: Option<i64>,
    /// `sub`: in Concur's `id_token` the company or user UUID.
    pub subject: Option<String>,
    /// `concur.type`: whether that is a company, a user or an application.
    pub principal_type: Option<PrincipalType>,
}

/// Parses the payload of a JWT (RFC 7519) in its compact form, or `None` when it is not one.
///
/// The signature is **not** verified, on purpose. The token is our own, received from the service over TLS or
/// given by the user; its claims are used only for its expiry and its principal. Never base a permission on a
/// claim.
pub fn claims(token: &Secret) -> Option<Claims> {
    let bytes = token.expose();
    if bytes.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let mut parts = bytes.split(|byte| *byte == b'.');
    let (Some(_header), Some(payload), Some(_signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    // Allocated at once: a growing buffer would leave copies.
    let mut json = Zeroizing::new(vec![0; payload.len()]);
    let length = BASE64URL.decode_slice(payload, &mut json).ok()?;
    let payload: serde_json::Map<String, Value> = serde_json::from_slice(&json[..length]).ok()?;
    let seconds = |name| payload.get(name).and_then(numeric_date);
    Some(Claims {
        expires_at: seconds("exp"),
        issued_at: seconds("iat"),
        subject: payload.get("sub").and_then(Value::as_str).map(str::to_owned),
        principal_type: payload
            .get("concur.type")
            .and_then(Value::as_str)
            .and_then(PrincipalType::from_claim),
    })
}

/// RFC 7519's `NumericDate`, which may have a fraction.
fn numeric_date(value: &Value) -> Option<i64> {
    whole_number(value).or_else(|| value.as_f64().map(f64::floor).and_then(whole))
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn jwt(payload: &str) -> Secret {
        let encoded = BASE64_URL_SAFE_NO_PAD.encode(payload);
        Secret::from(format!("eyJhbGciOiJSUzI1NiJ9.{encoded}.c2ln"))
    }

    #[test]
    fn the_claims_we_use_are_read() {
        let read = claims(&jwt(
            r#"{"exp":1700003600,"iat":1700000000,"sub":"08BCCA1E","concur.type":"user","x":[1]}"#,
        ));
        let expected = Claims {
            expires_at: Some(1_700_003_600),
            issued_at: Some(1_700_000_000),
            subject: Some("08BCCA1E".to_owned()),
            principal_type: Some(PrincipalType::User),
        };
        assert_eq!(read, Some(expected));
    }

    #[test]
    fn expiry_may_be_a_float_or_a_string() {
        for exp in ["1700003600", "1700003600.0", "1700003600.75", "\"1700003600\"", "1.7000036e9"]
        {
            let read = claims(&jwt(&format!(r#"{{"exp":{exp}}}"#)));
            assert_eq!(read.and_then(|claims| claims.expires_at), Some(1_700_003_600), "{exp}");
        }
    }

    #[test]
    fn claims_of_another_type_count_as_absent() {
        let read = claims(&jwt(r#"{"exp":"soon","iat":{},"sub":7,"concur.type":"robot"}"#));
        assert_eq!(read, Some(Claims::default()));
    }

    #[test]
    fn padding_does_not_matter() {
        let encoded = BASE64_URL_SAFE.encode(r#"{"exp":1}"#) + "";
        let padded = BASE64_URL_SAFE.encode(r#"{"exp":12}"#);
        assert!(padded.ends_with('='));
        for payload in [encoded, padded] {
            assert!(claims(&Secret::from(format!("h.{payload}."))).is_some());
        }
    }

    #[test]
    fn what_is_not_a_jwt_has_no_claims() {
        let long = format!("a.{}.b", "A".repeat(MAX_TOKEN_BYTES));
        for token in
            ["", "opaque", "a.b", "..", "a.e30.c.d", "a.e30.c.d.e", "a.!!.c", "a.W10.c", &long]
        {
            assert_eq!(claims(&Secret::from(token)), None);
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(token in prop::collection::vec(any::<u8>(), 0..200), payload: String) {
            claims(&Secret::new(token));
            claims(&jwt(&payload));
        }
    }
}
