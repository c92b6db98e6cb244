//! The handle that tests and programs hold.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::clock;
use crate::config::{App, Config, random_uuid};
use crate::faults::{Fault, Script};
use crate::grants::request::TokenRequest;
use crate::protocol::answer::Answer;
use crate::protocol::form::Form;
use crate::protocol::jwt::{Principal, PrincipalKind};
use crate::protocol::paths;
use crate::server;
use crate::server::tls::{Authority, Pems};
use crate::state::gate::{Gate, Hold};
use crate::state::journal::{Counters, Journal, RequestRecord};
use crate::state::mutex::lock;
use crate::state::shared::{Shared, Traffic};
use crate::world::World;

/// A running token service. Any number of them live in one process; each stops when it is dropped.
pub struct Sandbox {
    shared: Arc<Shared>,
    app: App,
    pems: Option<Pems>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Sandbox {
    /// Listens and serves, on a thread of its own. Fails when the port is taken, or when no certificate
    /// can be made for the names of [`Config::tls`].
    pub fn start(config: Config) -> io::Result<Self> {
        Self::start_inner(config, None)
    }

    /// As [`Sandbox::start`], and writes each [`RequestRecord`] as a line of JSON to `log`.
    pub fn start_with_log(config: Config, log: Box<dyn Write + Send>) -> io::Result<Self> {
        Self::start_inner(config, Some(log))
    }

    fn start_inner(config: Config, log: Option<Box<dyn Write + Send>>) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::new(config.bind, config.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let authority = config.tls.as_ref().map(Authority::new).transpose()?;
        let origin = match &config.tls {
            None => format!("http://{address}"),
            Some(tls) => format!("https://{}", tls.host(address)),
        };
        let (pems, acceptor) =
            authority.map(|authority| (authority.pems, authority.acceptor)).unzip();
        let app = config.app.clone().unwrap_or_else(App::made_up);
        let shared = Arc::new(Shared {
            origin,
            world: Mutex::new(World::new(&app, &config, clock::now_epoch())),
            config: Mutex::new(config),
            journal: Mutex::new(Journal::new(log)),
            script: Mutex::new(Script::default()),
            holds: Mutex::new(VecDeque::new()),
            api_holds: Mutex::new(VecDeque::new()),
            traffic: Mutex::new(Traffic::default()),
            redirects: Mutex::new(Vec::new()),
        });
        let (stop, stopped) = oneshot::channel();
        let for_server = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("concur-sandbox".to_owned())
            .spawn(move || server::run(listener, acceptor.as_ref(), &for_server, stopped))?;
        Ok(Self { shared, app, pems, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`; with [`Config::tls`] `https://127.0.0.1:PORT`, or its name in place of the
    /// address.
    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    /// The certificate, as PEM, of the CA that this sandbox's own certificate is to be checked by; `None`
    /// without [`Config::tls`].
    pub fn ca_pem(&self) -> Option<&str> {
        self.pems.as_ref().map(|pems| pems.ca.as_str())
    }

    /// A client certificate that [`Tls::wants_client`](crate::Tls::wants_client) lets in, and its key, as one
    /// PEM text; `None` without [`Config::tls`].
    pub fn client_pem(&self) -> Option<&str> {
        self.pems.as_ref().map(|pems| pems.client.as_str())
    }

    /// The first application and its company.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The tutorial's `credentials.json` for [`Sandbox::app`], filled in; one line.
    pub fn credentials_json(&self) -> String {
        self.credentials_json_of(&self.app)
    }

    /// The same for another app.
    pub fn credentials_json_of(&self, app: &App) -> String {
        let App { client_id, client_secret, company_uuid, request_token } = app;
        // By hand for the field order of the tutorial; `Value` spells the strings.
        let text = |value: &str| Value::from(value).to_string();
        format!(
            "{{\"appID\":{},\"clientSecret\":{},\"grantType\":\"password\",\"companyUUID\":{},\
             \"companyRequestToken\":{},\"credentialType\":\"authtoken\"}}\n",
            text(client_id),
            text(client_secret),
            text(company_uuid),
            text(request_token),
        )
    }

    /// Changes how it behaves from the next request on.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        change(&mut lock(&self.shared.config));
    }

    /// The configuration as it stands.
    pub fn config(&self) -> Config {
        lock(&self.shared.config).clone()
    }

    /// Queues a fault for one token request.
    pub fn push_fault(&self, fault: Fault) {
        self.push_faults(1, fault);
    }

    /// Queues a fault for each of `times` token requests.
    pub fn push_faults(&self, times: usize, fault: Fault) {
        self.push_faults_at(paths::TOKEN, times, fault);
    }

    /// Queues a fault for each of `times` requests whose path starts with `path`.
    pub fn push_faults_at(&self, path: &str, times: usize, fault: Fault) {
        lock(&self.shared.script).push(path, times, fault);
    }

    /// Applies a fault to every token request that finds the queue empty, until
    /// [`Sandbox::clear_faults`]; replaces an earlier one.
    pub fn fault_always(&self, fault: Fault) {
        self.fault_always_at(paths::TOKEN, fault);
    }

    /// The same for requests whose path starts with `path`.
    pub fn fault_always_at(&self, path: &str, fault: Fault) {
        lock(&self.shared.script).stand(path, fault);
    }

    /// Forgets all faults, queued and standing.
    pub fn clear_faults(&self) {
        lock(&self.shared.script).clear();
    }

    /// Queued faults that no request has taken yet.
    pub fn pending_faults(&self) -> usize {
        lock(&self.shared.script).pending()
    }

    /// Holds the next token request, or the one after it if that is held already, and so on.
    pub fn hold_next_token_request(&self) -> Gate {
        let (gate, hold) = Hold::new_pair();
        lock(&self.shared.holds).push_back(hold);
        gate
    }

    /// The same for requests that are not for the token endpoint; one is held before its token is looked at.
    pub fn hold_next_api_request(&self) -> Gate {
        let (gate, hold) = Hold::new_pair();
        lock(&self.shared.api_holds).push_back(hold);
        gate
    }

    /// Every request since the start or [`Sandbox::clear_log`], in the order of arrival.
    pub fn requests(&self) -> Vec<RequestRecord> {
        lock(&self.shared.journal).records()
    }

    /// The counters since the start or [`Sandbox::clear_log`].
    pub fn counters(&self) -> Counters {
        let by_reuse = lock(&self.shared.world).ledger.families_revoked_by_reuse();
        let mut counters = lock(&self.shared.journal).counters.clone();
        counters.families_revoked_by_reuse = by_reuse;
        counters
    }

    /// What clients did that Concur refuses or a careful client does not do; one sentence each.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.shared.journal).violations.clone()
    }

    /// Forgets requests, counters and violations. Nothing granted is forgotten.
    pub fn clear_log(&self) {
        lock(&self.shared.journal).clear();
    }

    /// Whether the APIs take this access token now.
    pub fn is_live_access_token(&self, token: &str) -> bool {
        lock(&self.shared.world).ledger.is_live_access(token, clock::now_epoch())
    }

    /// Whether this access token was ever issued here.
    pub fn was_issued_access_token(&self, token: &str) -> bool {
        lock(&self.shared.world).ledger.was_issued_access(token)
    }

    /// Every token ever issued here: access, refresh and id tokens.
    pub fn issued_tokens(&self) -> Vec<String> {
        lock(&self.shared.world).ledger.issued().to_vec()
    }

    /// Whether this refresh token is the last one issued in its family, and alive.
    pub fn is_current_refresh_token(&self, token: &str) -> bool {
        lock(&self.shared.world).ledger.is_current_refresh(token, clock::now_epoch())
    }

    /// Expires every access token issued so far. Their `exp` claim does not change.
    pub fn expire_access_tokens(&self) {
        lock(&self.shared.world).ledger.expire_access(clock::now_epoch());
    }

    /// Revokes every refresh token issued so far. Access tokens live on.
    pub fn revoke_refresh_tokens(&self) {
        lock(&self.shared.world).ledger.revoke_all_families();
    }

    /// The one-time password that was last sent to this address, if it is unused and valid.
    pub fn sent_otp(&self, email: &str) -> Option<String> {
        lock(&self.shared.world).otps.last(email).map(str::to_owned)
    }

    /// Expires every open one-time password.
    pub fn expire_otps(&self) {
        lock(&self.shared.world).otps.expire();
    }

    /// Disables or enables the client of [`Sandbox::app`]: code 59.
    pub fn disable_client(&self, disabled: bool) {
        lock(&self.shared.world).disable_client(&self.app.client_id, disabled);
    }

    /// Replaces the client secret of [`Sandbox::app`], as an administrator does who lost it: the new one. The
    /// one before is refused from now on; refresh tokens stay valid. [`Sandbox::app`] itself does not change.
    pub fn change_client_secret(&self) -> String {
        self.new_client_secret(false)
    }

    /// A second active client secret for [`Sandbox::app`]: the earlier ones stay valid.
    pub fn add_client_secret(&self) -> String {
        self.new_client_secret(true)
    }

    /// As [`Sandbox::change_client_secret`], once so many more grants have been made (at least one).
    pub fn change_client_secret_after(&self, grants: u64) -> String {
        let secret = random_uuid();
        lock(&self.shared.world).change_secret_after(grants, &self.app.client_id, &secret);
        secret
    }

    fn new_client_secret(&self, keeps_others: bool) -> String {
        let secret = random_uuid();
        lock(&self.shared.world).add_secret(&self.app.client_id, &secret, keeps_others);
        secret
    }

    /// A new request token for [`Sandbox::app`]; the earlier ones stay valid.
    pub fn new_request_token(&self) -> String {
        let config = self.config();
        lock(&self.shared.world).new_request_token(&self.app, &config, clock::now_epoch())
    }

    /// A second company for the client of [`Sandbox::app`], with its own request token.
    pub fn add_company(&self) -> App {
        self.register(App {
            company_uuid: random_uuid(),
            request_token: random_uuid(),
            ..self.app.clone()
        })
    }

    /// Another client of the company of [`Sandbox::app`], with its own request token.
    pub fn add_app(&self) -> App {
        self.register(App { company_uuid: self.app.company_uuid.clone(), ..App::made_up() })
    }

    fn register(&self, app: App) -> App {
        let config = self.config();
        lock(&self.shared.world).register(&app, &config, clock::now_epoch());
        app
    }

    /// A company grant's answer as if obtained `access_age_seconds` ago: the refresh token is alive, the
    /// access token's `iat` and `exp` and `refresh_expires_in` lie that much earlier.
    pub fn issue_token_response(&self, app: &App, access_age_seconds: i64) -> Value {
        json!(self.issue(app, access_age_seconds))
    }

    /// The tutorial's `refreshTokenObjectFile.json`: such an answer and `companyUUID`; one line.
    pub fn refresh_token_object_file(&self, app: &App, access_age_seconds: i64) -> String {
        let mut answer = self.issue(app, access_age_seconds);
        answer.put("companyUUID", app.company_uuid.as_str());
        answer.to_json()
    }

    fn issue(&self, app: &App, access_age_seconds: i64) -> Answer {
        let config = self.config();
        let form = Form::parse(b"");
        let request = TokenRequest {
            form: &form,
            config: &config,
            client_id: &app.client_id,
            origin: self.origin(),
            now: clock::now_epoch().saturating_sub(access_age_seconds),
        };
        let principal = Principal { kind: PrincipalKind::Company, uuid: app.company_uuid.clone() };
        let mut world = lock(&self.shared.world);
        let grant = request.open_family(&mut world, &principal, config.scope.clone());
        Answer::granted(grant, &config, self.origin())
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("origin", &self.origin()).finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the server has already ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
