-- Programs that may act for a chat or a topic. Only a digest of the token is kept, and the seed that it is made from with
-- a key that is not in here: whoever reads this file can not use it.
CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    digest     TEXT    NOT NULL UNIQUE,
    seed       TEXT    NOT NULL,
    chat_id    INTEGER NOT NULL,
    thread_id  INTEGER NOT NULL DEFAULT 0,
    user_id    INTEGER NOT NULL,
    created_at REAL    NOT NULL
);
CREATE INDEX tokens_by_chat ON tokens (chat_id, thread_id);

-- What gateways called back with about a task: the same call does not count twice.
CREATE TABLE hints (
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    digest  TEXT    NOT NULL,
    PRIMARY KEY (task_id, digest)
) WITHOUT ROWID;

-- Tasks that are over, for retention.
CREATE INDEX tasks_ended ON tasks (changed_at) WHERE ending IS NOT NULL;

-- Never used.
ALTER TABLE inbox DROP COLUMN attempts;
