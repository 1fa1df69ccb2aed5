// Reads what pages must show from the rows of the database. No statement uses a counter, a view or a function of the
// server, except for the time of the last refresh. PGHOST, PGUSER and PGDATABASE name the database.
import pg from "pg";

for (const type of [pg.types.builtins.INT8, pg.types.builtins.NUMERIC]) pg.types.setTypeParser(type, Number);

let client;

// rows returns the rows of a statement.
export async function rows(text, ...values) {
  if (!client) {
    client = new pg.Client();
    client.on("error", () => {}); // the server may end first
    await client.connect();
  }
  return (await client.query(text, values)).rows;
}

// row returns the only row of a statement, undefined for none.
export const row = async (text, ...values) => (await rows(text, ...values))[0];

export const disconnect = () => client?.end();

// keyOf returns the key of a row from an id of the API.
export const keyOf = (id) => Number(Buffer.from(decodeURIComponent(id), "base64url").toString().split(":")[1]);

// The facts of courses c that cards and pages of courses show.
const facts = `
  SELECT c.id, c.slug, c.title, c.difficulty, c.duration_seconds AS duration, c.price, c.currency_code AS currency, c.published, c.published_at,
    k.name AS category, u.name AS instructor, c.description, c.learning_outcomes AS outcomes, c.requirements, c.instructor_id,
    (SELECT avg(r.rating)::float8 FROM reviews r WHERE r.course_id = c.id) AS rating,
    (SELECT count(*) FROM reviews r WHERE r.course_id = c.id) AS reviews,
    (SELECT count(*) FROM enrollments e WHERE e.course_id = c.id) AS students,
    (SELECT count(*) FROM videos v WHERE v.course_id = c.id) AS videos
  FROM courses c JOIN categories k ON k.id = c.category_id JOIN users u ON u.id = c.instructor_id`;

export const orders = {
  newest: "published_at DESC, id DESC",
  title: "title, id",
  popular: "students DESC, id DESC",
};

// courses returns the first published courses, of one category or of all.
export const courses = (order = orders.newest, category = null, first = 24) =>
  rows(`SELECT * FROM (${facts}) c WHERE published AND ($1::text IS NULL OR category = $1) ORDER BY ${order} LIMIT $2`, category, first);

export const countCourses = async (category = null) =>
  (await row("SELECT count(*) FROM courses c JOIN categories k ON k.id = c.category_id WHERE published AND ($1::text IS NULL OR k.name = $1)", category)).count;

export const courseByKey = (key) => row(`SELECT * FROM (${facts}) c WHERE id = $1`, key);

// facets returns the numbers of published courses by the texts of the filters, by their groups.
export async function facets() {
  const hours = [0, 1, 3, 6, 17];
  const found = await rows(`
    WITH c AS (SELECT * FROM (${facts}) c WHERE published),
      step AS (SELECT h AS low, lead(h) OVER (ORDER BY h) AS high FROM unnest($1::int[]) h)
    SELECT 'Category' AS name, category AS text, count(*) FROM c GROUP BY 2
    UNION ALL SELECT 'Level', initcap(difficulty), count(*) FROM c GROUP BY 2
    UNION ALL SELECT 'Price', CASE WHEN price = 0 THEN 'Free' ELSE 'Paid' END, count(*) FROM c GROUP BY 2
    UNION ALL SELECT 'Rating', '★ ' || bound || ' and up', count(*) FROM c, unnest('{4.5,4,3.5,3}'::float8[]) bound WHERE rating >= bound GROUP BY 2
    UNION ALL SELECT 'Duration', CASE WHEN low = 0 THEN 'Up to ' || high || 'h' WHEN high IS NULL THEN 'More than ' || low || 'h' ELSE low || 'h to ' || high || 'h' END, count(*)
      FROM c, step WHERE (duration > low * 3600 OR low = 0) AND (duration <= high * 3600 OR high IS NULL) GROUP BY 2`, hours);
  const groups = {};
  for (const { name, text, count } of found) (groups[name] ??= {})[text] = count;
  return groups;
}

