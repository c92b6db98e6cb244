//! Another user of the machine who reads the link in the process list is served nothing.

use std::fmt::Write as _;
use std::io::{BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use super::support::{Login, PATIENCE, Place, Reply, field, press, read};
use crate::harness::{mode, program, skipped};

const END: &str = "/concur-cred/done";
/// Another user.
const BERT: u32 = 61_002;

/// A browser that only reports the URL that it should open.
fn record_link(place: &Place) {
    let pipe = place.world.work().join("link");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let script = "#!/bin/sh\nprintf '%s' \"$1\" >link\n";
    program::script(&place.world.bin().join("recorder"), script);
}

/// A login that opens that browser, and the URL.
fn start(place: &Place, variables: &[(&str, &Path)]) -> (Login, String) {
    record_link(place);
    let mut run = place.world.concur(place.login(&[])).env("BROWSER", "recorder");
    for (name, value) in variables {
        run = run.env(name, value);
    }
    let login = Login::start(run.into_command());
    let target = std::fs::read_to_string(place.world.work().join("link")).unwrap();
    (login, target)
}

/// The path of a URL at the receiver.
fn path_of<'a>(place: &Place, link: &'a str) -> &'a str {
    link.strip_prefix(&format!("http://localhost:{}", place.port)).unwrap()
}

/// Bert on this machine, when there can be one.
struct Bert<'a>(&'a Place);

impl<'a> Bert<'a> {
    fn at(place: &'a Place) -> Option<Self> {
        let bert = Self(place);
        let works = Bert::run("true").is_ok_and(|output| output.status.success());
        if !works {
            skipped("only root with setpriv(1) and curl(1) can be two users");
        }
        works.then_some(bert)
    }

    fn run(script: &str) -> std::io::Result<std::process::Output> {
        let id = BERT.to_string();
        let script = format!("command -v curl >/dev/null || exit 1; {script}");
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "bash", "-c", &script]);
        command.current_dir("/").output()
    }

    /// Status and `Location` of his request to an address.
    fn get(&self, address: &str, path: &str) -> (String, String) {
        let port = self.0.port;
        let output = Self::run(&format!(
            "curl -g -s -o /dev/null --noproxy '*' -w '%{{http_code}} %{{redirect_url}}' \
             -H 'Host: localhost:{port}' 'http://{address}:{port}{path}'"
        ));
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        let (status, location) = text.split_once(' ').unwrap();
        (status.to_owned(), location.to_owned())
    }
}

fn refused() -> (String, String) {
    ("403".to_owned(), String::new())
}

/// Our own browser's part, to a successful end.
fn finish(place: &Place, login: Login, callback: &str) -> String {
    assert_eq!(place.get(callback).status, 303);
    assert!(place.get(END).body.contains("You are logged in"));
    let (code, said) = login.end();
    assert_eq!(code, Some(0), "{said}");
    let user = place.world.sandbox.config().user.unwrap();
    assert!(said.contains(&user.uuid), "{said}");
    said
}

#[test]
fn another_user_who_connects_first_gets_neither_link_nor_result() {
    let place = Place::new();
    let Some(bert) = Bert::at(&place) else { return };
    let (login, link) = start(&place, &[]);
    let callback = press(&place.world.sandbox, &login.link, "allow");
    let evil = callback.replace(&field(&callback, "code"), "evil");
    // The second is a socket of IPv6 that talks IPv4.
    for address in ["127.0.0.1", "[::ffff:127.0.0.1]"] {
        assert_eq!(bert.get(address, path_of(&place, &link)), refused(), "{address}");
        assert_eq!(bert.get(address, &evil), refused(), "{address}");
        assert_eq!(bert.get(address, END), refused(), "{address}");
    }
    // Where there is IPv6.
    let by_six = bert.get("[::1]", &evil);
    assert!(by_six == refused() || by_six.0 == "000", "{by_six:?}");
    let reply = place.get(path_of(&place, &link));
    assert_eq!((reply.status, reply.header("location")), (303, Some(login.link.as_str())));
    let said = finish(&place, login, &callback);
    assert_eq!(said.matches("another user of this machine").count(), 1, "{said}");
    assert_eq!(place.world.token_requests(), 1);
}

