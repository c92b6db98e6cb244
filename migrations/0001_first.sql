-- The token database: what a hit opens. Every table and index costs at each open, so there are few;
-- the audit trail lives in a file of its own. Append-only: never edit a migration that was released.

CREATE TABLE meta (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    schema_version INTEGER NOT NULL,
    store_id       BLOB NOT NULL,          -- 16 random bytes, bound into every sealed cell
    key_source     TEXT NOT NULL,          -- where the key is to be found; never guessed
    key_id         BLOB NOT NULL,          -- which key; see src/store/keys/mod.rs
    used_profile   TEXT                    -- the profile chosen by `use`
) STRICT;

CREATE TABLE application (
    id            INTEGER PRIMARY KEY,     -- random
    name          TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    client_secret BLOB NOT NULL,           -- sealed
    origin        TEXT NOT NULL            -- named by the operator
) STRICT;

CREATE TABLE record (
    id                       INTEGER PRIMARY KEY,  -- random
    -- The git key: bytes; an absent field is not an empty one, and NULLs would never be equal.
    protocol                 BLOB NOT NULL,
    host                     BLOB NOT NULL,
    path_given               INTEGER NOT NULL,
    path                     BLOB NOT NULL,
    username_given           INTEGER NOT NULL,
    username                 BLOB NOT NULL,
    -- A managed account has both, a foreign entry neither.
    profile                  TEXT,
    application_id           INTEGER REFERENCES application (id),
    authtype                 BLOB,
    access_token             BLOB,                 -- sealed
    access_expires_at        INTEGER,
    refresh_token            BLOB,                 -- sealed
    refresh_expires_at       INTEGER,
    refresh_expiry_assumed   INTEGER NOT NULL,
    scope                    TEXT,
    geolocation              TEXT NOT NULL,
    principal                TEXT NOT NULL,
    id_token                 BLOB,                 -- sealed
    request_token            BLOB,                 -- sealed
    request_token_expires_at INTEGER,
    unknown_fields           BLOB,                 -- sealed
    created_at               INTEGER NOT NULL,
    obtained_at              INTEGER NOT NULL,
    refreshed_at             INTEGER,
    updated_at               INTEGER NOT NULL,
    generation               INTEGER NOT NULL,
    attempt                  INTEGER NOT NULL,
    attempt_started_at       INTEGER,
    attempt_ended_at         INTEGER,
    attempt_outcome          TEXT,
    attempt_why              TEXT,
    attempt_code             INTEGER,
    attempt_description      TEXT,
    attempt_correlation_id   TEXT,
    attempt_not_before       INTEGER,
    attempt_failures         INTEGER NOT NULL,
    CHECK ((profile IS NULL) = (application_id IS NULL))
) STRICT;

-- Two applications of one company are two accounts with one git key, so the profile counts too.
CREATE UNIQUE INDEX record_by_key ON record
    (host, protocol, path_given, path, username_given, username, ifnull(profile, ''));
CREATE UNIQUE INDEX record_by_profile ON record (profile);
