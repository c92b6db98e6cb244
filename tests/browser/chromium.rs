//! A real browser: Chromium, driven by chromedriver (the protocol of the W3C). Skipped where they are missing.

use crate::harness::skipped;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::support::{Place, exchange};

/// How an element is named in the driver's JSON (W3C: web element identifier).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser window.
struct Window {
    driver: Child,
    address: SocketAddr,
    session: String,
}

impl Window {
    /// `None` where Chromium or its driver is missing.
    fn open(place: &Place) -> Option<Self> {
        let has = |program: &str| Command::new(program).arg("--version").output().is_ok();
        if !has("chromium") || !has("chromedriver") {
            skipped("there is no chromium with its chromedriver");
            return None;
        }
        let mut command = place.world.run("chromedriver", ["--port=0"]).into_command();
        command.env("TMPDIR", place.world.work()).process_group(0);
        let mut driver = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let started = "ChromeDriver was started successfully on port ";
        let port = lines.find_map(|line| {
            let port = line.unwrap().strip_prefix(started)?.trim_end_matches('.').to_owned();
            port.parse().ok()
        });
        let address = SocketAddr::from(([127, 0, 0, 1], port.unwrap()));
        // It goes on writing: its output must be read.
        std::thread::spawn(move || lines.for_each(drop));
        let mut window = Self { driver, address, session: String::new() };
        let arguments = [
            "--headless=new",
            "--no-sandbox", // it refuses root otherwise, and the pages are our own
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-proxy-server",
        ];
        let narrow = json!({ "width": 400, "height": 800, "pixelRatio": 1 });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": {
                "args": arguments,
                "mobileEmulation": { "deviceMetrics": narrow },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "implicit": 20_000 },
        }}});
        let session = window.call("POST", "/session", &wanted);
        session["sessionId"].as_str().unwrap().clone_into(&mut window.session);
        Some(window)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = match path {
            "/session" => path.to_owned(),
            _ => format!("/session/{}{path}", self.session),
        };
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let reply = exchange(self.address, &request);
        assert_eq!(reply.status, 200, "{method} {path}: {}", reply.body);
        serde_json::from_str::<Value>(&reply.body).unwrap()["value"].clone()
    }

    fn go(&self, link: &str) {
        self.call("POST", "/url", &json!({ "url": link }));
    }

    /// The element, as soon as there is one.
    fn find(&self, selector: &str) -> String {
        let body = json!({ "using": "css selector", "value": selector });
        self.call("POST", "/element", &body)[ELEMENT].as_str().unwrap().to_owned()
    }

    fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.call("POST", &format!("/element/{element}/click"), &json!({}));
    }

    fn text(&self, selector: &str) -> String {
        let element = self.find(selector);
        let text = self.call("GET", &format!("/element/{element}/text"), &Value::Null);
        text.as_str().unwrap().to_owned()
    }

    fn url(&self) -> String {
        self.call("GET", "/url", &Value::Null).as_str().unwrap().to_owned()
    }

    /// The browser's complaints, except about the missing icon.
    fn complaints(&self) -> Vec<String> {
        let log = self.call("POST", "/se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().unwrap().iter();
        let texts = entries.map(|entry| entry["message"].as_str().unwrap().to_owned());
        texts.filter(|text| !text.contains("favicon.ico")).collect()
    }

    /// How wide the page is, and how wide its window.
    fn widths(&self) -> (u64, u64) {
        let script = "return [document.documentElement.scrollWidth, window.innerWidth]";
        let both = self.call("POST", "/execute/sync", &json!({ "script": script, "args": [] }));
        (both[0].as_u64().unwrap(), both[1].as_u64().unwrap())
    }

    /// The colour in which the policy lets the style paint a button or a mark.
    fn style(&self, selector: &str, property: &str) -> String {
        let element = self.find(selector);
        let path = format!("/element/{element}/css/{property}");
        self.call("GET", &path, &Value::Null).as_str().unwrap().to_owned()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let request = format!(
            "DELETE /session/{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.session, self.address
        );
        if !self.session.is_empty() && !std::thread::panicking() {
            assert_eq!(exchange(self.address, &request).status, 200, "the browser is closed");
        }
        // After a failure the browser ends with its driver.
        let group = rustix::process::Pid::from_child(&self.driver);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.driver.wait();
    }
}

#[test]
fn a_person_signs_in_allows_and_sees_that_it_worked() {
    let place = Place::new();
    let Some(window) = Window::open(&place) else { return };
    let login = place.start(&["--scope", "openid EXPRPT"]);
    window.go(login.link.as_str());
    assert!(window.text("ul").contains("EXPRPT"));
    let (page, view) = window.widths();
    assert_eq!((page, view), (400, 400), "the page fits a narrow window");
    assert_eq!(
        window.style("#allow", "background-color"),
        "rgba(10, 91, 171, 1)",
        "the style is applied"
    );
    window.click("#allow");
    assert_eq!(window.text("main.good h1"), "You are logged in");
    assert_eq!(window.url(), format!("http://localhost:{}/concur-cred/done", place.port));
    let (page, view) = window.widths();
    assert_eq!((page, view), (400, 400), "the page fits a narrow window");
    assert_eq!(window.style("main.good svg", "stroke"), "rgb(26, 127, 75)", "the style is applied");
    assert_eq!(window.complaints(), [""; 0]);
    let (code, said) = login.end();
    assert_eq!(code, Some(0), "{said}");
    place.world.concur(["get"]).ok().silent();
    assert_eq!(place.world.sandbox.violations(), [] as [&str; 0]);
}

#[test]
fn a_person_denies_and_sees_that_it_failed() {
    let place = Place::new();
    let Some(window) = Window::open(&place) else { return };
    let login = place.start(&[]);
    window.go(login.link.as_str());
    window.click("#deny");
    assert_eq!(window.text("main.bad h1"), "The login failed");
    assert_eq!(window.complaints(), [""; 0]);
    let (code, said) = login.end();
    assert_eq!(code, Some(4), "{said}");
}
