//! The owner of the other end of a loopback connection, from the system's table of sockets (Linux:
//! `/proc/net/tcp` and `tcp6`, `proc_net(5)`). All users of the machine can connect to loopback.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

/// A row can be missed while other rows are added or removed.
const LOOKS: u32 = 3;
/// States of a socket (the kernel's `include/net/tcp_states.h`).
const ESTABLISHED: u8 = 1;
const LISTEN: u8 = 10;
const ROOT: u32 = 0;

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// A program of our own user.
    Ours,
    /// Another user of this machine.
    Other,
    /// Unknown: the table cannot be read, or the connection is forwarded, by another kernel, another network
    /// namespace or root.
    Unknown,
    /// The client has closed the connection, so its owner is not known any more. A browser would wait for the
    /// answer.
    Gone,
}

/// The table of sockets, and our own user id in it.
#[derive(Debug, Clone)]
pub(super) struct Sockets {
    folder: PathBuf,
    ours: u32,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    local: SocketAddr,
    remote: SocketAddr,
    state: u8,
    uid: u32,
    /// 0: no process has it any more, and the uid is not its owner's.
    inode: u64,
}

impl Sockets {
    /// `None` if the table cannot be used: it does not contain our own listener.
    pub(super) fn with_listener(at: SocketAddr) -> Option<Self> {
        let folder = folder();
        let own = |row: &Row| row.state == LISTEN && row.local == at;
        let row = find(&folder, at.is_ipv6(), own).ok()??;
        Some(Self { folder, ours: row.uid })
    }

    /// The owner of the other end of an accepted connection.
    pub(super) fn caller(&self, peer: SocketAddr, local: SocketAddr) -> Caller {
        for _ in 0..LOOKS {
            match self.end(peer, local) {
                Err(_) => return Caller::Unknown,
                Ok(Some(row)) if row.inode == 0 => return Caller::Gone,
                Ok(Some(row)) if row.uid == self.ours => return Caller::Ours,
                Ok(Some(row)) if row.uid == ROOT => return Caller::Unknown,
                Ok(Some(_)) => return Caller::Other,
                Ok(None) => {}
            }
        }
        // The client is on another system, or the connection was reset: then our own end is gone, too.
        match self.end(local, peer) {
            Ok(Some(row)) if row.state == ESTABLISHED => Caller::Unknown,
            _ => Caller::Gone,
        }
    }

    fn end(&self, of: SocketAddr, to: SocketAddr) -> io::Result<Option<Row>> {
        find(&self.folder, of.is_ipv6(), |row| row.local == of && row.remote == to)
    }
}

/// A socket of either family can talk IPv4; one that talks IPv6 stands in the second table alone.
fn find(
    folder: &std::path::Path,
    is_ipv6: bool,
    wanted: impl Fn(&Row) -> bool,
) -> io::Result<Option<Row>> {
    if !is_ipv6 && let Some(row) = find_in(folder, "tcp", &wanted)? {
        return Ok(Some(row));
    }
    match find_in(folder, "tcp6", &wanted) {
        // A machine without IPv6.
        Err(error) if !is_ipv6 && error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found,
    }
}

fn find_in(
    folder: &std::path::Path,
    table: &str,
    wanted: &impl Fn(&Row) -> bool,
) -> io::Result<Option<Row>> {
    let lines = BufReader::new(File::open(folder.join(table))?).lines();
    for line in lines {
        if let Some(row) = row(&line?).filter(wanted) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn row(line: &str) -> Option<Row> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (local, remote) = (address(words.next()?)?, address(words.next()?)?);
    let state = u8::from_str_radix(words.next()?, 16).ok()?;
    // Queues, timer, retransmissions.
    let uid = words.nth(3)?.parse().ok()?;
    let inode = words.nth(1)?.parse().ok()?;
    Some(Row { local, remote, state, uid, inode })
}

/// Words of 32 bits in hex, each in the machine's byte order, and a port. An IPv4-mapped IPv6 address becomes
/// the IPv4 address.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let mut bytes = Vec::with_capacity(16);
    for word in host.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let host = match bytes.len() {
        4 => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)).to_canonical(),
        _ => return None,
    };
    Some(SocketAddr::new(host, u16::from_str_radix(port, 16).ok()?))
}

