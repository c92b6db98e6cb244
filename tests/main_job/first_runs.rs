//! Many concurrent first runs make one store that contains the data of all.

use super::support::{status_of, tree};
use crate::harness::{Running, World};

const MANY: usize = 20;

#[test]
fn twenty_first_logins_at_once_make_one_store_with_twenty_profiles() {
    let world = World::new();
    let apps: Vec<_> = (0..MANY).map(|_| world.sandbox.add_company()).collect();
    let running: Vec<Running> = apps
        .iter()
        .enumerate()
        .map(|(n, app)| {
            let file = world.write(&format!("app{n}.json"), world.sandbox.credentials_json_of(app));
            let args = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
            world.concur(args).arg(file).arg("--profile").arg(format!("p{n}")).start()
        })
        .collect();
    for run in running {
        let _ = run.wait().code(0);
    }
    for (n, app) in apps.iter().enumerate() {
        let profile = format!("p{n}");
        assert_eq!(status_of(&world, &profile)["company_uuid"], app.company_uuid.as_str());
        let token = world.concur(["get", "--profile", &profile]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "one key seals them all");
        world.expire(&profile);
        world.concur(["get", "--profile", &profile]).ok().silent();
    }
    let stores: i64 =
        world.database().query_row("SELECT count(*) FROM meta", [], |r| r.get(0)).unwrap();
    assert_eq!(stores, 1);
    let check: String =
        world.database().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    assert_nothing_temporary(&world);
}

fn assert_nothing_temporary(world: &World) {
    let left: Vec<_> = tree(&world.home())
        .into_iter()
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with(".concur-cred-") || name.ends_with("-journal")
        })
        .collect();
    assert_eq!(left.len(), 0, "{left:?}");
}

#[test]
fn twenty_first_stores_at_once_keep_twenty_entries() {
    let world = World::new();
    let request = |n: usize| format!("protocol=https\nhost=h{n}.example\nusername=u{n}\n");
    let running: Vec<Running> = (0..MANY)
        .map(|n| {
            let text = format!("{}password=p{n}\n\n", request(n));
            world.helper(["store"]).stdin(text).start()
        })
        .collect();
    for run in running {
        let _ = run.wait().code(0).silent();
    }
    for n in 0..MANY {
        let got = world.helper(["get"]).stdin(format!("{}\n", request(n))).ok().silent();
        assert_eq!(got.value("password"), Some(format!("p{n}")), "entry {n}");
    }
    assert_nothing_temporary(&world);
}

#[test]
fn twenty_concurrent_stores_of_one_entry_keep_one_complete_entry() {
    let world = World::new();
    let running: Vec<Running> = (0..MANY)
        .map(|n| {
            let text = format!("protocol=https\nhost=h\nusername=u\npassword=p{n}\n\n");
            world.helper(["store"]).stdin(text).start()
        })
        .collect();
    let outputs: Vec<_> = running.into_iter().map(Running::wait).collect();
    assert!(outputs.iter().all(|output| output.code == Some(0)), "{outputs:?}");
    let got = world.helper(["get"]).stdin("protocol=https\nhost=h\n\n").ok().silent();
    let password = got.value("password").unwrap();
    assert!((0..MANY).any(|n| password == format!("p{n}")), "{password}");
    let count: i64 =
        world.database().query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
}

#[test]
fn concurrent_logins_into_one_new_profile_make_one_working_profile() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let running: Vec<Running> = (0..8)
        .map(|_| world.concur(["login", "--base-url", world.sandbox.origin()]).start())
        .collect();
    let outputs: Vec<_> = running.into_iter().map(Running::wait).collect();
    assert!(outputs.iter().any(|output| output.code == Some(0)), "{outputs:?}");
    let done_or_try_again = outputs.iter().all(|output| matches!(output.code, Some(0 | 5)));
    assert!(done_or_try_again, "{outputs:?}");
    let count: i64 =
        world.database().query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
    world.expire("default");
    world.concur(["get"]).ok().silent();
}

#[test]
fn gets_during_a_first_login_see_all_or_nothing() {
    for _ in 0..5 {
        let world = World::new();
        world.write("credentials.json", world.sandbox.credentials_json());
        let login = world.concur(["login", "--base-url", world.sandbox.origin()]).start();
        let questions: Vec<Running> = (0..MANY).map(|_| world.concur(["get"]).start()).collect();
        for question in questions {
            let output = question.wait();
            let whole = output.code == Some(0) && output.stderr.is_empty();
            let nothing = output.code == Some(3) && output.stdout.is_empty();
            assert!(whole || nothing, "{output:?}");
        }
        let _ = login.wait().code(0);
        world.concur(["get"]).ok().silent();
    }
}
