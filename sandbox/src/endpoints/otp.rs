//! `POST /oauth2/v0/otp`: the request for a one-time password, and those that are open. The one channel is
//! e-mail; the mail goes nowhere: [`Sandbox::sent_otp`](crate::Sandbox::sent_otp) reads it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use hyper::Method;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde_json::json;
use uuid::Uuid;

use crate::clock;
use crate::config::Config;
use crate::endpoints::token;
use crate::faults::effects;
use crate::grants;
use crate::http::form::Form;
use crate::http::reply::{Outgoing, Reply};
use crate::http::request;
use crate::protocol::answer::Answer;
use crate::protocol::codes::Refusal;
use crate::protocol::strict::{self, Inspection};
use crate::state::call::Call;
use crate::state::mutex::lock;
use crate::world::World;

/// The endpoint.
pub(crate) const PATH: &str = "/oauth2/v0/otp";
/// The one channel.
pub(crate) const EMAIL: &str = "email";
/// Unsupported request format.
const FORMAT: u32 = 135;
/// The fields that are documented.
const FIELDS: [&str; 7] =
    ["client_id", "client_secret", "channel_type", "channel_handle", "name", "company", "link"];

/// One that was sent and not used yet.
struct Open {
    client_id: String,
    email: String,
    value: String,
    /// What [`REPEATED`] was sent with it.
    told: Vec<Option<String>>,
    /// Epoch seconds.
    expires_at: i64,
}

/// What was sent with the request must be sent with the password, too.
const REPEATED: [&str; 3] = ["name", "company", "link"];

fn told(form: &Form) -> Vec<Option<String>> {
    REPEATED.iter().map(|name| form.get(name).map(str::to_owned)).collect()
}

/// The one-time passwords that are open.
#[derive(Default)]
pub(crate) struct Otps(Vec<Open>);

impl Otps {
    /// Opens one; code 82 when that are too many for this address.
    fn open(
        &mut self,
        client_id: &str,
        email: &str,
        form: &Form,
        config: &Config,
        now: i64,
    ) -> Result<String, Refusal> {
        self.0.retain(|open| open.expires_at > now);
        if self.of(client_id, email).count() >= config.otp_open_limit {
            return Err(82.into());
        }
        let value = format!("{:08}", Uuid::new_v4().as_u128() % 100_000_000);
        self.0.push(Open {
            client_id: client_id.to_owned(),
            email: email.to_owned(),
            value: value.clone(),
            told: told(form),
            expires_at: now.saturating_add(config.otp_lifetime_seconds),
        });
        Ok(value)
    }

    /// Uses one up: and with it all others of the address.
    pub(crate) fn spend(
        &mut self,
        client_id: &str,
        email: &str,
        value: &str,
        form: &Form,
        now: i64,
    ) -> Result<(), Refusal> {
        self.0.retain(|open| open.expires_at > now);
        if self.of(client_id, email).next().is_none() {
            return Err(83.into());
        }
        let Some(open) = self.of(client_id, email).find(|open| open.value == value) else {
            return Err(85.into());
        };
        if open.told != told(form) {
            return Err(84.into());
        }
        self.0
            .retain(|open| open.client_id != client_id || !open.email.eq_ignore_ascii_case(email));
        Ok(())
    }

    /// The one sent last to this address that is open.
    pub(crate) fn last(&self, email: &str) -> Option<&str> {
        let mut newest = self.0.iter().rev();
        newest.find(|open| open.email.eq_ignore_ascii_case(email)).map(|open| open.value.as_str())
    }

    /// Lets all that are open be over.
    pub(crate) fn expire(&mut self) {
        self.0.clear();
    }

    fn of(&self, client_id: &str, email: &str) -> impl Iterator<Item = &Open> {
        self.0.iter().filter(move |open| {
            open.client_id == client_id && open.email.eq_ignore_ascii_case(email)
        })
    }
}

pub(crate) async fn serve(
    call: &Call,
    parts: &Parts,
    body: Incoming,
    mut found: Inspection,
) -> (Reply, String) {
    if parts.method != Method::POST {
        found.wrong_method(&parts.method, "the otp endpoint");
        token::report(call, &found);
        return (Reply::Send(Outgoing::method_not_allowed("POST")), "wrong method".to_owned());
    }
    strict::token_request(parts, &mut found);
    let Some(body) = request::read(body).await else {
        token::report(call, &found);
        return (Reply::Close, "the request broke off".to_owned());
    };
    let form = Form::parse(&body);
    found.body(body.len());
    found.form(&form);
    found.fields(&form, &FIELDS);
    token::note(call, &form);
    token::report(call, &found);
    let faults = effects::begin(call).await;
    if let Some(reply) = effects::before(call, &faults) {
        return reply;
    }
    let (answer, outcome) = decide(call, &form, &found);
    effects::after(answer, &outcome, &faults)
}

fn decide(call: &Call, form: &Form, found: &Inspection) -> (Outgoing, String) {
    let config = lock(&call.shared.config).clone();
    let sent = {
        let mut world = lock(&call.shared.world);
        if found.refusal.is_some() {
            Err(Refusal::from(FORMAT))
        } else {
            send(&mut world, form, &config, clock::now_epoch())
        }
    };
    let counters = &mut lock(&call.shared.journal).counters;
    match sent {
        Ok(value) => {
            counters.otps_sent += 1;
            let email = form.get("channel_handle").unwrap_or_default();
            if let Some(mailbox) = &config.mailbox {
                // The mailbox is the reader's: a full disk must not stop the service.
                let _ = deliver(mailbox, email, &value);
            }
            (Outgoing::json(200, &json!({ "message": "otp sent" })), "otp sent".to_owned())
        }
        Err(refusal) => {
            let code = refusal.code;
            *counters.refusals_by_code.entry(code).or_default() += 1;
            let origin = &call.shared.origin;
            let mut answer = Answer::refused(refusal, &config, origin, &call.correlation_id);
            if let Some(status) = found.refusal {
                answer.status = status;
            }
            (Outgoing::from(&answer), format!("code {code}"))
        }
    }
}

/// Sends one, or the documented code: the client first, then each field.
fn send(world: &mut World, form: &Form, config: &Config, now: i64) -> Result<String, Refusal> {
    let client @ (client_id, _) = grants::credentials(form)?;
    let channel_type = form.get("channel_type").ok_or(57)?;
    let email = form.get("channel_handle").ok_or(58)?;
    grants::authenticate(world, client, config)?;
    if !config.allowed_grants.contains(&crate::GrantType::Otp) {
        return Err(60.into());
    }
    if channel_type != EMAIL {
        return Err(80.into());
    }
    let has_shape = email.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && domain.contains('.') && !domain.contains('@')
    });
    if !has_shape {
        return Err(81.into());
    }
    if let Some(origin) = &config.lives_elsewhere {
        return Err(Refusal { code: 16, elsewhere: Some(origin.clone()) });
    }
    let user = config.user.as_ref().filter(|user| user.has_address(email)).ok_or(55)?;
    // What is told of the user beside the address must be so.
    if form.get("name").is_some_and(|name| name != user.login_id) {
        return Err(84.into());
    }
    world.otps.open(client_id, email, form, config, now)
}

fn deliver(mailbox: &Path, email: &str, value: &str) -> io::Result<()> {
    let mail = format!("{email} {value}\n");
    if mailbox == Path::new("-") {
        let mut out = io::stdout().lock();
        return out.write_all(mail.as_bytes()).and_then(|()| out.flush());
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(mailbox)?.write_all(mail.as_bytes())
}
