-- What a chat (thread_id 0) or one of its topics has chosen; NULL is no choice: a topic then does as its chat does.
CREATE TABLE choices (
    chat_id   INTEGER NOT NULL,
    thread_id INTEGER NOT NULL DEFAULT 0,
    language  TEXT,
    notify    TEXT,
    deliver   TEXT,
    spoiler   INTEGER,
    protect   INTEGER,
    provider  TEXT,
    PRIMARY KEY (chat_id, thread_id)
);
INSERT INTO choices (chat_id, language) SELECT chat_id, language FROM chats WHERE language IS NOT NULL;

-- From here on: the language of the people's own apps, for chats that have chosen none.
DELETE FROM chats;

-- Who was let in or turned away from inside the bot, beside the operator's lists: people and chats, by Telegram's id.
CREATE TABLE guests (
    id      INTEGER PRIMARY KEY,
    verdict TEXT    NOT NULL,
    name    TEXT    NOT NULL DEFAULT '',
    since   REAL    NOT NULL
);

-- Links that let somebody in. Only a digest of the code is kept: whoever reads this file can not use it.
CREATE TABLE invites (
    digest     TEXT    PRIMARY KEY,
    uses_left  INTEGER NOT NULL,
    expires_at REAL    NOT NULL,
    made_by    INTEGER NOT NULL
);

-- How long generations took, the latest ones of each provider and model: what the card's estimate is made from.
CREATE TABLE durations (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT    NOT NULL,
    model    TEXT    NOT NULL,
    seconds  REAL    NOT NULL
);
CREATE INDEX durations_by_model ON durations (provider, model);

-- What happened to a task, as people are told it.
CREATE TABLE events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    at      REAL    NOT NULL,
    what    TEXT    NOT NULL,
    detail  TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX events_by_task ON events (task_id);

-- What was counted in each hour: polls and their errors by provider, deliveries.
CREATE TABLE counts (
    hour     INTEGER NOT NULL,
    what     TEXT    NOT NULL,
    provider TEXT    NOT NULL DEFAULT '',
    count    INTEGER NOT NULL,
    PRIMARY KEY (hour, what, provider)
);

-- What Telegram was told about the bot itself, as a digest, so that it is told again only after a change.
CREATE TABLE told (
    what   TEXT PRIMARY KEY,
    digest TEXT NOT NULL
);

-- One output may be held in two forms: as media, and as the file itself.
CREATE TABLE held (
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    output  INTEGER NOT NULL,
    wish    TEXT    NOT NULL DEFAULT 'media',
    form    TEXT    NOT NULL,
    file_id TEXT    NOT NULL,
    cover   TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (task_id, output, wish)
);
INSERT INTO held (task_id, output, form, file_id, cover) SELECT task_id, output, form, file_id, cover FROM files;
DROP TABLE files;
ALTER TABLE held RENAME TO files;

CREATE INDEX subscriptions_by_person ON subscriptions (user_id, id);

-- Cards of open tasks that are looked at again now and then; no other look at the outbox comes across them.
CREATE INDEX outbox_resting ON outbox (not_before) WHERE state = 'resting';