/// Debug builds read the table that a test names: only root could be two users.
#[cfg(debug_assertions)]
fn folder() -> PathBuf {
    let sockets = crate::sys::env::Env::of_process().path("CONCUR_CRED_TEST_SOCKETS");
    sockets.unwrap_or_else(|| PathBuf::from("/proc/net"))
}

#[cfg(not(debug_assertions))]
fn folder() -> PathBuf {
    PathBuf::from("/proc/net")
}

#[cfg(all(target_os = "linux", target_endian = "little"))]
#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  \
                        timeout inode\n";
    /// The receiver at port 8017, the client at 40000.
    const LISTENER: &str = "0100007F:1F51 00000000:0000 0A";
    const CLIENT: &str = "0100007F:9C40 0100007F:1F51 01";
    const MAPPED: &str =
        "0000000000000000FFFF00000100007F:9C40 0000000000000000FFFF00000100007F:1F51 01";
    const RECEIVER: &str = "0100007F:1F51 0100007F:9C40 01";

    fn line(ends: &str, uid: u32, inode: u64) -> String {
        format!("   0: {ends} 00000000:00000000 00:00000000 00000000 {uid:5} 0 {inode} 1 0 100\n")
    }

    fn caller(tcp: &[String], tcp6: Option<&[String]>) -> Caller {
        let folder = tempfile::tempdir().unwrap();
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        std::fs::write(folder.path().join("tcp"), HEAD.to_owned() + &tcp.concat()).unwrap();
        if let Some(tcp6) = tcp6 {
            std::fs::write(folder.path().join("tcp6"), HEAD.to_owned() + &tcp6.concat()).unwrap();
        }
        let sockets = Sockets { folder: folder.path().to_owned(), ours: 1000 };
        sockets.caller(at(40_000), at(8017))
    }

    #[test]
    fn the_owner_of_the_other_end_is_the_caller() {
        let both = |uid, inode| vec![line(RECEIVER, 1000, 7), line(CLIENT, uid, inode)];
        for (uid, inode, expected) in [
            (1000, 8, Caller::Ours),
            (1001, 8, Caller::Other),
            (65_534, 8, Caller::Other),
            (0, 8, Caller::Unknown),
            // Closed by its process: the kernel says root.
            (0, 0, Caller::Gone),
            (1000, 0, Caller::Gone),
        ] {
            assert_eq!(caller(&both(uid, inode), None), expected, "{uid} {inode}");
            assert_eq!(caller(&both(uid, inode), Some(&[])), expected, "{uid} {inode}");
            let receiver = [line(RECEIVER, 1000, 7)];
            let mapped = [line(MAPPED, uid, inode)];
            assert_eq!(caller(&receiver, Some(&mapped)), expected, "mapped: {uid} {inode}");
        }
    }

    #[test]
    fn an_end_that_is_nowhere_is_forwarded_and_one_that_was_reset_is_gone() {
        assert_eq!(caller(&[line(RECEIVER, 1000, 7)], None), Caller::Unknown);
        assert_eq!(caller(&[], None), Caller::Gone);
        let closed_by_it = RECEIVER.replace(" 01", " 08");
        assert_eq!(caller(&[line(&closed_by_it, 1000, 7)], None), Caller::Gone);
        let another = CLIENT.replace("9C40", "9C41");
        assert_eq!(caller(&[line(&another, 1000, 7)], None), Caller::Gone, "another connection's");
    }

    #[test]
    fn rows_of_both_families_are_read() {
        let read = row(&line(LISTENER, 1000, 5)).unwrap();
        assert_eq!((read.local, read.state), (SocketAddr::from(([127, 0, 0, 1], 8017)), LISTEN));
        let six = "00000000000000000000000001000000:1F51 00000000000000000000000000000000:0000 0A";
        let local = row(&line(six, 0, 5)).unwrap().local;
        assert_eq!(local, SocketAddr::from((Ipv6Addr::LOCALHOST, 8017)));
        for bad in [HEAD, "", "0: 0100007F:1F51", "0: x:y 0:0 01 0 0 0 0 0 0"] {
            assert_eq!(row(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_socket_of_this_very_process_is_ours() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let sockets = Sockets::with_listener(at).unwrap();
        let client = std::net::TcpStream::connect(at).unwrap();
        let (accepted, peer) = listener.accept().unwrap();
        assert_eq!(sockets.caller(peer, at), Caller::Ours);
        drop(client);
        assert_eq!(sockets.caller(peer, at), Caller::Gone, "nobody's any more");
        drop(accepted);
    }
}
