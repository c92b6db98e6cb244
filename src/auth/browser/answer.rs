//! Pure: the receiver's answers as bytes. The connection ends with each.

use zeroize::Zeroizing;

use super::page::{self, Page};

pub(super) const NOT_HTTP: Page<'_> =
    Page { good: false, heading: "Bad request", text: "This is not what a browser sends here." };
pub(super) const WELL: Page<'_> = Page {
    good: true,
    heading: "You are logged in",
    text: "You can close this page and go back to the terminal.",
};
pub(super) const BADLY: Page<'_> = Page {
    good: false,
    heading: "The login failed",
    text: "The terminal shows why. You can close this page.",
};

/// A page.
pub(super) fn page_of(status: u16, page: &Page<'_>) -> Zeroizing<Vec<u8>> {
    whole(status, "Content-Type: text/html; charset=utf-8", &page.html())
}

/// A redirect of a GET.
pub(super) fn go_to(place: &str) -> Zeroizing<Vec<u8>> {
    whole(303, &Zeroizing::new(format!("Location: {place}")), "")
}

/// An answer with headers against caching and referrers. `field` is an additional header.
fn whole(status: u16, field: &str, body: &str) -> Zeroizing<Vec<u8>> {
    let reason = match status {
        200 => "OK",
        303 => "See Other",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed\r\nAllow: GET",
        409 => "Conflict",
        410 => "Gone",
        431 => "Request Header Fields Too Large",
        _ => "Bad Request",
    };
    let (policy, length) = (page::policy(), body.len());
    let text = format!(
        "HTTP/1.1 {status} {reason}\r\n{field}\r\nContent-Length: {length}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Security-Policy: {policy}\r\n\r\n{body}"
    );
    Zeroizing::new(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_how_long_it_is_and_that_nobody_keeps_it() {
        for status in [200, 400, 403, 404, 405, 409, 410, 431] {
            let bytes = page_of(status, &WELL);
            let text = std::str::from_utf8(&bytes).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
            assert!(head.contains("\r\nCache-Control: no-store\r\n"), "{head}");
            assert_eq!(head.contains("Allow: GET"), status == 405, "{head}");
        }
        let bytes = go_to("/done");
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(text.starts_with("HTTP/1.1 303 ") && text.contains("\r\nLocation: /done\r\n"));
        assert!(text.ends_with("\r\n\r\n"), "{text}");
    }
}
