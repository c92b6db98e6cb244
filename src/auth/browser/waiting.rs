//! Waits for the callback or for a pasted address, whichever comes first.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::landing::{self, InvalidCallback, Landing};
use super::redirect::RedirectUri;
use crate::error::{Error, Kind, Result};
use crate::model::secret::Secret;
use crate::model::span::span;
use crate::sys::streams;

/// How many wrong addresses may be pasted.
const PASTES: u32 = 4;

/// An event.
#[derive(Debug)]
pub(crate) enum Event {
    /// A valid callback.
    Landed(Landing),
    /// A request that is not a callback of this login.
    InvalidCallback(InvalidCallback),
    /// Another user of this machine was refused.
    Stranger,
    /// Another user of this machine has used the link, too.
    Void,
    /// A line from the terminal.
    Line(Zeroizing<String>),
    /// The terminal was closed.
    NoMoreLines,
}

/// The login that is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting<'a> {
    /// Its redirect URI.
    pub redirect_uri: &'a RedirectUri,
    /// Its state.
    pub state: &'a Secret,
    /// How long to wait.
    pub timeout: Duration,
    /// Whether there is a terminal to paste into.
    pub can_paste: bool,
}

/// Sends the terminal's lines, from its own thread: there is no portable way to wait for a terminal and a
/// channel at once. The thread ends with the process.
pub(crate) fn read_lines(events: Sender<Event>) {
    // Without the thread, only the browser can answer.
    let _ = std::thread::Builder::new().name("terminal".to_owned()).spawn(move || {
        loop {
            let mut line = Zeroizing::new(String::with_capacity(8 * 1024));
            let is_line = matches!(streams::read_line(&mut line), Ok(1..));
            let event = if is_line { Event::Line(line) } else { Event::NoMoreLines };
            if events.send(event).is_err() || !is_line {
                return;
            }
        }
    });
}

impl Waiting<'_> {
    /// Waits. `say` shows a message about a request (`false`) or about a pasted address (`true`).
    pub(crate) fn wait(
        &self,
        events: &Receiver<Event>,
        say: &mut dyn FnMut(bool, &str),
    ) -> Result<Landing> {
        let started = Instant::now();
        let mut pastes_left = if self.can_paste { PASTES } else { 0 };
        let (mut has_warned, mut has_said_stranger) = (false, false);
        loop {
            let left = self.timeout.saturating_sub(started.elapsed());
            match events.recv_timeout(left) {
                Ok(Event::Landed(landing)) => return Ok(landing),
                Ok(Event::InvalidCallback(invalid)) if !has_warned => {
                    has_warned = true;
                    say(false, &unexpected(invalid));
                }
                Ok(Event::Void) => return Err(void()),
                Ok(Event::Stranger) if !has_said_stranger => {
                    has_said_stranger = true;
                    say(false, STRANGER);
                }
                Ok(Event::Line(line)) if pastes_left > 0 && !line.trim().is_empty() => {
                    match landing::of_pasted(&line, self.redirect_uri, self.state) {
                        Ok(landing) => return Ok(landing),
                        Err(invalid) => {
                            pastes_left -= 1;
                            say(true, &self.refused(invalid, pastes_left));
                        }
                    }
                }
                Ok(Event::InvalidCallback(_) | Event::Stranger | Event::Line(_)) => {}
                Ok(Event::NoMoreLines) => pastes_left = 0,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Err(self.timed_out());
                }
            }
            if pastes_left == 0 && self.redirect_uri.place().is_none() {
                return Err(not_pasted());
            }
        }
    }

    fn refused(&self, invalid: InvalidCallback, pastes_left: u32) -> String {
        match (pastes_left, self.redirect_uri.place()) {
            (1.., _) => format!("{invalid}. Paste it again:"),
            (0, Some(_)) => format!("{invalid}. Still waiting for the browser."),
            (0, None) => format!("{invalid}."),
        }
    }

    fn timed_out(&self) -> Error {
        let waited = span(self.timeout.as_secs());
        Error::new(
            Kind::Temporary,
            format!(
                "Timed out after {waited} of waiting for the browser login; nothing was changed"
            ),
            "Retry, with --timeout 15m if signing in takes long. If Concur's page showed an \
             error, check that exactly this redirect URI is registered for the application.",
        )
    }
}

