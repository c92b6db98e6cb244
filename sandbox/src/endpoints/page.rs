//! The pages of the authorize endpoint. No scripts, no external resources, everything escaped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header;
use sha2::{Digest as _, Sha256};

use crate::config::User;
use crate::http::reply::Outgoing;
use crate::protocol::paths;

const STYLE: &str = "\
:root{color-scheme:light dark}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1.5rem;\
font:16px/1.5 system-ui,sans-serif;background:#f2f4f7;color:#1d2733}\
main{width:100%;max-width:27rem;padding:2rem;background:#fff;border:1px solid #d8dee6;border-radius:12px}\
h1{margin:.25rem 0 1rem;font-size:1.35rem;line-height:1.3}\
.mark{margin:0;font-size:.8rem;letter-spacing:.04em;color:#5b6876}\
code{font-size:.85rem;overflow-wrap:anywhere}\
ul{margin:.5rem 0 1.25rem;padding-left:1.25rem}\
label{display:block;margin:.75rem 0 .25rem;font-weight:600;font-size:.9rem}\
input{width:100%;padding:.55rem .7rem;font:inherit;color:inherit;background:#fff;border:1px solid #aab4c0;\
border-radius:8px}\
.wrong{padding:.6rem .8rem;border-radius:8px;background:#fdecea;color:#8c1d18}\
.hint{margin:1rem 0 0;font-size:.85rem;color:#5b6876;overflow-wrap:anywhere}\
.row{display:flex;gap:.75rem;margin-top:1.5rem}\
button{flex:1;padding:.65rem 1rem;font:inherit;font-weight:600;border-radius:8px;cursor:pointer;\
border:1px solid #0a5bab;background:#0a5bab;color:#fff}\
button.quiet{background:transparent;color:inherit;border-color:#aab4c0}\
@media(prefers-color-scheme:dark){body{background:#12171d;color:#e4e9ef}\
main{background:#1b222b;border-color:#323d4a}.mark,.hint{color:#9aa7b5}\
input{background:#12171d;border-color:#4a5766}.wrong{background:#4a1f1d;color:#ffd9d6}\
button.quiet{border-color:#4a5766}}";

/// What the user is asked.
pub(crate) struct Question<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) state: Option<&'a str>,
}

/// Who asks for what, with the form that answers it. The made-up user's name and password are filled in.
pub(crate) fn question(ask: &Question<'_>, user: Option<&User>, is_wrong: bool) -> Outgoing {
    let Question { client_id, redirect_uri, scope, state } = ask;
    let mut scopes = String::new();
    for word in scope.split_ascii_whitespace() {
        scopes.extend(["<li><code>", &escaped(word), "</code></li>"]);
    }
    let fields = [
        ("client_id", Some(*client_id)),
        ("redirect_uri", Some(*redirect_uri)),
        ("scope", Some(*scope)),
        ("response_type", Some("code")),
        ("state", *state),
    ];
    let mut hidden = String::new();
    for (name, value) in fields {
        let Some(value) = value.map(escaped) else { continue };
        hidden.extend(["<input type=\"hidden\" name=\"", name, "\" value=\"", &value, "\">"]);
    }
    let (login_id, password) = user.map_or(("", ""), |user| (&user.login_id, &user.password));
    let wrong = if is_wrong { "<p class=\"wrong\">Wrong user name or password.</p>" } else { "" };
    let main = format!(
        "<h1>An application asks for your data</h1>\
         <p>Application <code>{}</code> wants to act for you:</p><ul>{scopes}</ul>{wrong}\
         <form method=\"post\" action=\"{}\">{hidden}\
         <label for=\"username\">User name</label>\
         <input id=\"username\" name=\"username\" autocomplete=\"off\" value=\"{}\">\
         <label for=\"password\">Password</label>\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"off\" value=\"{}\">\
         <div class=\"row\">\
         <button id=\"allow\" name=\"decision\" value=\"allow\">Allow</button>\
         <button id=\"deny\" name=\"decision\" value=\"deny\" class=\"quiet\">Deny</button></div></form>\
         <p class=\"hint\">You will be sent to <code>{}</code>. Everything here is made up.</p>",
        escaped(client_id),
        paths::AUTHORIZE,
        escaped(login_id),
        escaped(password),
        escaped(redirect_uri),
    );
    html(200, "Allow an application?", &main)
}

/// What is wrong with the request, for the person alone.
pub(crate) fn problem(why: &str) -> Outgoing {
    let main = format!(
        "<h1>This request cannot be answered</h1><p>{}</p>\
         <p class=\"hint\">Go back to the application that sent you here.</p>",
        escaped(why)
    );
    html(400, "Bad request", &main)
}

fn html(status: u16, title: &str, main: &str) -> Outgoing {
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title} – concur-sandbox</title><style>{STYLE}</style></head>\
         <body><main><p class=\"mark\">concur-sandbox</p>{main}</main></body></html>"
    );
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    // No form-action: browsers hold redirects of the form's answer to it, and that goes to the
    // application.
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; frame-ancestors 'none'"
    );
    Outgoing::new(status, "text/html; charset=utf-8", body)
        .with(header::CACHE_CONTROL, "no-store")
        .with(header::CONTENT_SECURITY_POLICY, policy)
        .with(header::REFERRER_POLICY, "no-referrer")
        .with(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
}

/// Fit for HTML text and for a quoted attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
