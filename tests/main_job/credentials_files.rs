//! Invalid files: reported by line and column and never quoted; nothing is changed or created.

use std::path::{Path, PathBuf};

use super::support::{each, tree};
#[cfg(unix)]
use crate::harness::set_mode;
use crate::harness::{Output, World};

/// Stands in every bad file; must stand in no message.
const MARK: &str = "hunter2-c0ffee";

/// A bad file, and what is to be said about it.
struct Bad {
    name: &'static str,
    bytes: Vec<u8>,
    /// `None` where the problem is with the file as a whole.
    place: Option<(usize, usize)>,
    says: &'static str,
}

fn bad(name: &'static str, text: &str, place: (usize, usize), says: &'static str) -> Bad {
    let bytes = text.replace("MARK", MARK).into_bytes();
    Bad { name, bytes, place: Some(place), says }
}

fn whole(name: &'static str, bytes: impl Into<Vec<u8>>, says: &'static str) -> Bad {
    Bad { name, bytes: bytes.into(), place: None, says }
}

/// What neither file may be.
fn bad_files() -> Vec<Bad> {
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(format!("{{\"x\":\"{MARK}\"}}").encode_utf16().flat_map(u16::to_le_bytes));
    let mut binary = b"{\n\"x\":\"".to_vec();
    binary.extend([0xc3, 0x28, 0x80]);
    binary.extend(MARK.bytes());
    let mut huge = format!("{{\"{MARK}\":\"").into_bytes();
    huge.resize((1 << 20) + 1, b'x');
    vec![
        whole("empty", "", "empty"),
        whole("blank", " \r\n\t\n", "empty"),
        whole("huge", huge, "MiB"),
        whole("utf-16", utf16, "UTF-16"),
        Bad { name: "binary", bytes: binary, place: Some((2, 6)), says: "UTF-8" },
        bad("nul", "{\"x\":\"MARK\"}\n\0", (2, 1), "UTF-8"),
        bad("truncated", "{\n\"x\":\"MARK", (2, 19), "ends before"),
        bad("truncated after a value", "{\"x\":\"MARK\",", (1, 22), "ends before"),
        bad("not json", "x = MARK\n", (1, 1), "not valid JSON"),
        bad("single quotes", "{'x':'MARK'}", (1, 2), "not valid JSON"),
        bad("a comment", "{\n// MARK\n}", (2, 1), "not valid JSON"),
        bad("a trailing comma", "{\"x\":\"MARK\",}", (1, 23), "not valid JSON"),
        bad("two objects", "{\"x\":\"MARK\"}\n{}", (2, 1), "not valid JSON"),
        bad("an array", "[{\"x\":\"MARK\"}]", (1, 1), "object"),
        bad("a string", "\"MARK\"", (1, 16), "object"),
        bad("null", "null", (1, 4), "object"),
    ]
}

/// What must hold of every refusal: exit code 2, a place, no content, the file as it was.
fn assert_refused(output: Output, file: &Path, case: &Bad) {
    let output = output.says(case.says);
    assert!(!output.stderr.contains(MARK), "{}: the content is quoted\n{output:?}", case.name);
    if let Some((line, column)) = case.place {
        let output = output.says(&format!("line {line}, column {column}"));
        drop(output);
    }
    assert_eq!(std::fs::read(file).unwrap(), case.bytes, "{}: the file is as it was", case.name);
}

fn assert_nothing_made(world: &World, name: &str) {
    assert_eq!(tree(&world.home()), Vec::<PathBuf>::new(), "{name}: nothing is made");
    assert_eq!(world.token_requests(), 0, "{name}: nothing is sent");
}

#[test]
fn an_invalid_credentials_file_is_refused_by_line_and_never_quoted() {
    let mut cases = bad_files();
    cases.extend([
        bad("a number", "{\"appID\":7,\"x\":\"MARK\"}", (1, 10), "appID"),
        bad("an object", "{\n\"clientSecret\":{\"x\":\"MARK\"}}", (2, 16), "clientSecret"),
        bad("a list", "{\"companyUUID\":[\"MARK\"]}", (1, 16), "companyUUID"),
        bad("twice", "{\"appID\":\"a\",\n\"appID\":\"MARK\"}", (2, 7), "`appID` is given twice"),
        bad("a line break", "{\"clientSecret\":\"a\\nMARK\"}", (1, 36), "control character"),
    ]);
    each(&cases, |case| {
        let world = World::new();
        let file = world.write("credentials.json", &case.bytes);
        let login = ["login", "--base-url", world.sandbox.origin()];
        assert_refused(world.concur(login).fails(2).says("credentials.json"), &file, case);
        let named = world.concur(login).arg("--credentials").arg(&file);
        assert_refused(named.fails(2), &file, case);
        assert_nothing_made(&world, case.name);
        world.concur(["init"]).fails(2).says("nothing was changed");
        assert_eq!(std::fs::read(&file).unwrap(), case.bytes, "the tutorial's script overwrote it");
    });
}

