-- Who may do what in the schema `es` of es-postgres-store; run by its owner, after the schema was made.
-- A program logs in as a user in the role `es_writer` and opens the store with `without_migration`.
CREATE ROLE es_reader NOLOGIN;
GRANT USAGE ON SCHEMA es TO es_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA es TO es_reader;
GRANT SELECT ON SEQUENCE es.positions TO es_reader;

CREATE ROLE es_writer NOLOGIN IN ROLE es_reader;
GRANT INSERT ON es.events, es.kinds TO es_writer;
GRANT UPDATE ON SEQUENCE es.positions TO es_writer;
GRANT INSERT, UPDATE, DELETE ON es.checkpoints, es.snapshots TO es_writer;
GRANT INSERT, UPDATE, DELETE ON es.read_models, es.read_model_rows, es.read_model_index TO es_writer;
GRANT INSERT, UPDATE, DELETE ON es.leases, es.parking_claims, es.parked_events, es.parked_keys TO es_writer;
