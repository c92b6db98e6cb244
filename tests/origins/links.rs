//! Links between rows: profile, application and its origin, principal, grant. An attacker who
//! writes to the store without its key could send a client secret and a request token to another service of the same
//! App ID, or give a token another company's name, without touching a sealed cell. One cell protects all of
//! them; when it does not open, nothing is sent and nothing is printed.

use std::fs;

use concur_sandbox::{Config, Sandbox};

use super::link_edits::{EDITS, EXPIRED, Edit, NULLED, TOKENS};
use crate::harness::{Output, Run, World, cells};

/// Two profiles with one App ID: `prod` here and `test` at another service.
struct Scene {
    world: World,
    other: Sandbox,
    /// The store as it was kept.
    original: Vec<u8>,
}

/// Every command, with `--profile prod`.
const COMMANDS: [&[&str]; 16] = [
    &["get"],
    &["token"],
    &["token", "--min-ttl", "50m"],
    &["get", "--cached"],
    &["get", "--format", "json"],
    &["get", "--format", "json", "--with-refresh-token"],
    &["get", "--format", "env"],
    &["refresh"],
    &["keepalive", "--after", "0s", "--json"],
    &["exec", "--", "env"],
    &["api", "/sandbox/echo"],
    &["logout", "--revoke", "--yes"],
    &["export", "-"],
    &["export", "tokens.json"],
    &["rename", "prod", "renamed"],
    &["login", "--credentials", "credentials-prod.json"],
];

impl Scene {
    fn new() -> Self {
        let world = World::new();
        let app = world.sandbox.app().clone();
        let other = Sandbox::start(Config { app: Some(app.clone()), ..Config::default() }).unwrap();
        let _ = world.login("prod", &app);
        let login = ["login", "--profile", "test", "--credentials", "credentials-prod.json"];
        let _ = world.concur(login).arg("--base-url").arg(other.origin()).ok();
        // A removed application, restored from a backup.
        world
            .database()
            .execute(
                "INSERT INTO application SELECT 7, name, client_id, client_secret, origin \
                 FROM application WHERE name = 'test'",
                [],
            )
            .unwrap();
        let scene = Self { original: fs::read(world.store_file()).unwrap(), world, other };
        scene.forget_requests();
        scene
    }

    fn forget_requests(&self) {
        self.world.sandbox.clear_log();
        self.other.clear_log();
    }

    fn put_back(&self) {
        fs::write(self.world.store_file(), &self.original).unwrap();
    }

    fn edit(&self, sql: &str) {
        let sql = sql.replace("{other}", self.other.origin());
        self.world.database().execute_batch(&sql).unwrap();
    }

    fn prod(&self, args: &[&str]) -> Run {
        self.world.concur(["--profile", "prod"].iter().chain(args))
    }

    fn assert_nothing_sent_or_printed(&self, output: &Output, what: &str) {
        assert!(self.world.sandbox.requests().is_empty(), "{what}\n{output:?}");
        assert!(self.other.requests().is_empty(), "sent to the other service: {what}\n{output:?}");
        // git gets only `quit`.
        assert!(["", "quit=1\n"].contains(&output.text()), "{what}\n{output:?}");
        assert!(!self.world.work().join("tokens.json").exists(), "{what}");
    }
}

fn each_edit(of_tokens: &[Edit], check: impl Fn(&Scene, &Edit, &Edit) + Sync) {
    const AT_ONCE: usize = 6;
    std::thread::scope(|scope| {
        for part in 0..AT_ONCE {
            let check = &check;
            scope.spawn(move || {
                let scene = Scene::new();
                for edit in EDITS.iter().skip(part).step_by(AT_ONCE) {
                    for tokens in of_tokens {
                        scene.put_back();
                        scene.edit(edit.1);
                        scene.edit(tokens.1);
                        check(&scene, edit, tokens);
                    }
                }
            });
        }
    });
}

#[test]
fn an_edited_link_sends_nothing_and_prints_nothing() {
    each_edit(&TOKENS, |scene, edit, tokens| {
        // Commands that would refresh or use another grant, with any remaining tokens. Every other command runs
        // with every edit and tokens present, and with every fourth edit without tokens: the checks do not
        // depend on the edit.
        let at = EDITS.iter().position(|other| other.0 == edit.0).unwrap();
        let sends_requests = |command: usize| [0, 7, 15].contains(&command);
        let is_tested = |command: usize| match tokens.0 {
            "tokens there" => true,
            "no tokens" => sends_requests(command) || command % 4 == at % 4,
            _ => sends_requests(command),
        };
        for (_, command) in COMMANDS.iter().enumerate().filter(|(command, _)| is_tested(*command)) {
            let what = format!("{}, {}, {command:?}", edit.0, tokens.0);
            let output = scene.prod(command).output();
            scene.assert_nothing_sent_or_printed(&output, &what);
            assert_eq!(output.code, Some(6), "{what}\n{output:?}");
            assert!(output.stderr.contains("edited or damaged"), "{what}\n{output:?}");
        }
    });
}

