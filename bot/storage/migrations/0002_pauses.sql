-- Until when Telegram wants no call about a chat (0: about any), so that a restart does not call too early.
CREATE TABLE pauses (
    chat_id INTEGER PRIMARY KEY,
    until   REAL NOT NULL
);
