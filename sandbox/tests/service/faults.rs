use std::io::ErrorKind;
use std::time::{Duration, Instant};

use concur_sandbox::{Config, Fault, FaultSpec, RetryAfter, Rotation, Sandbox, StatusBody, Times};
use serde_json::json;

use crate::http::{
    PATIENCE, Reply, USERS, call, company_form, connect, exchange, log_in, post, read, refresh,
    refresh_form, token_request,
};

fn rotating() -> (Sandbox, String) {
    let config = Config { rotation: Rotation::NewRevokeFamily, ..Config::default() };
    let sandbox = Sandbox::start(config).unwrap();
    let token = log_in(&sandbox).field("refresh_token");
    (sandbox, token)
}

fn try_refresh(sandbox: &Sandbox, token: &str) -> std::io::Result<Option<Reply>> {
    exchange(sandbox, token_request(&refresh_form(sandbox.app(), token)).as_bytes())
}

#[test]
fn a_status_comes_with_its_body_and_retry_after() {
    let (sandbox, token) = rotating();
    sandbox.push_fault(Fault::service_unavailable());
    let reply = refresh(&sandbox, &token);
    assert_eq!((reply.status, reply.header("retry-after")), (503, None));
    assert!(reply.header("content-type").unwrap().starts_with("text/html"));
    assert!(reply.text().starts_with("<html>"));
    sandbox.push_fault(Fault::too_many_requests(7));
    let reply = refresh(&sandbox, &token);
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("7")));
    let date = "Wed, 21 Oct 2099 07:28:00 GMT".to_owned();
    let retry_after = Some(RetryAfter::Date(date.clone()));
    sandbox.push_fault(Fault::Status { code: 407, body: StatusBody::Json, retry_after });
    let reply = refresh(&sandbox, &token);
    assert_eq!((reply.status, reply.header("retry-after")), (407, Some(date.as_str())));
    assert!(reply.json().get("code").is_none());
    assert!(sandbox.is_current_refresh_token(&token), "nothing was granted");
    assert_eq!(sandbox.counters().faults, 3);
}

#[test]
fn drop_before_grants_nothing() {
    let (sandbox, token) = rotating();
    sandbox.push_fault(Fault::DropBefore);
    assert!(try_refresh(&sandbox, &token).unwrap().is_none());
    assert!(sandbox.is_current_refresh_token(&token));
    let record = sandbox.requests().pop().unwrap();
    assert_eq!((record.outcome.as_str(), record.status), ("fault drop_before", None));
}

#[test]
fn drop_after_rotates_and_sends_no_answer() {
    let (sandbox, token) = rotating();
    sandbox.push_fault(Fault::DropAfter);
    assert!(try_refresh(&sandbox, &token).unwrap().is_none());
    assert!(!sandbox.is_current_refresh_token(&token), "the old value is spent");
    assert_eq!(sandbox.counters().grants_made_of("refresh_token"), 1);
    assert_eq!(sandbox.requests().pop().unwrap().outcome, "fault drop_after (granted)");
}

#[test]
fn resets_are_resets() {
    let (sandbox, token) = rotating();
    sandbox.push_fault(Fault::ResetBefore);
    sandbox.push_fault(Fault::ResetAfter);
    let error = try_refresh(&sandbox, &token).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(sandbox.is_current_refresh_token(&token));
    let error = try_refresh(&sandbox, &token).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(!sandbox.is_current_refresh_token(&token));
}

#[test]
fn a_truncated_body_is_shorter_than_its_length() {
    let (sandbox, token) = rotating();
    sandbox.push_fault(Fault::TruncateBody);
    let reply = try_refresh(&sandbox, &token).unwrap().unwrap();
    let length: usize = reply.header("content-length").unwrap().parse().unwrap();
    assert_eq!((reply.status, reply.body.len()), (200, length / 2));
    assert!(!sandbox.is_current_refresh_token(&token), "the grant was made");
}

#[test]
fn silence_lasts_until_the_sandbox_goes() {
    let (sandbox, token) = rotating();
    sandbox.push_fault(Fault::Silence);
    let mut stream = connect(&sandbox);
    let request = token_request(&refresh_form(sandbox.app(), &token));
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let error = read(&mut stream).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    assert!(sandbox.is_current_refresh_token(&token));
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    drop(sandbox);
    assert!(read(&mut stream).unwrap().is_none(), "the end of the sandbox closes the connection");
}

#[test]
fn latency_delays_and_then_serves() {
    let (sandbox, token) = rotating();
    let latency = Duration::from_millis(120);
    sandbox.push_fault(Fault::Latency(latency));
    let start = Instant::now();
    assert_eq!(refresh(&sandbox, &token).status, 200);
    assert!(start.elapsed() >= latency);
}

