//! Pure: what each request to the receiver means. Any page in the browser can send one, and any user of a
//! shared machine.

use zeroize::Zeroizing;

use super::landing::{self, InvalidCallback, Landing};
use super::page::Page;
use super::peer::Caller;
use super::redirect::Place;
use crate::model::secret::Secret;

/// The last page, whose address contains nothing secret.
pub(super) const END_PATH: &str = "/concur-cred/done";
/// Redirects to Concur; a random word follows.
const START_PATH: &str = "/concur-cred/start/";

/// The parts of a request that routes depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) is_get: bool,
    /// `Host`, when there is exactly one and the target is a path.
    pub(super) host: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) caller: Caller,
}

/// The reply to a request.
#[derive(Debug)]
pub(super) enum Verdict {
    /// A page with the reason for the refusal, and what to show on the terminal.
    Refused(u16, Page<'static>, Option<InvalidCallback>),
    /// The same for another user of this machine.
    NotYours(Page<'static>),
    /// The same, and the login ends: another user may know the address of Concur's page.
    Void(Page<'static>),
    /// No answer: the client has gone.
    Nothing,
    /// A redirect to Concur's page.
    Start(Zeroizing<String>),
    /// The callback, with a redirect to [`END_PATH`].
    Landed(Landing),
    /// The page with the result, as soon as that is known.
    End,
}

/// The paths of one login, and their state.
pub(super) struct Routes {
    host: String,
    callback_path: String,
    start_path: String,
    state: Secret,
    /// Concur's page; `None` after the first request for the start path.
    link: Option<Zeroizing<String>>,
    /// The user who requested it.
    taken_by: Option<Caller>,
    landed: bool,
    is_void: bool,
}

impl Routes {
    /// `word`: unguessable and valid in a path.
    pub(super) fn new(place: &Place, link: Zeroizing<String>, state: Secret, word: &str) -> Self {
        Self {
            host: place.host.clone(),
            callback_path: place.path.clone(),
            start_path: format!("{START_PATH}{word}"),
            state,
            link: Some(link),
            taken_by: None,
            landed: false,
            is_void: false,
        }
    }

    /// What the browser opens. Other users can see it in the list of processes: unlike the address of Concur's
    /// page it contains no state, is valid once, and where the owner of a socket is known, only for our user.
    pub(super) fn start_link(&self) -> String {
        format!("http://{}{}", self.host, self.start_path)
    }

    /// Whether the callback has arrived.
    pub(super) fn has_landed(&self) -> bool {
        self.landed
    }

    pub(super) fn route(&mut self, request: Request<'_>) -> Verdict {
        // Another name for this address: an attacker's page could read our answers (DNS rebinding).
        if !request.host.is_some_and(|host| host.eq_ignore_ascii_case(&self.host)) {
            return Verdict::Refused(400, NOT_OURS, None);
        }
        if !request.is_get {
            return Verdict::Refused(405, NOT_OURS, None);
        }
        match request.caller {
            Caller::Gone => return Verdict::Nothing,
            Caller::Other => return self.stranger(request.path),
            Caller::Ours | Caller::Unknown => {}
        }
        if self.is_void {
            return Verdict::Refused(410, VOID, None);
        }
        if request.path == self.callback_path {
            return self.landing(request.query);
        }
        if request.path == self.start_path {
            return self.start(request.caller);
        }
        if request.path == END_PATH && self.landed {
            return Verdict::End;
        }
        Verdict::Refused(404, NOT_FOUND, None)
    }

    /// Redirects to Concur, once.
    fn start(&mut self, caller: Caller) -> Verdict {
        match self.link.take() {
            Some(link) => {
                self.taken_by = Some(caller);
                Verdict::Start(link)
            }
            None if self.taken_by == Some(caller) || self.landed => {
                Verdict::Refused(410, USED, None)
            }
            None => self.voided(VOID),
        }
    }

    /// Another user's request: nothing is served, and a second use of the link ends the login.
    fn stranger(&mut self, path: &str) -> Verdict {
        if path == self.start_path && self.link.is_none() && !self.landed {
            return self.voided(NOT_YOURS);
        }
        if path == self.start_path || path == self.callback_path {
            return Verdict::NotYours(NOT_YOURS);
        }
        Verdict::Refused(403, NOT_YOURS, None)
    }

    fn voided(&mut self, page: Page<'static>) -> Verdict {
        self.is_void = true;
        Verdict::Void(page)
    }

    fn landing(&mut self, query: &str) -> Verdict {
        if self.landed {
            return Verdict::Refused(409, LANDED, None);
        }
        match landing::of_query(query, &self.state) {
            Ok(landing) => {
                self.landed = true;
                Verdict::Landed(landing)
            }
            Err(invalid) => Verdict::Refused(400, ASTRAY, Some(invalid)),
        }
    }
}

const NOT_OURS: Page<'_> = Page {
    good: false,
    heading: "Bad request",
    text: "This address is only for a login with the browser.",
};
const NOT_FOUND: Page<'_> = Page {
    good: false,
    heading: "Nothing here",
    text: "A login is waiting here, at another address.",
};
const USED: Page<'_> = Page {
    good: false,
    heading: "Already used",
    text: "This link is valid once, and it was already used. Open the address that the terminal \
           shows. If you did not use it, press Ctrl-C in the terminal.",
};
const NOT_YOURS: Page<'_> = Page {
    good: false,
    heading: "Not your login",
    text: "This login was started by another user of this machine. If it is your login, copy the \
           address of this page and paste it into the terminal.",
};
const VOID: Page<'_> = Page {
    good: false,
    heading: "The login was ended",
    text: "The link was used by another user of this machine. The terminal shows what to do.",
};
const LANDED: Page<'_> = Page {
    good: false,
    heading: "Already answered",
    text: "The answer to this login arrived before. The terminal shows the result.",
};
const ASTRAY: Page<'_> = Page {
    good: false,
    heading: "Not this login",
    text: "This answer does not belong to the login in the terminal. Open the address that the \
           terminal shows.",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::browser::redirect::RedirectUri;

    fn routes() -> Routes {
        let uri: RedirectUri = "http://localhost:8017/callback".parse().unwrap();
        let link = Zeroizing::new("https://concur/".to_owned());
        Routes::new(uri.place().unwrap(), link, Secret::from("st"), "w0rd")
    }

    fn get<'a>(path: &'a str, query: &'a str) -> Request<'a> {
        Request { is_get: true, host: Some("localhost:8017"), path, query, caller: Caller::Ours }
    }

    const START: &str = "/concur-cred/start/w0rd";

    fn by(caller: Caller, path: &'static str) -> Request<'static> {
        Request { caller, ..get(path, "code=c&state=st") }
    }

    fn status(verdict: &Verdict) -> u16 {
        match verdict {
            Verdict::Refused(status, ..) => *status,
            Verdict::NotYours(_) => 403,
            Verdict::Void(_) => 0,
            Verdict::Nothing => 1,
            Verdict::Start(_) | Verdict::Landed(_) => 303,
            Verdict::End => 200,
        }
    }

    #[test]
    fn only_a_get_of_this_very_host_is_looked_at() {
        let mut routes = routes();
        let good = get("/callback", "code=c&state=st");
        for host in [None, Some("evil.example:8017"), Some("localhost"), Some("127.0.0.1:8017")] {
            assert_eq!(status(&routes.route(Request { host, ..good })), 400, "{host:?}");
        }
        assert_eq!(status(&routes.route(Request { is_get: false, ..good })), 405);
        assert_eq!(status(&routes.route(Request { host: Some("LOCALHOST:8017"), ..good })), 303);
    }

    #[test]
    fn the_first_landing_with_the_right_state_counts_and_no_other() {
        let mut routes = routes();
        for (path, query, expected) in [
            ("/callback", "code=c&state=no", 400),
            ("/callback", "", 400),
            ("/callback/", "code=c&state=st", 404),
            ("/", "code=c&state=st", 404),
            (END_PATH, "", 404),
            ("/callback", "code=c&state=st", 303),
            ("/callback", "code=d&state=st", 409),
            (END_PATH, "", 200),
        ] {
            assert_eq!(status(&routes.route(get(path, query))), expected, "{path}?{query}");
        }
    }

    #[test]
    fn the_start_link_is_good_once_and_holds_no_state() {
        let mut routes = routes();
        let link = routes.start_link();
        assert_eq!(link, "http://localhost:8017/concur-cred/start/w0rd");
        assert!(matches!(routes.route(get("/concur-cred/start/w0rd", "")), Verdict::Start(_)));
        assert_eq!(status(&routes.route(get("/concur-cred/start/w0rd", ""))), 410);
        assert_eq!(status(&routes.route(get("/concur-cred/start/word", ""))), 404);
    }

    #[test]
    fn another_user_is_served_nothing_and_the_login_goes_on() {
        for path in [START, "/callback", END_PATH, "/"] {
            let mut routes = routes();
            assert_eq!(status(&routes.route(by(Caller::Other, path))), 403, "{path}");
            assert_eq!(status(&routes.route(by(Caller::Gone, path))), 1, "{path}");
            assert!(matches!(routes.route(by(Caller::Ours, START)), Verdict::Start(_)), "{path}");
            assert_eq!(status(&routes.route(by(Caller::Other, "/callback"))), 403);
            assert!(matches!(routes.route(by(Caller::Ours, "/callback")), Verdict::Landed(_)));
            assert_eq!(status(&routes.route(by(Caller::Other, START))), 403, "too late to matter");
        }
    }

    #[test]
    fn a_second_use_of_the_link_is_a_reload_or_voids_the_login() {
        for (first, second, expected) in [
            (Caller::Ours, Caller::Ours, 410),
            (Caller::Unknown, Caller::Unknown, 410),
            (Caller::Ours, Caller::Gone, 1),
            (Caller::Ours, Caller::Other, 0),
            (Caller::Unknown, Caller::Other, 0),
            (Caller::Unknown, Caller::Ours, 0),
            (Caller::Ours, Caller::Unknown, 0),
        ] {
            let mut routes = routes();
            assert!(matches!(routes.route(by(first, START)), Verdict::Start(_)));
            let answered = status(&routes.route(by(second, START)));
            assert_eq!(answered, expected, "{first:?} {second:?}");
            let landed = matches!(routes.route(by(first, "/callback")), Verdict::Landed(_));
            assert_eq!(landed, expected != 0, "{first:?} {second:?}");
        }
    }
}
