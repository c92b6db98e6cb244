//! A test in user, mount and network namespaces of its own: its own loopback, and an
//! `/etc` that holds what the test puts there.

use crate::harness::skipped;
use std::process::Command;

/// Set in the process that runs inside.
const INSIDE: &str = "NETWORK_TEST_INSIDE";

/// Enables loopback with any available tool, and mounts an empty `/etc` over the real one.
const ENTER: &str = "\
PATH=$PATH:/usr/sbin:/sbin
{ ip link set lo up || ifconfig lo up; } && mount -t tmpfs -o mode=755 none /etc && exec \"$@\"";

/// Runs the test of this full name inside, by calling this test program again. `true` when this is
/// the inside; otherwise the test has been run, or could not be, which is said.
pub(crate) fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let probed = enter().arg("true").output();
    if !probed.is_ok_and(|output| output.status.success()) {
        skipped("no user, mount and network namespaces here");
        return false;
    }
    let output = enter()
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let passed = output.status.success() && stdout.contains("1 passed");
    assert!(passed, "{stdout}\n{}", String::from_utf8_lossy(&output.stderr));
    false
}

/// What is added to this is run inside.
fn enter() -> Command {
    let mut command = Command::new("unshare");
    command.args(["-rmn", "sh", "-c", ENTER, "sh"]);
    command
}

/// A file of the namespace's `/etc`.
pub(crate) fn etc(name: &str, content: &str) {
    std::fs::write(format!("/etc/{name}"), content).unwrap();
}

/// The number of packets without a route, or sent by UDP to loopback.
pub(crate) fn packets() -> u64 {
    let counters = std::fs::read_to_string("/proc/net/snmp").unwrap();
    number(&counters, "Ip:", "OutNoRoutes") + number(&counters, "Udp:", "OutDatagrams")
}

/// A counter of `/proc/net/snmp`: a line of names, then a line of numbers.
fn number(counters: &str, protocol: &str, name: &str) -> u64 {
    let mut lines = counters.lines().filter(|line| line.starts_with(protocol));
    let (names, numbers) = (lines.next().unwrap(), lines.next().unwrap());
    let at = names.split(' ').position(|word| word == name).unwrap();
    numbers.split(' ').nth(at).unwrap().parse().unwrap()
}
