//! Opening the browser: `BROWSER`, and what it is given.

use super::support::Place;
use crate::harness::{moment, program, skipped};

/// A browser that signs in and allows, with curl; it writes down how it was called and what it saw.
fn write_browser(place: &Place) {
    let user = place.world.sandbox.config().user.unwrap();
    let script = format!(
        "#!/bin/sh\n\
         printf '%s\\n' \"$*\" > called\n\
         env > seen-environment\n\
         page=$(curl -sS -L -o first.html -w '%{{url_effective}}' \"$1\") || exit 1\n\
         curl -sS -L -o last.html -d \"${{page#*\\?}}\" --data-urlencode 'username={}' \\\n\
         -d 'password={}' -d decision=allow -w '%{{url_effective}}' \"${{page%%\\?*}}\" > ended\n",
        user.login_id, user.password
    );
    let file = place.world.bin().join("made-up-browser");
    program::script(&file, &script);
}

fn has_curl() -> bool {
    let found = std::process::Command::new("curl").arg("--version").output().is_ok();
    if !found {
        skipped("there is no curl to be a browser with");
    }
    found
}

#[test]
fn the_browser_that_browser_names_is_opened_without_any_secret() {
    if !has_curl() {
        return;
    }
    let place = Place::new();
    write_browser(&place);
    let app = place.world.sandbox.app().clone();
    let output = place
        .world
        .concur(place.login(&[]))
        .env("BROWSER", "no-such-browser:made-up-browser %s")
        .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
        .env("CONCUR_CRED_REQUEST_TOKEN", &app.request_token)
        .ok()
        .says("in the browser that opens");
    assert!(output.stdout.is_empty(), "{output:?}");
    let written = |name: &str| std::fs::read_to_string(place.world.work().join(name)).unwrap();
    let called = written("called");
    let start = format!("http://localhost:{}/concur-cred/start/", place.port);
    assert!(called.starts_with(&start) && !called.contains("state"), "{called}");
    let seen = written("seen-environment");
    let mut names = seen.lines().filter(|line| !line.starts_with(moment::CLOCK));
    assert!(!names.any(|line| line.starts_with("CONCUR_CRED_")), "no variable of ours\n{seen}");
    assert!(written("first.html").contains(&app.client_id));
}

#[test]
fn without_display_or_browser_only_the_address_is_shown() {
    let place = Place::new();
    let display = place.world.concur(place.login(&["--no-browser", "--timeout", "0s"]));
    display.env("BROWSER", "made-up-browser").fails_saying(&place);
    place.world.concur(place.login(&["--timeout", "0s"])).fails_saying(&place);
}

#[test]
fn quiet_still_shows_the_address() {
    let place = Place::new();
    place.world.concur(place.login(&["--quiet", "--timeout", "0s"])).fails_saying(&place);
}

trait FailsSaying {
    fn fails_saying(self, place: &Place);
}

impl FailsSaying for crate::harness::Run {
    fn fails_saying(self, place: &Place) {
        let page = format!("  {}/oauth2/v0/authorize?client_id=", place.world.sandbox.origin());
        let output = self.output().code(5).says(&page).says("open this address in a browser");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn the_link_for_the_browser_leads_to_concur_once() {
    if !has_curl() {
        return;
    }
    let place = Place::new();
    write_browser(&place);
    // An observer of the process list comes second.
    place.world.concur(place.login(&[])).env("BROWSER", "made-up-browser").ok();
    let again = std::fs::read_to_string(place.world.work().join("called")).unwrap();
    let login = place.start(&[]);
    let path = again.trim().split_once("/concur-cred").unwrap().1;
    assert_eq!(place.get(&format!("/concur-cred{path}")).status, 404, "another login's link");
    drop(login);
}
