//! Faults as they are written on the command line.

use std::str::FromStr;
use std::time::Duration;

use crate::faults::{Fault, RetryAfter, StatusBody};
use crate::http::bad_end::{BadEnd, Cut, Framing, Then};
use crate::http::encoding::Coding;

/// How often a fault applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// To this many requests.
    Count(usize),
    /// To every request.
    Always,
}

/// A fault and how often it applies: `503`, `3x429:7`, `always:latency:200`. The forms are listed in
/// concur-sandbox(1).
#[derive(Clone, Debug, PartialEq)]
pub struct FaultSpec {
    /// How often.
    pub times: Times,
    /// What goes wrong.
    pub fault: Fault,
}

impl FromStr for FaultSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("always:") {
            return Ok(Self { times: Times::Always, fault: fault(rest)? });
        }
        if let Some((count, rest)) = text.split_once('x')
            && let Ok(count) = count.parse()
        {
            return Ok(Self { times: Times::Count(count), fault: fault(rest)? });
        }
        Ok(Self { times: Times::Count(1), fault: fault(text)? })
    }
}

fn fault(text: &str) -> Result<Fault, String> {
    let (name, argument) = match text.split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (text, None),
    };
    match (name, argument) {
        ("drop-before", None) => Ok(Fault::DropBefore),
        ("drop-after", None) => Ok(Fault::DropAfter),
        ("reset-before", None) => Ok(Fault::ResetBefore),
        ("reset-after", None) => Ok(Fault::ResetAfter),
        ("truncate", None) => Ok(Fault::TruncateBody),
        ("stall", None) => Ok(Fault::StallBody),
        ("silence", None) => Ok(Fault::Silence),
        ("not-json", None) => Ok(raw("text/plain", "all is well")),
        ("array", None) => Ok(raw("application/json", "[]")),
        ("huge", None) => Ok(raw("application/json", " ".repeat(1 << 20))),
        ("encode", Some(names)) => encoded(names),
        ("end", Some(parts)) => bad_end(parts),
        ("headers", Some(count)) => headers(number(count)?),
        ("latency", Some(ms)) => Ok(Fault::Latency(Duration::from_millis(number(ms)?))),
        ("code", Some(code)) => Ok(Fault::Code(number(code)?)),
        ("geolocation", Some(text)) => Ok(Fault::Geolocation(text.to_owned())),
        ("omit", Some(names)) => {
            Ok(Fault::OmitFields(names.split(',').map(str::to_owned).collect()))
        }
        ("field", Some(field)) => override_field(field),
        ("redirect", Some(target)) => redirect(target),
        (status, retry_after) if is_status(status) => Ok(Fault::Status {
            code: number(status)?,
            body: StatusBody::Html,
            retry_after: retry_after.map(retry),
        }),
        _ => Err("not a fault; see FAULTS in concur-sandbox(1)".to_owned()),
    }
}

fn is_status(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|status| (200..=599).contains(&status))
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "a number is expected".to_owned())
}

/// Seconds, or else an HTTP date.
fn retry(text: &str) -> RetryAfter {
    text.parse().map_or_else(|_| RetryAfter::Date(text.to_owned()), RetryAfter::Seconds)
}

fn raw(content_type: &str, body: impl Into<Vec<u8>>) -> Fault {
    Fault::RawBody { status: 200, content_type: content_type.to_owned(), body: body.into() }
}

/// `gzip`, `deflate`, `raw-deflate`, or several with `+` between them.
fn encoded(names: &str) -> Result<Fault, String> {
    let coding = |name| match name {
        "gzip" => Ok(Coding::Gzip),
        "deflate" => Ok(Coding::Deflate),
        "raw-deflate" => Ok(Coding::RawDeflate),
        _ => Err("encode:gzip, deflate or raw-deflate is expected".to_owned()),
    };
    let codings: Result<Vec<Coding>, String> = names.split('+').map(coding).collect();
    Ok(Fault::encoded(&codings?))
}

/// `FRAMING` and, after commas, `after=FIELD`, `off=BYTES`, `reset` or `stall`.
fn bad_end(text: &str) -> Result<Fault, String> {
    let mut parts = text.split(',');
    let framing = match parts.next().unwrap_or_default() {
        "unended" => Framing::Unended,
        "short-chunk" => Framing::ShortChunk,
        "bad-chunk" => Framing::BadChunk,
        "until-close" => Framing::UntilClose,
        length => match length.strip_prefix("length") {
            Some(more) => Framing::Length(number(more)?),
            None => return Err("not an end; see FAULTS in concur-sandbox(1)".to_owned()),
        },
    };
    parts
        .try_fold(BadEnd::new(framing), |end, part| match part.split_once('=') {
            Some(("after", field)) => Ok(end.cut(Cut::AfterField(field.to_owned()))),
            Some(("off", bytes)) => Ok(end.cut(Cut::Off(number(bytes)?))),
            None if part == "reset" => Ok(end.then(Then::Reset)),
            None if part == "stall" => Ok(end.then(Then::Stall)),
            _ => Err("after=FIELD, off=BYTES, reset or stall is expected".to_owned()),
        })
        .map(Fault::BadEnd)
}

/// This many headers, which mean nothing.
fn headers(count: usize) -> Result<Fault, String> {
    if count > 10_000 {
        return Err("at most 10000 headers are expected".to_owned());
    }
    let header = |at| Fault::Header { name: format!("x-{at}"), value: "x".to_owned() };
    Ok(Fault::Together((0..count).map(header).collect()))
}

/// `NAME=JSON`.
fn override_field(text: &str) -> Result<Fault, String> {
    let (name, value) = text.split_once('=').ok_or("field:NAME=JSON is expected")?;
    let value = serde_json::from_str(value).map_err(|_| "the field's value is not JSON")?;
    Ok(Fault::OverrideField { name: name.to_owned(), value })
}

/// `STATUS:LOCATION`.
fn redirect(text: &str) -> Result<Fault, String> {
    let (status, location) = text.split_once(':').ok_or("redirect:STATUS:LOCATION is expected")?;
    Ok(Fault::Redirect { status: number(status)?, location: location.to_owned() })
}
