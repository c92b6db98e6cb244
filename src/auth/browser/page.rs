//! Pure: the pages that the browser shows. No scripts, nothing from other hosts, all text escaped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A page; its text is escaped here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) good: bool,
    pub(super) heading: &'a str,
    pub(super) text: &'a str,
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1.5rem;\
font:16px/1.5 system-ui,sans-serif;background:#f2f4f7;color:#1d2733}\
main{width:100%;max-width:27rem;padding:2rem;background:#fff;border:1px solid #d8dee6;\
border-radius:12px;text-align:center}\
svg{width:3rem;height:3rem;fill:none;stroke:#b3261e;stroke-width:2;stroke-linecap:round;\
stroke-linejoin:round}\
.good svg{stroke:#1a7f4b}\
h1{margin:.75rem 0 .5rem;font-size:1.35rem;line-height:1.3}\
p{margin:0;overflow-wrap:anywhere;text-wrap:balance}\
.mark{margin-top:1.5rem;font-size:.8rem;letter-spacing:.04em;color:#5b6876}\
@media(prefers-color-scheme:dark){body{background:#12171d;color:#e4e9ef}\
main{background:#1b222b;border-color:#323d4a}.mark{color:#9aa7b5}\
svg{stroke:#ff8a80}.good svg{stroke:#5fd19a}}";

const TICK: &str = "<path d=\"M7 12.5l3.5 3.5L17 9\"/>";
const CROSS: &str = "<path d=\"M8.5 8.5l7 7M15.5 8.5l-7 7\"/>";

impl Page<'_> {
    /// The document.
    pub(super) fn html(&self) -> String {
        let Self { good, heading, text } = *self;
        let (class, mark) = if good { ("good", TICK) } else { ("bad", CROSS) };
        let (heading, text) = (escaped(heading), escaped(text));
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{heading} – concur-cred</title><style>{STYLE}</style></head>\
             <body><main class=\"{class}\">\
             <svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"10\"/>\
             {mark}</svg><h1>{heading}</h1><p>{text}</p><p class=\"mark\">concur-cred</p></main>\
             </body></html>"
        )
    }
}

/// The policy under which a browser shows any of the pages: this style and nothing else.
pub(super) fn policy() -> String {
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

/// Escapes text for HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_says_cannot_become_markup() {
        let page = Page { good: false, heading: "a & b", text: "<script>alert(\"1\")</script>" };
        let html = page.html();
        assert!(html.contains("a &amp; b") && html.contains("&lt;script&gt;alert(&quot;1&quot;)"));
        assert!(!html.contains("<script") && !html.contains("http"), "{html}");
    }

    #[test]
    fn the_policy_allows_the_style_that_the_page_has() {
        let html = Page { good: true, heading: "", text: "" }.html();
        let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        assert!(policy().contains(&STANDARD.encode(Sha256::digest(style))));
        assert!(!policy().contains("unsafe"));
    }
}
