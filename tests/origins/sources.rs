//! The sources of an origin. "Nothing is sent" is checked at both ends: the trap, which stands for every other origin
//! and every proxy, had no connection, and the service's log has only expected requests.

use concur_sandbox::Fault;
use serde_json::{Value, json};

use super::places::{PLACES, Place};
use super::trap::Trap;
use crate::browser::support::{Login, Place as BrowserPlace};
use crate::harness::{Output, Run, World, set_mode};

pub(super) const ALLOWED: &str = "CONCUR_CRED_ALLOWED_ORIGINS";

/// An account, and the trap around it.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) trap: Trap,
}

/// One of the texts, with the port of the trap.
pub(super) struct Row {
    pub(super) text: String,
    pub(super) from_outside: Option<String>,
    pub(super) from_operator: Option<String>,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self { world: World::logged_in(), trap: Trap::new() }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        let port = self.trap.port.to_string();
        PLACES.iter().map(move |Place { text, from_outside, from_operator }| {
            let filled = |text: &str| text.replace("{port}", &port);
            Row {
                text: filled(text),
                from_outside: from_outside.map(filled),
                from_operator: from_operator.map(filled),
            }
        })
    }

    pub(super) fn concur(&self, args: &[&str]) -> Run {
        by_trap(&self.trap, self.world.concur(args))
    }

    /// Code 16 to this place answers a refresh.
    fn refresh_redirected_to(&self, place: &str) -> Run {
        let answer = json!({ "code": 16, "error": "invalid_request", "geolocation": place });
        self.world.sandbox.push_fault(json_body(400, &answer));
        self.concur(&["refresh"])
    }

    fn geolocation(&self, profile: &str) -> String {
        self.world.column(profile, "geolocation")
    }

    /// Asserts no connection to the trap, and this many requests to the service.
    pub(super) fn nothing_was_sent(&self, to_service: usize, output: &Output) {
        assert!(self.trap.connections().is_empty(), "{output:?}");
        let asked = self.world.sandbox.requests().len();
        assert_eq!(asked, to_service, "requests to the service\n{output:?}");
        assert_eq!(self.world.sandbox.violations(), [""; 0], "{output:?}");
        self.world.sandbox.clear_log();
    }

    /// Asserts that the request went to this origin: it ends at the trap, which is its proxy or the origin itself.
    pub(super) fn was_sent_to(&self, origin: &str, output: Output) {
        let host = origin.split_once("://").unwrap().1;
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        let authority = if has_port { host.to_owned() } else { format!("{host}:443") };
        let (expected, code) = match () {
            () if origin.starts_with("http://") => ("POST /oauth2/v0/token HTTP/1.1".into(), 4),
            () if host.starts_with("127.") || host.starts_with("[::1]") => ("TLS".into(), 5),
            () => (format!("CONNECT {authority} HTTP/1.1"), 5),
        };
        let output = output.code(code);
        let connections = self.trap.connections();
        let is_all = !connections.is_empty() && connections.iter().all(|line| *line == expected);
        assert!(is_all, "to {origin}: {connections:?}\n{output:?}");
        self.world.sandbox.clear_log();
    }
}

fn by_trap(trap: &Trap, run: Run) -> Run {
    ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        .iter()
        .fold(run, |run, name| run.env(name, trap.url()))
}

fn json_body(status: u16, body: &Value) -> Fault {
    let body = body.to_string().into_bytes();
    Fault::RawBody { status, content_type: "application/json".to_owned(), body }
}

#[test]
fn the_geolocation_of_an_answer_never_leads_to_a_wrong_origin() {
    let scene = Scene::new();
    let home = scene.world.sandbox.origin().to_owned();
    scene.world.sandbox.clear_log();
    for Row { text, from_outside, .. } in scene.rows() {
        scene.world.sandbox.push_fault(Fault::Geolocation(text.clone()));
        let output = scene.concur(&["refresh"]).output().code(0);
        scene.nothing_was_sent(1, &output);
        if let Some(origin) = from_outside {
            assert_eq!(scene.geolocation("default"), origin, "{text:?}");
            scene.was_sent_to(&origin, scene.concur(&["refresh"]).output());
            let app = scene.world.sandbox.app().clone();
            scene.world.login("default", &app);
            scene.world.sandbox.clear_log();
        } else {
            let _ = output.says("base URL");
            assert_eq!(scene.geolocation("default"), home, "{text:?}");
        }
    }
}

