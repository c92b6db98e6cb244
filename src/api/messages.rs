//! Pure: finds the messages in the body of a failure, in the formats of Concur's APIs and of their gateways.

use serde_json::{Map, Value};

use super::xml;

/// The most messages that are shown.
const MOST_MESSAGES: usize = 8;
/// The deepest level of a body that is searched.
const MOST_LEVELS: usize = 5;
/// The longest message that is shown, characters.
const MOST_CHARS: usize = 200;

/// The fields with an object's message; the first existing one is the best.
const WORDS: [&str; 13] = [
    "error_description",
    "errorDescription",
    "message",
    "Message",
    "errorMessage",
    "ErrorMessage",
    "detail",
    "faultstring",
    "error",
    "title",
    "description",
    "statusMessage",
    "reason",
];

/// The fields with further errors: one, a list, or texts.
const WITHIN: [&str; 16] = [
    "message", // an object: Budget Adjustments v4
    "error",
    "Error",
    "errors",
    "Errors",
    "errorMessageList", // Budget v4
    "validationErrors", // Expense v4
    "messages",
    "errorMessages",
    "errorList",
    "ErrorList",
    "details",
    "detail",
    "Content", // the envelope of v1 to v3
    "fault",
    "Fault",
];

/// The messages of a body, each once and unchanged.
pub(super) fn in_body(body: &[u8]) -> Vec<String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    let mut found = Vec::new();
    if body.starts_with(b"<") {
        found.extend(xml::messages(&String::from_utf8_lossy(body)).take(MOST_MESSAGES));
    } else if let Ok(body) = serde_json::from_slice(body) {
        gather(&body, 0, &mut found);
    }
    let mut said: Vec<String> = Vec::new();
    for text in found.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        if said.len() < MOST_MESSAGES && !said.iter().any(|known| known == text) {
            said.push(text.to_owned());
        }
    }
    said
}

/// The messages in one text, each cut so that it does not hide the others.
pub(super) fn joined(messages: &[String]) -> String {
    let cut = messages.iter().map(|text| text.chars().take(MOST_CHARS).collect::<String>());
    cut.collect::<Vec<_>>().join("; ")
}

fn gather(value: &Value, level: usize, found: &mut Vec<String>) {
    if level > MOST_LEVELS || found.len() >= MOST_MESSAGES {
        return;
    }
    match value {
        Value::Array(all) => all.iter().for_each(|one| gather(one, level + 1, found)),
        // The meaning of a body that is a bare string is unknown.
        Value::String(text) if level > 0 => found.push(text.clone()),
        Value::Object(object) => of_object(object, level, found),
        _ => {}
    }
}

