//! Entities that were migrated from implementation: their client is known at the origin that it was registered
//! for, and not at the base URL that its tokens name.

use concur_sandbox::{Config, Fault, Sandbox};
use serde_json::{Value, json};

use super::each;
use crate::harness::{Run, World};

/// The service where the application is registered, and another whose base URL the tokens name.
struct Migrated {
    world: World,
    production: Sandbox,
}

impl Migrated {
    fn new() -> Self {
        let world = World::new();
        let app = Some(world.sandbox.app().clone());
        let config = Config { app, unknown_client: true, ..Config::default() };
        let production = Sandbox::start(config).unwrap();
        world.sandbox.configure(|config| {
            config.geolocation = Some(production.origin().to_owned());
        });
        let file = world.write("credentials.json", world.sandbox.credentials_json());
        let login = world.concur(["login", "--base-url", world.sandbox.origin(), "--credentials"]);
        login.arg(file).env(ALLOWED, production.origin()).ok();
        assert_eq!(world.column::<String>("default", "geolocation"), production.origin());
        world.sandbox.clear_log();
        world.expire("default");
        Self { world, production }
    }

    fn run(&self, command: &str) -> Run {
        self.world.concur([command]).env(ALLOWED, self.production.origin())
    }

    /// Requests at the base URL, and where the application is registered.
    fn asked(&self) -> (u64, u64) {
        (self.production.counters().token_requests, self.world.token_requests())
    }
}

const ALLOWED: &str = "CONCUR_CRED_ALLOWED_ORIGINS";

fn json_body(status: u16, body: &Value) -> Fault {
    let body = body.to_string().into_bytes();
    Fault::RawBody { status, content_type: "application/json".to_owned(), body }
}

#[test]
fn a_client_unknown_at_its_base_url_is_retried_at_the_origin_it_was_registered_for() {
    for names in ["itself", "the other", "nothing"] {
        let migrated = Migrated::new();
        let registered = migrated.world.sandbox.origin().to_owned();
        migrated.world.sandbox.configure(|config| {
            config.omit_geolocation = names == "nothing";
            if names == "itself" {
                config.geolocation = None;
            }
        });
        let token = migrated.run("get").ok().silent().line();
        assert!(migrated.world.sandbox.is_live_access_token(&token));
        assert_eq!(migrated.asked(), (1, 1));
        assert_eq!(migrated.world.column::<String>("default", "geolocation"), registered);
        migrated.world.expire("default");
        drop(migrated.run("get").ok().silent());
        assert_eq!(migrated.asked(), (1, 2), "it is remembered");
    }
}

#[test]
fn any_other_answer_of_that_origin_changes_nothing() {
    let answers = [
        Fault::Code(108),
        Fault::Code(61),
        Fault::Code(64),
        Fault::Code(16),
        json_body(400, &json!({"error": "invalid_grant"})),
        json_body(400, &json!({"code": 16, "geolocation": "https://us2.api.concursolutions.com"})),
        Fault::Redirect {
            status: 308,
            location: "https://us2.api.concursolutions.com/oauth2/v0/token".to_owned(),
        },
        Fault::service_unavailable(),
        Fault::too_many_requests(600),
        json_body(200, &json!([])),
        Fault::DropBefore,
    ];
    each(answers, |fault| {
        let migrated = Migrated::new();
        let before = migrated.world.column::<Vec<u8>>("default", "refresh_token");
        migrated.world.sandbox.fault_always(fault.clone());
        drop(migrated.run("get").fails(4).says("code 61"));
        assert_eq!(migrated.asked(), (1, 1), "each is asked once: {fault:?}");
        assert_eq!(migrated.world.column::<Vec<u8>>("default", "refresh_token"), before);
        migrated.world.sandbox.clear_faults();
        drop(migrated.run("refresh").ok());
    });
}

#[test]
fn only_code_61_causes_the_retry() {
    each([5, 53, 59, 60, 64, 108], |code| {
        let migrated = Migrated::new();
        migrated.world.sandbox.configure(|config| config.allowed_grants.truncate(0));
        migrated.production.fault_always(Fault::Code(code));
        drop(migrated.run("get").output().code(4));
        let refreshes = migrated.world.refreshes();
        assert_eq!(refreshes, 0, "code {code}");
    });
}

#[test]
fn the_registered_origin_gets_one_request() {
    let world = World::logged_in();
    world.sandbox.clear_log();
    world.sandbox.configure(|config| config.unknown_client = true);
    drop(world.concur(["refresh"]).fails(4).says("code 61"));
    assert_eq!(world.token_requests(), 1);
}

#[test]
fn at_most_two_origins_get_a_request() {
    let migrated = Migrated::new();
    let app = Some(migrated.world.sandbox.app().clone());
    let third = Sandbox::start(Config { app, unknown_client: true, ..Config::default() }).unwrap();
    let code_16 = json!({"code": 16, "error": "x", "geolocation": third.origin()});
    migrated.production.fault_always(json_body(400, &code_16));
    let allowed = format!("{} {}", migrated.production.origin(), third.origin());
    drop(migrated.run("get").env(ALLOWED, allowed).fails(4).says("code 61"));
    assert_eq!((migrated.asked(), third.counters().token_requests), ((1, 0), 1));
}

#[test]
fn an_edited_store_sends_nothing_to_either_origin() {
    let migrated = Migrated::new();
    let attacker = Sandbox::start(Config::default()).unwrap();
    let sql = "UPDATE application SET origin = ?1";
    assert_eq!(migrated.world.database().execute(sql, [attacker.origin()]).unwrap(), 1);
    let allowed = format!("{} {}", migrated.production.origin(), attacker.origin());
    drop(migrated.run("get").env(ALLOWED, allowed).fails(6));
    assert_eq!((migrated.asked(), attacker.requests().len()), ((0, 0), 0));
}