#[test]
fn a_callback_of_another_user_who_disconnects_is_ignored() {
    let place = Place::new();
    if Bert::at(&place).is_none() {
        return;
    }
    let login = place.start(&[]);
    let callback = press(&place.world.sandbox, &login.link, "allow");
    let evil = callback.replace(&field(&callback, "code"), "evil");
    let port = place.port;
    let sent = Bert::run(&format!(
        "for n in $(seq 20); do exec 3<>/dev/tcp/127.0.0.1/{port} && \
         printf 'GET {evil} HTTP/1.1\\r\\nHost: localhost:{port}\\r\\n\\r\\n' >&3; exec 3>&- 3<&-; done"
    ));
    assert!(sent.unwrap().status.success());
    finish(&place, login, &callback);
}

#[test]
fn another_user_who_connects_second_cancels_the_login() {
    let place = Place::new();
    let Some(bert) = Bert::at(&place) else { return };
    let (login, link) = start(&place, &[]);
    assert_eq!(place.get(path_of(&place, &link)).status, 303);
    assert_eq!(bert.get("127.0.0.1", path_of(&place, &link)), refused());
    let (code, said) = login.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("Another user of this machine") && said.contains("--no-browser"),
        "{said}"
    );
    assert_eq!(place.world.token_requests(), 0);
    assert!(!place.world.store_file().exists());
}

#[test]
fn a_reload_by_the_same_user_shows_that_the_link_is_used() {
    let place = Place::new();
    let (login, link) = start(&place, &[]);
    let callback = press(&place.world.sandbox, &login.link, "allow");
    assert_eq!(place.get(path_of(&place, &link)).status, 303);
    for _ in 0..3 {
        let reply = place.get(path_of(&place, &link));
        assert_eq!((reply.status, reply.header("location")), (410, None));
        assert!(reply.body.contains("Already used"), "{reply:?}");
    }
    finish(&place, login, &callback);
}

/// A table of sockets that a test writes.
#[cfg(target_endian = "little")]
struct Table<'a> {
    place: &'a Place,
    folder: std::path::PathBuf,
}

#[cfg(target_endian = "little")]
impl<'a> Table<'a> {
    const OURS: u32 = 1000;

    fn at(place: &'a Place) -> Self {
        let table = Self { place, folder: place.world.work().join("net") };
        std::fs::create_dir(&table.folder).unwrap();
        table.write(&[]);
        table
    }

