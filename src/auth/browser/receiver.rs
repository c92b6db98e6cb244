//! The receiver of the callback: on loopback, on its own threads.
//!
//! Requests are parsed by httparse, which the HTTP client depends on. It needs little of HTTP: it reads a head
//! of limited size, sends a short answer and closes the connection. No server crate: see `ARCHITECTURE.md`.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::answer::{BADLY, NOT_HTTP, WELL, go_to, page_of};
use super::peer::{Caller, Sockets};
use super::redirect::Place;
use super::routes::{END_PATH, Request, Routes, Verdict};
use super::waiting::Event;
use crate::error::{Error, Kind, Result};
use crate::model::secret::Secret;
use crate::sys::{clock, files, trace};

/// The largest head of a request; a code and a state are some hundred bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// The most fields of a head.
const MAX_FIELDS: usize = 100;
/// How long a head may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may send a body, which is discarded, so that it sees the answer.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);
/// The most open connections; the oldest is closed for a new one, so that idle ones cannot block the browser.
const MAX_CONNECTIONS: usize = 64;
/// How long to wait if no descriptor or thread is available for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long the end of the program waits for the browser to show the last page.
const LAST_PAGE_TIMEOUT: Duration = Duration::from_secs(1);

/// Sockets that listen at the redirect URI; nothing is served yet.
pub(crate) struct Bound {
    place: Place,
    listeners: Vec<TcpListener>,
}

/// How the login ended, for the last page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    NotYet,
    Well,
    Badly,
}

/// A running receiver. Dropping it shows the result of the login in the browser: a failure, unless
/// [`Receiver::succeeded`] was called.
pub(crate) struct Receiver {
    start_link: String,
    knows_users: bool,
    outcome: Ended,
    shared: Arc<Shared>,
    shown: mpsc::Receiver<()>,
}

/// What the threads share.
struct Shared {
    routes: Mutex<Routes>,
    /// `None` if the owner of a socket cannot be known.
    sockets: Option<Sockets>,
    ended: Mutex<Ended>,
    has_ended: Condvar,
    /// Open connections, the oldest first.
    open: Mutex<VecDeque<TcpStream>>,
}

/// Listens; a port in use is an error that names it.
pub(crate) fn bind(place: &Place) -> Result<Bound> {
    let mut listeners = Vec::new();
    let mut missing = None;
    for address in &place.addresses {
        match listen(*address, place.port) {
            Ok(listener) => listeners.push(listener),
            // The machine has no such address family.
            Err(error) if is_absent(&error) => missing = Some(error),
            Err(error) => return Err(cannot_listen(place, &error)),
        }
    }
    match missing {
        Some(error) if listeners.is_empty() => Err(cannot_listen(place, &error)),
        _ => Ok(Bound { place: place.clone(), listeners }),
    }
}

fn listen(address: IpAddr, port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::new(address, port))
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable || is_family_unknown(error)
}

#[cfg(unix)]
fn is_family_unknown(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::AFNOSUPPORT)
}

#[cfg(not(unix))]
fn is_family_unknown(error: &io::Error) -> bool {
    /// Windows: the address family is not supported.
    const WSAEAFNOSUPPORT: i32 = 10047;
    error.raw_os_error() == Some(WSAEAFNOSUPPORT)
}

fn cannot_listen(place: &Place, error: &io::Error) -> Error {
    let problem =
        format!("Cannot listen for the browser on {} ({})", place.host, files::reason(error));
    let remedy = if error.kind() == io::ErrorKind::AddrInUse {
        "Another program uses the port, perhaps another login: end it, or name another \
         registered URI with --redirect-uri."
    } else {
        "Name another registered URI with --redirect-uri."
    };
    Error::new(Kind::Other, problem, remedy)
}

