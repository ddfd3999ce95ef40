-- Texts here may hold the character 0, which PostgreSQL has no place for: it and the character 1 are written as two
-- characters, 1 and 1, and 1 and 2, which keeps their order.

-- Sequences can only be scanned; without sequential scans that counts as so expensive that the server would compile the
-- statement to machine code, for some ten milliseconds each time.
ALTER FUNCTION append SET jit = off;
ALTER FUNCTION head SET jit = off;

-- Who may do what, until when, by the clock of this server; a lease that is over stays, so that the tokens go on from
-- its own.
CREATE TABLE leases (
    name       text COLLATE "C" PRIMARY KEY,
    owner      text COLLATE "C" NOT NULL,
    token      bigint NOT NULL,
    held_until bigint NOT NULL -- microseconds since 1970-01-01T00:00:00Z
);

-- Who may change what is parked of a processor.
CREATE TABLE parking_claims (
    processor text COLLATE "C" PRIMARY KEY,
    token     bigint NOT NULL
);

-- Events that could not be processed, and those that wait behind them.
CREATE TABLE parked_events (
    processor text COLLATE "C" NOT NULL,
    position  bigint NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    version   bigint NOT NULL,
    name      text COLLATE "C" NOT NULL,
    keys      text[] NOT NULL,
    errors    text[] NOT NULL, -- the error, then what caused it
    attempts  bigint NOT NULL,
    first_at  bigint NOT NULL,
    last_at   bigint NOT NULL,
    PRIMARY KEY (processor, position)
);

-- The same by key.
CREATE TABLE parked_keys (
    processor text COLLATE "C" NOT NULL,
    key       text COLLATE "C" NOT NULL,
    position  bigint NOT NULL,
    PRIMARY KEY (processor, key, position)
);

-- Read models: rows by key, each kind of them under the name of its checkpoint.
CREATE TABLE read_models (
    model integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name  text COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE read_model_rows (
    model    integer NOT NULL,
    key      text COLLATE "C" NOT NULL,
    position bigint NOT NULL, -- that of the last event that changed it
    indexes  json,            -- an object, NULL where the row stands in none
    payload  bytea NOT NULL,
    PRIMARY KEY (model, key)
);

-- One entry for each value in `indexes`: what a scan by index walks along. The bytes of a value are ordered as the values
-- are: 0 and eight bytes for a number, 1 and its UTF-8 for a text.
CREATE TABLE read_model_index (
    model integer NOT NULL,
    name  text COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    key   text COLLATE "C" NOT NULL,
    PRIMARY KEY (model, name, value, key)
);
CREATE INDEX read_model_index_by_key ON read_model_index (model, key);

-- The rows as people read them.
CREATE VIEW read_model AS
SELECT name, key, position, indexes, {schema}.to_jsonb_or_null(payload) AS payload
FROM read_model_rows JOIN read_models USING (model);

CREATE FUNCTION now_micros() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint
$$;

-- A lease from now on, unless it is another's: then who has it, and until when.
CREATE FUNCTION acquire_lease(of_name text, of_owner text, ttl bigint, OUT held_by text, OUT token bigint, OUT ends bigint)
LANGUAGE plpgsql AS $$
DECLARE
    last {schema}.leases;
    now_is bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(of_name, '{schema}.leases'::regclass::oid::bigint));
    now_is := {schema}.now_micros();
    SELECT * INTO last FROM {schema}.leases WHERE name = of_name;
    IF FOUND AND now_is < last.held_until AND last.owner <> of_owner THEN
        held_by := last.owner;
        ends := last.held_until;
        RETURN;
    END IF;
    token := coalesce(last.token, 0) + 1;
    ends := CASE WHEN ttl > 9223372036854775807 - now_is THEN 9223372036854775807 ELSE now_is + ttl END;
    INSERT INTO {schema}.leases VALUES (of_name, of_owner, acquire_lease.token, ends)
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, token = excluded.token, held_until = excluded.held_until;
END $$;

