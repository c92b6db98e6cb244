//! Base URLs from an operator, an answer of the service, or an imported file.
#![no_main]

use std::net::IpAddr;

use concur_cred::fuzzing::{AllowList, Origin};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let claimed = Origin::from_geolocation(text);
    let named = Origin::from_operator(text);
    for origin in [&claimed, &named].into_iter().flatten() {
        is_canonical(origin);
        is_concurs_only_below_concurs_domains(origin);
        is_plain_only_at_home(origin);
    }
    if let Ok(written) = Origin::from_person(text) {
        is_canonical(&written);
        is_plain_only_at_home(&written);
        assert!(
            written.is_concur() || named.as_ref() == Ok(&written),
            "read generously: {written}"
        );
    }
    if let (Ok(claimed), Ok(named)) = (&claimed, &named) {
        assert_eq!(claimed, named, "one text, two origins");
    }
    if let Ok(claimed) = &claimed {
        let permitted = AllowList::default().permit(claimed);
        assert_eq!(permitted.is_some(), claimed.is_concur());
        let near = Origin::from_operator("https://concur.example:8443").expect("an origin");
        let permitted = AllowList::with_named([near.clone()]).permit(claimed);
        assert_eq!(permitted.is_some(), claimed.is_concur() || *claimed == near);
        assert!(AllowList::default().and(claimed).permit(claimed).is_some());
    }
});

/// Reading it again changes nothing; there is no user, path, query or fragment left.
fn is_canonical(origin: &Origin) {
    let text = origin.as_str();
    assert_eq!(Origin::from_geolocation(text).as_ref(), Ok(origin));
    assert_eq!(Origin::from_operator(text).as_ref(), Ok(origin));
    assert_eq!(text, format!("{}://{}", origin.scheme(), origin.host()));
    assert_eq!(text, text.to_ascii_lowercase());
    assert!(text.is_ascii(), "{text}");
    let stray = |c: char| c.is_ascii_control() || " /\\?#@%<>^|".contains(c);
    assert!(!origin.host().is_empty() && !origin.host().contains(stray), "{text}");
    assert!(!origin.host().ends_with(":443") || origin.scheme() != "https");
}

fn is_concurs_only_below_concurs_domains(origin: &Origin) {
    let labels: Vec<&str> = origin.host().split('.').collect();
    let below = |domain: &[&str]| labels.len() > domain.len() && labels.ends_with(domain);
    let is_below = below(&["api", "concursolutions", "com"]) || below(&["api", "concurcdc", "cn"]);
    if origin.is_concur() {
        assert!(is_below && origin.scheme() == "https" && !origin.is_loopback(), "{origin}");
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_label = |label: &str| !label.is_empty() && label.chars().all(is_allowed);
        assert!(labels.iter().all(|label| is_label(label)), "{origin}");
    }
}

fn is_plain_only_at_home(origin: &Origin) {
    let host = origin.host();
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((ip, _port)) => ip,
        None => host.split(':').next().unwrap_or_default(),
    };
    let loopback = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    assert_eq!(origin.is_loopback(), loopback, "{origin}");
    match origin.scheme() {
        "https" => {}
        "http" => assert!(loopback, "{origin}"),
        other => panic!("{other}"),
    }
}
