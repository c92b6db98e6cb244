//! "No secret is sent without an allowed origin", checked in the code: only one function creates an
//! allowed origin, and every sender takes one.

use std::path::Path;

use super::pages::{page, path};

/// The source files of the program with their code, without comments and unit tests.
fn sources() -> Vec<(String, String)> {
    let root = path("");
    let mut left = vec![path("src")];
    let mut found = Vec::new();
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                left.push(path);
            } else if path.extension() == Some("rs".as_ref()) && !is_test(&path) {
                let text = page(&name);
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                let is_code = |line: &&str| !line.trim_start().starts_with("//");
                found.push((name, text.lines().filter(is_code).collect::<Vec<_>>().join("\n")));
            }
        }
    }
    found.sort();
    assert!(found.len() > 100, "the sources were read");
    found
}

fn is_test(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem == "tests" || stem.ends_with("_tests")
}

/// The files whose code contains one of these words.
fn with(words: &[&str]) -> Vec<String> {
    let has = |code: &str| words.iter().any(|word| code.contains(word));
    sources().into_iter().filter(|(_, code)| has(code)).map(|(name, _)| name).collect()
}

#[test]
fn allowed_origins_are_created_in_one_function() {
    // A constructor is called, or passed as a function.
    assert_eq!(with(&["AllowedOrigin(", "map(AllowedOrigin"]), ["src/model/origin.rs"]);
    let code = page("src/model/origin.rs");
    let made: Vec<&str> = code.lines().filter(|line| line.contains("AllowedOrigin(")).collect();
    assert_eq!(made.len(), 3, "the type, and what permitting and permit make: {made:?}");
    assert!(made[0].starts_with("pub struct AllowedOrigin(Origin);"), "no field is public");
    // That one makes it of the origin by which it widens the list.
    for (name, made) in ["fn permitting(", "pub fn permit("].into_iter().zip(&made[1..]) {
        let makes = code.split_once(name).unwrap().1.split_once("\n    }").unwrap().0;
        assert!(makes.contains(made.trim()), "{makes}");
    }
}

#[test]
fn only_known_functions_extend_the_list_of_origins() {
    // Configuration and environment; all other code uses that list and the origin that the operator
    // gave at a login.
    assert_eq!(
        with(&["AllowList::with_named", "AllowList {"]),
        ["src/config/mod.rs", "src/model/origin.rs"]
    );
    assert_eq!(
        with(&["allowed.and(", "allowed.permitting("]),
        [
            "src/auth/accounts.rs",
            "src/auth/login/browser.rs",
            "src/auth/login/flow.rs",
            "src/auth/login/otp.rs",
            "src/auth/refresh/attempt.rs",
            // Sends requests without a secret.
            "src/doctor/online.rs",
        ]
    );
}

#[test]
fn every_request_takes_an_allowed_origin() {
    const SENDERS: [&str; 2] = ["src/api/client.rs", "src/auth/oauth/client.rs"];
    let makes =
        ["Client::new", "Client::builder", "ClientBuilder::new", "blocking::get", "reqwest::get"];
    assert_eq!(with(&makes), ["src/net/mod.rs"], "the files that create a client");
    let http = page("src/net/mod.rs").split_whitespace().collect::<Vec<_>>().join(" ");
    for signature in
        ["fn client(&self, to: &AllowedOrigin)", "fn client_waiting( &self, to: &AllowedOrigin,"]
    {
        assert!(http.contains(signature), "{signature}");
    }
    // Each method of a client that begins a request, and its last step.
    let asks = [".client(", ".post(", ".request(", ".put(", ".patch(", ".delete(", ".send()"];
    let senders: Vec<_> = with(&asks).into_iter().filter(|name| name != "src/net/mod.rs").collect();
    assert_eq!(senders, SENDERS, "who sends");
    for name in SENDERS {
        let code = page(name);
        let (before, _) = code.split_once(".send()").unwrap();
        let (_, function) = before.rsplit_once("    pub(crate) fn ").unwrap();
        let signature = function.split_once('{').unwrap().0;
        assert!(signature.contains("to: &AllowedOrigin"), "{name}: {signature}");
    }
    assert_eq!(with(&["(AUTHORIZATION, "]), ["src/api/client.rs"], "the files that send a token");
    assert_eq!(with(&["TcpStream::connect", "UdpSocket"]), [""; 0], "nothing bypasses the client");
}
