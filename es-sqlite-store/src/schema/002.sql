-- Read models: rows by key, each kind of them under the name of its checkpoint.
CREATE TABLE read_models (
    model INTEGER PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE
) STRICT;

-- `indexes` is a JSON object, NULL where the row stands in none.
CREATE TABLE read_model_rows (
    model    INTEGER NOT NULL REFERENCES read_models (model),
    key      TEXT NOT NULL,
    position INTEGER NOT NULL, -- that of the last event that changed it
    indexes  TEXT,
    payload  ANY NOT NULL,     -- TEXT where it is text, for the JSON functions; BLOB where it is not
    PRIMARY KEY (model, key)
) STRICT, WITHOUT ROWID;

-- One entry for each value in `indexes`: what a scan by index walks along.
CREATE TABLE read_model_index (
    model INTEGER NOT NULL REFERENCES read_models (model),
    name  TEXT NOT NULL,
    value ANY NOT NULL,
    key   TEXT NOT NULL,
    PRIMARY KEY (model, name, value, key)
) STRICT, WITHOUT ROWID;

-- The rows as people read them.
CREATE VIEW read_model AS
SELECT name, key, position, indexes, payload FROM read_model_rows JOIN read_models USING (model);
