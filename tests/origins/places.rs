//! The kinds of origins.

/// A text that names an origin, and its expected result. `{port}` is the port of the trap.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) text: &'static str,
    /// The origin that it is when it comes from outside (an answer, a file, a browser); `None`: refused.
    pub(super) from_outside: Option<&'static str>,
    /// The same when the operator wrote it (`--base-url`, configuration, variable).
    pub(super) from_operator: Option<&'static str>,
}

const US2: &str = "https://us2.api.concursolutions.com";

/// Concur's, however it is written.
const fn concurs(text: &'static str) -> Place {
    Place { text, from_outside: Some(US2), from_operator: Some(US2) }
}

/// Another one of Concur's.
const fn concurs_too(text: &'static str) -> Place {
    Place { text, from_outside: Some(text), from_operator: Some(text) }
}

/// A valid origin that is not Concur's: only the operator can allow it.
const fn named(text: &'static str, origin: &'static str) -> Place {
    Place { text, from_outside: None, from_operator: Some(origin) }
}

/// Never, whatever its source.
const fn never(text: &'static str) -> Place {
    Place { text, from_outside: None, from_operator: None }
}

pub(super) const PLACES: [Place; 108] = [
    // Concur's own.
    concurs(US2),
    concurs("HTTPS://US2.API.ConcurSolutions.COM"),
    concurs("https://us2.api.concursolutions.com/"),
    concurs("https://us2.api.concursolutions.com:443"),
    concurs("https://us2.api.concursolutions.com/oauth2/v0/token"),
    concurs("https://us2.api.concursolutions.com?x=evil.example"),
    concurs("https://us2.api.concursolutions.com#@evil.example"),
    // A backslash ends the host, as in every browser.
    concurs("https://us2.api.concursolutions.com\\@evil.example"),
    // A short name is the operator's alone.
    named("us2", US2),
    // An operator may name the twin of a host, and means that host.
    Place {
        text: "https://www-us2.api.concursolutions.com",
        from_outside: Some("https://www-us2.api.concursolutions.com"),
        from_operator: Some(US2),
    },
    named("US2", US2),
    named("www-us2.api.concursolutions.com", US2),
    named("us2.api.concursolutions.com/oauth2/v0/token", US2),
    // Concur's legacy hosts take no token of ours.
    never("https://www.concursolutions.com"),
    never("https://eu1.concursolutions.com/"),
    never("implementation.concursolutions.com"),
    never("eu1imp"),
    concurs_too("https://cn.api.concurcdc.cn"),
    concurs_too("https://us-impl.api.concursolutions.com"),
    concurs_too("https://a.b.api.concursolutions.com"),
    // However a browser would read it, too: the same host.
    concurs(" https://us2.api.concursolutions.com "),
    concurs("https:us2.api.concursolutions.com"),
    concurs("https:///us2.api.concursolutions.com"),
    concurs("https:\\\\us2.api.concursolutions.com"),
    concurs("https://us2.api.concursolutions.com:"),
    concurs("https://us2.api.concursolutions.com:0443"),
    // Look-alikes.
    named("https://evilapi.concursolutions.com", "https://evilapi.concursolutions.com"),
    named("https://api.concursolutions.com", "https://api.concursolutions.com"),
    named("https://us2.api.concursolution.com", "https://us2.api.concursolution.com"),
    named(
        "https://us2.api.concursolutions.com.evil.example",
        "https://us2.api.concursolutions.com.evil.example",
    ),
    named("https://us2-api.concursolutions.com", "https://us2-api.concursolutions.com"),
    named("https://evil.example/", "https://evil.example"),
    named("https://concursolutions.com", "https://concursolutions.com"),
    named(
        "https://concursolutions.com.api.evil.example",
        "https://concursolutions.com.api.evil.example",
    ),
    named("https://us2.api.concurcdc.cn.com", "https://us2.api.concurcdc.cn.com"),
    named("https://us2.api.concursolutions.cn", "https://us2.api.concursolutions.cn"),
    named("https://us2.api.c0ncursolutions.com", "https://us2.api.c0ncursolutions.com"),
    named("https://us2_x.api.concursolutions.com", "https://us2_x.api.concursolutions.com"),
    // What ends a host, before Concur's name.
    never("https://evil.example/.api.concursolutions.com"),
    never("https://evil.example?.api.concursolutions.com"),
    never("https://evil.example#.api.concursolutions.com"),
    never("https://evil.example\\.api.concursolutions.com"),
    never("https://evil.example:443.api.concursolutions.com"),
    never("https://evil.example%2f.api.concursolutions.com"),
    never("https://evil.example .api.concursolutions.com"),
    never("https://127.0.0.1:{port}/.api.concursolutions.com"),
    // Trailing dot, ports.
    named("https://us2.api.concursolutions.com.", US2),
    named("https://us2.api.concursolutions.com:8443", "https://us2.api.concursolutions.com:8443"),
    named("https://us2.api.concursolutions.com:80", "https://us2.api.concursolutions.com:80"),
    named("https://us2.api.concursolutions.com:0", "https://us2.api.concursolutions.com:0"),
    named("https://us2.api.concursolutions.com:65535", "https://us2.api.concursolutions.com:65535"),
    never("https://us2.api.concursolutions.com:65536"),
    never("https://us2.api.concursolutions.com:99999"),
    never("https://us2.api.concursolutions.com:-1"),
    never("https://us2.api.concursolutions.com:443:80"),
    // International names, as they are and in ASCII, and percent signs.
    never("https://us2.api.concursolutiοns.com"),
    never("https://uѕ2.api.concursolutions.com"),
    never("https://uſ2.api.concurſolutionſ.com"),
    never("https://us2.api.concursolutıons.com"),
    never("https://us2.api.\u{212a}oncursolutions.com"),
    never("https://us2.api.concursolutions.com\u{ad}"),
    never("https://us2.api.concursolutions.com\u{2024}evil.example"),
    never("https://us2。api。concursolutions。com"),
    never("https://ｕｓ２.api.concursolutions.com"),
    named(
        "https://us2.api.xn--concursolutins-uwi.com",
        "https://us2.api.xn--concursolutins-uwi.com",
    ),
    never("https://us2.api.concursolutions%2ecom"),
    never("https://us2.api.concursolutions.com%2eevil.example"),
    never("https://us2.api.concursolutions.com%00.evil.example"),
    never("https://us2.api.concursolutions.com\u{200b}.evil.example"),
    never("https://us2.api.concursolutions.com\t.evil.example"),
    never("https://us2.api.concur\nsolutions.com"),
    // Not https.
    never("http://us2.api.concursolutions.com"),
    never("ftp://us2.api.concursolutions.com"),
    never("file://us2.api.concursolutions.com/"),
    never("wss://us2.api.concursolutions.com"),
    never("javascript:alert(1)//us2.api.concursolutions.com"),
    named("us2.api.concursolutions.com", US2),
    never("//us2.api.concursolutions.com"),
    // User information, also none.
    never("https://@us2.api.concursolutions.com"),
    never("https://:@us2.api.concursolutions.com"),
    never("https://user@us2.api.concursolutions.com"),
    never("https://user:pw@us2.api.concursolutions.com"),
    never("https://us2.api.concursolutions.com@evil.example"),
    never("https://us2.api.concursolutions.com;@evil.example"),
    never("https://us2.api.concursolutions.com%40evil.example"),
    never("http://us2.api.concursolutions.com:x@127.0.0.1:{port}"),
    // This machine: by a literal address alone, and only the operator's.
    named("http://127.0.0.1:{port}", "http://127.0.0.1:{port}"),
    named("https://127.0.0.1:{port}", "https://127.0.0.1:{port}"),
    named("http://127.1:{port}", "http://127.0.0.1:{port}"),
    named("http://0x7f000001:{port}", "http://127.0.0.1:{port}"),
    named("http://0177.0.0.1:{port}", "http://127.0.0.1:{port}"),
    named("http://2130706433:{port}", "http://127.0.0.1:{port}"),
    named("http://127.0.0.1.:{port}", "http://127.0.0.1:{port}"),
    named("http://[0:0:0:0:0:0:0:1]:{port}", "http://[::1]:{port}"),
    never("http://[::ffff:127.0.0.1]:{port}"),
    never("http://[::ffff:7f00:1]:{port}"),
    never("http://[::127.0.0.1]:{port}"),
    never("http://[::1%25lo]:{port}"),
    never("https://[fe80::1%25lo]"),
    never("http://127.0.0.1.evil.example:{port}"),
    never("http://127.0.0.256:{port}"),
    never("http://0:{port}"),
    never("http://0.0.0.0:{port}"),
    never("http://localhost:{port}"),
    named("https://localhost:{port}", "https://localhost:{port}"),
    // Other literal addresses.
    never("http://10.0.0.1"),
    named("https://10.0.0.1", "https://10.0.0.1"),
    named("https://[fe80::1]", "https://[fe80::1]"),
];
