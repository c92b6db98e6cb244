//! Numbers and text as Concur, its clients and people write them.

use serde_json::Value;

/// The text without the blanks around it that come along when it is copied, also invisible ones.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'))
}

/// A whole number from a JSON number, as a string (`"3600"`, as SAP's samples have it) or as a float without a
/// fraction. `None` for anything else, also when `i64` cannot hold it.
pub(crate) fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => whole_number_text(text),
        _ => None,
    }
}

/// [`whole_number`] of a string's content; blanks around it are ignored.
pub(crate) fn whole_number_text(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse().ok().and_then(whole))
}

/// The float as an integer when it is one, within the 53 bits of a float's exact integers.
pub(crate) fn whole(float: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() != 0.0 || float.abs() > EXACT {
        return None;
    }
    // Formatting is exact here; the standard library has no checked conversion.
    format!("{float:.0}").parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_strings_and_whole_floats_are_the_same_number() {
        for value in [json!(3600), json!("3600"), json!(3600.0), json!("3600.0"), json!(" 3.6e3 ")]
        {
            assert_eq!(whole_number(&value), Some(3600), "{value}");
        }
        assert_eq!(whole_number(&json!(i64::MIN)), Some(i64::MIN));
        assert_eq!(whole_number(&json!(-0.0)), Some(0));
    }

    #[test]
    fn what_is_not_a_whole_number_is_none() {
        for value in [
            json!(0.5),
            json!(""),
            json!("soon"),
            json!("inf"),
            json!("NaN"),
            json!("0x10"),
            json!(1e300),
            json!(u64::MAX),
            json!("99999999999999999999"),
            json!(null),
            json!(true),
            json!([3600]),
        ] {
            assert_eq!(whole_number(&value), None, "{value}");
        }
    }
}
