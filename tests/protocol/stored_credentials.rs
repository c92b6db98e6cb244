//! Stored credentials: which values are kept and returned.

use super::common::{ask, assert_nothing, now, store};
use crate::harness::World;

const ASKED: &str = "protocol=https\nhost=git.example\n\n";
const ASKED_WITH_CAPABILITY: &str = "capability[]=authtype\nprotocol=https\nhost=git.example\n\n";

/// Stores an entry for `https://git.example` with more lines.
fn keep(world: &World, more: &str) {
    store(world, format!("protocol=https\nhost=git.example\n{more}\n"));
}

#[test]
fn user_name_and_password_are_returned_and_nothing_else() {
    let world = World::new();
    keep(&world, "username=me\npassword=p\npath=x\nwwwauth[]=Basic\nstate[]=a\ncontinue=1\n");
    assert_eq!(ask(&world, ASKED).silent().text(), "username=me\npassword=p\n");
    assert_eq!(ask(&world, ASKED_WITH_CAPABILITY).silent().text(), "username=me\npassword=p\n");
    let other_name = world.concur(["get"]).stdin(ASKED).ok().silent();
    assert_eq!(other_name.text(), "username=me\npassword=p\n");
}

#[test]
fn expiry_and_refresh_token_are_returned() {
    let world = World::new();
    let expires = now() + 600;
    keep(
        &world,
        &format!("username=me\npassword=p\npassword_expiry_utc={expires}\noauth_refresh_token=r\n"),
    );
    assert_eq!(
        ask(&world, ASKED).silent().text(),
        format!("username=me\npassword=p\npassword_expiry_utc={expires}\noauth_refresh_token=r\n")
    );
}

#[test]
fn empty_values_are_printed() {
    let world = World::new();
    keep(&world, "username=\npassword=\noauth_refresh_token=\n");
    let text = "username=\npassword=\noauth_refresh_token=\n";
    assert_eq!(ask(&world, ASKED).silent().text(), text);
}

#[test]
fn values_are_neither_trimmed_nor_decoded() {
    let world = World::new();
    let lines = "username= a%0ab \npassword==p= \t#;\"'\\%00&\n";
    keep(&world, lines);
    assert_eq!(ask(&world, ASKED).silent().text(), lines);
}

#[test]
fn bytes_that_are_not_utf8_are_returned_unchanged() {
    let world = World::new();
    let mut lines = b"username=\xff\xfe\x80\npassword=".to_vec();
    lines.extend((1u8..=255).filter(|byte| !matches!(byte, b'\n' | b'\r')));
    lines.push(b'\n');
    let mut request = b"protocol=https\nhost=git.example\npath=\xc3\x28\n".to_vec();
    request.extend(&lines);
    store(&world, request);
    assert_eq!(ask(&world, ASKED).silent().stdout, lines);
    let by_bytes = b"protocol=https\nhost=git.example\npath=\xc3\x28\nusername=\xff\xfe\x80\n\n";
    assert_eq!(ask(&world, by_bytes.to_vec()).silent().stdout, lines);
    let other = b"protocol=https\nhost=git.example\nusername=\xff\xfe\n\n";
    assert_nothing(&ask(&world, other.to_vec()).silent());
    let erased = b"protocol=https\nhost=git.example\nusername=\xff\xfe\x80\n\n";
    super::common::erase(&world, erased.to_vec());
    assert_nothing(&ask(&world, ASKED).silent());
}

#[test]
fn an_expired_credential_is_never_returned() {
    let world = World::new();
    for expires in [1, now() - 1, now() - 86_400] {
        keep(&world, &format!("username=me\npassword=p\npassword_expiry_utc={expires}\n"));
        assert_nothing(&ask(&world, ASKED).silent());
    }
    keep(&world, &format!("username=me\npassword=p\npassword_expiry_utc={}\n", now() + 600));
    assert!(ask(&world, ASKED).value("password").is_some());
    let later = world.helper(["get"]).at_offset(601).stdin(ASKED).ok().silent();
    assert_nothing(&later);
}

#[test]
fn an_older_credential_answers_when_the_newer_is_expired() {
    let world = World::new();
    keep(&world, "username=a\npassword=of a\n");
    keep(&world, "username=b\npassword=of b\npassword_expiry_utc=1\n");
    assert_eq!(ask(&world, ASKED).value("password").unwrap(), "of a");
}

#[test]
fn an_invalid_expiry_is_ignored() {
    for expires in ["0", "", "-1", "soon", "1e3", "99999999999999999999"] {
        let world = World::new();
        keep(&world, &format!("username=me\npassword=p\npassword_expiry_utc={expires}\n"));
        let later = world.helper(["get"]).at_offset(10 * 365 * 86_400).stdin(ASKED).ok();
        assert_eq!(later.text(), "username=me\npassword=p\n", "{expires:?}");
    }
}