-- Ends a lease that is held `ttl` from now, or at once if that is NULL; when it ends, NULL if it is lost.
CREATE FUNCTION end_lease(of_name text, of_owner text, of_token bigint, ttl bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    now_is bigint;
    ends bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(of_name, '{schema}.leases'::regclass::oid::bigint));
    now_is := {schema}.now_micros();
    UPDATE {schema}.leases SET held_until = CASE
        WHEN ttl IS NULL THEN -9223372036854775808
        WHEN ttl > 9223372036854775807 - now_is THEN 9223372036854775807
        ELSE now_is + ttl
    END
    WHERE name = of_name AND owner = of_owner AND token = of_token AND now_is < held_until
    RETURNING held_until INTO ends;
    RETURN ends;
END $$;

-- The token that was given last, with a lock that keeps others from claiming until the end of the transaction; 0 if
-- nobody has claimed.
CREATE FUNCTION parking_token(of_processor text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
BEGIN
    SELECT token INTO last FROM {schema}.parking_claims WHERE processor = of_processor FOR UPDATE;
    RETURN coalesce(last, 0);
END $$;

-- Parks an event, if the token is the one given last; it is not there yet, and fits. Then how much is parked with it.
CREATE FUNCTION park_event(
    of_processor text, given bigint, at bigint, of_stream text, at_version bigint, of_name text, of_keys text[],
    of_errors text[], tried bigint, first_time bigint, last_time bigint, most_events bigint, most_keys bigint,
    OUT actual bigint, OUT then_events bigint, OUT then_keys bigint
) LANGUAGE plpgsql AS $$
BEGIN
    actual := {schema}.parking_token(of_processor);
    then_events := 0;
    then_keys := 0;
    IF actual = 0 OR actual <> given
        OR EXISTS (SELECT FROM {schema}.parked_events WHERE processor = of_processor AND position = at) THEN
        RETURN;
    END IF;
    SELECT count(*) + 1 INTO then_events FROM {schema}.parked_events WHERE processor = of_processor;
    SELECT count(*) INTO then_keys FROM (
        SELECT key FROM {schema}.parked_keys WHERE processor = of_processor UNION SELECT unnest(of_keys) COLLATE "C"
    ) AS keys;
    IF then_events > most_events OR then_keys > most_keys THEN
        RETURN;
    END IF;
    INSERT INTO {schema}.parked_events VALUES (of_processor, at, of_stream, at_version, of_name, of_keys, of_errors, tried,
        first_time, last_time);
    INSERT INTO {schema}.parked_keys SELECT DISTINCT of_processor, key, at FROM unnest(of_keys) AS key;
END $$;

-- One more attempt has failed; whether the event is there.
CREATE FUNCTION note_parked(
    of_processor text, given bigint, at bigint, of_errors text[], last_time bigint, OUT actual bigint, OUT is_there boolean
) LANGUAGE plpgsql AS $$
BEGIN
    actual := {schema}.parking_token(of_processor);
    IF actual = given THEN
        UPDATE {schema}.parked_events SET attempts = least(attempts + 1, 4294967295), errors = of_errors, last_at = last_time
        WHERE processor = of_processor AND position = at;
        is_there := FOUND;
    END IF;
END $$;

-- Forgets a parked event; whether it was there.
CREATE FUNCTION remove_parked(
    of_processor text, given bigint, at bigint, OUT actual bigint, OUT is_there boolean
) LANGUAGE plpgsql AS $$
BEGIN
    actual := {schema}.parking_token(of_processor);
    IF actual = given THEN
        DELETE FROM {schema}.parked_keys WHERE processor = of_processor AND position = at;
        DELETE FROM {schema}.parked_events WHERE processor = of_processor AND position = at;
        is_there := FOUND;
    END IF;
END $$;

-- Writes rows, each key once, and takes others away; for each entry of an index, which of the rows it is of. Whoever calls
-- it has the lock of the checkpoint.
CREATE FUNCTION write_rows(
    of_name text, keys text[], positions bigint[], indexeses text[], payloads bytea[], gone text[],
    entry_rows integer[], entry_names text[], entry_values bytea[]
) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    of_model integer := (SELECT model FROM {schema}.read_models WHERE name = of_name);
BEGIN
    IF of_model IS NULL THEN
        INSERT INTO {schema}.read_models (name) VALUES (of_name) RETURNING model INTO of_model;
    END IF;
    IF cardinality(gone) > 0 THEN
        DELETE FROM {schema}.read_model_rows WHERE model = of_model AND key = ANY (gone);
        DELETE FROM {schema}.read_model_index WHERE model = of_model AND key = ANY (gone);
    END IF;
    IF cardinality(keys) = 0 THEN
        RETURN;
    END IF;
    DELETE FROM {schema}.read_model_index AS old WHERE model = of_model AND key = ANY (keys) AND NOT EXISTS (
        SELECT FROM unnest(entry_rows, entry_names, entry_values) AS entry (number, name, value)
        WHERE keys[entry.number] = old.key AND entry.name = old.name AND entry.value = old.value
    );
    INSERT INTO {schema}.read_model_rows (model, key, position, indexes, payload)
    SELECT of_model, given.key, given.position, given.indexes::json, given.payload
    FROM unnest(keys, positions, indexeses, payloads) AS given (key, position, indexes, payload)
    ON CONFLICT (model, key)
    DO UPDATE SET position = excluded.position, indexes = excluded.indexes, payload = excluded.payload;
    INSERT INTO {schema}.read_model_index (model, name, value, key)
    SELECT of_model, entry.name, entry.value, keys[entry.number]
    FROM unnest(entry_rows, entry_names, entry_values) AS entry (number, name, value)
    ON CONFLICT DO NOTHING;
END $$;

-- The same together with the checkpoint, if that is as `change_checkpoint` has it; what was kept.
CREATE FUNCTION commit_rows(
    of_name text, expected bigint, new bigint, keys text[], positions bigint[], indexeses text[], payloads bytea[],
    gone text[], entry_rows integer[], entry_names text[], entry_values bytea[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    actual bigint := {schema}.change_checkpoint(of_name, expected, new, false);
    sign constant bigint := -9223372036854775808; -- positions are compared without a sign
BEGIN
    IF actual IS NOT DISTINCT FROM expected AND (actual IS NULL OR (new # sign) >= (actual # sign)) THEN
        PERFORM {schema}.write_rows(of_name, keys, positions, indexeses, payloads, gone, entry_rows, entry_names,
            entry_values);
    END IF;
    RETURN actual;
END $$;

-- Takes a read model away with its checkpoint; whether there was one of them.
CREATE FUNCTION drop_read_model(of_name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    of_model integer;
    had_checkpoint boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(of_name, '{schema}.checkpoints'::regclass::oid::bigint));
    DELETE FROM {schema}.checkpoints WHERE name = of_name;
    had_checkpoint := FOUND;
    DELETE FROM {schema}.read_models WHERE name = of_name RETURNING model INTO of_model;
    DELETE FROM {schema}.read_model_index WHERE model = of_model;
    DELETE FROM {schema}.read_model_rows WHERE model = of_model;
    RETURN had_checkpoint OR of_model IS NOT NULL;
END $$;

-- Waits until there is no event before `up_to` that could still be committed, other than those of this transaction; up
-- to the last position that was given if it is NULL. The position up to which this transaction sees everything.
--
-- One transaction at a time is here, until its end, so no two of them wait for each other: see `take_positions` for the
-- locks of those that are waited for, which have their streams already.
CREATE FUNCTION settle(up_to bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    given bigint := (SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {schema}.positions);
    other integer;
BEGIN
    up_to := coalesce(up_to, given);
    FOR other IN
        SELECT DISTINCT objid::bigint::integer FROM pg_catalog.pg_locks
        WHERE locktype = 'advisory' AND classid = '{schema}.events'::regclass AND objsubid = 2 AND granted
            AND pid <> pg_backend_pid() AND given - ((given - objid::bigint) & 2147483647) < up_to
            AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    LOOP
        PERFORM pg_advisory_xact_lock('{schema}.events'::regclass::oid::integer, other);
    END LOOP;
    RETURN up_to;
END $$;

-- Keeps others from projecting in the transactions of their appends, and from changing these checkpoints, until the end
-- of the transaction; the checkpoints.
CREATE FUNCTION hold_projections(names text[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    name_of text;
BEGIN
    PERFORM pg_advisory_xact_lock('{schema}.read_models'::regclass::oid::integer, 0);
    FOR name_of IN SELECT DISTINCT given COLLATE "C" AS given FROM unnest(names) AS given ORDER BY given LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended(name_of, '{schema}.checkpoints'::regclass::oid::bigint));
    END LOOP;
    RETURN (SELECT array_agg((SELECT position FROM {schema}.checkpoints WHERE name = given.name) ORDER BY given.number)
        FROM unnest(names) WITH ORDINALITY AS given (name, number));
END $$;
