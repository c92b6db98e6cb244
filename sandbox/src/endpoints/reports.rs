//! `GET /api/v3.0/expense/reports`: forty made-up reports, in pages, as Concur's Reports v3 returns them; and
//! `POST`, which makes a new one.

use chrono::{Duration, NaiveDate, NaiveDateTime};
use hyper::Method;
use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::config::random_uuid;
use crate::endpoints::guard::{self, Sent, Served};
use crate::http::reply::Outgoing;
use crate::http::request;
use crate::protocol::paths;
use crate::state::call::Call;

/// The scope of the expense reports (SAP: Expense Reports v3).
const SCOPE: &str = "EXPRPT";
const COUNT: usize = 40;
/// "Number of records to return (default 25)".
const DEFAULT_LIMIT: usize = 25;
const MOST: usize = 100;
const OWNERS: [&str; 3] = ["erika@example.com", "otto@example.com", "jane@example.com"];

/// The parameters of the query.
struct Query {
    offset: usize,
    limit: usize,
    user: Option<String>,
    modified_after: Option<NaiveDateTime>,
}

pub(crate) async fn serve(call: &Call, parts: &Parts, body: Incoming) -> Result<Served, Served> {
    guard::methods(parts, &[Method::GET, Method::POST])?;
    let sent = guard::body(call, parts, Some(SCOPE), body).await?;
    Ok(if parts.method == Method::POST {
        create(call, parts, &sent)
    } else {
        list(&call.shared.origin, parts.uri.query().unwrap_or_default())
    })
}

/// A report needs a JSON object with a name.
fn create(call: &Call, parts: &Parts, sent: &Sent) -> Served {
    let content_type = request::header(&parts.headers, &header::CONTENT_TYPE).unwrap_or_default();
    if !content_type.starts_with("application/json") {
        return (Outgoing::json(415, &json!({ "Message": "send application/json" })), "bad type");
    }
    let body = serde_json::from_slice::<Value>(&sent.beginning).unwrap_or_default();
    if !body.get("Name").is_some_and(Value::is_string) {
        let reply = json!({ "Message": "Invalid request", "validationErrors": [{ "message": "Name is missing" }] });
        return (Outgoing::json(400, &reply), "bad report");
    }
    let id = random_uuid();
    let uri = format!("{}{}/{id}", call.shared.origin, paths::REPORTS);
    (Outgoing::json(200, &json!({ "ID": id, "URI": uri })), "served")
}

/// A page of reports for this query string; `origin` stands before the next page's path.
fn list(origin: &str, query: &str) -> Served {
    let asked = match Query::parse(query) {
        Ok(asked) => asked,
        Err(message) => return (Outgoing::json(400, &json!({ "Message": message })), "bad query"),
    };
    let found: Vec<usize> = (0..COUNT).filter(|&number| asked.wants(number)).collect();
    let items: Vec<Value> =
        found.iter().skip(asked.offset).take(asked.limit).map(|&number| report(number)).collect();
    let next = asked.offset + items.len();
    let next =
        (next < found.len()).then(|| format!("{origin}{}?{}", paths::REPORTS, moved(query, next)));
    (Outgoing::json(200, &json!({ "Items": items, "NextPage": next })), "served")
}

impl Query {
    fn parse(query: &str) -> Result<Self, &'static str> {
        let mut asked = Self { offset: 0, limit: DEFAULT_LIMIT, user: None, modified_after: None };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "offset" => {
                    asked.offset = value.parse().map_err(|_| "offset is not one of ours")?;
                }
                "limit" => asked.limit = limit(&value).ok_or("limit is not from 1 to 100")?,
                "user" => asked.user = Some(value.into_owned()),
                "modifiedDateAfter" => {
                    let date = date(&value);
                    asked.modified_after = Some(date.ok_or("modifiedDateAfter is not a date")?);
                }
                _ => {}
            }
        }
        Ok(asked)
    }

    /// Without `user` the reports of the token's owner are listed; a company has none.
    fn wants(&self, number: usize) -> bool {
        let owned = match self.user.as_deref() {
            Some("ALL") => true,
            Some(login) => login == owner(number),
            None => false,
        };
        owned && self.modified_after.is_none_or(|after| modified(number) > after)
    }
}

