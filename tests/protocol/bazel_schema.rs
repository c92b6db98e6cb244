//! Requests and answers of Bazel's protocol, checked against the schemas of its specification.

use serde_json::{Value, json};

use crate::harness::World;

const REQUEST: &str = include_str!("bazel_request.schema.json");
const RESPONSE: &str = include_str!("bazel_response.schema.json");

fn schema(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// What is wrong with `value`, by the keywords that these schemas use (JSON Schema 2020-12). A keyword
/// that it does not know is a failure, so that no rule is silently skipped.
fn wrong(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let rules = match schema {
        Value::Bool(true) => return Vec::new(),
        Value::Bool(false) => return vec![format!("{at}: nothing may stand here")],
        Value::Object(rules) => rules,
        _ => panic!("a schema is an object or a truth value"),
    };
    let mut found = Vec::new();
    let named = |name: &str| rules.get("properties").and_then(|all| all.get(name));
    for (keyword, rule) in rules {
        match keyword.as_str() {
            "$comment" | "$schema" => {}
            "type" if is_a(rule.as_str().unwrap(), value) => {}
            "type" => found.push(format!("{at}: not of type {rule}")),
            "required" => {
                let missing = rule.as_array().unwrap().iter().filter_map(Value::as_str);
                let missing = missing.filter(|name| value.is_object() && value.get(name).is_none());
                found.extend(missing.map(|name| format!("{at}: {name} is missing")));
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        found.extend(wrong(rule, value, &format!("{at}.{name}")));
                    }
                }
            }
            "additionalProperties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    if named(name).is_none() {
                        found.extend(wrong(rule, value, &format!("{at}.{name}")));
                    }
                }
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(wrong(rule, value, &format!("{at}[{index}]")));
                }
            }
            other => panic!("{other} is a keyword that this test does not know"),
        }
    }
    found
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        other => panic!("{other} is a type that this test does not know"),
    }
}

#[test]
fn the_schema_check_finds_invalid_answers() {
    let response = schema(RESPONSE);
    for valid in [json!({}), json!({ "headers": {} }), json!({ "headers": { "a": [] }, "x": 1 })] {
        assert_eq!(wrong(&response, &valid, "$"), Vec::<String>::new());
    }
    for bad in [
        json!([]),
        json!("x"),
        json!({ "headers": [] }),
        json!({ "headers": { "Authorization": "Bearer x" } }),
        json!({ "headers": { "Authorization": ["x", 1] } }),
        json!({ "expires": 1_795_000_000 }),
    ] {
        assert_eq!(wrong(&response, &bad, "$").len(), 1, "{bad}");
    }
    let request = schema(REQUEST);
    assert_eq!(wrong(&request, &json!({}), "$").len(), 1);
    assert_eq!(wrong(&request, &json!({ "uri": 1 }), "$").len(), 1);
    assert_eq!(wrong(&request, &json!({ "uri": "x", "more": 1 }), "$"), Vec::<String>::new());
}

#[test]
fn every_answer_matches_the_schema_exactly() {
    let world = World::logged_in();
    let answer = |uri: &str| {
        let request = json!({ "uri": uri });
        assert_eq!(wrong(&schema(REQUEST), &request, "$"), Vec::<String>::new());
        let answer = world.concur(["get"]).stdin(request.to_string()).ok().silent().json();
        assert_eq!(wrong(&schema(RESPONSE), &answer, "$"), Vec::<String>::new());
        // "SHOULD NOT contain additional properties": only what the schema names.
        let named = schema(RESPONSE)["properties"].clone();
        for name in answer.as_object().unwrap().keys() {
            assert!(named.get(name).is_some(), "{name}");
        }
        answer
    };
    let ours = answer(&format!("{}/a/b?c=d", world.sandbox.origin()));
    let expires = ours["expires"].as_str().unwrap();
    assert!(chrono::DateTime::parse_from_rfc3339(expires).is_ok(), "ISO 8601");
    assert_eq!(ours["headers"].as_object().unwrap().len(), 1);
    assert_eq!(answer("https://example.org/"), json!({}));
    assert_eq!(answer("grpcs://example.com/com.example.package.Service/Method"), json!({}));
    world.expire("default");
    let renewed = answer(world.sandbox.origin());
    assert_ne!(renewed["headers"], ours["headers"]);
}

#[test]
fn a_request_outside_the_schema_is_refused_with_empty_stdout() {
    let world = World::logged_in();
    for request in [json!({}), json!({ "uri": 1 }), json!({ "uri": [world.sandbox.origin()] })] {
        assert_eq!(wrong(&schema(REQUEST), &request, "$").len(), 1, "{request}");
        let _ = world.concur(["get"]).stdin(request.to_string()).fails(2);
    }
}

#[test]
fn the_command_alone_is_enough_and_no_command_shows_the_usage() {
    let world = World::logged_in();
    let output = world.concur([""; 0]).output().code(2);
    assert!(output.stdout.is_empty() && output.stderr.contains("Usage:"), "{output:?}");
}
