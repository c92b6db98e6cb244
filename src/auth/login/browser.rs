//! The browser grant: a user signs in at Concur's own page and allows the application. The only grant
//! that works for users who sign in by SSO. Nothing is held while the person is away: no lock, no
//! transaction, no new file.

use std::sync::mpsc::channel;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::flow::{self, Principal, Target, TokenRequest};
use super::outcome;
use super::start::Start;
use crate::auth::browser::handover::Handover;
use crate::auth::browser::landing::Landing;
use crate::auth::browser::link::Authorization;
use crate::auth::browser::opener;
use crate::auth::browser::receiver::{self, Bound, Receiver};
use crate::auth::browser::redirect::{DEFAULT_REDIRECT_URI, RedirectUri};
use crate::auth::browser::waiting::{self, Waiting};
use crate::auth::oauth::failure::Failure;
use crate::auth::oauth::form::GrantRequest;
use crate::error::{Error, Kind, Result, ServiceWord};
use crate::model::origin::{AllowedOrigin, Origin};
use crate::model::printable::printable;
use crate::model::secret::Secret;
use crate::sys::random;
use crate::ui::context::Context;
use crate::ui::prompt;

/// How long the person has, unless the caller says otherwise.
const TIMEOUT: Duration = Duration::from_secs(300);

/// What the caller chooses.
pub(crate) struct Options<'a> {
    /// As it is registered for the application; `None`: [`DEFAULT_REDIRECT_URI`].
    pub(crate) redirect_uri: Option<&'a str>,
    /// Words separated by spaces; `None` asks for all that the application has.
    pub(crate) scope: Option<&'a str>,
    /// How long to wait for the browser.
    pub(crate) timeout: Option<Duration>,
    /// Whether to open a browser, and not only to show the address.
    pub(crate) open_browser: bool,
}

pub(crate) fn log_in(app: &mut Context<'_>, mut start: Start, options: &Options<'_>) -> Result<()> {
    let redirect_uri = redirect_uri(options.redirect_uri)?;
    let bound = redirect_uri.place().map(receiver::bind).transpose()?;
    if bound.is_none() && !prompt::is_possible() {
        return Err(cannot_paste());
    }
    let application = flow::application(app, &mut start, &[])?;
    let target = flow::target(app, &start, &application, None)?;
    let asked = Authorization {
        origin: &target.origin,
        client_id: &application.client_id,
        redirect_uri: &redirect_uri,
        scope: options.scope,
    };
    let (landing, receiver) = land(app, bound, &asked, options)?;
    let (code, at) = match landing {
        Landing::Code { code, geolocation } => (code, place(app, &target, geolocation.as_deref())?),
        Landing::Refused { code, description } => {
            let is_number = code.parse::<i64>().is_ok();
            let (refused, not_sent) = (refused(code, description), (Duration::ZERO, None));
            let error = outcome::failed(app, refused, not_sent, &start, &target.profile);
            return Err(if is_number {
                error
            } else {
                not_allowed_by_person(&error, &start, &target)
            });
        }
    };
    let request = TokenRequest {
        grant: GrantRequest::AuthorizationCode { code: &code, redirect_uri: redirect_uri.as_str() },
        principal: Principal::FromTokens { otherwise: &application.client_id },
        request_token: None,
        at: Some(&at),
    };
    flow::log_in(app, &start, &application, &target, &request)?;
    // Every way out before this one tells the browser that the login failed.
    if let Some(mut receiver) = receiver {
        receiver.succeeded();
    }
    Ok(())
}

fn redirect_uri(text: Option<&str>) -> Result<RedirectUri> {
    let text = text.unwrap_or(DEFAULT_REDIRECT_URI);
    text.parse().map_err(|bad| {
        Error::new(
            Kind::Usage,
            format!("--redirect-uri is not usable: {bad}"),
            format!(
                "Give it as it is registered for the application, such as {DEFAULT_REDIRECT_URI}."
            ),
        )
    })
}

fn cannot_paste() -> Error {
    Error::new(
        Kind::Usage,
        "This redirect URI leads to another machine, and there is no terminal to paste the address on",
        format!(
            "Run it on a terminal, or register a URI of this machine for the application, such as \
             {DEFAULT_REDIRECT_URI}."
        ),
    )
}

