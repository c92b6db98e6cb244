//! Programs of one's own: their tests, and services.

use concur_sandbox::Fault;

use super::recipe::{Recipe, have, python_with, stand_in};
use crate::harness::{Output, World};

fn tests_page() -> Recipe {
    Recipe::open("tests.md", &["concur_token.py", "test_fixed.py", "with-sandbox", "test_users.py"])
}

#[test]
fn a_test_with_a_fixed_token_needs_no_store_and_no_service() {
    let Some(python) = python_with("unittest") else { return };
    let recipe = tests_page();
    let world = World::new();
    recipe.write("concur_token.py", &world);
    let file = recipe.write("test_fixed.py", &world);
    let output = world.run(python, [file]).ok();
    assert!(output.stderr.contains("Ran 1 test"), "{output:?}");
    assert_eq!(world.sandbox.requests().len(), 0);
}

#[test]
fn a_test_with_the_sandbox_logs_in_runs_and_leaves_nothing() {
    if !have(&["python3"]) {
        return;
    }
    let recipe = tests_page();
    let world = World::new();
    // This test's own sandbox takes the place of the one that the page starts.
    let text = recipe.text("with-sandbox", &world);
    let text = text.replace("http://127.0.0.1:8765", world.sandbox.origin());
    stand_in(
        &world,
        "concur-sandbox",
        "cp \"$HOME/made.json\" \"${@: -1}\"\nexec tail -f /dev/null",
    );
    std::fs::write(world.home().join("made.json"), world.sandbox.credentials_json()).unwrap();
    recipe.write("concur_token.py", &world);
    recipe.write("test_users.py", &world);
    let output = world.run("bash", ["-c", &text]).env("TMPDIR", world.work()).ok();
    assert!(output.stderr.contains("Ran 1 test"), "{output:?}");
    assert_eq!(world.token_requests(), 1, "the login");
    let left = std::fs::read_dir(world.work()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("tmp.")).collect();
    assert_eq!(left, Vec::<std::ffi::OsString>::new(), "the folder is gone");
    assert!(!world.state_dir().exists(), "no store but the test's own");
}

fn service_page() -> Recipe {
    Recipe::open("service.md", &["concur_service.py", "worker.py"])
}

/// Runs a Python text beside the page's module.
fn python(text: &str, world: &World) -> Option<Output> {
    let python = python_with("json")?;
    service_page().write("concur_service.py", world);
    Some(world.run(python, ["-c", text]).output())
}

/// Prints the exception that asking for a token raises.
const REASON: &str = "
from concur_service import ConcurError, credential
try:
    print('token', len(credential()['access_token']) > 100)
except ConcurError as error:
    print(type(error).__name__, error)
";

#[test]
fn a_service_reads_a_user_or_knows_that_a_person_must_log_in() {
    let recipe = service_page();
    let world = World::logged_in();
    let Some(output) = python(&recipe.text("worker.py", &world), &world) else { return };
    assert!(output.code(0).silent().text().contains("Mustermann"));
    let world = World::new();
    let output = python(&recipe.text("worker.py", &world), &world).unwrap();
    drop(output.code(1).says("ask a person: ").says("no profile"));
}

#[test]
fn each_exit_code_is_the_exception_that_says_what_to_do() {
    let world = World::logged_in();
    let Some(output) = python(REASON, &world) else { return };
    assert_eq!(output.code(0).line(), "token True");
    world.expire("default");
    world.sandbox.fault_always(Fault::service_unavailable());
    let outage = python(REASON, &world).unwrap().code(0);
    assert!(outage.text().starts_with("Unavailable "), "{outage:?}");
    assert!(!outage.text().contains("eyJ"));

    let world = World::logged_in();
    world.expire("default");
    world.sandbox.revoke_refresh_tokens();
    world.database().execute("UPDATE record SET request_token = NULL", []).unwrap();
    let refused = python(REASON, &world).unwrap().code(0);
    assert!(refused.text().starts_with("LoginNeeded "), "{refused:?}");
    assert!(refused.text().contains("108"), "with Concur's code: {refused:?}");

    let world = World::logged_in();
    std::fs::remove_file(world.config_dir().join("key")).unwrap();
    world.expire("default");
    let keyless = python(REASON, &world).unwrap().code(0);
    assert!(keyless.text().starts_with("Misconfigured "), "{keyless:?}");
}

#[test]
fn an_outage_is_waited_out_a_refusal_is_not() {
    const WAITING: &str = "
from concur_service import ConcurError, with_token
try:
    with_token(print, attempts=3, pause=lambda seconds: print('pause', seconds))
except ConcurError as error:
    print(type(error).__name__)
";
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.fault_always(Fault::service_unavailable());
    let Some(output) = python(WAITING, &world) else { return };
    assert_eq!(output.code(0).text(), "pause 1\npause 2\nUnavailable\n");
    let world = World::new();
    let output = python(WAITING, &world).unwrap();
    assert_eq!(output.code(0).text(), "LoginNeeded\n");
}