#[test]
fn an_edited_link_gives_git_no_answer() {
    each_edit(&TOKENS[..1], |scene, edit, tokens| {
        let what = format!("{}, {}", edit.0, tokens.0);
        let git = scene.world.helper(["get"]).stdin(scene.world.request("")).output();
        scene.assert_nothing_sent_or_printed(&git, &what);
        let capable = scene.world.request("capability[]=authtype\n");
        let git = scene.world.helper(["get"]).stdin(capable).output();
        scene.assert_nothing_sent_or_printed(&git, &what);
    });
}

#[test]
fn doctor_and_status_name_the_profile_and_show_no_company() {
    each_edit(&TOKENS[1..3], |scene, edit, tokens| {
        let what = format!("{}, {}", edit.0, tokens.0);
        let doctor = scene.world.concur(["doctor", "--offline"]).output().code(6);
        let text = doctor.text();
        assert!(text.contains("identity") && text.contains("--base-url ORIGIN"), "{what}\n{text}");
        let status = scene.prod(&["status", "--json"]).ok().json();
        let profile = &status["profiles"][0];
        assert_eq!(profile["company_uuid"], "", "{what}\n{profile}");
        assert_eq!(profile["usable"], false, "{what}\n{profile}");
        let table = scene.prod(&["status"]).ok();
        assert!(table.text().contains("edited or damaged"), "{what}\n{table:?}");
        let check = scene.prod(&["status", "--check"]).output().code(2);
        assert!(check.text().contains("edited or damaged"), "{what}\n{check:?}");
    });
}

#[test]
fn a_login_with_a_base_url_fixes_every_edit() {
    each_edit(&TOKENS[..1], |scene, edit, tokens| {
        let what = format!("{}, {}", edit.0, tokens.0);
        let login = ["login", "--credentials", "credentials-prod.json", "--base-url"];
        let output = scene.prod(&login).arg(scene.world.sandbox.origin()).output();
        assert_eq!(output.code, Some(0), "{what}\n{output:?}");
        assert!(scene.other.requests().is_empty(), "{what}\n{output:?}");
        let token = scene.prod(&["token"]).ok().silent().line();
        assert!(scene.world.sandbox.is_live_access_token(&token), "{what}");
        drop(scene.prod(&["refresh"]).ok());
        assert!(scene.other.requests().is_empty(), "{what}");
        scene.forget_requests();
    });
}

/// A legitimate change of a link seals its identity again, in the same commit.
#[test]
fn every_legitimate_link_change_keeps_it_verified() {
    let scene = Scene::new();
    let world = &scene.world;
    scene.edit("DELETE FROM application WHERE id = 7");
    let proven = |profile: &str, what: &str| {
        drop(world.concur(["refresh", "--profile", profile]).ok());
        drop(world.concur(["token", "--profile", profile]).ok().silent());
        let doctor = world.concur(["doctor", "--offline"]).output();
        assert!(!doctor.text().contains("edited or damaged"), "{what}\n{doctor:?}");
    };
    proven("prod", "login");
    drop(world.concur(["rename", "prod", "first"]).ok());
    proven("first", "rename");
    drop(world.concur(["export", "tokens.json", "--profile", "first"]).ok());
    let import = ["import", "tokens.json", "--profile", "first", "--replace", "--credentials"];
    let import = world.concur(import).arg("credentials-prod.json");
    drop(import.arg("--base-url").arg(world.sandbox.origin()).ok());
    proven("first", "import");
    drop(world.concur(["key", "rotate"]).ok());
    proven("first", "rotation");
    proven("test", "rotation");
    // The older identity, of the older name.
    let identity: Vec<u8> = world.column("first", "identity");
    drop(world.concur(["rename", "first", "second"]).ok());
    world.database().execute("UPDATE record SET identity = ?1", [identity]).unwrap();
    drop(world.concur(["token", "--profile", "second"]).fails(6));
}

/// An edited row does not affect the others.
#[test]
fn an_edit_of_one_profile_does_not_affect_another() {
    let scene = Scene::new();
    scene.edit("UPDATE record SET principal = 'x' WHERE profile = 'prod'");
    for command in [&["token"][..], &["refresh"], &["export", "-"], &["status"]] {
        drop(scene.world.concur(["--profile", "test"].iter().chain(command)).ok());
    }
    drop(scene.world.concur(["refresh", "--all"]).output().code(6));
    drop(scene.world.concur(["keepalive", "--after", "0s"]).output().code(6));
    assert!(scene.world.sandbox.requests().is_empty());
    drop(scene.world.concur(["key", "rotate"]).ok());
    drop(scene.world.concur(["token", "--profile", "test"]).ok());
    drop(scene.prod(&["token"]).fails(6));
    drop(scene.prod(&["logout"]).ok());
    drop(scene.world.concur(["doctor", "--offline"]).output());
}

