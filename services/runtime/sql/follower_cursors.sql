-- How far each follower of the change feed is. No company: a horizon is the same for all.
CREATE TABLE follower_cursors (
    name     text COLLATE "C" PRIMARY KEY,
    cursor   text NOT NULL DEFAULT '',
    epoch    text NOT NULL DEFAULT '',
    horizon  bigint NOT NULL DEFAULT 0,
    batch_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied  bigint NOT NULL DEFAULT 0,
    parked   bigint NOT NULL DEFAULT 0
);
GRANT SELECT, INSERT, UPDATE ON follower_cursors TO {service}_runtime;
