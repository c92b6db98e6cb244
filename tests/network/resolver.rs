//! The resolver of static builds: hosts file, search domains, both families, and no default
//! server.

use std::net::{IpAddr, Ipv6Addr, UdpSocket};

use concur_sandbox::{Config, Tls};

use super::dns;
use super::namespace::{etc, inside, packets};
use crate::harness::{Run, World};

const HERE: &str = "nameserver 127.0.0.1\n";

/// A world whose service is known by this name alone.
fn world(name: &str) -> World {
    world_with(name, Config::default())
}

fn world_with(name: &str, config: Config) -> World {
    World::with(Config { tls: Some(Tls::named(name)), ..config })
}

/// The run with the resolver of a static build, and with the CA of the world's service.
fn resolving(world: &World, run: Run) -> Run {
    let ca = world.write("ca.pem", world.sandbox.ca_pem().unwrap());
    run.env("CONCUR_CRED_TEST_RESOLVER", "own").env("CONCUR_CRED_CA_BUNDLE", ca)
}

fn login(world: &World) -> Run {
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    let args = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
    resolving(world, world.concur(args).arg(file))
}

/// Login, then a refresh.
fn works(world: &World) {
    login(world).ok();
    world.expire("default");
    resolving(world, world.concur(["get"])).ok().silent();
    assert_eq!(world.refreshes(), 1);
}

/// Asserts that the login fails to resolve the service.
fn fails(world: &World, why: &str) {
    assert_fails(world, login(world), why);
}

fn assert_fails(world: &World, login: Run, why: &str) {
    login.fails(5).says("could not connect to").says(why);
    assert_eq!(world.sandbox.requests().len(), 0);
}

#[test]
fn a_name_of_the_hosts_file_needs_no_dns() {
    if !inside("network::resolver::a_name_of_the_hosts_file_needs_no_dns") {
        return;
    }
    etc("hosts", "192.0.2.9 other.test\n127.0.0.1 alias Concur.Test # the service\n");
    works(&world("concur.test"));
    etc("resolv.conf", HERE);
    let asked = dns::serve(&[("concur.test", "192.0.2.1")]);
    works(&world("concur.test"));
    assert_eq!(asked.names(), [""; 0], "the hosts file comes first");
}

#[test]
fn addresses_and_localhost_need_no_file_at_all() {
    if !inside("network::resolver::addresses_and_localhost_need_no_file_at_all") {
        return;
    }
    let before = packets();
    works(&world_with("127.0.0.1", Config::default()));
    works(&world("localhost"));
    assert_eq!(packets(), before, "no request was sent");
}

#[test]
fn search_domains_and_ndots_are_honoured() {
    if !inside("network::resolver::search_domains_and_ndots_are_honoured") {
        return;
    }
    etc("resolv.conf", "search none.test corp.test\nnameserver 127.0.0.1\noptions ndots:2\n");
    let asked = dns::serve(&[("concur.corp.test", "127.0.0.1"), ("a.concur.test", "127.0.0.1")]);
    works(&world("concur"));
    assert_eq!(asked.names(), ["concur.none.test", "concur.corp.test"]);
    works(&world("a.concur.test"));
    assert_eq!(asked.names()[2..], ["a.concur.test"], "two dots: as it stands, first");
}

#[test]
fn a_name_with_an_ipv6_address_alone_is_reached() {
    if !inside("network::resolver::a_name_with_an_ipv6_address_alone_is_reached") {
        return;
    }
    etc("resolv.conf", HERE);
    let asked = dns::serve(&[("concur.test", "::1")]);
    let bind = IpAddr::V6(Ipv6Addr::LOCALHOST);
    works(&world_with("concur.test", Config { bind, ..Config::default() }));
    assert_eq!(asked.names(), ["concur.test"]);
}

#[test]
fn an_unknown_name_is_reported_as_unknown() {
    if !inside("network::resolver::an_unknown_name_is_reported_as_unknown") {
        return;
    }
    etc("resolv.conf", HERE);
    dns::serve(&[("concur.test", "127.0.0.1")]);
    fails(&world("other.test"), "the name is unknown to DNS and to /etc/hosts");
}

#[test]
fn without_a_server_in_resolv_conf_no_other_server_gets_a_query() {
    if !inside("network::resolver::without_a_server_in_resolv_conf_no_other_server_gets_a_query") {
        return;
    }
    let world = world("concur.test");
    let before = packets();
    fails(&world, "no DNS server is known, because /etc/resolv.conf cannot be read: No such file");
    for content in ["", "# nothing\n", "search corp.test\n", "nameserver nonsense\n"] {
        etc("resolv.conf", content);
        fails(&world, "no DNS server is known, because /etc/resolv.conf cannot be used");
    }
    assert_eq!(packets(), before, "no packet was sent");
    // The counters do count a packet without a route.
    etc("resolv.conf", "nameserver 192.0.2.1\noptions timeout:1 attempts:1\n");
    fails(&world, "/etc/resolv.conf did not answer");
    assert!(packets() > before);
}

#[test]
fn silent_servers_fail_quickly() {
    if !inside("network::resolver::silent_servers_fail_quickly") {
        return;
    }
    // The usual waits, which together would be longer than the connect timeout; all of them shortened alike.
    etc("resolv.conf", HERE);
    let world = world("concur.test");
    let hasty = login(&world).env("CONCUR_CRED_TEST_HASTE", "5");
    assert_fails(&world, hasty, "/etc/resolv.conf did not answer");
    etc("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    let silent = UdpSocket::bind("127.0.0.1:53").unwrap();
    fails(&world, "/etc/resolv.conf did not answer");
    let mut question = [0; 512];
    assert!(silent.recv(&mut question).unwrap() > 12, "it was asked");
}
