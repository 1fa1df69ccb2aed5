-- +goose Up
-- Reviews: when they were changed, and the reply of the course's instructor.
ALTER TABLE reviews
    ADD COLUMN updated_at       timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN reply            text CHECK (reply <> ''),
    ADD COLUMN replied_at       timestamptz,
    ADD COLUMN reply_updated_at timestamptz,
    -- The instructor or admin who replied; null without a reply, and after the account was deleted.
    ADD COLUMN replied_by       bigint REFERENCES users ON DELETE SET NULL,
    ADD CHECK ((reply IS NULL) = (replied_at IS NULL) AND (reply IS NULL) = (reply_updated_at IS NULL)
        AND (reply IS NOT NULL OR replied_by IS NULL));
UPDATE reviews SET updated_at = created_at;

-- Course.reviews(orderBy: RATING), and the same with a rating.
CREATE INDEX reviews_course_rating ON reviews (course_id, rating, id);
-- Course.reviews(rating), newest first.
CREATE INDEX reviews_course_rating_created ON reviews (course_id, rating, created_at, id);
-- The end of the account of a replier.
CREATE INDEX reviews_replied_by ON reviews (replied_by) WHERE replied_by IS NOT NULL;

-- The numbers of reviews of each rating, from 1 to 5, maintained by the triggers on reviews.
ALTER TABLE courses ADD COLUMN rating_counts integer[] NOT NULL DEFAULT '{0,0,0,0,0}' CHECK (cardinality(rating_counts) = 5);
UPDATE courses c SET rating_counts = d.counts
FROM (SELECT course_id, ARRAY[count(*) FILTER (WHERE rating = 1), count(*) FILTER (WHERE rating = 2), count(*) FILTER (WHERE rating = 3),
             count(*) FILTER (WHERE rating = 4), count(*) FILTER (WHERE rating = 5)]::integer[] AS counts
      FROM reviews GROUP BY course_id) d
WHERE c.id = d.course_id;

-- As in 0002_counters.sql, with the number of each rating.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_reviews() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[]; ratings integer[]; numbers bigint[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE courses SET review_count = 0, rating_sum = 0, rating_average = NULL, rating_counts = '{0,0,0,0,0}' WHERE review_count <> 0;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT array_agg(course_id), array_agg(rating), array_agg(k) INTO ids, ratings, numbers
        FROM (SELECT course_id, rating, count(*) AS k FROM new_rows GROUP BY course_id, rating) d;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(course_id), array_agg(rating), array_agg(-k) INTO ids, ratings, numbers
        FROM (SELECT course_id, rating, count(*) AS k FROM old_rows GROUP BY course_id, rating) d;
    ELSE
        SELECT array_agg(course_id), array_agg(rating), array_agg(k) INTO ids, ratings, numbers
        FROM (SELECT course_id, rating, sum(k) AS k
              FROM (SELECT course_id, rating, 1 AS k FROM new_rows
                    UNION ALL SELECT course_id, rating, -1 FROM old_rows) u
              GROUP BY course_id, rating HAVING sum(k) <> 0) d;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM 1 FROM courses WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
        UPDATE courses c
        SET review_count   = c.review_count + d.reviews,
            rating_sum     = c.rating_sum + d.stars,
            -- Divided as numeric, so that the result equals avg(rating)::float8 to the last bit.
            rating_average = CASE WHEN c.review_count + d.reviews > 0
                THEN ((c.rating_sum + d.stars)::numeric / (c.review_count + d.reviews))::float8 END,
            rating_counts  = ARRAY(SELECT c.rating_counts[n] + coalesce(d.counts[n], 0) FROM generate_series(1, 5) n ORDER BY n)
        FROM (SELECT id, sum(k) AS reviews, sum(k * rating) AS stars,
                     ARRAY[sum(k) FILTER (WHERE rating = 1), sum(k) FILTER (WHERE rating = 2), sum(k) FILTER (WHERE rating = 3),
                           sum(k) FILTER (WHERE rating = 4), sum(k) FILTER (WHERE rating = 5)] AS counts
              FROM unnest(ids, ratings, numbers) AS u (id, rating, k) GROUP BY id) d
        WHERE c.id = d.id;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_reviews() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id, o.course_id AS old_course, n.course_id AS new_course
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
            WHERE o IS DISTINCT FROM n
            LIMIT 1001
        ) r, LATERAL (VALUES
            ('review:' || id), ('course:' || old_course || '.reviews'), ('course:' || new_course || '.reviews')
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags
              FROM (SELECT id, course_id FROM touched LIMIT 1001) r,
                  LATERAL (VALUES ('review:' || id), ('course:' || course_id || '.reviews')) v (tag)) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- Profiles of instructors. The slug is derived from the name when a user becomes an instructor, and stays.
ALTER TABLE users
    ADD COLUMN slug     text UNIQUE,
    ADD COLUMN headline text  NOT NULL DEFAULT '',
    ADD COLUMN bio      text  NOT NULL DEFAULT '',
    -- [{"label": "Website", "url": "https://…"}]
    ADD COLUMN links    jsonb NOT NULL DEFAULT '[]';

