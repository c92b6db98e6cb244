//! Which stored credential matches a request.

use super::common::{ask, assert_nothing, snapshot, store};
use crate::harness::World;

const HOST: &str = "git.example";

/// Stores an entry for `https://git.example` with more lines.
fn keep(world: &World, more: &str) {
    store(world, format!("protocol=https\nhost={HOST}\n{more}\n"));
}

fn password(world: &World, request: &str) -> Option<String> {
    ask(world, format!("{request}\n")).silent().value("password")
}

fn of_host(world: &World, more: &str) -> Option<String> {
    password(world, &format!("protocol=https\nhost={HOST}\n{more}"))
}

#[test]
fn an_absent_field_matches_anything_and_a_present_one_only_itself() {
    let world = World::new();
    keep(&world, "username=me\npassword=p\npath=a/b\n");
    for more in ["", "username=me\n", "path=a/b\n", "username=me\npath=a/b\n"] {
        assert_eq!(of_host(&world, more).as_deref(), Some("p"), "{more:?}");
    }
    for more in [
        "username=\n",
        "username=ME\n",
        "username=m\n",
        "username=me \n",
        "username=%\n",
        "username=m_\n",
        "username=*\n",
        "path=\n",
        "path=a\n",
        "path=a/b/\n",
        "path=/a/b\n",
        "path=a/b/c\n",
        "path=A/B\n",
        "path=a%2fb\n",
        "path=a//b\n",
        "username=me\npath=other\n",
        "username=other\npath=a/b\n",
    ] {
        assert_eq!(of_host(&world, more), None, "{more:?}");
    }
}

#[test]
fn an_entry_without_a_path_is_not_found_by_a_request_with_one() {
    let world = World::new();
    keep(&world, "username=me\npassword=p\n");
    assert_eq!(of_host(&world, "path=a\n"), None, "a present field must equal the stored one");
    assert_eq!(of_host(&world, "path=\n"), None, "an absent path is not an empty one");
    assert_eq!(of_host(&world, "").as_deref(), Some("p"));
}

#[test]
fn an_empty_user_name_matches_only_an_empty_one() {
    let world = World::new();
    keep(&world, "username=\npassword=nameless\n");
    assert_eq!(of_host(&world, "username=\n").as_deref(), Some("nameless"));
    assert_eq!(of_host(&world, "").as_deref(), Some("nameless"));
    assert_eq!(of_host(&world, "username=me\n"), None);
    keep(&world, "username=me\npassword=p\n");
    assert_eq!(of_host(&world, "username=\n").as_deref(), Some("nameless"));
}

#[test]
fn a_host_is_compared_whole_with_its_port_and_without_regard_to_case() {
    let world = World::new();
    store(&world, "protocol=https\nhost=Git.Example:8443\nusername=me\npassword=p\n\n");
    for host in ["git.example:8443", "GIT.EXAMPLE:8443"] {
        let request = format!("protocol=https\nhost={host}\n");
        assert_eq!(password(&world, &request).as_deref(), Some("p"), "{host}");
    }
    for host in [
        "git.example",
        "git.example:443",
        "git.example:84433",
        "git.example:844",
        "git.example:08443",
        "it.example:8443",
        "a.git.example:8443",
        "example:8443",
        "git.example:8443.evil.example",
        "git.example.:8443",
        "*.example:8443",
        "%.example:8443",
        "git_example:8443",
        "www-git.example:8443",
        "me@git.example:8443",
    ] {
        assert_eq!(password(&world, &format!("protocol=https\nhost={host}\n")), None, "{host}");
    }
    for protocol in ["http", "HTTPS", "ssh", "https ", "http%"] {
        let request = format!("protocol={protocol}\nhost=git.example:8443\n");
        assert_eq!(password(&world, &request), None, "{protocol}");
    }
}

#[test]
fn a_credential_for_every_host_cannot_be_stored() {
    let world = World::new();
    for host in ["*", "%", "*.example", ".example"] {
        store(&world, format!("protocol=https\nhost={host}\nusername=me\npassword=p\n\n"));
    }
    assert_eq!(of_host(&world, ""), None);
}