const STRANGER: &str = "another user of this machine requested a page of this login and was \
                        refused; still waiting for your browser. If that was you, paste the \
                        address";

fn void() -> Error {
    Error::new(
        Kind::Other,
        "Another user of this machine also used the link of this login; the login was ended, and nothing was \
         changed",
        "Log in again with --no-browser, and open the address yourself.",
    )
}

fn unexpected(invalid: InvalidCallback) -> String {
    let what = match invalid {
        InvalidCallback::NoState => "without a state",
        InvalidCallback::OtherState => "with another login's state",
        _ => "with neither a code nor an error",
    };
    format!("refused a request {what}; still waiting for the right one")
}

fn not_pasted() -> Error {
    Error::new(
        Kind::Usage,
        "No address was pasted; nothing was changed",
        "Retry: sign in, then copy the whole address from the browser's address bar.",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const HERE: &str = "http://localhost:8017/callback";
    const THERE: &str = "https://intranet.example/cb";

    fn waited(uri: &str, events: Vec<Event>) -> (Result<Landing>, Vec<String>) {
        let (send, receive) = channel();
        for event in events {
            send.send(event).unwrap();
        }
        drop(send);
        let (redirect_uri, state) = (uri.parse().unwrap(), Secret::from("st"));
        let waiting = Waiting {
            redirect_uri: &redirect_uri,
            state: &state,
            timeout: Duration::from_secs(300),
            can_paste: true,
        };
        let mut said = Vec::new();
        let result = waiting.wait(&receive, &mut |_, text| said.push(text.to_owned()));
        (result, said)
    }

    fn line(text: &str) -> Event {
        Event::Line(Zeroizing::new(text.to_owned()))
    }

    fn code() -> Landing {
        Landing::Code { code: Secret::from("c"), geolocation: None }
    }

    #[test]
    fn whatever_is_right_first_is_taken() {
        let pasted = line("http://localhost:8017/callback?code=c&state=st\n");
        assert_eq!(waited(HERE, vec![line("\n"), pasted]).0, Ok(code()));
        let (landed, said) = waited(HERE, vec![Event::NoMoreLines, Event::Landed(code())]);
        assert_eq!((landed, said.len()), (Ok(code()), 0));
    }

    #[test]
    fn strangers_are_mentioned_once_and_never_end_the_wait() {
        let invalid = || Event::InvalidCallback(InvalidCallback::OtherState);
        let (landed, said) = waited(HERE, vec![invalid(), invalid(), Event::Landed(code())]);
        assert_eq!(landed, Ok(code()));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("another login's state"), "{said:?}");
    }

    #[test]
    fn another_user_is_mentioned_once_and_ends_the_wait_only_by_the_link() {
        let events = vec![Event::Stranger, Event::Stranger, Event::Landed(code())];
        let (landed, said) = waited(HERE, events);
        assert_eq!((landed, said.len()), (Ok(code()), 1));
        let (error, _) = waited(HERE, vec![Event::Void, Event::Landed(code())]);
        assert_eq!(error.unwrap_err().kind(), Kind::Other);
    }

    #[test]
    fn a_wrong_paste_is_asked_for_again_three_times() {
        let wrong = || line("nonsense");
        let events = || (0..PASTES).map(|_| wrong()).collect::<Vec<_>>();
        let (error, said) = waited(THERE, events());
        assert_eq!(error.unwrap_err().kind(), Kind::Usage);
        assert_eq!(said.iter().filter(|text| text.ends_with("Paste it again:")).count(), 3);
        let mut events = events();
        events.extend([wrong(), Event::Landed(code())]);
        let (landed, said) = waited(HERE, events);
        assert_eq!(landed, Ok(code()), "the browser is still waited for");
        assert_eq!(said.len(), 4, "{said:?}");
    }

    #[test]
    fn without_a_terminal_only_the_browser_can_come() {
        assert_eq!(waited(THERE, vec![Event::NoMoreLines]).0.unwrap_err().kind(), Kind::Usage);
        let error = waited(HERE, vec![Event::NoMoreLines]).0.unwrap_err();
        assert_eq!(error.kind(), Kind::Temporary);
        assert!(error.problem().contains("after 5 min"), "{error}");
    }
}
