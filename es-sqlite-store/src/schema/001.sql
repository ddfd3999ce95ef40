-- A stream, and the category before the first `-` of its id.
CREATE TABLE streams (
    stream    INTEGER PRIMARY KEY,
    stream_id TEXT NOT NULL UNIQUE
) STRICT;

-- What an event is called, and in which category; one index over it serves every filter.
CREATE TABLE kinds (
    kind     INTEGER PRIMARY KEY,
    category TEXT NOT NULL,
    name     TEXT NOT NULL,
    UNIQUE (category, name)
) STRICT;

-- The log. AUTOINCREMENT: a position is never given twice.
CREATE TABLE events (
    position       INTEGER PRIMARY KEY AUTOINCREMENT,
    stream         INTEGER NOT NULL REFERENCES streams (stream),
    version        INTEGER NOT NULL CHECK (version > 0),
    kind           INTEGER NOT NULL REFERENCES kinds (kind),
    schema_version INTEGER NOT NULL,
    event_id       BLOB NOT NULL CHECK (length(event_id) = 16),
    recorded_at    INTEGER NOT NULL, -- microseconds since 1970-01-01T00:00:00Z
    metadata       TEXT,             -- JSON; NULL where nothing is said
    payload        ANY NOT NULL      -- TEXT where it is text, for the JSON functions; BLOB where it is not
) STRICT;
CREATE UNIQUE INDEX events_by_stream ON events (stream, version);
CREATE UNIQUE INDEX events_by_id ON events (event_id);
CREATE INDEX events_by_kind ON events (kind);

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER streams_are_not_changed BEFORE UPDATE ON streams
BEGIN SELECT RAISE(ABORT, 'streams are never changed'); END;
CREATE TRIGGER streams_are_not_deleted BEFORE DELETE ON streams
BEGIN SELECT RAISE(ABORT, 'streams are never deleted'); END;
CREATE TRIGGER kinds_are_not_changed BEFORE UPDATE ON kinds
BEGIN SELECT RAISE(ABORT, 'the names of stored events are never changed'); END;
CREATE TRIGGER kinds_are_not_deleted BEFORE DELETE ON kinds
BEGIN SELECT RAISE(ABORT, 'the names of stored events are never deleted'); END;

-- The log as people read it.
CREATE VIEW event_log AS
SELECT
    position,
    stream_id,
    version,
    category,
    name,
    schema_version,
    strftime('%Y-%m-%dT%H:%M:%S', (recorded_at - micros) / 1000000, 'unixepoch') || printf('.%06dZ', micros) AS recorded_at,
    substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-' || substr(hex, 13, 4) || '-' || substr(hex, 17, 4) || '-'
        || substr(hex, 21) AS event_id,
    metadata,
    payload
FROM (
    SELECT *, ((recorded_at % 1000000) + 1000000) % 1000000 AS micros, lower(hex(event_id)) AS hex
    FROM events JOIN streams USING (stream) JOIN kinds USING (kind)
);

-- How far the readers of the log have come.
CREATE TABLE checkpoints (
    name     TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The latest snapshot of each stream and fingerprint; `saved` counts the saves, so that the oldest can be forgotten.
CREATE TABLE snapshots (
    stream_id   TEXT NOT NULL,
    fingerprint INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    event_id    BLOB NOT NULL CHECK (length(event_id) = 16),
    recorded_at INTEGER NOT NULL,
    latest_at   INTEGER NOT NULL,
    taken_at    INTEGER NOT NULL,
    saved       INTEGER NOT NULL,
    payload     ANY NOT NULL,
    PRIMARY KEY (stream_id, fingerprint)
) STRICT;
