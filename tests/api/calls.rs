//! `api`: the request that is sent.

use serde_json::json;

use super::support::{ECHO, api, api_requests, refused_before_anything_is_sent, sent};
use crate::harness::World;

#[test]
fn api_requests_a_path_with_the_token_and_prints_the_answer() {
    let world = World::logged_in();
    let output = api(&world, &["/profile/identity/v4.1/Users?count=1"]).ok().silent();
    assert_eq!(output.json()["Resources"][0]["name"]["familyName"], "Mustermann");
    let request = api_requests(&world).pop().unwrap();
    assert_eq!((request.method.as_str(), request.status), ("GET", Some(200)));
    assert!(request.correlation_id_was_sent, "{request:?}");
    assert_eq!(world.refreshes(), 0);
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

#[test]
fn api_refreshes_an_expired_token_first_and_sends_one_request() {
    let world = World::logged_in();
    world.expire("default");
    api(&world, &["/profile/identity/v4.1/Users"]).ok().silent();
    assert_eq!((world.refreshes(), api_requests(&world).len()), (1, 1));
    world.concur(["token", "--cached"]).ok().silent();
}

#[test]
fn the_defaults_are_those_of_a_json_api() {
    let world = World::logged_in();
    let got = sent(&world, &[ECHO]);
    assert_eq!(got["method"], "GET");
    assert_eq!(got["headers"]["accept"], json!(["application/json"]));
    assert_eq!(got["headers"]["host"], json!([world.host()]));
    assert!(got["headers"].get("content-type").is_none(), "{got}");
    assert_eq!(got["body_bytes"], 0);
}

#[test]
fn the_method_precedes_the_path_or_is_an_option() {
    let world = World::logged_in();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        assert_eq!(sent(&world, &[method, ECHO])["method"], method);
        assert_eq!(sent(&world, &["-X", method, ECHO])["method"], method);
    }
    assert_eq!(sent(&world, &["delete", ECHO])["method"], "DELETE");
    let head = api(&world, &["HEAD", ECHO]).ok().silent();
    assert!(head.stdout.is_empty(), "{head:?}");
    assert_eq!(api_requests(&world).pop().unwrap().method, "HEAD");
    for bad in [&["TRACE", ECHO][..], &["CONNECT", ECHO], &["-X", "G\nX", ECHO]] {
        refused_before_anything_is_sent(&world, bad);
    }
    let _ = api(&world, &["-X", "GET", "POST", ECHO]).output().code(2);
    let between = sent(&world, &["POST", "-f", "a=b", ECHO]);
    assert_eq!((&between["method"], &between["body_bytes"]), (&"POST".into(), &9.into()));
    for no_path in [&[][..], &["-X", "POST"]] {
        api(&world, no_path).fails(2).says("There is no PATH");
    }
}

#[test]
fn fields_are_a_json_body_or_the_query_of_a_get() {
    let world = World::logged_in();
    let fields =
        ["-f", "Name=Trip = 1", "-F", "Amount=12.50", "-F", "Billable=true", "-F", "x=null"];
    let got = sent(&world, &[&[ECHO][..], &fields].concat());
    assert_eq!((&got["method"], &got["query"]), (&json!("POST"), &json!([])));
    assert_eq!(got["headers"]["content-type"], json!(["application/json"]));
    let body = json!({ "Name": "Trip = 1", "Amount": 12.5, "Billable": true, "x": null });
    assert_eq!(got["body_json"], body);
    assert_eq!(got["headers"]["content-length"], json!([got["body_bytes"].to_string()]));
    let got = sent(&world, &[&["GET", "/sandbox/echo?a=1"][..], &fields].concat());
    assert_eq!((&got["body_bytes"], &got["method"]), (&json!(0), &json!("GET")));
    let query = json!([
        ["a", "1"],
        ["Name", "Trip = 1"],
        ["Amount", "12.50"],
        ["Billable", "true"],
        ["x", "null"]
    ]);
    assert_eq!(got["query"], query);
    let made = api(&world, &["/api/v3.0/expense/reports", "-f", "Name=Lyon"]).ok().silent();
    assert!(made.json()["ID"].is_string());
    for bad in [&["-f", "novalue"][..], &["-F", "=x"], &["-f", "a=1", "-f", "a=2"]] {
        refused_before_anything_is_sent(&world, &[&[ECHO][..], bad].concat());
    }
}