#[test]
fn code_16_never_leads_to_a_wrong_origin() {
    let scene = Scene::new();
    let home = scene.world.sandbox.origin().to_owned();
    scene.world.sandbox.clear_log();
    for Row { text, from_outside, .. } in scene.rows() {
        let output = scene.refresh_redirected_to(&text).output();
        match from_outside {
            Some(origin) => scene.was_sent_to(&origin, output),
            None => scene.nothing_was_sent(1, &output.code(4).says("code 16")),
        }
        assert_eq!(scene.geolocation("default"), home, "{text:?}");
    }
}

#[test]
fn an_imported_file_never_leads_to_a_wrong_origin() {
    let scene = Scene::new();
    let app = scene.world.sandbox.app().clone();
    scene.world.sandbox.clear_log();
    let concurs: Vec<String> = scene.rows().filter_map(|row| row.from_outside).collect();
    // Written as a person would, but it allows no origin.
    let rows =
        scene.rows().map(|row| (row.text, row.from_operator.filter(|o| concurs.contains(o))));
    for (at, (text, origin)) in rows.enumerate() {
        let file = scene.world.sandbox.refresh_token_object_file(&app, 7200);
        let mut file: Value = serde_json::from_str(&file).unwrap();
        file["geolocation"] = text.clone().into();
        scene.world.write("tokens.json", file.to_string());
        let profile = format!("row{at}");
        let import = ["import", "tokens.json", "--profile", &profile, "--credentials"];
        let output = scene.concur(&import).arg("credentials-default.json").output();
        scene.nothing_was_sent(0, &output);
        let Some(origin) = origin else {
            let output = output.code(2).says("geolocation");
            let known = scene.concur(&["refresh", "--profile", &profile]).fails(3);
            scene.nothing_was_sent(0, &known);
            assert!(output.stdout.is_empty(), "{output:?}");
            continue;
        };
        drop(output.code(0));
        assert_eq!(scene.geolocation(&profile), origin, "{text:?}");
        scene.was_sent_to(&origin, scene.concur(&["refresh", "--profile", &profile]).output());
    }
}

/// An edited store causes no request, not even to Concur's own hosts.
#[test]
fn an_edited_cell_never_leads_to_a_wrong_origin() {
    let scene = Scene::new();
    scene.world.sandbox.clear_log();
    let home = scene.world.sandbox.origin();
    for (table, column) in [("record", "geolocation"), ("application", "origin")] {
        let sql = format!("UPDATE {table} SET {column} = ?1");
        // Requests with the token alone go by the record's seal.
        let senders =
            [&["refresh"][..], &["api", "/sandbox/echo"], &["logout", "--revoke", "--yes"]];
        let senders = if table == "record" { &senders[..] } else { &senders[..1] };
        // Each sender in turn: the seal is broken by any change.
        for (row, command) in scene.rows().zip(senders.iter().cycle()) {
            let text = row.text;
            scene.world.database().execute(&sql, [&text]).unwrap();
            // Nor if the operator allows the origin: the seal is broken.
            let allowed = row.from_operator.unwrap_or_default();
            let output = scene.concur(command).env(ALLOWED, &allowed).output();
            assert_eq!(output.code, Some(6), "{text:?}: {output:?}");
            scene.nothing_was_sent(0, &output);
        }
        scene.world.database().execute(&sql, [home]).unwrap();
    }
    drop(scene.concur(&["refresh"]).ok());
}

/// Without `--base-url` a login goes to the origin of the last one. An edited origin gets no request, not
/// even if it is Concur's own.
#[test]
fn an_edited_cell_never_leads_a_login_to_a_wrong_origin() {
    let scene = Scene::new();
    scene.world.sandbox.clear_log();
    let home = scene.world.sandbox.origin();
    let edit = |text: &str| {
        let sql = "UPDATE application SET origin = ?1";
        scene.world.database().execute(sql, [text]).unwrap();
    };
    let login = ["login", "--credentials", "credentials-default.json"];
    for Row { text, from_operator, .. } in scene.rows() {
        edit(&text);
        let allowed = from_operator.unwrap_or_default();
        let output = scene.concur(&login).env(ALLOWED, allowed).output();
        scene.nothing_was_sent(0, &output.code(6).says("base URL"));
    }
    edit(home);
    drop(scene.concur(&login).ok());
}

