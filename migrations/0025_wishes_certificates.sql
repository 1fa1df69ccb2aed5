-- +goose Up
-- The courses that users plan to take.
CREATE TABLE wishlist_items (
    user_id   bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    course_id bigint      NOT NULL REFERENCES courses ON DELETE CASCADE,
    added_at  timestamptz NOT NULL DEFAULT now(),
    -- Serves Course.viewerHasWishlisted.
    PRIMARY KEY (user_id, course_id)
);
-- User.wishlist.
CREATE INDEX wishlist_items_added ON wishlist_items (user_id, added_at DESC, course_id DESC);
-- The deletion of a course.
CREATE INDEX wishlist_items_course ON wishlist_items (course_id);

-- +goose StatementBegin
CREATE FUNCTION tell_wishlist_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg('user:' || user_id || '.wishlist') AS tags FROM (
            SELECT DISTINCT v.user_id
            FROM old_rows o FULL JOIN new_rows n ON (n.user_id, n.course_id) = (o.user_id, o.course_id),
                LATERAL (VALUES (o.user_id), (n.user_id)) v (user_id)
            WHERE v.user_id IS NOT NULL AND o IS DISTINCT FROM n LIMIT 1001
        ) r) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg('user:' || user_id || '.wishlist') AS tags
              FROM (SELECT DISTINCT user_id FROM touched LIMIT 1001) r) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
SELECT watch_changes('wishlist_items', 'tell_wishlist_items');

-- A course that a user is enrolled in is not on the user's wishlist, by any statement.
-- +goose StatementBegin
CREATE FUNCTION clear_wishlist() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM wishlist_items w USING new_rows n WHERE w.user_id = n.user_id AND w.course_id = n.course_id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER enrollments_wished AFTER INSERT ON enrollments
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION clear_wishlist();

-- The courses that users completed: one row for each user and course. They outlive enrollments.
CREATE TABLE certificates (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- 122 random bits, from the server's source of strong random numbers.
    code         uuid        NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    user_id      bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    course_id    bigint      NOT NULL REFERENCES courses ON DELETE CASCADE,
    -- The title of the course when it was completed.
    course_title text        NOT NULL,
    issued_at    timestamptz NOT NULL DEFAULT now(),
    -- Serves Enrollment.certificate.
    UNIQUE (user_id, course_id)
);
-- User.certificates.
CREATE INDEX certificates_issued ON certificates (user_id, issued_at DESC, id DESC);
-- The deletion of a course.
CREATE INDEX certificates_course ON certificates (course_id);

-- +goose StatementBegin
CREATE FUNCTION tell_certificates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id, o.user_id AS old_user, n.user_id AS new_user
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
            WHERE o IS DISTINCT FROM n LIMIT 1001
        ) r, LATERAL (VALUES
            ('certificates'), ('certificate:' || id), ('user:' || old_user || '.certificates'), ('user:' || new_user || '.certificates')
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags
              FROM (SELECT id, user_id FROM touched LIMIT 1001) r, LATERAL (VALUES
                  ('certificates'), ('certificate:' || id), ('user:' || user_id || '.certificates')) v (tag)) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
SELECT watch_changes('certificates', 'tell_certificates');

-- A certificate is issued in the transaction that completes an enrollment, by any statement. A
-- second completion of the same course finds the first certificate.
-- +goose StatementBegin
CREATE FUNCTION issue_certificates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO certificates (user_id, course_id, course_title, issued_at)
        SELECT n.user_id, n.course_id, c.title, coalesce(n.completed_at, now())
        FROM new_rows n JOIN courses c ON c.id = n.course_id
        WHERE n.completed_at IS NOT NULL OR n.progress = 100
        ORDER BY n.id
        ON CONFLICT (user_id, course_id) DO NOTHING;
    ELSE
        INSERT INTO certificates (user_id, course_id, course_title, issued_at)
        SELECT n.user_id, n.course_id, c.title, coalesce(n.completed_at, now())
        FROM new_rows n JOIN old_rows o ON o.id = n.id JOIN courses c ON c.id = n.course_id
        WHERE (n.completed_at IS NOT NULL OR n.progress = 100) AND NOT (o.completed_at IS NOT NULL OR o.progress = 100)
        ORDER BY n.id
        ON CONFLICT (user_id, course_id) DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER enrollments_completed_insert AFTER INSERT ON enrollments
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION issue_certificates();
CREATE TRIGGER enrollments_completed_update AFTER UPDATE ON enrollments
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION issue_certificates();

INSERT INTO certificates (user_id, course_id, course_title, issued_at)
SELECT e.user_id, e.course_id, c.title, coalesce(e.completed_at, now())
FROM enrollments e JOIN courses c ON c.id = e.course_id
WHERE e.completed_at IS NOT NULL OR e.progress = 100 ORDER BY e.id;

-- +goose Down
DROP TRIGGER enrollments_completed_insert ON enrollments;
DROP TRIGGER enrollments_completed_update ON enrollments;
DROP TRIGGER enrollments_wished ON enrollments;
DROP FUNCTION issue_certificates(), clear_wishlist();
DROP TABLE certificates, wishlist_items;
DROP FUNCTION tell_certificates(), tell_wishlist_items();