#[test]
fn of_several_matches_the_most_recently_stored_answers() {
    let world = World::new();
    keep(&world, "username=a\npassword=of a\n");
    keep(&world, "username=b\npassword=of b\n");
    assert_eq!(of_host(&world, "").as_deref(), Some("of b"));
    keep(&world, "username=a\npassword=of a again\n");
    assert_eq!(of_host(&world, "").as_deref(), Some("of a again"), "stored again is recent again");
    assert_eq!(of_host(&world, "username=b\n").as_deref(), Some("of b"));
}

#[test]
fn the_order_of_storing_counts_and_not_the_clock() {
    let world = World::new();
    keep(&world, "username=a\npassword=of a\n");
    let run = world.helper(["store"]).at_offset(-86_400);
    let request = format!("protocol=https\nhost={HOST}\nusername=b\npassword=of b\n\n");
    drop(run.stdin(request).ok());
    assert_eq!(of_host(&world, "").as_deref(), Some("of b"), "the clock stepped back");
}

#[test]
fn store_replaces_exactly_the_same_key_and_nothing_else() {
    let world = World::new();
    keep(&world, "username=me\npassword=1\n");
    keep(&world, "username=me\npassword=2\npath=a\n");
    keep(&world, "username=me\npassword=3\npath=\n");
    keep(&world, "username=\npassword=4\n");
    keep(&world, "username=me\npassword=1 new\n");
    let count = |world: &World| -> i64 {
        world.database().query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(&world), 4);
    assert_eq!(of_host(&world, "path=a\n").as_deref(), Some("2"));
    assert_eq!(of_host(&world, "path=\n").as_deref(), Some("3"));
    assert_eq!(of_host(&world, "username=\n").as_deref(), Some("4"));
    assert_eq!(of_host(&world, "").as_deref(), Some("1 new"));
    store(&world, "protocol=https\nhost=GIT.EXAMPLE\nusername=me\npassword=1 newer\n\n");
    assert_eq!(count(&world), 4, "the case of the host does not matter");
    assert_eq!(of_host(&world, "").as_deref(), Some("1 newer"));
}

/// `erase` for the host with more lines; what is left of the two entries `a` and `b`.
fn left_after_erase(more: &str) -> (Option<String>, Option<String>) {
    let world = World::new();
    keep(&world, "username=a\npassword=of a\npath=x\n");
    keep(&world, "username=b\npassword=of b\n");
    super::common::erase(&world, format!("protocol=https\nhost={HOST}\n{more}\n"));
    (of_host(&world, "username=a\n"), of_host(&world, "username=b\n"))
}

#[test]
fn erase_removes_all_that_match() {
    let (a, b) = (Some("of a".to_owned()), Some("of b".to_owned()));
    for (more, left) in [
        ("", (None, None)),
        ("username=a\n", (None, b.clone())),
        ("username=b\n", (a.clone(), None)),
        ("path=x\n", (None, b.clone())),
        ("username=a\npassword=of a\n", (None, b.clone())),
        ("password=of b\n", (a.clone(), None)),
        ("username=a\npassword=of b\n", (a.clone(), b.clone())),
        ("username=a\npassword=stale\n", (a.clone(), b.clone())),
        ("username=a\npassword=\n", (a.clone(), b.clone())),
        ("username=c\n", (a.clone(), b.clone())),
        ("path=y\n", (a.clone(), b.clone())),
        ("username=\n", (a.clone(), b.clone())),
        ("authtype=Bearer\ncredential=of b\n", (a.clone(), None)),
        ("credential=stale\n", (a.clone(), b.clone())),
        // Neither refresh token nor expiry nor authtype is ever compared.
        ("oauth_refresh_token=x\npassword_expiry_utc=1\nauthtype=Other\n", (None, None)),
    ] {
        assert_eq!(left_after_erase(more), left, "{more:?}");
    }
}

#[test]
fn erase_that_is_under_specified_does_nothing() {
    let world = World::new();
    keep(&world, "username=me\npassword=p\n");
    let before = snapshot(&world);
    for request in ["protocol=https\n\n", "host=git.example\n\n", "username=me\n\n", "\n", ""] {
        let output = world.helper(["erase"]).stdin(request).output();
        assert_nothing(&output);
        assert_eq!(snapshot(&world), before, "{request:?}");
    }
    for (protocol, host) in
        [("http", HOST), ("https", "example"), ("https", "%"), ("https", "a.git.example")]
    {
        super::common::erase(&world, format!("protocol={protocol}\nhost={host}\n\n"));
        assert_eq!(snapshot(&world), before, "{protocol}://{host}");
    }
}
