-- The audit trail, in a file of its own so that a hit never pays for it.
CREATE TABLE event (
    id             INTEGER PRIMARY KEY,
    at             INTEGER NOT NULL,       -- epoch seconds
    profile        TEXT,
    action         TEXT NOT NULL,          -- login, refresh, import, …
    outcome        TEXT NOT NULL,
    code           INTEGER,                -- Concur's code
    correlation_id TEXT,
    duration_ms    INTEGER,
    detail         TEXT                    -- never a secret
) STRICT;
CREATE INDEX event_by_profile ON event (profile, id);