#[test]
fn an_invalid_token_file_is_refused_by_line_and_never_quoted() {
    let mut cases = bad_files();
    cases.extend([
        bad("a number", "{\"access_token\":7,\"x\":\"MARK\"}", (1, 17), "access_token"),
        bad("a list", "{\"refresh_token\":[\"MARK\"]}", (1, 18), "refresh_token"),
        bad("no number", "{\"refresh_expires_in\":\"MARK\"}", (1, 38), "refresh_expires_in"),
        bad("a fraction", "{\"x\":\"MARK\",\"expires_in\":1.5}", (1, 38), "expires_in"),
        bad("twice", "{\"scope\":\"a\",\n\"scope\":\"MARK\"}", (2, 7), "`scope` is given twice"),
        bad("unknown twice", "{\"x\":1,\n\"x\":\"MARK\"}", (2, 3), "a key is given twice"),
        whole("no token", format!("{{\"x\":\"{MARK}\"}}"), "refresh_token"),
        whole("blank tokens", "{\"refresh_token\":\" \",\"access_token\":null}", "refresh_token"),
    ]);
    each(&cases, |case| {
        let world = World::new();
        world.write("credentials.json", world.sandbox.credentials_json());
        let file = world.write("refreshTokenObjectFile.json", &case.bytes);
        let import = ["import", "--base-url", world.sandbox.origin()];
        let refused = world.concur(import).fails(2).says("refreshTokenObjectFile.json");
        assert_refused(refused, &file, case);
        let piped = world.concur(import).arg("-").stdin(case.bytes.clone());
        assert_refused(piped.fails(2), &file, case);
        assert_nothing_made(&world, case.name);
    });
}

#[test]
fn an_invalid_file_leaves_an_existing_profile_unchanged() {
    let world = World::logged_in();
    let before = std::fs::read(world.store_file()).unwrap();
    world.write("credentials.json", "{\"appID\":");
    world.concur(["login"]).fails(2);
    world.write("refreshTokenObjectFile.json", "[]");
    world.concur(["import", "--credentials", "credentials-default.json"]).fails(2);
    assert_eq!(std::fs::read(world.store_file()).unwrap(), before);
}

#[test]
fn a_bom_and_crlf_line_ends_are_accepted() {
    let world = World::new();
    let text = world.sandbox.credentials_json().replace(',', ",\r\n\t").replace(":\"", ": \"");
    world.write("credentials.json", format!("\u{feff}{text}\r\n"));
    world.concur(["login", "--base-url", world.sandbox.origin()]).ok();
    world.concur(["get"]).ok().silent();
}

