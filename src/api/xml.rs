//! Pure: the messages of an error in XML, as Concur's APIs of v1 to v3 answer. Not a parser of XML: text is
//! taken from elements with a few names, and everything unusual is left out.

/// The elements with messages, without prefix, in lower case.
const NAMES: [&str; 5] = ["message", "errormessage", "errordescription", "faultstring", "reason"];

/// The texts of those elements, in their order.
pub(super) fn messages(body: &str) -> impl Iterator<Item = String> {
    let mut rest = body;
    std::iter::from_fn(move || {
        loop {
            let (_, after) = rest.split_once('<')?;
            let (tag, content) = after.split_once('>')?;
            rest = content;
            if is_message(tag)
                && let Some((text, after)) = text(content)
            {
                rest = after;
                return Some(text);
            }
        }
    })
}

fn is_message(tag: &str) -> bool {
    let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
    let name = name.rsplit(':').next().unwrap_or_default();
    !tag.ends_with('/') && NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The text up to the next tag, and what follows it. `None` when there is none.
fn text(content: &str) -> Option<(String, &str)> {
    if let Some(data) = content.trim_start().strip_prefix("<![CDATA[") {
        return data.split_once("]]>").map(|(text, after)| (text.to_owned(), after));
    }
    let at = content.find('<')?;
    let text = &content[..at];
    (!text.trim().is_empty()).then(|| (decoded(text), &content[at..]))
}

/// The text with its references resolved (XML 1.0, sections 4.1 and 4.6); any other one is left as it is.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let reference =
            rest[1..].split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        if let Some((character, after)) = reference {
            out.push(character);
            rest = after;
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out + rest
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_messages_is_found_and_nothing_else() {
        for (body, expected) in [
            ("<Error><Message>no such report</Message></Error>", &["no such report"][..]),
            (
                "<Error xmlns=\"http://x/\" a='1'><c:Message lang=\"en\"> a &amp; b </c:Message>\
                 <Server-Time>t</Server-Time><Id>1</Id></Error>",
                &[" a & b "],
            ),
            ("<Message><![CDATA[a < b & c]]></Message>", &["a < b & c"]),
            ("<Errors><Message>a</Message><Message>b</Message></Errors>", &["a", "b"]),
            (
                "<message>&lt;&#233;&#xe9;&nbsp;&#xd800;&;&#x110000;</message>",
                &["<éé&nbsp;&#xd800;&;&#x110000;"],
            ),
            ("<Message/>x<Message></Message><Message> </Message>", &[]),
            ("<Message>cut", &[]),
            ("<Message", &[]),
            ("<Messages>x</Messages><Id>1</Id>", &[]),
            ("<html><body>Service Unavailable</body></html>", &[]),
        ] {
            assert_eq!(messages(body).collect::<Vec<_>>(), expected, "{body}");
        }
    }
}