impl Bound {
    /// Serves this login. `link` is Concur's page; `word` is unguessable and valid in a path.
    pub(crate) fn serve(
        self,
        link: Zeroizing<String>,
        state: Secret,
        word: &str,
        events: &Sender<Event>,
    ) -> Result<Receiver> {
        let routes = Routes::new(&self.place, link, state, word);
        let start_link = routes.start_link();
        let mut places = self.listeners.iter().filter_map(|listener| listener.local_addr().ok());
        let sockets = places.find_map(Sockets::with_listener);
        let knows_users = sockets.is_some();
        let shared = Arc::new(Shared {
            routes: Mutex::new(routes),
            sockets,
            ended: Mutex::new(Ended::NotYet),
            has_ended: Condvar::new(),
            open: Mutex::default(),
        });
        let (show, shown) = mpsc::channel();
        for listener in self.listeners {
            let server =
                Server { shared: Arc::clone(&shared), events: events.clone(), shown: show.clone() };
            // The threads end with the process.
            thread::Builder::new()
                .name("redirect".to_owned())
                .spawn(move || server.accept(&listener))
                .map_err(|error| cannot_listen(&self.place, &error))?;
        }
        trace::step("listening for the browser");
        Ok(Receiver { start_link, knows_users, outcome: Ended::Badly, shared, shown })
    }
}

impl Receiver {
    /// What the browser opens: it redirects to Concur, once.
    pub(crate) fn start_link(&self) -> &str {
        &self.start_link
    }

    /// Whether the link is valid only for our own user: the owner of a socket can be known.
    pub(crate) fn knows_users(&self) -> bool {
        self.knows_users
    }

    /// Lets the last page show success.
    pub(crate) fn succeeded(&mut self) {
        self.outcome = Ended::Well;
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        *lock(&self.shared.ended) = self.outcome;
        self.shared.has_ended.notify_all();
        if lock(&self.shared.routes).has_landed() {
            // The browser need not request the last page.
            let _ = self.shown.recv_timeout(LAST_PAGE_TIMEOUT);
        }
    }
}

/// Locks, also if another thread has panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What follows an answer. Some of these end the program.
#[derive(Clone, Copy)]
enum Then {
    Nothing,
    /// It was the last page.
    Shown,
    /// The login has ended.
    Void,
}

/// The server has ended.
#[derive(Clone)]
struct Server {
    shared: Arc<Shared>,
    events: Sender<Event>,
    shown: Sender<()>,
}

impl Server {
    fn accept(&self, listener: &TcpListener) {
        loop {
            let taken = listener.accept().and_then(|(stream, _)| {
                self.remember(stream.try_clone()?);
                let server = self.clone();
                thread::Builder::new()
                    .name("browser".to_owned())
                    .spawn(move || server.drive(stream))
            });
            if taken.is_err() {
                clock::wait(ACCEPT_PAUSE);
            }
        }
    }

    fn remember(&self, stream: TcpStream) {
        let mut open = lock(&self.shared.open);
        open.push_back(stream);
        if open.len() > MAX_CONNECTIONS
            && let Some(oldest) = open.pop_front()
        {
            let _ = oldest.shutdown(Shutdown::Both);
        }
    }

    /// One request and its answer. A broken connection is ignored.
    fn drive(&self, mut stream: TcpStream) {
        let peer = stream.peer_addr();
        let (answer, then) = match read_head(&mut stream) {
            Ok(head) => self.answer(&head, self.caller(&stream)),
            Err(Some(status)) => (page_of(status, &NOT_HTTP), Then::Nothing),
            Err(None) => (Zeroizing::new(Vec::new()), Then::Nothing),
        };
        let _ = stream.set_write_timeout(Some(HEAD_TIMEOUT));
        let is_sent = stream.write_all(&answer).and_then(|()| stream.shutdown(Shutdown::Write));
        match then {
            // Nothing waits for it any more: ignored.
            Then::Shown if is_sent.is_ok() => drop(self.shown.send(())),
            Then::Void => self.tell(Event::Void),
            Then::Shown | Then::Nothing => {}
        }
        drain(&mut stream);
        if let Ok(peer) = peer {
            lock(&self.shared.open)
                .retain(|open| open.peer_addr().is_ok_and(|other| other != peer));
        }
    }

