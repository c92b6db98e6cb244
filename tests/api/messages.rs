//! `api`: error messages in Concur's failure bodies are shown, in the format of any API.

use concur_sandbox::Fault;

use super::support::{ECHO, api, current_token};
use crate::harness::{Output, World};

fn failed(world: &World, content_type: &str, body: &str) -> Output {
    let (content_type, body) = (content_type.to_owned(), body.as_bytes().to_vec());
    world.sandbox.push_faults_at(
        "/sandbox/",
        1,
        Fault::RawBody { status: 400, content_type, body },
    );
    api(world, &[ECHO]).fails(1).says("Concur answered 400")
}

#[test]
fn the_messages_of_scim_budget_and_xml_are_shown() {
    let world = World::logged_in();
    let json = "application/json";
    let scim = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400",
        "scimType":"invalidValue","detail":"The request is invalid",
        "urn:ietf:params:scim:api:messages:concur:2.0:Error":{"messages":[{"code":"X","type":"error",
        "message":"taxId exceeds its length","schemaPath":"taxId"}]}}"#;
    drop(failed(&world, json, scim).says("\"The request is invalid; taxId exceeds its length\""));
    let scim_json = "application/scim+json";
    drop(failed(&world, scim_json, scim).says("taxId exceeds its length"));
    let budget = r#"{"status":false,"errorMessageList":[
        {"errorType":"ERROR","errorCode":"BUDGET.X","errorMessage":"Budget category name is required"},
        {"errorType":"ERROR","errorCode":"BUDGET.Y","errorMessage":"It must be unique"}]}"#;
    let both = "\"Budget category name is required; It must be unique\"";
    drop(failed(&world, json, budget).says(both));
    let within = format!("{{\"message\":{budget}}}");
    drop(failed(&world, json, &within).says(both));
    let v3 = r#"{"StatusCode":400,"Content":{"Error":{"Message":"bad v3","Id":"1"}}}"#;
    drop(failed(&world, json, v3).says("\"bad v3\""));
    let xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Error xmlns=\"http://example.com/error\">\
               <Message>No &quot;Key&quot; &amp; no date</Message><Server-Time>x</Server-Time>\
               <Id>AB12</Id></Error>";
    for content_type in ["application/xml", "text/xml; charset=utf-8", json, "text/plain"] {
        let output = failed(&world, content_type, xml).says("No \"Key\" & no date");
        assert!(!output.stderr.contains("AB12"), "{output:?}");
    }
}

#[test]
fn shown_messages_are_short_single_lines_and_escaped() {
    let world = World::logged_in();
    let long = "x".repeat(20_000);
    let many: Vec<String> =
        (0..300).map(|n| format!("{{\"errorMessage\":\"wrong {n} {long}\"}}")).collect();
    for body in [
        format!("{{\"errorMessageList\":[{}]}}", many[..2].join(",")),
        format!("<Error><Message>\u{1b}[2J&#27;]0;x&#7;\n\u{202e}{long}</Message></Error>"),
        format!("<Error>{}</Error>", "<Message>a</Message>".repeat(2000)),
        format!("{{\"errors\":{}{}}}", "[".repeat(90), "]".repeat(90)),
    ] {
        let output = failed(&world, "application/json", &body);
        assert_eq!(output.stderr.lines().count(), 2, "{output:?}");
        assert!(output.stderr.chars().count() < 1000, "{output:?}");
        assert!(!output.stderr.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{output:?}");
    }
}

#[test]
fn a_message_that_contains_the_token_is_not_shown_in_any_encoding() {
    let world = World::logged_in();
    let token = current_token(&world);
    let entities: Vec<String> = token.chars().map(|c| format!("&#{};", u32::from(c))).collect();
    let entities = entities.concat();
    for body in [
        format!("{{\"errorMessageList\":[{{\"errorMessage\":\"bad {token}\"}}]}}"),
        format!("{{\"urn:x:Error\":{{\"messages\":[{{\"message\":\"{token}\"}}]}}}}"),
        format!("{{\"urn:x:Error\":{{\"messages\":[{{\"code\":\"{token}\"}}]}}}}"),
        format!("<Error><Message>bad {token}</Message></Error>"),
        format!("<Error><Message>bad {entities}</Message></Error>"),
        format!("<Error><Message><![CDATA[{token}]]></Message></Error>"),
        format!("<Error><Message>{}{token}</Message></Error>", "x".repeat(150)),
    ] {
        let output = failed(&world, "text/plain", &body);
        assert!(!output.stderr.contains(&token[..40]), "{output:?}");
    }
}