    /// The receiver's own row, and these: local port, remote port, state, uid, inode.
    fn write(&self, rows: &[(u16, u16, u8, u32, u32)]) {
        let own = (self.place.port, 0, 10, Self::OURS, 1);
        let mut text = "  sl  local_address rem_address st tx rx uid\n".to_owned();
        for (local, remote, state, uid, inode) in [&[own], rows].concat() {
            let host = if remote == 0 { "00000000" } else { "0100007F" };
            writeln!(
                text,
                "0: 0100007F:{local:04X} {host}:{remote:04X} {state:02X} 0:0 00:0 0 {uid} 0 {inode} 1"
            )
            .unwrap();
        }
        // Written atomically: the program may be reading.
        let new = self.folder.join("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.folder.join("tcp")).unwrap();
    }

    /// A request with this sender in the table; `None` if the receiver closes without an answer.
    fn get(
        &self,
        path: &str,
        rows: impl Fn(u16, u16) -> Vec<(u16, u16, u8, u32, u32)>,
    ) -> Option<Reply> {
        let mut stream = TcpStream::connect(self.place.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let port = self.place.port;
        self.write(&rows(stream.local_addr().unwrap().port(), port));
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        let is_answered = !std::io::BufRead::fill_buf(&mut stream).unwrap().is_empty();
        is_answered.then(|| read(&mut stream))
    }

    fn get_as(&self, uid: u32, path: &str) -> u16 {
        self.get(path, |from, to| vec![(from, to, 1, uid, 9)]).unwrap().status
    }
}

#[cfg(target_endian = "little")]
#[test]
fn the_systems_connection_table_identifies_the_user() {
    let place = Place::new();
    let table = Table::at(&place);
    let (login, link) = start(&place, &[("CONCUR_CRED_TEST_SOCKETS", &table.folder)]);
    let callback = press(&place.world.sandbox, &login.link, "allow");
    let link = path_of(&place, &link);
    assert_eq!(table.get_as(1001, link), 403);
    assert_eq!(table.get_as(1001, &callback), 403);
    let closed = table.get(&callback, |from, to| vec![(from, to, 5, 0, 0)]);
    assert!(closed.is_none(), "an unowned socket: {closed:?}");
    let reset = table.get(&callback, |_, _| vec![]);
    assert!(reset.is_none(), "neither end is there: {reset:?}");
    assert_eq!(table.get_as(Table::OURS, link), 303);
    assert_eq!(table.get_as(Table::OURS, &callback), 303);
    assert_eq!(table.get_as(Table::OURS, END), 200);
    assert_eq!(login.end().0, Some(0));
}

#[cfg(target_endian = "little")]
#[test]
fn a_forwarded_port_works_until_another_user_has_the_link() {
    let forwarded = |from, to| vec![(to, from, 1, Table::OURS, 9)];
    for second in [Table::OURS, 1001] {
        let place = Place::new();
        let table = Table::at(&place);
        let (login, link) = start(&place, &[("CONCUR_CRED_TEST_SOCKETS", &table.folder)]);
        let link = path_of(&place, &link);
        assert_eq!(table.get(link, forwarded).unwrap().status, 303);
        assert_eq!(table.get(link, forwarded).unwrap().status, 410, "a reload");
        assert_eq!(table.get_as(second, link), 403, "{second}");
        let (code, said) = login.end();
        assert_eq!(code, Some(1), "{said}");
    }
}

#[test]
fn where_users_cannot_be_identified_the_browser_gets_a_private_file() {
    let place = Place::new();
    let nowhere = place.world.work().join("nowhere");
    // A folder of another user is not usable for the private file.
    let mut home = tempfile::Builder::new();
    let home = home.prefix("home");
    let in_checkout = home.tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let home = in_checkout.or_else(|_| home.tempdir_in("/var/tmp")).unwrap();
    if home.path().to_str().unwrap().contains("/.") || home.path().starts_with("/tmp") {
        skipped("this checkout is where no confined browser reads a file");
        return;
    }
    let sockets = ("CONCUR_CRED_TEST_SOCKETS", nowhere.as_path());
    let (login, target) = start(&place, &[sockets, ("HOME", home.path())]);
    let file = url::Url::parse(&target).unwrap().to_file_path().unwrap();
    assert_eq!(file.parent(), Some(home.path()), "{target}");
    assert_eq!(mode(&file), 0o600);
    let page = std::fs::read_to_string(&file).unwrap();
    let start = format!("http://localhost:{}/concur-cred/start/", place.port);
    let (_, word) = page.split_once(&format!("url={start}")).unwrap();
    let (word, _) = word.split_once('"').unwrap();
    assert!(!target.contains(word) && !page.contains(&login.state()), "{target} {page}");
    let callback = press(&place.world.sandbox, &login.link, "allow");
    assert_eq!(place.get(&format!("/concur-cred/start/{word}")).status, 303);
    finish(&place, login, &callback);
    assert!(!file.exists(), "the file is removed");
}

#[test]
fn a_browser_that_could_not_read_the_file_gets_the_link() {
    let nowhere = Path::new("/nowhere/at/all");
    let readable = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for mut variables in [
        vec![("HOME", readable), ("WSL_DISTRO_NAME", Path::new("Debian"))],
        vec![("HOME", nowhere)],
    ] {
        let place = Place::new();
        let own = place.world.work().join("own");
        variables.extend([("CONCUR_CRED_TEST_SOCKETS", nowhere), ("CONCUR_CRED_HOME", &own)]);
        let (login, link) = start(&place, &variables);
        let callback = press(&place.world.sandbox, &login.link, "allow");
        assert_eq!(place.get(path_of(&place, &link)).status, 303);
        assert_eq!(place.get(path_of(&place, &link)).status, 410);
        assert_eq!(place.get(&callback).status, 303);
        place.get(END);
        assert_eq!(login.end().0, Some(0));
    }
}
