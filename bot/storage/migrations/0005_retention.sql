-- Answers and notices: rows of the outbox that are about no subscription.
CREATE INDEX outbox_answers ON outbox (chat_id) WHERE subscription_id IS NULL;

-- When somebody spoke in the chat, to a day or so: what was heard and chosen there goes when nobody does any more.
ALTER TABLE chats ADD COLUMN heard_at REAL NOT NULL DEFAULT 0;
UPDATE chats SET heard_at = CAST(strftime('%s', 'now') AS REAL);
-- Chats of which only choices are known so far begin their time now, too.
INSERT OR IGNORE INTO chats (chat_id, language, heard_at)
    SELECT DISTINCT chat_id, NULL, CAST(strftime('%s', 'now') AS REAL) FROM choices;
