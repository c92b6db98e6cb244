//! Docker Compose: its services' commands run with their environment and secrets in place.

use serde_json::Value;

use super::recipe::{Recipe, executable, yaml};
use crate::harness::{Output, World, mode};

/// Runs a service's command, with the folders of the container in this world.
fn service(world: &World, compose: &Value, name: &str) -> Output {
    let service = &compose["services"][name];
    let words = service["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    let words: Vec<&str> = words.collect();
    let mut run = world.run(words[0], &words[1..]);
    for (name, value) in service["environment"].as_object().unwrap() {
        run = run.env(name, value.as_str().unwrap());
    }
    run.without_env("HOME").without_env("TZ").output()
}

fn compose(recipe: &Recipe, world: &World) -> Option<Value> {
    let work = world.work();
    let place = |name: &str| work.join(name).to_str().unwrap().to_owned();
    let text = recipe
        .text("compose.yaml", world)
        .replace("/run/secrets", &place("secrets"))
        .replace("/var/lib/concur", &place("volume"))
        .replace("/usr/local/bin/concur-report", &place("concur-report"));
    yaml(&text, world)
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn the_services_log_in_and_report_with_the_key_from_the_secret() {
    let blocks = ["compose.yaml", "concur-report", "secrets"];
    let recipe = Recipe::open("docker.md", &blocks);
    let world = World::new();
    let Some(compose) = compose(&recipe, &world) else { return };
    executable(&world.work().join("concur-report"), &recipe.text("concur-report", &world));
    std::fs::create_dir(world.work().join("secrets")).unwrap();
    world.write("secrets/credentials.json", world.sandbox.credentials_json());
    drop(recipe.run("secrets", &world).ok().silent());
    for file in ["secrets/concur-key", "secrets/credentials.json"] {
        assert_eq!(mode(&world.work().join(file)), 0o400, "{file}");
    }

    let output = service(&world, &compose, "login").code(0);
    assert!(!output.stderr.contains("group or others"), "{output:?}");
    std::fs::remove_file(world.work().join("secrets/credentials.json")).unwrap();
    let output = service(&world, &compose, "report").code(0).silent();
    assert_eq!(output.json()["Items"].as_array().unwrap().len(), 40);
    assert!(world.work().join("volume/store.db").exists());
    assert!(!world.work().join("volume/key").exists(), "the key is in the secret alone");

    std::fs::remove_file(world.work().join("secrets/concur-key")).unwrap();
    drop(service(&world, &compose, "report").code(6).says("concur-key"));
}

#[test]
fn the_compose_file_is_sound_and_the_report_never_sees_the_client_secret() {
    let recipe = Recipe::open("docker.md", &["compose.yaml", "concur-report", "secrets"]);
    let world = World::new();
    let Some(compose) = compose(&recipe, &world) else { return };
    for (name, service) in compose["services"].as_object().unwrap() {
        assert_eq!(service["user"], "10001:10001", "{name}");
        assert_eq!(service["read_only"], true, "{name}");
        for secret in names(&service["secrets"]) {
            assert!(compose["secrets"][secret]["file"].is_string(), "{name}: {secret}");
        }
        for volume in names(&service["volumes"]) {
            let volume = volume.split(':').next().unwrap();
            assert!(compose["volumes"].as_object().unwrap().contains_key(volume), "{name}");
        }
    }
    assert_eq!(names(&compose["services"]["report"]["secrets"]), ["concur-key"]);
}
