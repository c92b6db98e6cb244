//! An attacker who edits the database learns no secret and cannot redirect one: a cell does not open elsewhere.

use concur_sandbox::{Config, Sandbox};

use super::support::each;
use crate::harness::World;

/// Two accounts, and an attacker's service.
struct Scene {
    world: World,
    stranger: Sandbox,
}

impl Scene {
    fn new() -> Self {
        let world = World::logged_in();
        let other = world.sandbox.add_app();
        world.login("other", &other);
        let app = Some(world.sandbox.app().clone());
        let stranger = Sandbox::start(Config { app, ..Config::default() }).unwrap();
        world.sandbox.clear_log();
        Self { world, stranger }
    }

    /// Edits the database; `{origin}` and `{host}` are the attacker's.
    fn edit(&self, sql: &str) {
        let origin = self.stranger.origin();
        let host = origin.trim_start_matches("http://");
        let sql = sql.replace("{origin}", origin).replace("{host}", host);
        self.world.database().execute_batch(&sql).unwrap();
    }

    /// Even if the operator allows the attacker's origin, so that only the seal protects.
    fn concur(&self, args: &[&str]) -> crate::harness::Run {
        let run = self.world.concur(["--profile", "default"].iter().chain(args));
        run.env("CONCUR_CRED_ALLOWED_ORIGINS", self.stranger.origin())
    }

    fn assert_nothing_was_sent(&self, what: &str) {
        assert_eq!(self.stranger.requests().len(), 0, "a request to the attacker: {what}");
        assert_eq!(self.world.sandbox.requests().len(), 0, "a request to the service: {what}");
    }
}

const MOVE_HOST: &str = "host = CAST('{host}' AS BLOB)";

/// Another last byte whatever it was: of a nonce and a tag, one in 256 is any byte already.
const WITH_ANOTHER_LAST_BYTE: &str = "CAST(substr(refresh_token, 1, length(refresh_token) - 1) \
     || CASE substr(refresh_token, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB)";

/// Edits after which an account's secrets must not be sent anywhere.
fn edits() -> Vec<(&'static str, String)> {
    let record = |set: &str| format!("UPDATE record SET {set} WHERE profile = 'default'");
    let other = |column: &str| {
        record(&format!("{column} = (SELECT {column} FROM record WHERE profile = 'other')"))
    };
    vec![
        ("geolocation", record("geolocation = '{origin}'")),
        ("host", record(MOVE_HOST)),
        ("geolocation and host", record(&format!("geolocation = '{{origin}}', {MOVE_HOST}"))),
        ("path", record("path_given = 1, path = CAST('x' AS BLOB)")),
        ("username", record("username = CAST('somebody' AS BLOB)")),
        (
            "an https origin of Concur's",
            record("geolocation = 'https://us2.api.concursolutions.com'"),
        ),
        ("no origin", record("geolocation = 'nonsense'")),
        ("application origin", "UPDATE application SET origin = '{origin}'".to_owned()),
        ("client id", "UPDATE application SET client_id = 'somebody'".to_owned()),
        (
            "everything at once",
            format!(
                "UPDATE application SET origin = '{{origin}}'; \
             UPDATE record SET geolocation = '{{origin}}', {MOVE_HOST}"
            ),
        ),
        ("another's application", other("application_id")),
        ("another's refresh token", other("refresh_token")),
        ("an access token as refresh token", record("refresh_token = access_token")),
        ("an id token as refresh token", record("refresh_token = id_token")),
        ("a cell cut short", record("refresh_token = substr(refresh_token, 1, 20)")),
        ("an empty cell", record("refresh_token = x''")),
        ("the last byte", record(&format!("refresh_token = {WITH_ANOTHER_LAST_BYTE}"))),
        (
            "another's client secret",
            "UPDATE application SET client_secret = \
             (SELECT a.client_secret FROM application a WHERE a.id <> application.id) \
             WHERE id = (SELECT application_id FROM record WHERE profile = 'default')"
                .to_owned(),
        ),
        ("record id", record("id = 7")),
        ("store id", "UPDATE meta SET store_id = randomblob(16)".to_owned()),
    ]
}

#[test]
fn an_edited_store_sends_nothing_anywhere() {
    each(&edits(), |(what, sql)| {
        let scene = Scene::new();
        scene.world.expire("default");
        scene.edit(sql);
        scene.concur(&["get"]).fails(6).says("edited or damaged");
        scene.concur(&["token", "--min-ttl", "5m"]).fails(6);
        scene.concur(&["refresh"]).fails(6);
        scene.assert_nothing_was_sent(what);
    });
}

/// Not even by the suggested login, whose origin is not sealed.
#[test]
fn an_edited_store_sends_no_login_to_another_host() {
    let scene = Scene::new();
    scene.edit("UPDATE application SET origin = '{origin}'");
    let credentials = scene.world.sandbox.credentials_json_of(scene.world.sandbox.app());
    scene.world.write("again.json", credentials);
    let again = ["--profile", "default", "login", "--credentials", "again.json"];
    let refused = scene.world.concur(again).fails(6);
    refused.says("edited or damaged").says("--profile default --base-url ORIGIN");
    scene.assert_nothing_was_sent("login");
    let named = ["--base-url", scene.world.sandbox.origin()];
    scene.world.concur(again.into_iter().chain(named)).ok();
    scene.world.concur(again).ok();
    assert_eq!(scene.stranger.requests().len(), 0);
}