#[test]
fn blank_values_are_listed() {
    let filled = r#"{"appID":"a","clientSecret":"b","grantType":"password","companyUUID":"1b4e28ba-2fa1-41d2-883f-0016d3cca427","companyRequestToken":"d"}"#;
    let cases = [
        (r#""a""#, r#""""#, "Not given: appID."),
        (r#""b""#, r#"" ""#, "Not given: clientSecret."),
        (r#""1b4e28ba-2fa1-41d2-883f-0016d3cca427""#, "null", "Not given: companyUUID."),
        (r#","companyRequestToken":"d""#, "", "Not given: companyRequestToken."),
    ];
    each(&cases, |(from, to, says)| {
        let world = World::new();
        world.write("credentials.json", filled.replace(from, to));
        let output = world.concur(["login", "--base-url", world.sandbox.origin()]).fails(2);
        output.says(says).says("credentials.json").says("CONCUR_CRED_CLIENT_SECRET");
        assert_nothing_made(&world, says);
    });
}

#[test]
fn a_named_credentials_file_must_exist() {
    let world = World::new();
    let output = world.concur(["login", "--credentials", "nowhere.json"]).output();
    assert!([Some(2), Some(6)].contains(&output.code), "{output:?}");
    assert!(output.stdout.is_empty() && output.stderr.contains("nowhere.json"), "{output:?}");
    assert_nothing_made(&world, "a file that is not there");
    let none = world.concur(["login", "--base-url", world.sandbox.origin()]).fails(2);
    none.says("concur-cred init").says("appID, clientSecret, companyUUID, companyRequestToken");
    world.concur(["login", "--credentials", "."]).fails(6).says("folder");
}

#[test]
fn init_writes_the_tutorials_blank_file_for_its_owner_alone_and_never_again() {
    let world = World::new();
    world.concur(["init"]).ok();
    let file = world.work().join("credentials.json");
    let template = concat!(
        r#"{"appID":"","clientSecret":"","grantType":"password","companyUUID":"","#,
        r#""companyRequestToken":"","credentialType":"authtoken"}"#
    );
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written.lines().count(), 8, "a field a line");
    assert_eq!(written.split_whitespace().collect::<String>(), template);
    #[cfg(unix)]
    assert_eq!(crate::harness::mode(&file), 0o600);
    std::fs::write(&file, "mine").unwrap();
    world.concur(["init"]).fails(2).says("nothing was changed");
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    world.concur(["init", "other folder/credentials.json"]).fails(6);
    assert_eq!(tree(&world.work()), [file], "no temporary file stays behind");
    assert_nothing_made(&world, "init");
}

#[cfg(unix)]
#[test]
fn a_readable_credentials_file_is_used_with_a_warning_and_a_fix() {
    for mode in [0o640, 0o604, 0o644] {
        let world = World::new();
        let file = world.write("credentials.json", world.sandbox.credentials_json());
        set_mode(&file, mode);
        let login = || world.concur(["login", "--base-url", world.sandbox.origin()]);
        login().ok().says("others can read credentials.json").says("chmod 600 credentials.json");
        assert_eq!(crate::harness::mode(&file), mode, "a person's file is not changed");
        set_mode(&file, 0o600);
        let fixed = login().ok();
        assert!(!fixed.stderr.contains("chmod"), "{fixed:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_write_is_refused() {
    for mode in [0o620, 0o602, 0o666] {
        let world = World::new();
        let file = world.write("credentials.json", world.sandbox.credentials_json());
        set_mode(&file, mode);
        let login = world.concur(["login", "--base-url", world.sandbox.origin()]);
        login.fails(6).says("Others can write credentials.json").says("chmod 600 credentials.json");
        let tokens = world.write("tokens.json", "{\"refresh_token\":\"x\"}");
        set_mode(&tokens, mode);
        let import = world.concur(["import", "tokens.json", "--base-url", world.sandbox.origin()]);
        import.fails(6).says("chmod 600 tokens.json");
        assert_nothing_made(&world, "writable by others");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_credentials_file_is_followed() {
    let world = World::new();
    let file = world.write("real.json", world.sandbox.credentials_json());
    std::os::unix::fs::symlink(&file, world.work().join("credentials.json")).unwrap();
    world.concur(["login", "--base-url", world.sandbox.origin()]).ok();
}

#[test]
fn a_misspelt_key_of_a_file_is_named_by_the_right_one() {
    let world = World::new();
    let text = world.sandbox.credentials_json().replace("clientSecret", "secret");
    world.write("credentials.json", text);
    let output = world.concur(["login", "--base-url", world.sandbox.origin()]).fails(2);
    let output = output.says("credentials.json: an unknown key is probably meant for clientSecret");
    assert!(!output.stderr.contains(&world.sandbox.app().client_secret), "{output:?}");
    world.write("tokens.json", r#"{"refresh-token":"r3fresh"}"#);
    let output = world.concur(["import", "tokens.json"]).fails(2);
    let output =
        output.says("it contains no `refresh_token`; an unknown key is probably meant for it");
    assert!(!output.stderr.contains("r3fresh"), "{output:?}");
}

#[test]
fn a_folder_in_the_place_of_a_file_is_named_as_one() {
    let world = World::logged_in();
    let origin = world.sandbox.origin();
    let login = world.concur(["login", "--base-url", origin, "--credentials", "."]);
    drop(login.fails(6).says(". is a folder"));
    let call = world.concur(["api", "POST", "/sandbox/echo", "--input", "."]);
    drop(call.fails(2).says(". is a folder"));
}