#[test]
fn a_typed_field_can_be_the_text_of_a_file_or_of_stdin() {
    let world = World::logged_in();
    world.write("note.txt", "line 1\nline 2 ü\n");
    let got = sent(&world, &[ECHO, "-F", "note=@note.txt"]);
    assert_eq!(got["body_json"], json!({ "note": "line 1\nline 2 ü\n" }));
    let piped = api(&world, &[ECHO, "-F", "note=@-"]).stdin("from a pipe").ok().silent();
    assert_eq!(piped.json()["body_json"], json!({ "note": "from a pipe" }));
    world.write("bytes", b"\xff\xfe");
    for bad in ["a=@missing", "a=@bytes", "a=@."] {
        refused_before_anything_is_sent(&world, &[ECHO, "-F", bad]);
    }
    refused_before_anything_is_sent(&world, &[ECHO, "-F", "a=@-", "--input", "-"]);
    refused_before_anything_is_sent(&world, &[ECHO, "-F", "a=@-", "-F", "b=@-"]);
}

#[test]
fn allowed_caller_headers_are_sent_and_reserved_ones_are_refused() {
    let world = World::logged_in();
    let id = "2803b8f8-a42b-43c2-a739-b8768e4759b8";
    let own = format!("concur-correlationid: {id}");
    let args = [ECHO, "-H", "Accept: text/csv", "-H", "X-A: 1", "-H", "x-a: 2", "-H", &own];
    let got = sent(&world, &args);
    assert_eq!(got["headers"]["accept"], json!(["text/csv"]));
    assert_eq!(got["headers"]["x-a"], json!(["1", "2"]));
    assert_eq!(api_requests(&world).pop().unwrap().correlation_id, id);
    for bad in [
        "Authorization: Bearer s3cr3t-s3cr3t",
        "Host: evil.example",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "X: a\r\nAuthorization: Bearer s3cr3t-s3cr3t",
        "s3cr3t-s3cr3t",
    ] {
        let output = refused_before_anything_is_sent(&world, &[ECHO, "-H", bad]);
        assert!(!output.stderr.contains("s3cr3t"), "the input is never repeated\n{output:?}");
    }
}

#[test]
fn no_path_leads_to_another_origin() {
    let world = World::logged_in();
    let other = World::logged_in();
    let port = other.host().rsplit(':').next().unwrap().to_owned();
    for path in [
        format!("//{}/x", other.host()),
        format!("http://{}/x", other.host()),
        format!("http://{}@{}/x", world.host(), other.host()),
        format!("@{}/x", other.host()),
        format!(":{port}/x"),
        format!("/\\{}/x", other.host()),
        format!("\\\\{}/x", other.host()),
        "https://us2.api.concursolutions.com/x".to_owned(),
        format!("https://{}/x", world.host()),
        "/x\r\nX: y".to_owned(),
        "/x#y".to_owned(),
        String::new(),
    ] {
        refused_before_anything_is_sent(&world, &["--", &path]);
    }
    assert!(api_requests(&other).is_empty());
    for path in ["sandbox/echo".to_owned(), format!("{}/sandbox/echo?a=b", world.sandbox.origin())]
    {
        assert_eq!(sent(&world, &[&path])["path"], "/sandbox/echo");
    }
    let got = sent(&world, &["/sandbox/echo?user=erika@example.com&filter=a eq \"ü\""]);
    assert_eq!(got["query"], json!([["user", "erika@example.com"], ["filter", "a eq \"ü\""]]));
}

#[test]
fn include_prints_the_status_and_the_headers_first() {
    let world = World::logged_in();
    let output = api(&world, &["--include", "/profile/identity/v4.1/Users?count=1"]).ok().silent();
    let (head, body) = output.text().split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("\r\nconcur-correlationid: "), "{head}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["itemsPerPage"], 1);
}

#[test]
fn the_selected_profile_makes_the_request() {
    let world = World::logged_in();
    let other = world.sandbox.add_company();
    world.login("other", &other);
    let print = |profile: &str| {
        api(&world, &["--profile", profile, ECHO]).ok().silent();
        let token = world.concur(["token", "--profile", profile]).ok().line();
        let request = api_requests(&world).pop().unwrap();
        assert_eq!(request.secrets["access_token"], concur_sandbox::fingerprint(&token));
    };
    print("default");
    print("other");
    world.forget_default_profile();
    let _ = api(&world, &[ECHO]).fails(3).says("default, other");
}
