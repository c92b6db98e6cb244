//! `api`: one request to the profile's base URL with its token.

use std::io::{Read, Write};
use std::path::Path;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use uuid::Uuid;

use crate::api::answer::Verdict;
use crate::api::client::{Answer, Call};
use crate::api::fields::{self, Field, Typed, Value};
use crate::api::input::{self, Input};
use crate::api::output::{self, Output, pour};
use crate::api::target::Target;
use crate::api::terminal::{self, Shown};
use crate::api::{headers, indent, method};
use crate::auth::accounts::{self, api_origin};
use crate::auth::refresh::{Refresher, ValidToken, not_allowed};
use crate::cli::Api;
use crate::error::{Error, Kind, Result, ServiceWord};
use crate::model::policy::Need;
use crate::model::record::Record;
use crate::net::encoding::{self, Unknown};
use crate::net::{Broke, Http};
use crate::store::Store;
use crate::sys::{files, trace};
use crate::ui::context::Context;

pub(super) fn run(context: &mut Context<'_>, args: &Api) -> Result<u8> {
    let mut store = accounts::store(context)?;
    let record = accounts::selected_record(context, &store)?;
    let profile = record.profile_name().map(str::to_owned);
    let done = ask(context, &mut store, record, args);
    if store.has_written() {
        store.leave_cache();
    }
    done.map_err(|error| error.of_profile(profile.as_deref())).map(|()| 0)
}

fn ask(context: &mut Context<'_>, store: &mut Store, record: Record, args: &Api) -> Result<()> {
    // What the caller got wrong is said before anything is opened, refreshed or sent.
    let call = call(args, &record)?;
    let file = args.output.as_deref().filter(|path| *path != Path::new("-"));
    let file = file.map(Output::open).transpose()?;
    let http = Http::new(&context.config.http)?;
    let need = Need::Token { min_ttl: context.config.min_ttl };
    let used = Refresher::with(context, |refresher| refresher.token(store, record, need))?;
    let (answer, used) = answered(context, store, &http, &call, used)?;
    let is_done = Verdict::of(answer.status()) == Verdict::Done;
    if is_done || args.include {
        let id = answer.correlation_id().map(str::to_owned);
        let scope = used.record.scope.as_deref();
        let failure = (!is_done).then(|| answer.failure_by_status(&used.token, scope));
        print(context, answer, file, args.include, &call)
            .map_err(|error| with_id(error, id.as_deref()))?;
        return failure.map_or(Ok(()), Err);
    }
    Err(answer.failure(&http, &used.token, used.record.scope.as_deref()))
}

/// Sends the request; where the token is refused, once more with another one, if the rule for forced
/// refreshes gives one.
fn answered(
    context: &mut Context<'_>,
    store: &mut Store,
    http: &Http,
    call: &Call,
    used: ValidToken,
) -> Result<(Answer, ValidToken)> {
    let send = |context: &Context<'_>, store: &Store, used: &ValidToken| {
        let to = api_origin(store, &context.config, &used.record)?;
        call.send(http, &to, &used.token)
    };
    let answer = send(context, store, &used)?;
    if Verdict::of(answer.status()) != Verdict::Refused {
        return Ok((answer, used));
    }
    trace::step("token refused");
    match Refresher::with(context, |refresher| {
        refresher.replace_rejected_token(store, &used.record)
    }) {
        Ok(None) => Ok((answer, used)),
        Ok(Some(other)) => Ok((send(context, store, &other)?, other)),
        Err(error) => {
            let refusal = answer.failure(http, &used.token, None);
            context.note(&format!("{}{}", refusal.problem(), refusal.service()));
            Err(error)
        }
    }
}

/// The request that the arguments ask for.
fn call(args: &Api, record: &Record) -> Result<Call> {
    if stdin_is_wanted(args) > 1 {
        return Err(Error::new(Kind::Usage, "stdin is named twice", "Use - once."));
    }
    let base = record.base_url().map_err(|_| {
        // Only an edited row holds one that cannot be read.
        not_allowed(&record.geolocation, record.profile_name())
    })?;
    let (named, path) = args.words().ok_or_else(|| {
        let remedy = "Name it last, such as: concur-cred api /profile/identity/v4.1/Users?count=1";
        Error::new(Kind::Usage, "There is no PATH", remedy)
    })?;
    let target = Target::parse(path, &base).map_err(|bad| {
        Error::new(
            Kind::Usage,
            format!("The PATH cannot be used: {bad}"),
            "Write a path on the base URL, such as /profile/identity/v4.1/Users?count=1",
        )
    })?;
    let fields = fields_of(args)?;
    let has_body = args.input.is_some() || !fields.is_empty();
    let method = match named {
        Some(name) => method::named(name).ok_or_else(|| {
            let methods = "GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS";
            Error::new(Kind::Usage, "There is no such METHOD here", format!("Use {methods}."))
        })?,
        None if has_body => Method::POST,
        None => Method::GET,
    };
    let (target, input) = match &args.input {
        Some(_) if method::only_asks(&method) => {
            let problem = format!("A {method} takes no --input");
            return Err(Error::new(Kind::Usage, problem, "Use fields, or another method."));
        }
        Some(path) => (with_query(target, &fields), Input::of(path)?),
        None if method::only_asks(&method) => (with_query(target, &fields), Input::None),
        None if fields.is_empty() => (target, Input::None),
        None => {
            let body = fields::json(&fields).map_err(bad_field)?;
            (target, Input::Bytes(body.into()))
        }
    };
    let has_body = !matches!(input, Input::None);
    let headers = headers::of_request(&args.header, has_body, &Uuid::new_v4().to_string());
    let headers = headers.map_err(|bad| {
        Error::new(Kind::Usage, bad.to_string(), "Correct or leave out that --header.")
    })?;
    Ok(Call { method, target, headers, input })
}