// searchWord returns the published courses with a word, or one that begins with it, in their title, description, tags or
// instructor's name: those with the whole word first, by relevance.
export const searchWord = (word) => rows(`
  WITH q AS (SELECT to_tsquery('english', $1) AS whole, to_tsquery('english', $1 || ':*') AS started),
    c AS (SELECT c.*, setweight(to_tsvector('english', c.title), 'A') || setweight(to_tsvector('english', c.description), 'B')
        || setweight(to_tsvector('english', array_to_string(t.tags, ' ')), 'C') || setweight(to_tsvector('english', c.instructor), 'D') AS words
      FROM (${facts}) c JOIN courses t USING (id) WHERE c.published)
  SELECT c.* FROM c, q WHERE words @@ started
  ORDER BY lower(title) = lower($1) DESC, words @@ whole DESC, ts_rank(words, whole) DESC, id DESC`, word);

// videos returns the videos of a course in their order.
export const videos = (key) => rows("SELECT id, title, duration_seconds AS duration FROM videos WHERE course_id = $1 ORDER BY position", key);

// sections returns the sections of a course with the numbers and the durations of their videos.
export const sections = (key) => rows(`
  SELECT s.title, count(v.id) AS videos, coalesce(sum(v.duration_seconds), 0) AS duration
  FROM (SELECT *, lead(first_position) OVER (ORDER BY position) AS next FROM sections WHERE course_id = $1) s
    LEFT JOIN videos v ON v.course_id = $1 AND v.position >= s.first_position AND (s.next IS NULL OR v.position < s.next)
  GROUP BY s.id, s.title, s.position ORDER BY s.position`, key);

// histogram returns the numbers of the reviews of a course, by rating.
export const histogram = async (key) => Object.fromEntries((await rows(`
  SELECT n AS rating, count(r.id) FROM generate_series(1, 5) n LEFT JOIN reviews r ON r.rating = n AND r.course_id = $1 GROUP BY n`, key))
  .map(({ rating, count }) => [rating, count]));

// reviews returns the newest reviews of a course.
export const reviews = (key, first) => rows(`
  SELECT u.name AS author, r.rating, r.body FROM reviews r JOIN users u ON u.id = r.user_id
  WHERE r.course_id = $1 ORDER BY r.created_at DESC, r.id DESC LIMIT $2`, key, first);

export const account = (email) => row("SELECT id, name FROM users WHERE lower(email) = lower($1)", email);

const completed = "(e.completed_at IS NOT NULL OR e.progress = 100)";

// learning returns the figures of a student's dashboard.
export const learning = (user) => row(`
  SELECT count(*) AS enrolled, count(*) FILTER (WHERE NOT ${completed} AND e.progress > 0) AS started, count(*) FILTER (WHERE ${completed}) AS completed,
    (SELECT coalesce(sum(watched_seconds), 0) FROM video_progress WHERE user_id = $1 AND watched_at >= now() - interval '30 days') AS watched
  FROM enrollments e WHERE e.user_id = $1`, user);

// openEnrollments returns the courses that a student has not completed, the last opened first.
export const openEnrollments = (user, first) => rows(`
  SELECT c.title, e.progress FROM enrollments e JOIN courses c ON c.id = e.course_id WHERE e.user_id = $1 AND NOT ${completed}
  ORDER BY coalesce(e.last_accessed_at, e.enrolled_at) DESC, e.id DESC LIMIT $2`, user, first);

// recommended returns the courses with the most students in the categories of a student's courses.
export const recommended = (user, first) => rows(`
  WITH taken AS (SELECT c.id, c.category_id FROM enrollments e JOIN courses c ON c.id = e.course_id WHERE e.user_id = $1)
  SELECT c.title FROM courses c LEFT JOIN enrollments e ON e.course_id = c.id
  WHERE c.published AND c.id NOT IN (SELECT id FROM taken) AND (c.category_id IN (SELECT category_id FROM taken) OR NOT EXISTS (SELECT FROM taken))
  GROUP BY c.id ORDER BY count(e.id) DESC, c.id DESC LIMIT $2`, user, first);

