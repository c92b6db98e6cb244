//! The journal: a record of every request, counters, and violations of the protocol. It contains no
//! secret: secrets are fingerprinted first.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::clock;

/// The first 16 hex digits of the SHA-256 of a secret: how the log names it.
pub fn fingerprint(secret: &str) -> String {
    let digest = Sha256::digest(secret.as_bytes());
    let prefix = digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("{prefix:016x}")
}

/// One request. Serialised as one line of the JSON log.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct RequestRecord {
    /// 1 for the first request since the start; never reset.
    pub sequence: u64,
    /// When it arrived: RFC 3339, UTC, milliseconds.
    pub time: String,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Names of the query's fields, without values.
    pub query_fields: Vec<String>,
    /// `Host` header.
    pub host: Option<String>,
    /// Address and port of the client's end.
    pub peer: String,
    /// `User-Agent` header.
    pub user_agent: Option<String>,
    /// The correlation id of the answer: the client's, or one made up.
    pub correlation_id: String,
    /// Whether the client sent its own correlation id.
    pub correlation_id_was_sent: bool,
    /// The form's `grant_type`.
    pub grant_type: Option<String>,
    /// The form's `client_id`.
    pub client_id: Option<String>,
    /// [`fingerprint`] of each secret field that was sent, and of the bearer token as `access_token`.
    pub secrets: BTreeMap<String, String>,
    /// HTTP status of the answer; `None` if there was none, or none yet.
    pub status: Option<u16>,
    /// `granted`, `code 108`, `fault drop_after`, `served`, `forbidden`, …; `pending` until decided.
    pub outcome: String,
}

/// What a test asserts on. Everything is counted since the start or the last
/// [`clear_log`](crate::Sandbox::clear_log).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Counters {
    /// Requests to the token endpoint, valid or not.
    pub token_requests: u64,
    /// The same by `grant_type`, as far as one could be read.
    pub(crate) token_requests_by_grant: BTreeMap<String, u64>,
    /// Tokens granted, whether or not the client learnt of it.
    pub grants_made: u64,
    /// The same by `grant_type`.
    pub(crate) grants_made_by_grant: BTreeMap<String, u64>,
    /// Refusals by error code, scripted ones too.
    pub refusals_by_code: BTreeMap<u32, u64>,
    /// One-time passwords sent.
    pub otps_sent: u64,
    /// Requests to what stands behind the bearer token.
    pub api_requests: u64,
    /// Those answered with "forbidden" or "unauthorized".
    pub api_refusals: u64,
    /// Successful `DELETE /app-mgmt/v0/connections`.
    pub disconnections: u64,
    /// Requests that a scripted fault was applied to.
    pub faults: u64,
    /// Families of refresh tokens revoked because a spent value was used again, since the start.
    pub families_revoked_by_reuse: u64,
    /// The most token requests that were being served at one time.
    pub max_simultaneous_token_requests: u64,
    /// The most refreshes of one family of refresh tokens that were being served at one time.
    pub max_simultaneous_refreshes_of_one_family: u64,
}

impl Counters {
    /// Token requests with this `grant_type`.
    pub fn token_requests_of(&self, grant_type: &str) -> u64 {
        self.token_requests_by_grant.get(grant_type).copied().unwrap_or_default()
    }

    /// Grants made for this `grant_type`.
    pub fn grants_made_of(&self, grant_type: &str) -> u64 {
        self.grants_made_by_grant.get(grant_type).copied().unwrap_or_default()
    }

    /// Refusals with this code.
    pub fn refusals_of(&self, code: u32) -> u64 {
        self.refusals_by_code.get(&code).copied().unwrap_or_default()
    }
}

#[derive(Default)]
pub(crate) struct Journal {
    records: Vec<RequestRecord>,
    last_sequence: u64,
    pub(crate) counters: Counters,
    pub(crate) violations: Vec<String>,
    sink: Option<Box<dyn Write + Send>>,
}

impl Journal {
    pub(crate) fn new(sink: Option<Box<dyn Write + Send>>) -> Self {
        Self { sink, ..Self::default() }
    }

    /// Opens the record of a request and numbers it.
    pub(crate) fn open(&mut self, mut record: RequestRecord) -> u64 {
        self.last_sequence += 1;
        record.sequence = self.last_sequence;
        record.time = clock::now_text();
        "pending".clone_into(&mut record.outcome);
        self.records.push(record);
        self.last_sequence
    }

    /// Adds to an open record. Nothing to do if the log was cleared meanwhile.
    pub(crate) fn amend(&mut self, sequence: u64, change: impl FnOnce(&mut RequestRecord)) {
        if let Some(record) = self.find(sequence) {
            change(record);
        }
    }

    /// Decides a record and writes its line.
    pub(crate) fn close(&mut self, sequence: u64, status: Option<u16>, outcome: &str) {
        let Some(record) = self.find(sequence) else { return };
        record.status = status;
        outcome.clone_into(&mut record.outcome);
        let line = serde_json::to_string(record).unwrap_or_default();
        if let Some(sink) = &mut self.sink {
            // The log is the reader's: a closed pipe or a full disk must not stop the service.
            let _ = writeln!(sink, "{line}").and_then(|()| sink.flush());
        }
    }

    pub(crate) fn violation(&mut self, sequence: u64, what: &str) {
        let request =
            self.find(sequence).map(|record| format!("{} {}", record.method, record.path));
        let request = request.unwrap_or_default();
        self.violations.push(format!("request {sequence} ({request}): {what}"));
    }

    fn find(&mut self, sequence: u64) -> Option<&mut RequestRecord> {
        self.records.iter_mut().rev().find(|record| record.sequence == sequence)
    }

    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        self.records.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.violations.clear();
        self.counters = Counters::default();
    }
}
