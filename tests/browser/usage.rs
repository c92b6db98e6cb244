//! Options that make no sense are refused before anything is asked or made.

use super::support::Place;

#[test]
fn a_redirect_uri_that_cannot_be_used_is_refused_with_its_reason() {
    let place = Place::new();
    for (uri, why) in [
        ("localhost:8017", "not a URL"),
        ("ftp://localhost:8017/", "neither http nor https"),
        ("http://localhost/callback", "needs a port other than 80"),
        ("http://intranet.example:8017/cb", "only for localhost"),
        ("http://localhost:8017/cb#x", "fragment"),
    ] {
        place
            .world
            .concur(["login", "--grant", "browser", "--redirect-uri", uri])
            .fails(2)
            .says(why)
            .says("http://localhost:8017/callback");
    }
    assert_eq!(place.made(), [""; 0]);
}

#[test]
fn another_machines_redirect_uri_needs_a_person_who_pastes() {
    let place = Place::at(1, "https://intranet.example/cb");
    place.world.concur(place.login(&[])).fails(2).says("no terminal to paste");
}

#[test]
fn browser_options_are_refused_for_other_grants() {
    let place = Place::new();
    for option in [
        &["--redirect-uri", "http://localhost:8017/cb"][..],
        &["--timeout", "5m"],
        &["--no-browser"],
    ] {
        for grant in ["company", "app"] {
            let run = place.world.concur(["login", "--grant", grant]);
            let run = option.iter().fold(run, crate::harness::Run::arg);
            run.fails(2).says(option[0]).says("--grant browser");
        }
    }
    assert_eq!(place.world.token_requests(), 0);
}
