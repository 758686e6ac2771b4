-- Until when Telegram wants no call about a chat (0: about any), so that a restart does not call too early.
CREATE TABLE pauses (
    chat_id INTEGER PRIMARY KEY,
    until   REAL NOT NULL
);

-- A video's cover is no part of the file, and has a file_id of its own.
ALTER TABLE files ADD COLUMN cover TEXT NOT NULL DEFAULT '';