fn with_query(target: Target, fields: &[Field]) -> Target {
    target.with_fields(fields::pairs(fields))
}

fn stdin_is_wanted(args: &Api) -> usize {
    let by_fields = args.field.iter().filter(|text| text.ends_with("=@-")).count();
    by_fields + usize::from(args.input.as_deref() == Some(Path::new("-")))
}

fn fields_of(args: &Api) -> Result<Vec<Field>> {
    let mut all = Vec::new();
    for text in &args.raw_field {
        let (key, value) = fields::split(text).map_err(bad_field)?;
        all.push(Field { key: key.to_owned(), value: Value::Text(value.to_owned()) });
    }
    for text in &args.field {
        let (key, value) = fields::split(text).map_err(bad_field)?;
        let value = match fields::typed(value) {
            Typed::Value(value) => value,
            Typed::File(path) => Value::Text(input::field(Path::new(&path))?),
        };
        all.push(Field { key: key.to_owned(), value });
    }
    Ok(all)
}

fn bad_field(bad: fields::BadField) -> Error {
    let remedy = match bad {
        fields::BadField::NoKey => "Write it as KEY=VALUE.",
        fields::BadField::Twice => "Send lists with --input.",
    };
    Error::new(Kind::Usage, bad.to_string(), remedy)
}

/// Prints the answer as it comes; on a terminal without what could steer it.
fn print(
    context: &mut Context<'_>,
    answer: Answer,
    file: Option<Output>,
    include: bool,
    call: &Call,
) -> Result<()> {
    let response = answer.response;
    let codings = match encoding::codings(response.headers()) {
        Ok(codings) => codings,
        // It was asked for explicitly.
        Err(_) if call.asks_for_encoding() => Vec::new(),
        Err(Unknown(name)) => return Err(not_asked_for(name, call)),
    };
    let is_terminal = (context.out_is_terminal)();
    if include {
        let head = head(&response);
        context.answer(&if is_terminal { terminal::shown(&head) } else { head })?;
    }
    let kind =
        response.headers().get(CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase());
    let is_json = kind.is_some_and(|kind| kind.windows(4).any(|word| word == b"json"));
    let mut body = encoding::decoded(Box::new(response), &codings);
    let Some(mut file) = file else {
        let poured = if is_terminal {
            show(&mut body, is_json, context.out)
        } else {
            pour(&mut body, context.out).map(drop)
        };
        return poured.map_err(|broke| match broke {
            output::Broke::Off(count, error) => broke_off(count, &error, call),
            output::Broke::Writer(error) => Error::new(
                Kind::Other,
                format!("The answer cannot be written: {}", files::reason(&error)),
                "Check where stdout goes.",
            ),
        });
    };
    pour(&mut body, file.writer()).map_err(|broke| match broke {
        output::Broke::Off(count, error) => broke_off(count, &error, call),
        output::Broke::Writer(error) => file.refused(&error),
    })?;
    file.finish()
}

/// On a terminal JSON is indented, what could steer the terminal is escaped, and the last line has an end.
fn show(body: &mut dyn Read, is_json: bool, terminal: &mut dyn Write) -> Result<(), output::Broke> {
    let mut shown = Shown::on(terminal);
    if !is_json {
        pour(body, &mut shown)?;
        return shown.finish().map_err(output::Broke::Writer);
    }
    let mut beginning = Vec::new();
    let read = pour(&mut body.take(indent::MOST_BYTES), &mut beginning);
    let indented = read.is_ok().then(|| indent::indented(&beginning)).flatten();
    let text = indented.as_ref().unwrap_or(&beginning);
    shown.write_all(text).map_err(output::Broke::Writer)?;
    read?;
    pour(body, &mut shown)?;
    shown.finish().map_err(output::Broke::Writer)
}

fn broke_off(count: u64, error: &std::io::Error, call: &Call) -> Error {
    let how = match Broke::of(error) {
        Broke::Late => "came to a halt",
        Broke::Off => "broke off",
    };
    let problem = format!("The answer {how} after {count} bytes");
    Error::new(Kind::Temporary, problem, again(call))
}

/// What to do when an answer came and could not be printed.
fn again(call: &Call) -> &'static str {
    if method::is_idempotent(&call.method) {
        "Run it again."
    } else {
        "Concur has carried it out: look before you run it again."
    }
}

fn not_asked_for(coding: &str, call: &Call) -> Error {
    let problem = format!("The answer came in an encoding that was not asked for ({coding})");
    let remedy = format!(
        "To get it as it comes, ask for it with --header 'Accept-Encoding: NAME'. {}",
        again(call)
    );
    Error::new(Kind::Other, problem, remedy)
}

fn with_id(error: Error, id: Option<&str>) -> Error {
    let word = ServiceWord { correlation_id: id.map(str::to_owned), ..ServiceWord::default() };
    error.with_service(word)
}

/// The status line and the headers, as they came.
fn head(response: &reqwest::blocking::Response) -> Vec<u8> {
    let mut head = Vec::new();
    let reason = response.status().canonical_reason().unwrap_or_default();
    let _ = write!(head, "{:?} {} {reason}", response.version(), response.status().as_u16());
    head.extend_from_slice(b"\r\n");
    for (name, value) in response.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}
