-- The last position that was given. Taken under a short lock, so that the positions of one append are next to each
-- other; never given back, so there may be gaps.
CREATE SEQUENCE positions AS bigint;

-- What an event is called, and in which category; one index over it serves every filter.
CREATE TABLE kinds (
    kind     integer PRIMARY KEY,
    category text COLLATE "C" NOT NULL,
    name     text COLLATE "C" NOT NULL,
    UNIQUE (category, name)
);

-- The log.
CREATE TABLE events (
    position       bigint NOT NULL CHECK (position > 0),
    stream_id      text COLLATE "C" NOT NULL,
    version        bigint NOT NULL CHECK (version > 0),
    kind           integer NOT NULL, -- of `kinds`; not a foreign key, which would lock a row of it for each append
    schema_version bigint NOT NULL,
    event_id       uuid NOT NULL,
    recorded_at    bigint NOT NULL,  -- microseconds since 1970-01-01T00:00:00Z
    metadata       json,             -- NULL where nothing is said; not jsonb, which has no place for every text
    payload        bytea NOT NULL,   -- the bytes that were given
    CONSTRAINT events_by_position PRIMARY KEY (position),
    CONSTRAINT events_by_stream UNIQUE (stream_id, version),
    CONSTRAINT events_by_id UNIQUE (event_id)
);
CREATE INDEX events_by_kind ON events (kind, position);

-- How far the readers of the log have come.
CREATE TABLE checkpoints (
    name     text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL
);

