//! `docs/status.schema.json` is what `status --json` prints: every field described, and of its kind.

use serde_json::{Map, Value, json};

use super::pages::page;
use crate::harness::World;

/// Whether a value is of a JSON Schema `type`.
fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type {other:?} is not known to this test"),
    }
}

/// Whether a text is of a JSON Schema `format`.
fn is_formatted(text: &str, format: &str) -> bool {
    match format {
        "date-time" => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        "uri" => url::Url::parse(text).is_ok(),
        other => panic!("the format {other:?} is not known to this test"),
    }
}

/// What is wrong with a value by its schema (JSON Schema 2020-12, the words that are used here), and
/// what is printed but not described.
fn faults(value: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    let rules = schema.as_object().unwrap();
    for (rule, wanted) in rules {
        let holds = match rule.as_str() {
            "$schema" | "title" | "description" | "properties" | "items" => true,
            "type" => match wanted {
                Value::String(kind) => is_of(value, kind),
                kinds => {
                    kinds.as_array().unwrap().iter().any(|k| is_of(value, k.as_str().unwrap()))
                }
            },
            "required" => {
                let has = |name: &Value| value.get(name.as_str().unwrap()).is_some();
                wanted.as_array().unwrap().iter().all(has)
            }
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_i64().is_none_or(|number| number >= wanted.as_i64().unwrap()),
            "format" => {
                value.as_str().is_none_or(|text| is_formatted(text, wanted.as_str().unwrap()))
            }
            other => panic!("the rule {other:?} is not known to this test"),
        };
        if !holds {
            found.push(format!("{at}: {rule} {wanted}"));
        }
    }
    let described = rules.get("properties").and_then(Value::as_object);
    for (name, value) in value.as_object().unwrap_or(&Map::new()) {
        match described.and_then(|all| all.get(name)) {
            Some(schema) => faults(value, schema, &format!("{at}.{name}"), found),
            None => found.push(format!("{at}.{name} is not described")),
        }
    }
    if let (Some(items), Some(all)) = (rules.get("items"), value.as_array()) {
        for (number, value) in all.iter().enumerate() {
            faults(value, items, &format!("{at}[{number}]"), found);
        }
    }
}

fn faults_of(value: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(&page("docs/status.schema.json")).unwrap();
    let mut found = Vec::new();
    faults(value, &schema, "$", &mut found);
    found
}

#[test]
fn the_status_as_json_is_as_the_schema_describes_it() {
    let world = World::logged_in();
    let other = world.sandbox.add_company();
    world.login("beta", &other);
    world.concur(["use", "beta"]).ok();
    world.expire("default");
    world.sandbox.push_fault(concur_sandbox::Fault::Code(59));
    world.concur(["get", "--profile", "default"]).fails(4);
    let bare = "UPDATE record SET access_token = NULL, access_expires_at = NULL, scope = NULL, \
                refresh_token = NULL, refresh_expires_at = NULL, refreshed_at = NULL \
                WHERE profile = 'beta'";
    let whole = world.concur(["status", "--json"]).ok().json();
    world.database().execute(bare, []).unwrap();
    for status in [whole, world.concur(["status", "--json"]).ok().json()] {
        assert_eq!(status["profiles"].as_array().map(Vec::len), Some(2));
        assert_eq!(faults_of(&status), Vec::<String>::new(), "{status:#}");
    }
}

#[test]
fn the_schema_refuses_other_values() {
    let world = World::logged_in();
    let valid = world.concur(["status", "--json"]).ok().json();
    let wrong: [(&str, Value); 6] = [
        ("used", json!("yes")),
        ("profile", json!(5)),
        ("base_url", json!("nowhere")),
        ("usable", Value::Null),
        ("something_new", json!(1)),
        ("refreshed_at", json!(1.5)),
    ];
    for (name, value) in wrong {
        let mut bad = valid.clone();
        bad["profiles"][0][name] = value;
        assert_eq!(faults_of(&bad).len(), 1, "{name}: {:?}", faults_of(&bad));
    }
    let mut less = valid.clone();
    less["profiles"][0].as_object_mut().unwrap().remove("state");
    assert_eq!(faults_of(&less).len(), 1);
    assert_eq!(faults_of(&json!({})).len(), 1);
}
