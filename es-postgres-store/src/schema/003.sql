-- What events are parked by may be of any length, and an index holds no more than 2,700 bytes: so it holds their hashes.
ALTER TABLE parked_keys DROP CONSTRAINT parked_keys_pkey;
CREATE INDEX parked_keys_by_key ON parked_keys (processor, hashtextextended(key, 0), position);
CREATE INDEX parked_keys_by_position ON parked_keys (processor, position);

-- As it was, but one event to one stream, which is what most appends are, takes statements that are as simple, and nothing
-- is planned anew for each call: that took longer than all the rest.
CREATE OR REPLACE FUNCTION append(
    streams text[], lows bigint[], highs bigint[], writes boolean[],
    event_streams text[], event_stream_numbers integer[], numbers bigint[], kinds integer[], schema_versions bigint[],
    ids uuid[], times bigint[], metadatas text[], payloads bytea[], channel text,
    may_wait boolean,
    OUT busy integer[], OUT first_position bigint, OUT versions bigint[],
    OUT found_ids uuid[], OUT found_streams text[], OUT found_versions bigint[], OUT found_positions bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
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
    IF events = 1 AND cardinality(streams) = 1 THEN
        versions := ARRAY[coalesce(
            (SELECT version FROM {schema}.events WHERE stream_id = streams[1] ORDER BY version DESC LIMIT 1), 0)];
        SELECT ARRAY[event_id], ARRAY[stream_id], ARRAY[version], ARRAY[position]
        INTO found_ids, found_streams, found_versions, found_positions
        FROM {schema}.events WHERE event_id = ids[1];
        IF found_ids IS NOT NULL OR versions[1] < lows[1] OR versions[1] > highs[1] THEN
            RETURN;
        END IF;
        first_position := {schema}.take_positions(1);
        INSERT INTO {schema}.events
            (position, stream_id, version, kind, schema_version, event_id, recorded_at, metadata, payload)
        VALUES (first_position, event_streams[1], versions[1] + numbers[1], kinds[1], schema_versions[1], ids[1], times[1],
            metadatas[1]::json, payloads[1]);
        IF channel IS NOT NULL THEN
            PERFORM pg_notify(channel, '');
        END IF;
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