#[test]
fn the_configuration_allows_exactly_the_named_origin() {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.world.config_dir()).unwrap();
    let file = scene.world.config_dir().join("config.toml");
    scene.world.sandbox.clear_log();
    let others = ["https://other.example", "http://127.0.0.1:9", "https://evil.example:444"];
    let mut others = others.iter().cycle();
    for Row { text, from_operator, .. } in scene.rows() {
        // JSON's strings are TOML's.
        let list = json!([text]);
        std::fs::write(&file, format!("allowed_origins = {list}\n")).unwrap();
        set_mode(&file, 0o600);
        let Some(origin) = from_operator else {
            scene.nothing_was_sent(0, &scene.concur(&["refresh"]).fails(6).says("allowed_origins"));
            continue;
        };
        scene.was_sent_to(&origin, scene.refresh_redirected_to(&origin).output());
        // It is that origin that is allowed, and no other.
        let output = scene.refresh_redirected_to(others.next().unwrap()).fails(4);
        scene.nothing_was_sent(1, &output);
    }
}

#[test]
fn the_environment_allows_exactly_the_named_origin() {
    let scene = Scene::new();
    scene.world.sandbox.clear_log();
    for Row { text, from_operator, .. } in scene.rows() {
        let Some(origin) = from_operator else {
            let output = scene.concur(&["refresh"]).env(ALLOWED, &text).fails(6);
            scene.nothing_was_sent(0, &output.says(ALLOWED));
            continue;
        };
        scene.was_sent_to(
            &origin,
            scene.refresh_redirected_to(&origin).env(ALLOWED, &text).output(),
        );
    }
}

#[test]
fn base_url_allows_exactly_the_named_origin() {
    let scene = Scene::new();
    scene.world.sandbox.clear_log();
    for Row { text, from_operator, .. } in scene.rows() {
        let credentials = ["--credentials", "credentials-default.json", "--profile", "other"];
        let login = ["login", "--base-url", &text];
        let output = scene.concur(&[&login[..], &credentials].concat()).output();
        match from_operator {
            Some(origin) => scene.was_sent_to(&origin, output),
            None => scene.nothing_was_sent(0, &output.code(2)),
        }
    }
}

#[test]
fn a_browser_callback_never_leads_to_a_wrong_origin() {
    const AT_ONCE: usize = 25;
    // A login's last page stands for a moment: so several at once.
    std::thread::scope(|scope| {
        for part in 0..AT_ONCE {
            scope.spawn(move || {
                let scene = Scene { world: World::new(), trap: Trap::new() };
                let place = BrowserPlace::new();
                for row in scene.rows().skip(part).step_by(AT_ONCE) {
                    ends_at(&scene.trap, &place, &row);
                }
            });
        }
    });
}

fn ends_at(trap: &Trap, place: &BrowserPlace, Row { text, from_outside, .. }: &Row) {
    let run = place.world.concur(place.login(&["--no-browser"]));
    let login = Login::start(by_trap(trap, run).into_command());
    let callback = url::form_urlencoded::Serializer::new("/callback?code=c".to_owned())
        .append_pair("state", &login.state())
        .append_pair("geolocation", text)
        .finish();
    let page = place.get(&callback);
    let (code, said) = login.end();
    assert!(!page.body.contains("<script"), "{page:?}");
    assert_eq!(place.world.token_requests(), 0, "and not to the service: {text:?}\n{said}");
    let connections = trap.connections();
    if let Some(origin) = from_outside {
        assert_eq!(code, Some(5), "{text:?}\n{said}");
        let tunnel = format!("CONNECT {}:443 HTTP/1.1", origin.trim_start_matches("https://"));
        assert!(
            !connections.is_empty() && connections.iter().all(|line| *line == tunnel),
            "{connections:?}"
        );
    } else {
        assert_eq!((code, connections), (Some(6), Vec::new()), "{text:?}\n{said}");
        assert!(said.contains("not allowed"), "{said}");
    }
}

/// Never followed, not even to Concur's own origins: a token is sent only to the requested origin.
#[test]
fn an_http_redirect_never_leads_to_a_wrong_origin() {
    let scene = Scene::new();
    scene.world.sandbox.clear_log();
    let can_stand_in_a_header =
        |row: &Row| row.text.bytes().all(|byte| (b' '..0x7f).contains(&byte));
    let rows = scene.rows().filter(can_stand_in_a_header);
    for (Row { text, from_operator, .. }, status) in rows.zip([302, 307].into_iter().cycle()) {
        scene.world.sandbox.push_faults_at(
            "/sandbox/",
            1,
            Fault::Redirect { status, location: text },
        );
        let allowed = from_operator.unwrap_or_default();
        let api = scene.concur(&["api", "/sandbox/echo"]).env(ALLOWED, allowed);
        scene.nothing_was_sent(1, &api.fails(1).says("redirects are not followed"));
    }
}