-- The latest snapshot of each stream and fingerprint; `saved` counts the saves, so that the oldest can be forgotten.
CREATE TABLE snapshots (
    stream_id   text COLLATE "C" NOT NULL,
    fingerprint bigint NOT NULL,
    version     bigint NOT NULL,
    position    bigint NOT NULL,
    event_id    uuid NOT NULL,
    recorded_at bigint NOT NULL,
    latest_at   bigint NOT NULL,
    taken_at    bigint NOT NULL,
    saved       bigint NOT NULL,
    payload     bytea NOT NULL,
    PRIMARY KEY (stream_id, fingerprint)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed or deleted (% on %.%)', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'ESV01';
END $$;
CREATE TRIGGER events_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON events EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kinds_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON kinds EXECUTE FUNCTION refuse_change();

-- The payload as JSON where it is JSON, else NULL.
CREATE FUNCTION to_jsonb_or_null(bytes bytea) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN convert_from(bytes, 'UTF8')::jsonb;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;

-- The log as people read it.
CREATE VIEW event_log AS
SELECT
    position, stream_id, version, category, name, schema_version, event_id,
    -- Times that PostgreSQL does not have are NULL here.
    CASE WHEN recorded_at BETWEEN -62135596800000000 AND 253402300799999999
        THEN timestamptz '1970-01-01T00:00:00Z' + recorded_at * interval '1 microsecond' END AS recorded_at,
    metadata, {schema}.to_jsonb_or_null(payload) AS payload
FROM events JOIN kinds USING (kind);

-- The numbers of kinds, which get one if they have none. Committed before any event is of them.
CREATE FUNCTION number_kinds(categories text[], names text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock('{schema}.kinds'::regclass::oid::integer, 0);
    INSERT INTO {schema}.kinds (kind, category, name)
    SELECT coalesce((SELECT max(kind) FROM {schema}.kinds), 0) + row_number() OVER (), new.category, new.name
    FROM (SELECT DISTINCT * FROM unnest(categories, names) AS given (category, name)
        EXCEPT SELECT category, name FROM {schema}.kinds) AS new;
END $$;

-- Positions for so many events: the first of them.
--
-- Before it takes them, the transaction says by a shared lock that positions after the last one given are in flight;
-- the lock goes with the end of the transaction, after its events are visible. See `head`.
CREATE FUNCTION take_positions(events integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    low bigint;
    first bigint;
    said text := 'es.in_flight_' || '{schema}.events'::regclass::oid::text;
BEGIN
    IF coalesce(current_setting(said, true), '') = '' THEN
        SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END INTO low FROM {schema}.positions;
        PERFORM pg_advisory_xact_lock_shared('{schema}.events'::regclass::oid::integer, (low & 2147483647)::integer);
        -- Like the lock, forgotten at the end of the transaction, or when a savepoint is rolled back.
        PERFORM set_config(said, 'yes', true);
    END IF;
    -- Nobody takes positions between ours. Rolling back the block gives up the lock at once, not the positions.
    BEGIN
        PERFORM pg_advisory_xact_lock('{schema}.positions'::regclass::oid::integer, 0);
        first := nextval('{schema}.positions');
        IF events > 1 THEN
            PERFORM setval('{schema}.positions', first + events - 1);
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'ESV00';
    EXCEPTION WHEN SQLSTATE 'ESV00' THEN
        RETURN first;
    END;
END $$;

-- The position of the last event of the log that a reader may see: there is no transaction that could still commit an
-- event at or below it.
--
-- The order of the three looks is what makes it so: who takes positions after the first look takes higher ones, who has
-- taken some and still runs is seen by the second, and who is done is seen by the third.
CREATE FUNCTION head() RETURNS bigint LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    given bigint;
    settled bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the log is read in transactions that are READ COMMITTED' USING ERRCODE = 'ESV02';
    END IF;
    SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END INTO given FROM {schema}.positions;
    SELECT min(given - ((given - objid::bigint) & 2147483647)) INTO settled FROM pg_catalog.pg_locks
    WHERE locktype = 'advisory' AND classid = '{schema}.events'::regclass AND objsubid = 2
        AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database());
    RETURN coalesce(
        (SELECT position FROM {schema}.events WHERE position <= coalesce(settled, given) ORDER BY position DESC LIMIT 1), 0);
END $$;

-- Appends events if no event has one of their ids, and each stream has a version in its range. Else writes nothing, and
-- says what there is. Either way, the streams stay as they are until the end of the transaction. Where others append to
-- them, it waits for the end of their transactions, or says at once which are busy.
--
-- For each stream, sorted: its id, the least and the highest version it may have, and whether events go to it.
-- For each event: its stream, the number of that stream, its number among the new events of the stream, and what it holds.
CREATE FUNCTION append(
    streams text[], lows bigint[], highs bigint[], writes boolean[],
    event_streams text[], event_stream_numbers integer[], numbers bigint[], kinds integer[], schema_versions bigint[],
    ids uuid[], times bigint[], metadatas text[], payloads bytea[], channel text,
    may_wait boolean,
    OUT busy integer[], OUT first_position bigint, OUT versions bigint[],
    OUT found_ids uuid[], OUT found_streams text[], OUT found_versions bigint[], OUT found_positions bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    events integer := cardinality(ids);
    seed bigint := '{schema}.events'::regclass::oid::bigint;
    fits boolean;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'events are appended in transactions that are READ COMMITTED' USING ERRCODE = 'ESV02';
    END IF;
    -- One after the other in the given order: as all do so, nobody waits for each other in a circle.
    FOR number IN 1 .. cardinality(streams) LOOP
        IF may_wait AND writes[number] THEN
            PERFORM pg_advisory_xact_lock(hashtextextended(streams[number], seed));
        ELSIF may_wait THEN
            PERFORM pg_advisory_xact_lock_shared(hashtextextended(streams[number], seed));
        ELSIF writes[number] AND NOT pg_try_advisory_xact_lock(hashtextextended(streams[number], seed)) THEN
            busy := array_append(busy, number);
        ELSIF NOT writes[number] AND NOT pg_try_advisory_xact_lock_shared(hashtextextended(streams[number], seed)) THEN
            busy := array_append(busy, number);
        END IF;
    END LOOP;
    IF busy IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(coalesce(last.version, 0) ORDER BY stream.number),
        coalesce(bool_and(coalesce(last.version, 0) BETWEEN stream.low AND stream.high), true)
    INTO versions, fits
    FROM unnest(streams, lows, highs) WITH ORDINALITY AS stream (id, low, high, number)
    LEFT JOIN LATERAL (
        SELECT version FROM {schema}.events WHERE stream_id = stream.id ORDER BY version DESC LIMIT 1
    ) AS last ON true;
    IF events = 0 THEN
        RETURN;
    END IF;
    SELECT array_agg(event_id), array_agg(stream_id), array_agg(version), array_agg(position)
    INTO found_ids, found_streams, found_versions, found_positions
    FROM {schema}.events WHERE event_id = ANY (ids);
    IF found_ids IS NOT NULL OR NOT fits THEN
        RETURN;
    END IF;
    first_position := {schema}.take_positions(events);
    INSERT INTO {schema}.events
        (position, stream_id, version, kind, schema_version, event_id, recorded_at, metadata, payload)
    SELECT first_position + event.place - 1, event.stream, versions[event.stream_number] + event.number, event.kind,
        event.schema_version, event.id, event.time, event.metadata::json, event.payload
    FROM unnest(event_streams, event_stream_numbers, numbers, kinds, schema_versions, ids, times, metadatas, payloads)
        WITH ORDINALITY
        AS event (stream, stream_number, number, kind, schema_version, id, time, metadata, payload, place);
    IF channel IS NOT NULL THEN
        PERFORM pg_notify(channel, '');
    END IF;
END $$;

-- Replaces `expected` by `new`, unless something else is kept, or `new` is before it and may not be; what was kept.
CREATE FUNCTION change_checkpoint(of_name text, expected bigint, new bigint, may_go_back boolean) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    actual bigint;
    sign constant bigint := -9223372036854775808; -- positions are compared without a sign
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(of_name, '{schema}.checkpoints'::regclass::oid::bigint));
    actual := (SELECT position FROM {schema}.checkpoints WHERE name = of_name);
    IF actual IS NOT DISTINCT FROM expected AND actual IS DISTINCT FROM new
        AND (may_go_back OR actual IS NULL OR (new # sign) >= (actual # sign)) THEN
        INSERT INTO {schema}.checkpoints (name, position) VALUES (of_name, new)
        ON CONFLICT (name) DO UPDATE SET position = excluded.position;
    END IF;
    RETURN actual;
END $$;

-- Keeps a snapshot, unless there is a later one, and forgets all fingerprints but the `keep` that were saved last.
CREATE FUNCTION save_snapshot(
    of_stream text, of_fingerprint bigint, at_version bigint, at_position bigint, of_event uuid, event_time bigint,
    latest_time bigint, taken_time bigint, state bytea, keep integer
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_saved bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(of_stream, '{schema}.snapshots'::regclass::oid::bigint));
    now_saved := (SELECT coalesce(max(saved), 0) + 1 FROM {schema}.snapshots WHERE stream_id = of_stream);
    UPDATE {schema}.snapshots SET saved = now_saved
    WHERE stream_id = of_stream AND fingerprint = of_fingerprint AND version > at_version;
    IF NOT FOUND THEN
        INSERT INTO {schema}.snapshots VALUES (of_stream, of_fingerprint, at_version, at_position, of_event, event_time,
            latest_time, taken_time, now_saved, state)
        ON CONFLICT (stream_id, fingerprint) DO UPDATE SET version = excluded.version, position = excluded.position,
            event_id = excluded.event_id, recorded_at = excluded.recorded_at, latest_at = excluded.latest_at,
            taken_at = excluded.taken_at, saved = excluded.saved, payload = excluded.payload;
    END IF;
    DELETE FROM {schema}.snapshots WHERE stream_id = of_stream AND fingerprint NOT IN
        (SELECT fingerprint FROM {schema}.snapshots WHERE stream_id = of_stream ORDER BY saved DESC LIMIT keep);
END $$;