// enrollment returns the progress of a student in a course, and the furthest position in each of its videos.
export const enrollment = async (user, key) => ({
  ...await row("SELECT progress FROM enrollments WHERE user_id = $1 AND course_id = $2", user, key),
  positions: (await rows(`
    SELECT coalesce(max(p.progress_seconds), 0) AS seconds FROM videos v LEFT JOIN video_progress p ON p.video_id = v.id AND p.user_id = $1
    WHERE v.course_id = $2 GROUP BY v.id ORDER BY v.position`, user, key)).map(({ seconds }) => seconds),
});

// openCourses returns published courses with several videos that a student does not take, by id.
export const openCourses = (user) => rows(`
  SELECT * FROM (${facts}) c WHERE published AND videos > 1 AND instructor_id <> $1 AND id NOT IN (SELECT course_id FROM enrollments WHERE user_id = $1) ORDER BY id`, user);

// wishlist returns the titles on a wishlist, the last added first.
export const wishlist = async (user) => (await rows(`
  SELECT c.title FROM wishlist_items w JOIN courses c ON c.id = w.course_id WHERE w.user_id = $1 AND c.published ORDER BY w.added_at DESC, w.course_id DESC`, user))
  .map(({ title }) => title);

export const countSessions = async (user) => (await row(`
  SELECT count(*) FROM sessions s WHERE user_id = $1 AND revoked_at IS NULL
    AND EXISTS (SELECT FROM refresh_tokens t WHERE t.session_id = s.id AND t.expires_at > now())`, user)).count;

// certificates returns the certificates of a user, the newest first.
export const certificates = (user) => rows(`
  SELECT f.code::text, f.course_title AS title, f.issued_at, c.duration_seconds AS duration, i.name AS instructor
  FROM certificates f JOIN courses c ON c.id = f.course_id JOIN users i ON i.id = c.instructor_id
  WHERE f.user_id = $1 ORDER BY f.issued_at DESC, f.id DESC`, user);

// taught returns the courses of an instructor: drafts, then the newest.
export const taught = (user, first = 20) => rows(`SELECT * FROM (${facts}) c WHERE instructor_id = $1 ORDER BY coalesce(published_at, 'infinity') DESC, id DESC LIMIT $2`, user, first);

// teaching returns the figures of an instructor's studio.
export const teaching = (user) => row(`
  WITH c AS (SELECT id FROM courses WHERE instructor_id = $1)
  SELECT (SELECT count(*) FROM c) AS courses, (SELECT count(*) FROM enrollments WHERE course_id IN (SELECT id FROM c)) AS enrollments,
    (SELECT count(*) FROM enrollments e WHERE course_id IN (SELECT id FROM c) AND ${completed}) AS completions,
    (SELECT avg(rating)::float8 FROM reviews WHERE course_id IN (SELECT id FROM c)) AS rating`, user);

// analytics returns the figures of a course as of their last refresh, which pages may show.
export const analytics = (key) => row(`
  WITH t AS (SELECT refreshed_at AS at FROM platform_totals)
  SELECT (SELECT count(*) FROM enrollments, t WHERE course_id = $1 AND enrolled_at <= at) AS students,
    (SELECT avg(rating)::float8 FROM reviews, t WHERE course_id = $1 AND created_at <= at) AS rating`, key);

// states counts the students of a course by how much they have done.
export const states = (key) => row(`
  SELECT count(*) FILTER (WHERE ${completed}) AS completed, count(*) FILTER (WHERE NOT ${completed} AND progress > 0) AS started,
    count(*) FILTER (WHERE NOT ${completed} AND progress = 0) AS rest FROM enrollments e WHERE course_id = $1`, key);

// platform returns the figures of the platform as of their last refresh, which pages may show.
export const platform = () => row(`
  WITH t AS (SELECT refreshed_at AS at FROM platform_totals)
  SELECT (SELECT count(*) FROM users, t WHERE created_at <= at) AS accounts, (SELECT count(*) FROM courses WHERE published) AS courses,
    (SELECT count(*) FROM enrollments, t WHERE enrolled_at <= at) AS enrollments,
    (SELECT count(*) FROM enrollments e, t WHERE ${completed} AND coalesce(completed_at, enrolled_at) <= at) AS completions`);