#[test]
fn a_bearer_credential_is_not_sent_to_a_server_without_bearer() {
    let world = World::new();
    keep(&world, "username=me\npassword=p\n");
    keep(&world, "authtype=bearer\ncredential=c\n");
    let asked = |offers: &str| {
        let request = format!("capability[]=authtype\n{offers}{ASKED}");
        world.helper(["get"]).stdin(request).ok().silent()
    };
    for offers in ["", "wwwauth[]=Bearer\n", "wwwauth[]=Basic realm=x\nwwwauth[]=Bearer\n"] {
        assert_eq!(asked(offers).value("credential").unwrap(), "c", "{offers:?}");
    }
    for offers in ["wwwauth[]=Basic realm=x\n", "wwwauth[]=Negotiate\n"] {
        let output = asked(offers);
        assert_eq!(output.text(), "username=me\npassword=p\n", "{offers:?}");
    }
    // Credentials of other schemes are stored unchanged.
    keep(&world, "username=other\nauthtype=Digest\ncredential=d\n");
    assert_eq!(asked("wwwauth[]=Digest\n").value("credential").unwrap(), "d");
}

#[test]
fn a_credential_with_an_authtype_needs_the_capability() {
    let world = World::new();
    keep(&world, "capability[]=authtype\nauthtype=Bearer\ncredential=c\n");
    assert_nothing(&ask(&world, ASKED).silent());
    let withdrawn = format!("capability[]=authtype\ncapability[]=\n{ASKED}");
    assert_nothing(&ask(&world, withdrawn).silent());
    let output = ask(&world, ASKED_WITH_CAPABILITY).silent();
    assert!(output.text().starts_with("capability[]=authtype\n"), "{output:?}");
    assert_eq!(output.value("authtype").unwrap(), "Bearer");
    assert_eq!(output.value("credential").unwrap(), "c");
    assert_eq!(output.value("password"), None);
}

#[test]
fn an_ephemeral_credential_is_not_stored() {
    let world = World::new();
    keep(&world, "username=me\npassword=p\nephemeral=1\n");
    keep(&world, "authtype=Bearer\ncredential=c\nephemeral=true\n");
    assert!(!world.store_file().exists(), "nothing was made for it");
    keep(&world, "username=me\npassword=p\nephemeral=0\n");
    assert!(ask(&world, ASKED).value("password").is_some());
    keep(&world, "username=me\npassword=newer\nephemeral=1\n");
    assert_eq!(ask(&world, ASKED).value("password").unwrap(), "p", "nor does it replace");
}

#[test]
fn an_incomplete_credential_is_not_stored() {
    let world = World::new();
    for more in [
        "",
        "username=me\n",
        "password=p\n",
        "authtype=Bearer\n",
        "credential=c\n",
        "username=me\ncredential=c\n",
        "authtype=Bearer\npassword=p\n",
        "oauth_refresh_token=r\n",
    ] {
        keep(&world, more);
        assert!(!world.store_file().exists(), "{more:?}");
    }
}

#[test]
fn credentials_are_stored_sealed() {
    let world = World::new();
    keep(&world, "username=me\npassword=sesame-open\noauth_refresh_token=sesame-renew\n");
    keep(&world, "authtype=Bearer\ncredential=sesame-bear\n");
    for entry in std::fs::read_dir(world.state_dir()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { continue };
        let found = bytes.windows(6).any(|window| window == b"sesame");
        assert!(!found, "{}", path.display());
    }
}

#[test]
fn concurrent_stores_lose_nothing() {
    let world = World::new();
    let request = |user: &str| {
        format!("protocol=https\nhost=git.example\nusername={user}\npassword=of {user}\n\n")
    };
    let users: Vec<String> = (0..30).map(|n| format!("user{n}")).collect();
    let callers: Vec<_> =
        users.iter().map(|user| world.helper(["store"]).stdin(request(user)).start()).collect();
    for caller in callers {
        drop(caller.wait().code(0).silent());
    }
    for user in users {
        let asked = format!("protocol=https\nhost=git.example\nusername={user}\n\n");
        assert_eq!(ask(&world, asked).value("password"), Some(format!("of {user}")));
    }
}

#[test]
fn concurrent_stores_of_one_credential_succeed_silently() {
    let world = World::new();
    let request = "protocol=https\nhost=git.example\nusername=me\npassword=p\n\n";
    let callers: Vec<_> = (0..30).map(|_| world.helper(["store"]).stdin(request).start()).collect();
    for caller in callers {
        drop(caller.wait().code(0).silent());
    }
    assert_eq!(ask(&world, ASKED).silent().text(), "username=me\npassword=p\n");
    let count = world.database().query_row("SELECT count(*) FROM record", [], |row| row.get(0));
    assert_eq!(count, Ok(1));
}
