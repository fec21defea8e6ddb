-- Statements are separated by empty lines. A document's rowid is incident << 36 | slot: the slot of an incident's own
-- fields is 0, that of an entry is the entry's id. Slots from 1 << 35 are of a postmortem: of a block that a person
-- wrote, and from 3 << 34 of a published version.
CREATE VIRTUAL TABLE search_index USING fts5(words, content='', tokenize='unicode61 remove_diacritics 2');

CREATE VIEW searched_incident AS
SELECT
    id,
    id << 36 AS document,
    series || '-' || number
    || char(10) || coalesce((SELECT group_concat(value, char(10)) FROM json_each(titles)), '')
    || char(10) || coalesce((SELECT group_concat(value, char(10)) FROM json_each(services)), '')
    || char(10) || coalesce(outside_reference, '')
    || char(10) || coalesce(category, '')
    || char(10) || coalesce(responsibility, '')
    || char(10) || coalesce(closure_reason, '') AS words
FROM incident;

CREATE TRIGGER searched_incident_added AFTER INSERT ON incident BEGIN
    INSERT INTO search_index (rowid, words) SELECT document, words FROM searched_incident WHERE id = new.id;
END;

CREATE TRIGGER searched_incident_changing BEFORE UPDATE OF
    titles, series, number, services, outside_reference, category, responsibility, closure_reason ON incident
BEGIN
    INSERT INTO search_index (search_index, rowid, words)
    SELECT 'delete', document, words FROM searched_incident WHERE id = old.id;
END;

CREATE TRIGGER searched_incident_changed AFTER UPDATE OF
    titles, series, number, services, outside_reference, category, responsibility, closure_reason ON incident
BEGIN
    INSERT INTO search_index (rowid, words) SELECT document, words FROM searched_incident WHERE id = new.id;
END;

CREATE TRIGGER searched_incident_removed BEFORE DELETE ON incident BEGIN
    INSERT INTO search_index (search_index, rowid, words)
    SELECT 'delete', document, words FROM searched_incident WHERE id = old.id;
END;

CREATE VIEW searched_entry AS
SELECT
    id,
    incident_id << 36 | id AS document,
    own_text
    || char(10) || coalesce((SELECT group_concat(atom, char(10)) FROM json_tree(fact) WHERE type = 'text'), '')
    || char(10) || coalesce(
        (
            SELECT group_concat(atom, char(10)) FROM json_tree(translations)
            WHERE key IN ('text', 'symptom') AND type = 'text'
        ),
        ''
    ) AS words
FROM timeline_entry
WHERE withdrawn_at IS NULL;

CREATE TRIGGER searched_entry_added AFTER INSERT ON timeline_entry BEGIN
    INSERT INTO search_index (rowid, words) SELECT document, words FROM searched_entry WHERE id = new.id;
END;

CREATE TRIGGER searched_entry_changing BEFORE UPDATE OF own_text, fact, translations, withdrawn_at ON timeline_entry
BEGIN
    INSERT INTO search_index (search_index, rowid, words)
    SELECT 'delete', document, words FROM searched_entry WHERE id = old.id;
END;

CREATE TRIGGER searched_entry_changed AFTER UPDATE OF own_text, fact, translations, withdrawn_at ON timeline_entry
BEGIN
    INSERT INTO search_index (rowid, words) SELECT document, words FROM searched_entry WHERE id = new.id;
END;

CREATE TRIGGER searched_entry_removed BEFORE DELETE ON timeline_entry BEGIN
    INSERT INTO search_index (search_index, rowid, words)
    SELECT 'delete', document, words FROM searched_entry WHERE id = old.id;
END;

CREATE VIEW searched_block AS
SELECT id, (incident_id << 36) | (1 << 35) | id AS document, edited AS words
FROM postmortem_block
WHERE edited IS NOT NULL AND state IN ('edited', 'added');

CREATE TRIGGER searched_block_added AFTER INSERT ON postmortem_block BEGIN
    INSERT INTO search_index (rowid, words) SELECT document, words FROM searched_block WHERE id = new.id;
END;

CREATE TRIGGER searched_block_changing BEFORE UPDATE OF edited, state ON postmortem_block
BEGIN
    INSERT INTO search_index (search_index, rowid, words)
    SELECT 'delete', document, words FROM searched_block WHERE id = old.id;
END;

CREATE TRIGGER searched_block_changed AFTER UPDATE OF edited, state ON postmortem_block
BEGIN
    INSERT INTO search_index (rowid, words) SELECT document, words FROM searched_block WHERE id = new.id;
END;

CREATE TRIGGER searched_block_removed BEFORE DELETE ON postmortem_block BEGIN
    INSERT INTO search_index (search_index, rowid, words)
    SELECT 'delete', document, words FROM searched_block WHERE id = old.id;
END;

CREATE VIEW searched_publication AS
SELECT
    id,
    (incident_id << 36) | (3 << 34) | id AS document,
    coalesce(
        (SELECT group_concat(json_extract(value, '$.generated.text'), char(10)) FROM json_each(blocks)), ''
    ) AS words
FROM postmortem
WHERE state = 'published';

CREATE TRIGGER searched_publication_added AFTER INSERT ON postmortem BEGIN
    INSERT INTO search_index (rowid, words) SELECT document, words FROM searched_publication WHERE id = new.id;
END;

CREATE TRIGGER searched_publication_changing BEFORE UPDATE OF blocks, state ON postmortem
BEGIN
    INSERT INTO search_index (search_index, rowid, words)
    SELECT 'delete', document, words FROM searched_publication WHERE id = old.id;
END;

CREATE TRIGGER searched_publication_changed AFTER UPDATE OF blocks, state ON postmortem
BEGIN
    INSERT INTO search_index (rowid, words) SELECT document, words FROM searched_publication WHERE id = new.id;
END;

CREATE TRIGGER searched_publication_removed BEFORE DELETE ON postmortem BEGIN
    INSERT INTO search_index (search_index, rowid, words)
    SELECT 'delete', document, words FROM searched_publication WHERE id = old.id;
END