fn limit(text: &str) -> Option<usize> {
    text.parse().ok().filter(|limit| (1..=MOST).contains(limit))
}

/// `yyyy-MM-dd` or `yyyy-MM-ddTHH:mm:ss.SSS`.
fn date(text: &str) -> Option<NaiveDateTime> {
    let midnight = |day: NaiveDate| day.and_hms_opt(0, 0, 0);
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(midnight);
    day.or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.3f").ok())
}

/// The same query with another offset.
fn moved(query: &str, offset: usize) -> String {
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "offset");
    let mut moved = form_urlencoded::Serializer::new(String::new());
    moved.extend_pairs(kept).append_pair("offset", &offset.to_string());
    moved.finish()
}

fn owner(number: usize) -> &'static str {
    OWNERS[number % OWNERS.len()]
}

/// One a day, from the first of January 2026 at 08:00, each ten milliseconds later in its second.
fn modified(number: usize) -> NaiveDateTime {
    let number = i64::try_from(number).unwrap_or(0);
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).and_then(|day| day.and_hms_opt(8, 0, 0));
    first.unwrap_or_default() + Duration::days(number) + Duration::milliseconds(number * 10)
}

/// As Concur writes a moment: a fraction without zeros at its end, and none for a whole second.
fn written(moment: NaiveDateTime) -> String {
    let text = moment.format("%Y-%m-%dT%H:%M:%S%.3f").to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn report(number: usize) -> Value {
    json!({
        "ID": format!("5A4DB0C7{number:012X}"),
        "Name": format!("Trip {}", number + 1),
        "Total": 100.0 + f64::from(u32::try_from(number).unwrap_or(0)),
        "CurrencyCode": "EUR",
        "OwnerLoginID": owner(number),
        "ApprovalStatusCode": "A_APPR",
        "PaymentStatusCode": "P_NOTP",
        "LastModifiedDate": written(modified(number)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Value {
        let (answer, outcome) = list("http://127.0.0.1:1", query);
        assert_eq!((answer.status, outcome), (200, "served"), "{query}");
        serde_json::from_slice(&answer.body).unwrap()
    }

    #[test]
    fn the_pages_follow_one_another_and_hold_every_report_once() {
        let mut query = "limit=25&user=ALL".to_owned();
        let mut seen = Vec::new();
        let mut pages = 0;
        loop {
            let page = page(&query);
            seen.extend(page["Items"].as_array().unwrap().iter().map(|item| item["ID"].clone()));
            pages += 1;
            let Some(next) = page["NextPage"].as_str() else { break };
            query =
                next.strip_prefix("http://127.0.0.1:1/api/v3.0/expense/reports?").unwrap().into();
        }
        assert_eq!((pages, seen.len()), (2, COUNT));
        seen.dedup();
        assert_eq!(seen.len(), COUNT);
    }

    #[test]
    fn only_later_changes_and_the_asked_owners_are_listed() {
        let count = |query: &str| page(query)["Items"].as_array().unwrap().len();
        assert_eq!(count("user=ALL&limit=100"), 40);
        assert_eq!(count("user=ALL&limit=100&modifiedDateAfter=2026-01-02"), 39);
        assert_eq!(count("user=ALL&limit=100&modifiedDateAfter=2026-01-02T08%3A00%3A00.010"), 38);
        assert_eq!(count("user=otto%40example.com&limit=100"), 13);
        assert_eq!(count(""), 0, "a company owns no report");
    }

    #[test]
    fn moments_are_written_as_concur_writes_them() {
        let written = |number| written(modified(number));
        assert_eq!(written(1), "2026-01-02T08:00:00.01");
        assert_eq!(written(10), "2026-01-11T08:00:00.1");
        assert_eq!(written(100), "2026-04-11T08:00:01");
    }

    #[test]
    fn an_invalid_limit_or_date_is_refused() {
        for query in [
            "limit=0",
            "limit=101",
            "limit=x",
            "offset=x",
            "modifiedDateAfter=2026-01-02T08:00:00Z",
        ] {
            assert_eq!(list("http://127.0.0.1:1", query).0.status, 400, "{query}");
        }
    }
}
