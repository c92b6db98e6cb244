//! Resolves names by `/etc/hosts`, then by the servers of `/etc/resolv.conf`, as glibc does with the usual
//! `hosts: files dns`. Unlike reqwest's own use of the same library, it never queries another server.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::config::{LookupIpStrategy, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{TokioResolver, system_conf};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::sys::{clock, files};

const HOSTS: &str = "/etc/hosts";
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// The longest wait for one answer, and the number of retries: together below the connect timeout, so that a
/// silent name server is distinguished from a silent service.
const LONGEST_WAIT: Duration = Duration::from_secs(4);
const MOST_RETRIES: usize = 1;
/// One run resolves one name, in few spellings.
const CACHED_ANSWERS: u64 = 8;

/// Resolves without the C library. It has no time limit of its own: the connect timeout includes it.
pub(super) struct OwnResolver;

impl Resolve for OwnResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = addresses(name.as_str()).await?;
            // Port 0 means the requested one.
            let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}

/// Why a name has no address; the text names no server and no query.
#[derive(Debug)]
struct Unresolved(String);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Unresolved {}

async fn addresses(name: &str) -> Result<Vec<IpAddr>, Unresolved> {
    // A missing file counts as empty, as in glibc.
    let hosts = std::fs::read(HOSTS).unwrap_or_default();
    let by_hosts = addresses_in_hosts(&String::from_utf8_lossy(&hosts), name);
    if !by_hosts.is_empty() {
        return Ok(by_hosts);
    }
    if is_localhost(name) {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let (config, options) = settings()?;
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = options;
    let resolver = builder.build().map_err(|error| unanswered(&error))?;
    let answer = resolver.lookup_ip(name).await.map_err(|error| unanswered(&error))?;
    Ok(answer.iter().collect())
}

/// The addresses of a name in a hosts file (hosts(5)), in their order.
fn addresses_in_hosts(hosts: &str, name: &str) -> Vec<IpAddr> {
    let name = without_dot(name);
    hosts
        .lines()
        .filter_map(|line| {
            let mut words = line.split('#').next()?.split_ascii_whitespace();
            let address = words.next()?.parse().ok()?;
            words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
        })
        .collect()
}

/// Whether the name always means this machine (RFC 6761, section 6.3).
fn is_localhost(name: &str) -> bool {
    without_dot(name).rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
}

fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// The configuration in `/etc/resolv.conf`. Without a server it is an error, never a server of our choice.
fn settings() -> Result<(ResolverConfig, ResolverOpts), Unresolved> {
    let text = std::fs::read(RESOLV_CONF).map_err(|error| {
        let why = files::reason(&error);
        Unresolved(format!("no DNS server is known, because {RESOLV_CONF} cannot be read: {why}"))
    })?;
    let (config, options) = system_conf::parse_resolv_conf(text).map_err(|error| {
        let why = files::without_number(&error.to_string()).to_owned();
        Unresolved(format!("no DNS server is known, because {RESOLV_CONF} cannot be used: {why}"))
    })?;
    // The machine's own domain counts only without a search domain (resolv.conf(5)).
    let config = if config.search().is_empty() {
        config
    } else {
        ResolverConfig::from_parts(None, config.search().to_vec(), config.name_servers().to_vec())
    };
    let options = with_our_choices(options);
    Ok((config, options))
}

fn with_our_choices(mut options: ResolverOpts) -> ResolverOpts {
    // The second family is used if the first has no address, or none that answers.
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.use_hosts_file = ResolveHosts::Never;
    options.cache_size = CACHED_ANSWERS;
    options.timeout = options.timeout.min(clock::limit(LONGEST_WAIT));
    options.attempts = options.attempts.min(MOST_RETRIES);
    options
}

fn unanswered(error: &NetError) -> Unresolved {
    Unresolved(if error.is_no_records_found() {
        format!("the name is unknown to DNS and to {HOSTS}")
    } else if matches!(error, NetError::Dns(_)) {
        format!("the DNS servers of {RESOLV_CONF} could not resolve the name")
    } else {
        format!("the DNS servers of {RESOLV_CONF} did not answer")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# 10.0.0.9 concur.test
127.0.0.1\tlocalhost
10.0.0.1  a.concur.test concur.test # not b.concur.test
10.0.0.2
nonsense  concur.test
fe80::1%eth0 concur.test
::1 CONCUR.test
";

    #[test]
    fn the_hosts_file_is_read_as_its_manual_says() {
        let table: [(&str, &[&str]); 6] = [
            ("concur.test", &["10.0.0.1", "::1"]),
            ("Concur.Test.", &["10.0.0.1", "::1"]),
            ("a.concur.test", &["10.0.0.1"]),
            ("b.concur.test", &[]),
            ("test", &[]),
            ("localhost", &["127.0.0.1"]),
        ];
        for (name, expected) in table {
            let expected: Vec<IpAddr> = expected.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(addresses_in_hosts(FILE, name), expected, "{name}");
        }
    }

    #[test]
    fn localhost_and_what_is_below_it_are_this_machine() {
        for (name, expected) in [
            ("localhost", true),
            ("LOCALHOST.", true),
            ("a.localhost", true),
            ("localhost.test", false),
            ("notlocalhost", false),
        ] {
            assert_eq!(is_localhost(name), expected, "{name}");
        }
    }
}