/// Sends the person to Concur and waits for what comes back.
fn land(
    app: &mut Context<'_>,
    bound: Option<Bound>,
    asked: &Authorization<'_>,
    options: &Options<'_>,
) -> Result<(Landing, Option<Receiver>)> {
    let state = Secret::from(random_word(32)?.as_str());
    let link = asked.link(&state).ok_or_else(|| {
        Error::new(Kind::Usage, "The base URL makes no address to open", "Correct --base-url.")
    })?;
    let (send, events) = channel();
    let shown = link.clone();
    let receiver = bound
        .map(|bound| bound.serve(link, state.clone(), &random_word(16)?, &send))
        .transpose()?;
    let can_paste = prompt::is_possible();
    // Another machine's redirect URI has no link without the state in it: nothing is opened then.
    let means = opener::means(&app.env).filter(|_| options.open_browser);
    let opened = means.zip(receiver.as_ref());
    explain(app, &shown, asked.redirect_uri, opened.is_some(), can_paste);
    if can_paste {
        waiting::read_lines(send);
    }
    // Held until the browser has come.
    let _handed = opened.map(|(means, receiver)| {
        let handed = handover(app, receiver, asked.redirect_uri);
        opener::open(&means, handed.target());
        handed
    });
    let waiting = Waiting {
        redirect_uri: asked.redirect_uri,
        state: &state,
        timeout: options.timeout.unwrap_or(TIMEOUT),
        can_paste,
    };
    let landing = waiting.wait(&events, &mut |is_answer, text| {
        if is_answer {
            // Part of a conversation, and so not subject to --quiet.
            let _ = writeln!(app.err, "{text}");
        } else {
            app.note(text);
        }
    })?;
    Ok((landing, receiver))
}

/// What the browser opens: nothing that is of use to another user who sees it.
fn handover(app: &Context<'_>, receiver: &Receiver, redirect_uri: &RedirectUri) -> Handover {
    let link = receiver.start_link();
    match redirect_uri.place() {
        Some(place) if !receiver.knows_users() => {
            Handover::by_file(link, &place.port.to_string(), &app.env)
        }
        _ => Handover::of_link(link),
    }
}

/// Says what to do. `--quiet` does not silence it: without it there would be nothing to wait for.
fn explain(
    app: &mut Context<'_>,
    link: &str,
    redirect_uri: &RedirectUri,
    is_opened: bool,
    can_paste: bool,
) {
    let first = if is_opened {
        "Sign in at Concur in the browser that opens. If none does, open this address:"
    } else {
        "Sign in at Concur: open this address in a browser:"
    };
    let paste = match (redirect_uri.place(), can_paste) {
        (Some(_), false) => "",
        (Some(_), true) => {
            "\nThe browser is on another machine? Then its last page does not load: paste its address \
             here."
        }
        (None, _) => "\nPaste the address at which the browser ends:",
    };
    // There is no place to report that stderr itself is gone.
    let _ = writeln!(app.err, "{first}\n\n  {link}\n{paste}");
    let _ = app.err.flush();
}

/// Where the code is to be exchanged: the geolocation that came with it, if it may be sent a secret.
fn place(app: &Context<'_>, target: &Target, geolocation: Option<&str>) -> Result<AllowedOrigin> {
    let allowed = app.config.allowed.and(&target.origin);
    let named = match geolocation {
        None => Some(target.origin.clone()),
        Some(text) => Origin::from_geolocation(text).ok(),
    };
    named.and_then(|origin| allowed.permit(&origin)).ok_or_else(|| {
        let text = printable(geolocation.unwrap_or_default(), 100);
        Error::new(
            Kind::Unusable,
            format!("The browser came back with a base URL that is not allowed: {text}"),
            "Nothing was sent there. If you know it to be right, put it into allowed_origins in \
             config.toml and log in again.",
        )
        .of_profile(Some(target.profile.as_str()))
    })
}

fn refused(code: String, description: Option<String>) -> Failure {
    let number = code.parse().ok();
    let word = ServiceWord {
        code: number,
        // A refusal without a number is named by its word.
        description: description.or_else(|| number.is_none().then_some(code)),
        ..ServiceWord::default()
    };
    let why = Some("The browser came back without permission".to_owned());
    Failure::Rejected { condemned: false, word, why }
}

/// A refusal without one of Concur's numbers: most often the person pressed the other button.
fn not_allowed_by_person(error: &Error, start: &Start, target: &Target) -> Error {
    let again = start.again(&target.profile);
    let remedy = format!("Sign in again and allow the application: {again}");
    Error::new(error.kind(), error.problem(), remedy)
        .with_service(error.service().clone())
        .of_profile(Some(target.profile.as_str()))
}

/// So many random bytes as text that is fit for a URL.
fn random_word(bytes: usize) -> Result<Zeroizing<String>> {
    let mut random = Zeroizing::new(vec![0; bytes]);
    random::fill(&mut random)?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(&*random)))
}