fn of_object(object: &Map<String, Value>, level: usize, found: &mut Vec<String>) {
    let text = |name: &&str| {
        object.get(*name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    };
    let before = found.len();
    found.extend(WORDS.iter().find_map(text).map(str::to_owned));
    let named = WITHIN.iter().filter_map(|name| object.get(*name));
    let extensions = object.iter().filter(|(name, _)| is_extension(name)).map(|(_, value)| value);
    for inner in named.chain(extensions) {
        if inner.is_object() || inner.is_array() {
            gather(inner, level + 1, found);
        }
    }
    // A message without text is replaced by its code, such as ATTRIBUTE_REQUIRED.
    if found.len() == before && level > 0 {
        found.extend(["code", "errorCode"].iter().find_map(text).map(str::to_owned));
    }
}

/// An extension of a SCIM error (RFC 7644, section 3.12):
/// `urn:ietf:params:scim:api:messages:concur:2.0:Error`.
fn is_extension(name: &str) -> bool {
    name.starts_with("urn:") && name.ends_with(":Error")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_messages_of_every_shape_are_found() {
        for (body, expected) in [
            // SCIM: Identity and User Provisioning v4.
            (
                r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400",
                    "scimType":"invalidValue","detail":"The request is invalid",
                    "urn:ietf:params:scim:api:messages:concur:2.0:Error":{"messages":[
                    {"code":"X","type":"error","message":"userName is required","schemaPath":"userName"},
                    {"code":"ATTRIBUTE_REQUIRED","type":"error"}]}}"#,
                "The request is invalid; userName is required; ATTRIBUTE_REQUIRED",
            ),
            (
                r#"{"urn:ietf:params:scim:api:messages:concur:2.0:Error":
                    {"messages":[{"message":"only here"}]}}"#,
                "only here",
            ),
            // Budget v4, and Budget Adjustments v4 within a message.
            (
                r#"{"status":false,"errorMessageList":[
                    {"errorType":"ERROR","errorCode":"BUDGET.A","errorMessage":"a name is required"},
                    {"errorType":"ERROR","errorCode":"BUDGET.B","errorMessage":"b must be unique"}]}"#,
                "a name is required; b must be unique",
            ),
            (
                r#"{"message":{"status":false,"errorMessageList":[{"errorMessage":"no period"}]}}"#,
                "no period",
            ),
            // Expense v4 and Request v4.
            (
                r#"{"errorId":"1","errorMessage":"bad","validationErrors":[{"message":"a"},{}]}"#,
                "bad; a",
            ),
            (r#"{"httpStatus":"404 Not Found","errorMessage":"no report"}"#, "no report"),
            // The envelope of v1 to v3, as JSON and as XML.
            (r#"{"StatusCode":400,"Content":{"Error":{"Message":"v3","Id":"1"}}}"#, "v3"),
            (r#"{"Error":{"Message":"v3","Server-Time":"2026-01-01"}}"#, "v3"),
            ("<Error><Message>v1</Message><Server-Time>x</Server-Time></Error>", "v1"),
            ("\u{feff} <?xml version=\"1.0\"?>\r\n<Error><Message>v1</Message></Error>", "v1"),
            // Lists, and the messages of gateways.
            (r#"{"errors":[{"errorCode":"E1","errorMessage":"a"},{"errorCode":"E2"}]}"#, "a; E2"),
            (r#"{"errors":["a","b","a"]}"#, "a; b"),
            (r#"[{"code":"X","message":"a"},{"message":"b"}]"#, "a; b"),
            (r#"{"fault":{"faultstring":"quota","detail":{"errorcode":"x"}}}"#, "quota"),
            (r#"{"message":" ","error":"forbidden"}"#, "forbidden"),
            (r#"{"type":"about:blank","title":"Bad Request","detail":"no date"}"#, "no date"),
        ] {
            assert_eq!(joined(&in_body(body.as_bytes())), expected, "{body}");
        }
        for body in ["", "{}", "[]", "7", "\"text\"", "<html>Unavailable</html>", "{\"message\":7}"]
        {
            assert_eq!(in_body(body.as_bytes()), Vec::<String>::new(), "{body}");
        }
    }

    #[test]
    fn however_many_and_long_the_messages_are_what_is_shown_is_bounded() {
        let one = format!("{{\"message\":\"{}\"}}", "ä".repeat(5000));
        let many: Vec<String> = (0..500).map(|n| format!("{{\"message\":\"{n}\"}}")).collect();
        let deep = format!("{}{}{}", "[".repeat(100), one, "]".repeat(100));
        let nested = format!("{}{}", "{\"error\":".repeat(50), "{}".to_owned() + &"}".repeat(50));
        let xml = "<Message>x</Message>".repeat(50) + &"<Message>".repeat(50);
        for body in [one, format!("[{}]", many.join(",")), deep, nested, xml] {
            let said = joined(&in_body(body.as_bytes()));
            assert!(said.chars().count() <= MOST_MESSAGES * (MOST_CHARS + 2), "{said}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "[<>/!\\[\\]a-zM&;#{}:\",\\-]{0,80}") {
            in_body(text.as_bytes());
            in_body(format!("<Message>{text}").as_bytes());
        }
    }
}