#[test]
fn an_edited_store_prints_no_token_for_another_host() {
    each(&edits(), |(what, sql)| {
        let scene = Scene::new();
        scene.edit(sql);
        let host = scene.stranger.origin().trim_start_matches("http://").to_owned();
        let request = format!("protocol=http\nhost={host}\n\n");
        let output = scene.world.helper(["get"]).stdin(request).output();
        // A row that names this host was selected, and its token does not open.
        assert!(["", "quit=1\n"].contains(&output.text()), "{what}\n{output:?}");
        scene.assert_nothing_was_sent(what);
    });
}

#[test]
fn a_hit_refuses_a_cell_moved_from_another_record() {
    let other = "(SELECT access_token FROM record WHERE profile = 'other')";
    let cases = [
        "geolocation = '{origin}'".to_owned(),
        MOVE_HOST.to_owned(),
        format!("access_token = {other}"),
        "access_token = refresh_token".to_owned(),
        "access_token = id_token".to_owned(),
        "access_token = x''".to_owned(),
        "access_token = randomblob(600)".to_owned(),
    ];
    each(&cases, |set| {
        let scene = Scene::new();
        scene.edit(&format!("UPDATE record SET {set} WHERE profile = 'default'"));
        let output = scene.concur(&["get", "--cached"]).fails(6);
        output.says("edited or damaged").says("default: ");
        scene.assert_nothing_was_sent(set);
    });
}

/// Monitoring does not report OK for a profile that every caller is refused.
#[test]
fn status_names_a_profile_whose_base_url_was_edited() {
    for set in ["geolocation = '{origin}'".to_owned(), MOVE_HOST.to_owned()] {
        let scene = Scene::new();
        scene.edit(&format!("UPDATE record SET {set} WHERE profile = 'default'"));
        let status = scene.concur(&["status", "--json"]).ok().json();
        let profile = &status["profiles"][0];
        assert_eq!(profile["usable"], false, "{set}\n{profile}");
        let check = scene.concur(&["status", "--check"]).output().code(2);
        assert!(check.text().contains("edited or damaged"), "{set}\n{check:?}");
        let other = scene.world.concur(["--profile", "other", "status", "--check"]);
        drop(other.output().code(0));
    }
}

/// One that no profile has: by an edit, or a row that a repair could not read.
#[test]
fn a_default_profile_that_does_not_exist_hides_no_other() {
    let scene = Scene::new();
    scene.edit("UPDATE meta SET used_profile = 'gone' || char(27) || '[31m'");
    let token = scene.world.concur(["token"]).fails(3);
    drop(token.says("The default profile does not exist (known: default, other)"));
    drop(scene.world.concur(["use", "other"]).ok());
    drop(scene.world.concur(["token"]).ok().silent());
}

#[test]
fn one_damaged_account_does_not_block_the_other() {
    let scene = Scene::new();
    scene.edit(
        "UPDATE record SET access_token = x'00', refresh_token = x'00' WHERE profile = 'default'",
    );
    scene.concur(&["get"]).fails(6);
    scene.world.concur(["get", "--profile", "other"]).ok().silent();
    scene.world.concur(["status"]).ok();
    scene.world.expire("other");
    scene.world.concur(["get", "--profile", "other"]).ok().silent();
}

#[test]
fn a_damaged_access_token_is_reported_and_refreshed() {
    let scene = Scene::new();
    scene.edit("UPDATE record SET access_token = x'00' WHERE profile = 'default'");
    let output = scene.concur(&["get"]).ok();
    assert!(scene.world.sandbox.is_live_access_token(&output.line()));
    let output = output.says("does not open");
    assert!(output.stderr.contains("access token"), "{output:?}");
    scene.concur(&["get"]).ok().silent();
    assert_eq!(scene.world.refreshes(), 1);
}

#[test]
fn a_damaged_cell_that_is_not_needed_fails_no_command() {
    each(&["id_token", "request_token", "unknown_fields"], |column| {
        let scene = Scene::new();
        scene.edit(&format!("UPDATE record SET {column} = x'00' WHERE profile = 'default'"));
        scene.concur(&["get"]).ok().silent();
        scene.world.expire("default");
        let token = scene.concur(&["get"]).ok().line();
        assert!(scene.world.sandbox.is_live_access_token(&token), "{column}");
        assert_eq!(scene.stranger.requests().len(), 0);
    });
}

#[test]
fn a_damaged_refresh_token_is_replaced_by_the_company_grant() {
    let scene = Scene::new();
    scene.edit("UPDATE record SET refresh_token = x'00' WHERE profile = 'default'");
    scene.concur(&["get"]).ok().silent();
    let file = scene.world.write("again.json", scene.world.sandbox.credentials_json());
    let origin = scene.world.sandbox.origin().to_owned();
    let login = scene.concur(&["login", "--replace", "--base-url", &origin, "--credentials"]);
    login.arg(file).ok();
    scene.world.expire("default");
    scene.concur(&["get"]).ok().silent();
}

#[test]
fn a_profile_can_be_logged_in_again_after_any_edit() {
    each(&edits(), |(what, sql)| {
        let scene = Scene::new();
        scene.edit(sql);
        let origin = scene.world.sandbox.origin().to_owned();
        let file = scene.world.write("again.json", scene.world.sandbox.credentials_json());
        let login = scene.concur(&["login", "--replace", "--base-url", &origin, "--credentials"]);
        login.arg(file).ok();
        scene.world.expire("default");
        let token = scene.concur(&["get"]).ok().line();
        assert!(scene.world.sandbox.is_live_access_token(&token), "{what}");
        assert_eq!(scene.stranger.requests().len(), 0, "{what}");
    });
}
