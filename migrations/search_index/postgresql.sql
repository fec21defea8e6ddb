-- Statements are separated by empty lines. Slots are those of sqlite.sql. search_vector() folds as the code's
-- search_key(), and separates words as SQLite's tokenizer does.
CREATE TABLE search_index (
    incident_id integer NOT NULL,
    slot bigint NOT NULL,
    words tsvector NOT NULL,
    CONSTRAINT pk_search_index PRIMARY KEY (incident_id, slot)
);

CREATE INDEX ix_search_index_words ON search_index USING gin (words);

CREATE FUNCTION search_vector(written text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector(
        'pg_catalog.simple',
        regexp_replace(
            lower(regexp_replace(normalize(left(written, 100000), NFKD), '[\u0300-\u036f]', '', 'g')),
            '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]+', ' ', 'g'
        )
    )
$$;

CREATE FUNCTION search_texts(value json, place jsonpath) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (SELECT string_agg(part #>> '{}', E'\n') FROM jsonb_path_query(value::jsonb, place) AS part);
EXCEPTION WHEN data_exception THEN -- json takes escapes that jsonb refuses: of NUL, and of half a character
    RETURN regexp_replace(value::text, '\\u[0-9a-fA-F]{4}', ' ', 'g');
END $$;

CREATE VIEW searched_incident AS
SELECT
    id,
    id AS incident_id,
    0::bigint AS slot,
    concat_ws(
        E'\n', series || '-' || number, search_texts(titles, '$.*'), search_texts(services, '$[*]'),
        outside_reference, category, responsibility, closure_reason
    ) AS written
FROM incident;

CREATE FUNCTION index_incident() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM search_index WHERE incident_id = old.id AND slot = 0;
    END IF;
    INSERT INTO search_index
    SELECT incident_id, slot, search_vector(written) FROM searched_incident WHERE id = new.id;
    RETURN NULL;
END $$;

CREATE TRIGGER searched_incident_changed AFTER INSERT OR DELETE OR UPDATE OF
    titles, series, number, services, outside_reference, category, responsibility, closure_reason ON incident
FOR EACH ROW EXECUTE FUNCTION index_incident();

CREATE VIEW searched_entry AS
SELECT
    id,
    incident_id,
    id::bigint AS slot,
    concat_ws(
        E'\n', own_text, search_texts(fact, '$.** ? (@.type() == "string")'),
        search_texts(translations, '$.*.text'), search_texts(translations, '$.*.symptom')
    ) AS written
FROM timeline_entry
WHERE withdrawn_at IS NULL;

CREATE FUNCTION index_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM search_index WHERE incident_id = old.incident_id AND slot = old.id;
    END IF;
    INSERT INTO search_index
    SELECT incident_id, slot, search_vector(written) FROM searched_entry WHERE id = new.id;
    RETURN NULL;
END $$;

CREATE TRIGGER searched_entry_changed AFTER INSERT OR DELETE OR UPDATE OF
    own_text, fact, translations, withdrawn_at ON timeline_entry
FOR EACH ROW EXECUTE FUNCTION index_entry();

CREATE VIEW searched_block AS
SELECT id, incident_id, 1::bigint << 35 | id AS slot, edited AS written
FROM postmortem_block
WHERE edited IS NOT NULL AND state IN ('edited', 'added');

CREATE FUNCTION index_block() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM search_index WHERE incident_id = old.incident_id AND slot = 1::bigint << 35 | old.id;
    END IF;
    INSERT INTO search_index
    SELECT incident_id, slot, search_vector(written) FROM searched_block WHERE id = new.id;
    RETURN NULL;
END $$;

CREATE TRIGGER searched_block_changed AFTER INSERT OR DELETE OR UPDATE OF
    edited, state ON postmortem_block
FOR EACH ROW EXECUTE FUNCTION index_block();

CREATE VIEW searched_publication AS
SELECT
    id, incident_id, 3::bigint << 34 | id AS slot, coalesce(search_texts(blocks, '$[*].generated.text'), '') AS written
FROM postmortem
WHERE state = 'published';

CREATE FUNCTION index_publication() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM search_index WHERE incident_id = old.incident_id AND slot = 3::bigint << 34 | old.id;
    END IF;
    INSERT INTO search_index
    SELECT incident_id, slot, search_vector(written) FROM searched_publication WHERE id = new.id;
    RETURN NULL;
END $$;

CREATE TRIGGER searched_publication_changed AFTER INSERT OR DELETE OR UPDATE OF
    blocks, state ON postmortem
FOR EACH ROW EXECUTE FUNCTION index_publication()
