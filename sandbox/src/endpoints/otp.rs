//! `POST /oauth2/v0/otp`: sends a one-time password. The only channel is e-mail, and no mail is sent:
//! [`Sandbox::sent_otp`](crate::Sandbox::sent_otp) reads it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde_json::json;

use crate::clock;
use crate::config::{Config, GrantType};
use crate::endpoints::post;
use crate::faults::effects;
use crate::grants::request;
use crate::http::reply::{Outgoing, Reply};
use crate::protocol::codes::Refusal;
use crate::protocol::form::Form;
use crate::protocol::strict::Inspection;
use crate::state::call::Call;
use crate::state::mutex::lock;
use crate::world::World;
use crate::world::otps::{EMAIL, Facts};

/// The fields that are documented.
const FIELDS: [&str; 7] =
    ["client_id", "client_secret", "channel_type", "channel_handle", "name", "company", "link"];

pub(crate) async fn serve(
    call: &Call,
    parts: &Parts,
    body: Incoming,
    mut found: Inspection,
) -> (Reply, String) {
    let received = post::receive(call, parts, body, &mut found, "the otp endpoint", Some(&FIELDS));
    let form = match received.await {
        Ok(form) => form,
        Err(reply) => return reply,
    };
    let faults = call.take_faults().await;
    if let Some(reply) = call.reply_of(&faults) {
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
            Err(Refusal::from(post::UNSUPPORTED_FORMAT))
        } else {
            send(&mut world, form, &config, clock::now_epoch())
        }
    };
    match sent {
        Ok(value) => {
            lock(&call.shared.journal).counters.otps_sent += 1;
            let email = form.get("channel_handle").unwrap_or_default();
            if let Some(mailbox) = &config.mailbox {
                // A mailbox that cannot be written (a full disk) must not stop the service.
                let _ = deliver(mailbox, email, &value);
            }
            (Outgoing::json(200, &json!({ "message": "otp sent" })), "otp sent".to_owned())
        }
        Err(refusal) => {
            let (answer, outcome) = post::refuse(call, refusal, &config, found);
            (Outgoing::from(&answer), outcome)
        }
    }
}

/// Sends one, or the documented code: the client first, then each field.
fn send(world: &mut World, form: &Form, config: &Config, now: i64) -> Result<String, Refusal> {
    let client @ (client_id, _) = request::credentials(form)?;
    let channel_type = form.get("channel_type").ok_or(57)?;
    let email = form.get("channel_handle").ok_or(58)?;
    request::authenticate(world, client, config)?;
    if !config.allowed_grants.contains(&GrantType::Otp) {
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
    request::must_live_here(config)?;
    let user = config.user.as_ref().filter(|user| user.has_address(email)).ok_or(55)?;
    // Facts about the user that are sent beside the address must be right.
    if form.get("name").is_some_and(|name| name != user.login_id) {
        return Err(84.into());
    }
    world.otps.open(client_id, email, Facts::of(form), config, now)
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