    /// Called when the request has arrived and its sender waits, so that the socket still has its owner.
    fn caller(&self, stream: &TcpStream) -> Caller {
        let Some(sockets) = &self.shared.sockets else { return Caller::Unknown };
        match (stream.peer_addr(), stream.local_addr()) {
            (Ok(peer), Ok(local)) => sockets.caller(peer, local),
            _ => Caller::Gone,
        }
    }

    /// The answer, and what follows it.
    fn answer(&self, head: &[u8], caller: Caller) -> (Zeroizing<Vec<u8>>, Then) {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut parsed = httparse::Request::new(&mut fields);
        if parsed.parse(head).is_err() {
            return (page_of(400, &NOT_HTTP), Then::Nothing);
        }
        let verdict = lock(&self.shared.routes).route(request(&parsed, caller));
        let answer = match verdict {
            Verdict::Refused(status, page, invalid) => {
                if let Some(invalid) = invalid {
                    self.tell(Event::InvalidCallback(invalid));
                }
                page_of(status, &page)
            }
            Verdict::NotYours(page) => {
                self.tell(Event::Stranger);
                page_of(403, &page)
            }
            Verdict::Void(page) => return (page_of(403, &page), Then::Void),
            Verdict::Nothing => Zeroizing::new(Vec::new()),
            Verdict::Start(link) => go_to(&link),
            Verdict::Landed(landing) => {
                self.tell(Event::Landed(landing));
                go_to(END_PATH)
            }
            Verdict::End => {
                let ended = self
                    .shared
                    .has_ended
                    .wait_while(lock(&self.shared.ended), |ended| *ended == Ended::NotYet);
                let ended = *ended.unwrap_or_else(PoisonError::into_inner);
                let page = if ended == Ended::Well { &WELL } else { &BADLY };
                return (page_of(200, page), Then::Shown);
            }
        };
        (answer, Then::Nothing)
    }

    fn tell(&self, event: Event) {
        // Nothing waits for it any more: the login has ended in another way.
        let _ = self.events.send(event);
    }
}

/// The parts of a request that routes depend on. A target that is not a path (a proxy's) has no host.
fn request<'a>(parsed: &httparse::Request<'_, 'a>, caller: Caller) -> Request<'a> {
    let target = parsed.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut hosts = parsed.headers.iter().filter(|field| field.name.eq_ignore_ascii_case("host"));
    let host = hosts.next().filter(|_| hosts.next().is_none() && path.starts_with('/'));
    Request {
        is_get: parsed.method == Some("GET"),
        host: host.and_then(|field| std::str::from_utf8(field.value).ok()),
        path,
        query,
        caller,
    }
}

/// Reads a whole head. The error is the status to answer; none if the client sent nothing or too slowly.
fn read_head(stream: &mut TcpStream) -> Result<Zeroizing<Vec<u8>>, Option<u16>> {
    let deadline = Instant::now() + HEAD_TIMEOUT;
    // Allocated at once, so that no partial copy is left in memory: it contains the code.
    let mut head = Zeroizing::new(vec![0; MAX_HEAD_BYTES]);
    let mut length = 0;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return Err(None);
        }
        match stream.read(&mut head[length..]) {
            Ok(0) if length == head.len() => return Err(Some(431)),
            Ok(0) => return Err(None),
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(None),
        }
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        match httparse::Request::new(&mut fields).parse(&head[..length]) {
            Ok(httparse::Status::Complete(end)) => {
                head.truncate(end);
                return Ok(head);
            }
            Ok(httparse::Status::Partial) => {}
            Err(httparse::Error::TooManyHeaders) => return Err(Some(431)),
            Err(_) => return Err(Some(400)),
        }
    }
}

/// Reads the rest, for a limited time: closing a connection with unread bytes resets it, and the answer is
/// lost.
fn drain(stream: &mut TcpStream) {
    let deadline = Instant::now() + DRAIN_TIMEOUT;
    let mut rest = [0; 4096];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return;
        }
        if !matches!(stream.read(&mut rest), Ok(1..)) {
            return;
        }
    }
}
