//! `NO_PROXY`: the hosts that are reached without a proxy, as in curl and Go. If the two differ, a host that
//! either of them exempts is exempt; `*.x` is as in Go: only the hosts below `x`.

use std::net::IpAddr;

use url::{Host, Url};

use crate::model::origin::Origin;

/// The rules of a `NO_PROXY`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Exempt(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    of: Hosts,
    /// `None`: any port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    /// The hosts below this domain; also the domain, if `itself`.
    Domain {
        name: String,
        itself: bool,
    },
    Address(IpAddr),
    /// The addresses with this prefix.
    Network(IpAddr, u32),
}

impl Exempt {
    /// Entries are separated by commas and blanks; an invalid one matches no host.
    pub(super) fn read(text: &str) -> Self {
        let entries = text.split(|c: char| c == ',' || c.is_whitespace());
        Self(entries.filter(|entry| !entry.is_empty()).filter_map(rule).collect())
    }

    /// Whether this origin is one of them.
    pub(super) fn covers(&self, origin: &Origin) -> bool {
        let Ok(url) = Url::parse(origin.as_str()) else { return false };
        let (Some(host), port) = (url.host(), url.port_or_known_default()) else { return false };
        self.0.iter().any(|rule| {
            let is_port = rule.port.is_none_or(|of_rule| Some(of_rule) == port);
            is_port && rule.of.have(&host)
        })
    }
}

fn rule(entry: &str) -> Option<Rule> {
    let entry = entry.to_ascii_lowercase();
    if entry == "*" {
        return Some(Rule { of: Hosts::All, port: None });
    }
    if let Some((address, bits)) = entry.split_once('/') {
        let (address, bits) = (address.parse::<IpAddr>().ok()?, bits.parse().ok()?);
        let is_network = bits <= if address.is_ipv4() { 32 } else { 128 };
        return is_network.then_some(Rule { of: Hosts::Network(address, bits), port: None });
    }
    if let Ok(address) = entry.parse() {
        return Some(Rule { of: Hosts::Address(address), port: None });
    }
    let (host, port) = match entry.rsplit_once(':') {
        // A colon inside brackets does not precede a port.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
        _ => (&*entry, None),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse() {
        return Some(Rule { of: Hosts::Address(address), port });
    }
    let (name, itself) = match host.strip_prefix("*.") {
        Some(name) => (name, false),
        None => (host.strip_prefix('.').unwrap_or(host), true),
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_owned();
    (!name.is_empty()).then_some(Rule { of: Hosts::Domain { name, itself }, port })
}

impl Hosts {
    fn have(&self, host: &Host<&str>) -> bool {
        let address = match host {
            Host::Domain(host) => return self.have_name(host.strip_suffix('.').unwrap_or(host)),
            Host::Ipv4(address) => IpAddr::V4(*address),
            Host::Ipv6(address) => IpAddr::V6(*address),
        };
        let address = address.to_canonical();
        match self {
            Self::All => true,
            Self::Domain { .. } => false,
            Self::Address(of_rule) => of_rule.to_canonical() == address,
            Self::Network(of_rule, bits) => begin_alike(*of_rule, address, *bits),
        }
    }

    fn have_name(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Domain { name, itself } => match host.strip_suffix(name.as_str()) {
                Some("") => *itself,
                Some(before) => before.ends_with('.'),
                None => false,
            },
            Self::Address(_) | Self::Network(..) => false,
        }
    }
}

/// Whether two addresses of one kind have the same first bits.
fn begin_alike(a: IpAddr, b: IpAddr, bits: u32) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_exempts_what_curl_or_go_exempt_by_it() {
        const US2: &str = "us2";
        let inside = "https://a.inside.example";
        for (text, origin, expected) in [
            ("", US2, false),
            (",, ,", US2, false),
            ("*", US2, true),
            ("a.example,*", US2, true),
            ("* b.example", US2, true),
            ("inside.example", inside, true),
            ("inside.example", "https://inside.example", true),
            ("inside.example", "https://notinside.example", false),
            ("side.example", inside, false),
            ("a.example, .concursolutions.com", US2, true),
            (".inside.example", inside, true),
            (".inside.example", "https://inside.example", true),
            ("*.inside.example", inside, true),
            ("*.inside.example", "https://b.a.inside.example", true),
            ("*.inside.example", "https://inside.example", false),
            ("*inside.example", inside, false),
            ("a.*.example", inside, false),
            ("INSIDE.Example", inside, true),
            ("inside.example.", inside, true),
            ("inside.example", "https://a.inside.example.", true),
            ("x a.inside.example\ty", inside, true),
            ("x\na.inside.example\n", inside, true),
            ("a.inside.example:443", inside, true),
            ("inside.example:443", inside, true),
            ("*.inside.example:443", inside, true),
            ("a.inside.example:8443", inside, false),
            ("a.inside.example:8443", "https://a.inside.example:8443", true),
            ("a.inside.example:", inside, false),
            ("a.inside.example:https", inside, false),
            ("https://a.inside.example", inside, false),
            ("10.1.2.3", "https://10.1.2.3", true),
            ("10.1.2.3:443", "https://10.1.2.3", true),
            ("10.1.2.3:8443", "https://10.1.2.3", false),
            ("10.1.2.3", "https://10.1.2.30", false),
            ("1.2.3", "https://10.1.2.3", false),
            ("2.3", "https://10.1.2.3", false),
            ("10.0.0.0/8", "https://10.1.2.3", true),
            ("10.9.9.9/8", "https://10.1.2.3", true),
            ("10.1.2.0/30", "https://10.1.2.3", true),
            ("10.1.2.0/31", "https://10.1.2.3", false),
            ("0.0.0.0/0", "https://10.1.2.3", true),
            ("10.0.0.0/33", "https://10.1.2.3", false),
            ("10/8", "https://10.1.2.3", false),
            ("10.0.0.0/8", "https://10.inside.example", false),
            ("fd00::/8", "https://[fd12::1]", true),
            ("fd00::/8", "https://[fe80::1]", false),
            ("10.0.0.0/8", "https://[fd12::1]", false),
            ("fd12::1", "https://[fd12::1]", true),
            ("[fd12::1]", "https://[fd12::1]", true),
            ("[fd12::1]:8443", "https://[fd12::1]", false),
            ("[fd12::1]:8443", "https://[fd12::1]:8443", true),
            ("10.1.2.3", "https://[::ffff:10.1.2.3]", true),
        ] {
            let origin = Origin::from_operator(origin).unwrap();
            assert_eq!(Exempt::read(text).covers(&origin), expected, "NO_PROXY={text:?} {origin}");
        }
    }
}
