-- A statement that adds many events may fail at the last of them, for which SQLite puts aside a copy of every page that
-- it changes: foreign keys and functions in checks have it do so, and it was half of what was written.
-- The store gives the numbers of streams and kinds itself, none of them is ever deleted, and ids are 16 bytes by their
-- type. Nothing is stored otherwise than before, so only the words of the table are changed.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(replace(replace(sql,
    ' REFERENCES streams (stream)', ''),
    ' REFERENCES kinds (kind)', ''),
    ' CHECK (length(event_id) = 16)', '')
WHERE type = 'table' AND name = 'events';
PRAGMA writable_schema = RESET;

-- Whoever has the file open learns from this that the schema is another one.
CREATE TABLE changed (x INTEGER) STRICT;
DROP TABLE changed;