#[test]
fn fields_can_be_replaced_and_left_out() {
    let (sandbox, _) = rotating();
    sandbox.push_fault(Fault::Together(vec![
        Fault::Geolocation("not an origin".to_owned()),
        Fault::OverrideField { name: "expires_in".to_owned(), value: json!(1e300) },
        Fault::OmitFields(vec!["id_token".to_owned(), "scope".to_owned()]),
    ]));
    let reply = log_in(&sandbox);
    assert_eq!(reply.field("geolocation"), "not an origin");
    assert!(reply.text().starts_with("{\"expires_in\":1e+300,\"token_type\""), "{}", reply.text());
    assert!(reply.json().get("id_token").is_none());
    assert!(log_in(&sandbox).json().get("id_token").is_some(), "the fault was for one request");
}

#[test]
fn raw_bodies_go_out_as_they_are() {
    let (sandbox, _) = rotating();
    let body = vec![b' '; 70 * 1024];
    let content_type = "application/json".to_owned();
    sandbox.push_fault(Fault::RawBody { status: 200, content_type, body: body.clone() });
    let reply = post(&sandbox, &company_form(sandbox.app()));
    assert_eq!((reply.status, reply.body), (200, body));
}

#[test]
fn faults_apply_in_order_and_the_permanent_one_last() {
    let (sandbox, _) = rotating();
    sandbox.push_faults(2, Fault::Code(134));
    sandbox.push_fault(Fault::Code(14));
    sandbox.fault_always(Fault::service_unavailable());
    let form = company_form(sandbox.app());
    assert_eq!(sandbox.pending_faults(), 3);
    let codes: Vec<u64> = (0..3).map(|_| post(&sandbox, &form).code()).collect();
    assert_eq!((codes, sandbox.pending_faults()), (vec![134, 134, 14], 0));
    for _ in 0..3 {
        assert_eq!(post(&sandbox, &form).status, 503);
    }
    sandbox.clear_faults();
    assert_eq!(post(&sandbox, &form).status, 200);
}

#[test]
fn a_fault_with_a_path_leaves_the_token_endpoint_alone() {
    let (sandbox, _) = rotating();
    sandbox.push_faults_at("/profile/", 1, Fault::service_unavailable());
    let access = log_in(&sandbox).field("access_token");
    assert_eq!(call(&sandbox, "GET", USERS, &access).status, 503);
    assert_eq!(call(&sandbox, "GET", USERS, &access).status, 200);
}

#[test]
fn specs_of_the_command_line_are_read() {
    let spec = |text: &str| text.parse::<FaultSpec>().unwrap();
    let html = |code, retry_after| Fault::Status { code, body: StatusBody::Html, retry_after };
    let once = |fault| FaultSpec { times: Times::Count(1), fault };
    assert_eq!(spec("503"), once(html(503, None)));
    assert_eq!(spec("429:7"), once(html(429, Some(RetryAfter::Seconds(7)))));
    assert_eq!(spec("drop-after"), once(Fault::DropAfter));
    assert_eq!(spec("latency:1500"), once(Fault::Latency(Duration::from_millis(1500))));
    assert_eq!(spec("code:108"), once(Fault::Code(108)));
    assert_eq!(spec("3xsilence"), FaultSpec { times: Times::Count(3), fault: Fault::Silence });
    let times = Times::Always;
    assert_eq!(spec("always:truncate"), FaultSpec { times, fault: Fault::TruncateBody });
    let value = json!("abc");
    let field = Fault::OverrideField { name: "expires_in".to_owned(), value };
    assert_eq!(spec("field:expires_in=\"abc\""), once(field));
    let location = "https://example.com/".to_owned();
    assert_eq!(
        spec("redirect:307:https://example.com/"),
        once(Fault::Redirect { status: 307, location })
    );
    for wrong in ["", "99", "latency", "code:x", "field:x", "drop", "0.5x503"] {
        assert!(wrong.parse::<FaultSpec>().is_err(), "{wrong}");
    }
}

#[test]
fn an_added_header_precedes_the_services_own() {
    let (sandbox, token) = rotating();
    let name = "concur-correlationid";
    let header = || Fault::Header { name: name.to_owned(), value: "said".to_owned() };
    sandbox.push_fault(Fault::Together(vec![header(), Fault::Code(108)]));
    let reply = refresh(&sandbox, &token);
    assert_eq!((reply.status, reply.header(name)), (400, Some("said")));
    sandbox.push_fault(header());
    let reply = refresh(&sandbox, &token);
    assert_eq!((reply.status, reply.header(name)), (200, Some("said")));
}

#[test]
fn refresh_tokens_expire_as_configured_and_every_token_is_listed() {
    let rotation = Rotation::NewRevokeFamily;
    let refresh_token_tail = "+/=".to_owned();
    let config = Config { rotation, refresh_token_tail, ..Config::default() };
    let sandbox = Sandbox::start(config).unwrap();
    let first = log_in(&sandbox);
    let second = refresh(&sandbox, &first.field("refresh_token"));
    let issued = sandbox.issued_tokens();
    for reply in [&first, &second] {
        assert!(reply.field("refresh_token").ends_with("+/="));
        for name in ["access_token", "refresh_token", "id_token"] {
            assert!(issued.contains(&reply.field(name)), "{name}");
        }
    }
    assert_eq!(issued.len(), 6);
}
