-- +goose Up
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE users (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text        NOT NULL CHECK (name <> ''),
    email         text        NOT NULL,
    password_hash text,
    avatar_url    text,
    role          text        NOT NULL DEFAULT 'student' CHECK (role IN ('student', 'instructor', 'admin')),
    plan          text        NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'premium')),
    preferences   jsonb       NOT NULL DEFAULT '{}',
    active        boolean     NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_login    timestamptz
);
-- Unique ignoring case. Serves `7p token --email`.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE categories (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text    NOT NULL,
    slug         text    NOT NULL UNIQUE,
    -- The number of published courses in the category, maintained by triggers on courses.
    course_count integer NOT NULL DEFAULT 0
);

-- array_to_string is only STABLE, because it must serve every element type. Over text[] it is
-- immutable, as a generated column requires.
CREATE FUNCTION tags_text(tags text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT array_to_string(tags, ' ') $$;

CREATE TABLE courses (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug             text             NOT NULL UNIQUE,
    title            text             NOT NULL CHECK (title <> ''),
    description      text             NOT NULL DEFAULT '',
    tags             text[]           NOT NULL DEFAULT '{}',
    difficulty       text             NOT NULL CHECK (difficulty IN ('beginner', 'intermediate', 'advanced')),
    price            numeric(10, 2)   NOT NULL DEFAULT 0 CHECK (price >= 0),
    currency_code    text             NOT NULL DEFAULT 'USD',
    duration_seconds integer          NOT NULL DEFAULT 0 CHECK (duration_seconds >= 0),
    thumbnail_url    text,
    published        boolean          NOT NULL DEFAULT false,
    published_at     timestamptz,
    instructor_id    bigint           NOT NULL REFERENCES users,
    category_id      bigint           NOT NULL REFERENCES categories,
    -- Weights: title A, description B, tags C.
    search_vector    tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title), 'A')
        || setweight(to_tsvector('english', description), 'B')
        || setweight(to_tsvector('english', tags_text(tags)), 'C')) STORED,
    -- The counters are maintained by triggers on reviews, enrollments and videos, so plain SQL
    -- writes update them too.
    rating_sum       bigint           NOT NULL DEFAULT 0,
    rating_average   double precision,
    review_count     integer          NOT NULL DEFAULT 0,
    enrollment_count integer          NOT NULL DEFAULT 0,
    video_count      integer          NOT NULL DEFAULT 0,
    created_at       timestamptz      NOT NULL DEFAULT now(),
    updated_at       timestamptz      NOT NULL DEFAULT now(),
    CHECK (NOT published OR published_at IS NOT NULL)
);

CREATE TABLE videos (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    course_id        bigint      NOT NULL REFERENCES courses ON DELETE CASCADE,
    title            text        NOT NULL CHECK (title <> ''),
    position         integer     NOT NULL CHECK (position >= 1),
    duration_seconds integer     NOT NULL CHECK (duration_seconds >= 0),
    created_at       timestamptz NOT NULL DEFAULT now(),
    -- Serves Course.videos. Deferrable, so that positions can be swapped.
    UNIQUE (course_id, position) DEFERRABLE
);

CREATE TABLE enrollments (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id          bigint        NOT NULL REFERENCES users ON DELETE CASCADE,
    course_id        bigint        NOT NULL REFERENCES courses ON DELETE CASCADE,
    progress         numeric(5, 2) NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    enrolled_at      timestamptz   NOT NULL DEFAULT now(),
    last_accessed_at timestamptz,
    completed_at     timestamptz,
    -- Serves Course.viewerEnrollment and the join of the students of two courses.
    UNIQUE (user_id, course_id)
);

CREATE TABLE reviews (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    course_id  bigint      NOT NULL REFERENCES courses ON DELETE CASCADE,
    user_id    bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    rating     smallint    NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body       text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (course_id, user_id)
);

-- One row for each viewing of a video by a user, partitioned by month of created_at: see
-- 0003_progress_partitions.sql.
CREATE TABLE video_progress (
    id               bigint GENERATED ALWAYS AS IDENTITY,
    user_id          bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    video_id         bigint      NOT NULL REFERENCES videos ON DELETE CASCADE,
    progress_seconds integer     NOT NULL CHECK (progress_seconds >= 0),
    watched_at       timestamptz NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    -- watched_at is not after the time of recording, except for inaccurate clocks. So a window of
    -- watched_at implies a window of created_at, and reads open only the partitions of that window.
    CHECK (watched_at <= created_at + interval '1 day'),
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);

-- +goose Down
DROP TABLE video_progress, reviews, enrollments, videos, courses, categories, users CASCADE;
DROP FUNCTION tags_text(text[]);
