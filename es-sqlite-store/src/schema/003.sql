-- Who may do what, until when; a lease that is over stays, so that the tokens go on from its own.
CREATE TABLE leases (
    name       TEXT NOT NULL PRIMARY KEY,
    owner      TEXT NOT NULL,
    token      INTEGER NOT NULL,
    held_until INTEGER NOT NULL -- microseconds since 1970-01-01T00:00:00Z
) STRICT, WITHOUT ROWID;

-- Who may change what is parked of a processor.
CREATE TABLE parking_claims (
    processor TEXT NOT NULL PRIMARY KEY,
    token     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Events that could not be processed, and those that wait behind them.
CREATE TABLE parked_events (
    processor TEXT NOT NULL,
    position  INTEGER NOT NULL,
    stream_id TEXT NOT NULL,
    version   INTEGER NOT NULL,
    name      TEXT NOT NULL,
    keys      TEXT NOT NULL, -- a JSON array, in the order in which they were given
    errors    TEXT NOT NULL, -- a JSON array: the error, then what caused it
    attempts  INTEGER NOT NULL,
    first_at  INTEGER NOT NULL,
    last_at   INTEGER NOT NULL,
    PRIMARY KEY (processor, position)
) STRICT, WITHOUT ROWID;

-- The same by key.
CREATE TABLE parked_keys (
    processor TEXT NOT NULL,
    key       TEXT NOT NULL,
    position  INTEGER NOT NULL,
    PRIMARY KEY (processor, key, position)
) STRICT, WITHOUT ROWID;