-- Letters of other scripts are dropped: such an instructor is instructor-12.
-- +goose StatementBegin
CREATE FUNCTION set_user_slug() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Two instructors of one name, at the same time.
    PERFORM pg_advisory_xact_lock(hashtext('users.slug'));
    NEW.slug := trim(BOTH '-' FROM left(regexp_replace(search_text(NEW.name), '[^a-z0-9]+', '-', 'g'), 60));
    IF NEW.slug = '' THEN
        NEW.slug := 'instructor-' || NEW.id;
    END IF;
    WHILE EXISTS (SELECT FROM users WHERE slug = NEW.slug) LOOP
        NEW.slug := NEW.slug || '-' || NEW.id;
    END LOOP;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_slug BEFORE INSERT OR UPDATE OF role ON users
    FOR EACH ROW WHEN (NEW.slug IS NULL AND NEW.role <> 'student') EXECUTE FUNCTION set_user_slug();

-- Beside the tags that tell_users writes.
-- +goose StatementBegin
CREATE FUNCTION tell_profiles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (tags) VALUES (array_remove(ARRAY[
        'user:' || NEW.id,
        CASE WHEN TG_OP = 'INSERT' OR OLD.slug IS DISTINCT FROM NEW.slug THEN 'users.slugs' END], NULL));
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_profile_insert AFTER INSERT ON users
    FOR EACH ROW WHEN (NEW.slug IS NOT NULL) EXECUTE FUNCTION tell_profiles();
-- A change of the role may give a slug.
CREATE TRIGGER users_profile_update AFTER UPDATE OF slug, role, headline, bio, links ON users
    FOR EACH ROW WHEN ((OLD.slug, OLD.headline, OLD.bio, OLD.links) IS DISTINCT FROM (NEW.slug, NEW.headline, NEW.bio, NEW.links))
    EXECUTE FUNCTION tell_profiles();
UPDATE users SET role = role WHERE role <> 'student';

-- User.coursesTaught in the orders by title, price and rating: a course can enter a page, also a draft.
-- +goose StatementBegin
CREATE FUNCTION tell_taught_courses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (tags)
    VALUES (ARRAY[CASE WHEN (OLD.title, OLD.price) IS DISTINCT FROM (NEW.title, NEW.price) THEN 'user:' || NEW.instructor_id || '.courses'
                       ELSE 'teaching:' || NEW.instructor_id END]);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER courses_reordered AFTER UPDATE OF title, price, rating_average ON courses
    FOR EACH ROW WHEN ((OLD.title, OLD.price, OLD.rating_average) IS DISTINCT FROM (NEW.title, NEW.price, NEW.rating_average))
    EXECUTE FUNCTION tell_taught_courses();

-- +goose Down
DROP TRIGGER courses_reordered ON courses;
DROP FUNCTION tell_taught_courses();
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_reviews() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags FROM (
            SELECT coalesce(o.id, n.id) AS id, o.course_id AS old_course, n.course_id AS new_course
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
            WHERE (o.id, o.course_id, o.user_id, o.rating, o.body, o.created_at)
                IS DISTINCT FROM (n.id, n.course_id, n.user_id, n.rating, n.body, n.created_at)
            LIMIT 1001
        ) r, LATERAL (VALUES
            ('review:' || id), ('course:' || old_course || '.reviews'), ('course:' || new_course || '.reviews')
        ) v (tag) WHERE tag IS NOT NULL) t WHERE t.tags IS NOT NULL;
    ELSE
        INSERT INTO changes (tags)
        SELECT CASE WHEN cardinality(t.tags) > 1000 THEN '{*}' ELSE t.tags END
        FROM (SELECT array_agg(DISTINCT tag) AS tags
              FROM (SELECT id, course_id FROM touched LIMIT 1001) r,
                  LATERAL (VALUES ('review:' || id), ('course:' || course_id || '.reviews')) v (tag)) t
        WHERE t.tags IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_reviews() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[]; n bigint[]; r bigint[]; zero bigint[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE courses SET review_count = 0, rating_sum = 0, rating_average = NULL WHERE review_count <> 0;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT array_agg(course_id), array_agg(k), array_agg(s), array_agg(0) INTO ids, n, r, zero
        FROM (SELECT course_id, count(*) AS k, sum(rating) AS s FROM new_rows GROUP BY course_id) d;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(course_id), array_agg(-k), array_agg(-s), array_agg(0) INTO ids, n, r, zero
        FROM (SELECT course_id, count(*) AS k, sum(rating) AS s FROM old_rows GROUP BY course_id) d;
    ELSE
        SELECT array_agg(course_id), array_agg(k), array_agg(s), array_agg(0) INTO ids, n, r, zero
        FROM (SELECT course_id, sum(k) AS k, sum(s) AS s
              FROM (SELECT course_id, 1 AS k, rating AS s FROM new_rows
                    UNION ALL SELECT course_id, -1, -rating FROM old_rows) u
              GROUP BY course_id HAVING sum(k) <> 0 OR sum(s) <> 0) d;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM add_to_courses(ids, zero, n, r, zero);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP FUNCTION tell_profiles(), set_user_slug() CASCADE;
ALTER TABLE users DROP slug, DROP headline, DROP bio, DROP links;
ALTER TABLE courses DROP rating_counts;
DROP INDEX reviews_course_rating, reviews_course_rating_created, reviews_replied_by;
ALTER TABLE reviews DROP updated_at, DROP reply, DROP replied_at, DROP reply_updated_at, DROP replied_by;
INSERT INTO changes (tags) VALUES ('{*}');