/// A pending grant is not committed to an edited record, because the commit would seal the edit.
#[test]
fn a_pending_grant_does_not_legitimise_an_edit() {
    let scene = Scene::new();
    scene.edit(EXPIRED);
    let full = ("CONCUR_CRED_TEST_FAILPOINT", "grant-commit=full");
    let token = scene.prod(&["get"]).env(full.0, full.1).output().code(0).line();
    let principal: String = scene.world.column("prod", "principal");
    scene.forget_requests();
    scene.edit("UPDATE record SET principal = 'somebody' WHERE profile = 'prod'");
    for command in [&["get"][..], &["refresh"], &["export", "-"], &["keepalive", "--after", "0s"]] {
        let output = scene.prod(command).output().code(6).says("edited or damaged");
        scene.assert_nothing_sent_or_printed(&output, "a pending grant");
    }
    let back = format!("UPDATE record SET principal = '{principal}' WHERE profile = 'prod'");
    scene.edit(&back);
    assert_eq!(
        scene.prod(&["get"]).ok().line(),
        token,
        "the pending grant is still there, and is committed now"
    );
    assert!(scene.world.sandbox.requests().is_empty());
}

/// A repair seals only identities that were valid before.
#[test]
fn a_repair_does_not_legitimise_an_edit() {
    let scene = Scene::new();
    scene.edit("DELETE FROM application WHERE id = 7");
    let damage = "DROP INDEX record_by_key";
    scene.edit(damage);
    drop(scene.world.concur(["doctor", "--offline", "--repair"]).ok());
    drop(scene.prod(&["token"]).ok().silent());
    drop(scene.prod(&["refresh"]).ok());
    scene.forget_requests();
    for edit in EDITS.iter().filter(|(_, sql)| !sql.contains("application SET")) {
        scene.put_back();
        scene.edit(edit.1);
        scene.edit(damage);
        drop(scene.world.concur(["doctor", "--offline", "--repair"]).output());
        let output = scene.prod(&["token"]).output();
        assert!(matches!(output.code, Some(3 | 6)), "{}\n{output:?}", edit.0);
        scene.assert_nothing_sent_or_printed(&output, edit.0);
    }
}

/// The name of an application decides which client secret is sent with a caller's tokens.
#[test]
fn an_application_is_found_only_by_its_own_name() {
    let scene = Scene::new();
    scene.edit(
        "DELETE FROM application WHERE id = 7; UPDATE application SET name = 'x' WHERE name = 'prod'; \
         UPDATE application SET name = 'prod' WHERE name = 'test'; \
         UPDATE application SET name = 'test' WHERE name = 'x'",
    );
    let request = scene.world.request("username=u\npassword=p\noauth_refresh_token=r\n");
    let request = request.replace(scene.world.host(), "us2.api.concursolutions.com");
    let request = request.replace("protocol=http\n", "protocol=https\n");
    let store = ["--profile", "new", "store", "--application", "prod"];
    let output = scene.world.concur(store).stdin(request).fails(6).says("edited or damaged");
    scene.assert_nothing_sent_or_printed(&output, "names of applications");
}

/// The first write to an older store seals the identities of all its records as they are.
#[test]
fn the_first_write_seals_the_identities_of_an_older_store() {
    let scene = Scene::new();
    cells::unbind(&scene.world);
    let older = fs::read(scene.world.store_file()).unwrap();
    let bound = || {
        let sql = "SELECT count(*) FROM record WHERE identity IS NOT NULL \
                   AND substr(access_token, 1, 1) = x'02' AND substr(refresh_token, 1, 1) = x'02'";
        scene.world.database().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    drop(scene.prod(&["token"]).ok().silent());
    drop(scene.prod(&["export", "-"]).ok());
    assert_eq!(bound(), 0, "the check writes nothing");
    let credential = "protocol=https\nhost=git.example\nusername=u\npassword=p\n\n";
    let firsts: [&[&str]; 5] =
        [&["use", "prod"], &["refresh"], &["rename", "test", "t"], &["store"], &["key", "rotate"]];
    for first in firsts {
        fs::write(scene.world.store_file(), &older).unwrap();
        let run = scene.prod(first);
        drop(if first == ["store"] { run.stdin(credential) } else { run }.ok());
        assert_eq!(bound(), 2, "{first:?}");
        drop(scene.prod(&["token"]).ok().silent());
        scene.world.database().execute_batch("UPDATE record SET identity = NULL").unwrap();
        drop(scene.prod(&["token"]).fails(6));
        scene.world.database().execute_batch(NULLED).unwrap();
        let login = ["login", "--credentials", "credentials-prod.json"];
        drop(scene.prod(&login).fails(6).says("edited or damaged"));
    }
    assert!(scene.other.requests().is_empty());
}
