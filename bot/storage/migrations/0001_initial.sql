-- AUTOINCREMENT where rows are spoken of by their number while they may be deleted: it must never mean another row.

-- Every update from Telegram, before the next offset confirms it. `body` is emptied once it is handled; the number
-- stays for two days, so that an update that Telegram hands out twice is handled once.
CREATE TABLE inbox (
    update_id   INTEGER PRIMARY KEY,
    body        TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    received_at REAL    NOT NULL
);
CREATE INDEX inbox_waiting ON inbox (update_id) WHERE body IS NOT NULL;

-- Remote jobs. `account` -1: nobody has answered for the ID yet, and provider and kind are what the person named.
CREATE TABLE tasks (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    provider    TEXT    NOT NULL,
    account     INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    external_id TEXT    NOT NULL,
    endpoint    INTEGER NOT NULL DEFAULT 0,
    snapshot    TEXT,
    ending      TEXT,
    trouble     TEXT,
    source      TEXT    NOT NULL DEFAULT '',
    version     INTEGER NOT NULL DEFAULT 0,
    created_at  REAL    NOT NULL,
    changed_at  REAL    NOT NULL,
    deadline    REAL    NOT NULL,
    UNIQUE (provider, account, kind, external_id)
);
CREATE INDEX tasks_by_external_id ON tasks (external_id);
CREATE INDEX tasks_open ON tasks (id) WHERE ending IS NULL;

-- Who follows what. One chat (or topic) follows a task at most once; `stopped` ones are no longer told anything.
CREATE TABLE subscriptions (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id            INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    chat_id            INTEGER NOT NULL,
    thread_id          INTEGER NOT NULL DEFAULT 0,
    user_id            INTEGER NOT NULL,
    request_message_id INTEGER NOT NULL DEFAULT 0,
    card_message_id    INTEGER NOT NULL DEFAULT 0,
    stopped            INTEGER NOT NULL DEFAULT 0,
    created_at         REAL    NOT NULL,
    UNIQUE (task_id, chat_id, thread_id)
);
CREATE INDEX subscriptions_by_chat ON subscriptions (chat_id, thread_id);

-- What still has to reach a chat, and what has. Rows hold facts; the text is made when the row is sent.
CREATE TABLE outbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription_id INTEGER REFERENCES subscriptions (id) ON DELETE CASCADE,
    chat_id         INTEGER NOT NULL,
    thread_id       INTEGER NOT NULL DEFAULT 0,
    kind            TEXT    NOT NULL,
    part            INTEGER NOT NULL DEFAULT 0,
    outputs         TEXT    NOT NULL DEFAULT '[]',
    message_ids     TEXT    NOT NULL DEFAULT '[]',
    finished        TEXT    NOT NULL DEFAULT '[]',
    facts           TEXT    NOT NULL DEFAULT '{}',
    reply_to        INTEGER NOT NULL DEFAULT 0,
    wanted          INTEGER NOT NULL DEFAULT 0,
    shown           INTEGER NOT NULL DEFAULT -1,
    look            TEXT    NOT NULL DEFAULT '',
    state           TEXT    NOT NULL DEFAULT 'pending',
    attempts        INTEGER NOT NULL DEFAULT 0,
    not_before      REAL    NOT NULL DEFAULT 0,
    reason          TEXT    NOT NULL DEFAULT '',
    created_at      REAL    NOT NULL
);
CREATE UNIQUE INDEX outbox_slot ON outbox (subscription_id, kind, part) WHERE subscription_id IS NOT NULL;
CREATE INDEX outbox_due ON outbox (not_before) WHERE state IN ('pending', 'doubt');

-- What Telegram already holds: it is sent again by its file_id, without another upload.
CREATE TABLE files (
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    output  INTEGER NOT NULL,
    form    TEXT    NOT NULL,
    file_id TEXT    NOT NULL,
    PRIMARY KEY (task_id, output)
);

-- Accounts that the operator has been told about, until they answer again.
CREATE TABLE troubles (
    provider TEXT    NOT NULL,
    account  INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    since    REAL    NOT NULL,
    PRIMARY KEY (provider, account)
);

-- The language a chat has chosen; without a row it is the operator's default.
CREATE TABLE chats (
    chat_id  INTEGER PRIMARY KEY,
    language TEXT
);
