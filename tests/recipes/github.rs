//! GitHub Actions: the workflow's steps run as a runner runs them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::recipe::{Recipe, arguments, have, spy, stand_in, yaml};
use crate::harness::{Output, World};

const HOME: &str = "/home/runner/concur-store";

/// A repository's secrets, as `gh secret set` keeps them.
fn set_secrets(recipe: &Recipe, world: &World) {
    std::fs::create_dir(world.home().join("secrets")).unwrap();
    let keeps = "[ \"$1 $2\" = 'secret set' ]\nprintf %s \"$(cat)\" >\"$HOME/secrets/$3\"";
    stand_in(world, "gh", keeps);
    world.login("default", &world.sandbox.app().clone());
    world.write("credentials.json", world.sandbox.credentials_json());
    drop(recipe.run("secrets", world).ok());
    assert!(!world.store_file().exists() || world.column_count() == 0, "logged out");
}

impl World {
    /// How many records the store has.
    fn column_count(&self) -> i64 {
        self.database().query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap()
    }
}

fn secret(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.home().join("secrets").join(name)).unwrap()
}

/// `env` of a workflow, job or step, with the secrets in it.
fn variables(of: &Value, world: &World) -> BTreeMap<String, String> {
    let Some(env) = of["env"].as_object() else { return BTreeMap::new() };
    let value = |text: &str| {
        let name = text.strip_prefix("${{ secrets.").and_then(|text| text.strip_suffix(" }}"));
        name.map_or_else(|| text.to_owned(), |name| secret(world, name))
    };
    env.iter().map(|(name, text)| (name.clone(), value(text.as_str().unwrap()))).collect()
}

/// Runs the workflow once; the output of its `run` steps by name. The cache's folder stays.
fn workflow(world: &World, workflow: &Value) -> BTreeMap<String, Output> {
    let job = &workflow["jobs"]["report"];
    let mut outputs = BTreeMap::new();
    let mut failed = false;
    for step in job["steps"].as_array().unwrap() {
        let name = step["name"].as_str().unwrap();
        if let Some(action) = step["uses"].as_str() {
            assert!(action.starts_with("actions/cache/"), "{name} uses {action}");
            let kept = step["with"]["path"].as_str().unwrap();
            assert_eq!(kept, workflow["env"]["CONCUR_CRED_HOME"].as_str().unwrap(), "{name}");
            continue;
        }
        if failed && step["if"] != "always()" {
            continue;
        }
        // https://docs.github.com: `shell` unset is `bash -e {0}`.
        let script = world.write("step.sh", step["run"].as_str().unwrap());
        let mut run = world.run("bash", ["-e"]).arg(script);
        for layer in [workflow, job, step] {
            for (name, value) in variables(layer, world) {
                run = run.env(&name, value);
            }
        }
        let output = run.env("CONCUR_CRED_ALLOWED_ORIGINS", world.sandbox.origin()).output();
        failed |= output.code != Some(0);
        outputs.insert(name.to_owned(), output);
    }
    outputs
}

fn ready() -> Option<(World, Value)> {
    if !have(&["jq", "curl"]) {
        return None;
    }
    let recipe = Recipe::open("github-actions.md", &["secrets", "concur.yml"]);
    let world = World::new();
    let store = world.work().join("runner-store");
    let text = recipe.text("concur.yml", &world).replace(HOME, store.to_str().unwrap());
    let parsed = yaml(&text, &world)?;
    set_secrets(&recipe, &world);
    Some((world, parsed))
}

#[test]
fn the_first_run_imports_and_the_next_one_goes_on_with_the_store() {
    let Some((world, parsed)) = ready() else { return };
    spy(&world, "curl");
    let first = workflow(&world, &parsed);
    assert!(first.values().all(|output| output.code == Some(0)), "{first:?}");
    assert!(
        first["The first tokens, if there is no store"].stderr.contains("company"),
        "{first:?}"
    );
    assert_masked(&world, &first["Report"]);

    // The secret's refresh token is outdated: the service has issued another one.
    let store = world.work().join("runner-store/store.db");
    let database = rusqlite::Connection::open(store).unwrap();
    let age = "UPDATE record SET obtained_at = obtained_at - 7200, access_expires_at = access_expires_at - 7200";
    assert_eq!(database.execute(age, []).unwrap(), 1);
    drop(database);
    std::fs::write(world.home().join("secrets/CONCUR_TOKENS"), "{}").unwrap();
    let second = workflow(&world, &parsed);
    assert!(second.values().all(|output| output.code == Some(0)), "{second:?}");
    assert_eq!(world.refreshes(), 1, "the second run refreshed what the first had kept");
    assert_masked(&world, &second["Report"]);
    let arguments = arguments(&world);
    assert_eq!(arguments.lines().count(), 2);
}

/// The token is in the log only in the line that masks it.
fn assert_masked(world: &World, output: &Output) {
    let masked = output.text().strip_prefix("::add-mask::").unwrap().trim_end().to_owned();
    assert!(world.sandbox.was_issued_access_token(&masked), "{output:?}");
    assert!(!output.stderr.contains(&masked), "{output:?}");
    let report = std::fs::read_to_string(world.work().join("reports.json")).unwrap();
    assert!(report.contains("Items"), "{report}");
}

#[test]
fn a_run_without_a_token_fails_and_prints_no_mask() {
    let Some((world, parsed)) = ready() else { return };
    drop(workflow(&world, &parsed));
    world.sandbox.revoke_refresh_tokens();
    let store = world.work().join("runner-store/store.db");
    let database = rusqlite::Connection::open(store).unwrap();
    database.execute("UPDATE record SET access_expires_at = 1", []).unwrap();
    drop(database);
    let outputs = workflow(&world, &parsed);
    assert_eq!((outputs["Report"].code, outputs["Report"].text()), (Some(4), ""), "{outputs:?}");
}

#[test]
fn the_key_is_given_to_the_steps_that_need_it_alone() {
    let Some((_, parsed)) = ready() else { return };
    let names =
        |of: &Value| of["env"].as_object().map(|env| env.keys().cloned().collect::<Vec<_>>());
    assert_eq!(names(&parsed), Some(vec!["CONCUR_CRED_HOME".to_owned()]));
    assert_eq!(names(&parsed["jobs"]["report"]), None);
    assert_eq!(parsed["permissions"]["contents"], "read");
    assert_eq!(parsed["concurrency"]["cancel-in-progress"], false);
}
