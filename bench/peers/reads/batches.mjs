// The edges of objects: one statement for all objects of a level. Each batch returns a result for each key.
import DataLoader from "dataloader";
import { query } from "./database.mjs";

// Lists below other objects are without descriptions and tags, which no operation selects there.
export const courseColumns = `c.id, c.slug, c.title, upper(c.difficulty) AS difficulty, c.price, c.currency_code, c.duration_seconds AS "durationSeconds",
  c.thumbnail_url AS "thumbnailUrl", c.published_at AS "publishedAt", c.rating_average AS rating, c.review_count AS "reviewCount",
  c.enrollment_count AS "enrollmentCount", c.video_count, c.instructor_id, c.category_id`;
export const enrollmentColumns = `e.id, e.course_id, e.progress::float8 AS progress, e.last_accessed_at AS "lastAccessedAt", CASE
  WHEN e.completed_at IS NOT NULL OR e.progress = 100 THEN 'COMPLETED' WHEN e.progress > 0 THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END AS status`;

const one = (keys, rows, key = "id") => {
  const found = new Map(rows.map((row) => [row[key], row]));
  return keys.map((k) => found.get(k) ?? null);
};
const many = (keys, rows) => {
  const lists = new Map(keys.map((k) => [k, []]));
  for (const row of rows) lists.get(row.of).push(row);
  return keys.map((k) => lists.get(k));
};
const each = (columns, rows) => `SELECT k.id AS of, ${columns} FROM unnest($1::bigint[]) AS k (id) CROSS JOIN LATERAL (${rows} LIMIT $2) r`;

const statements = {
  courses: `SELECT ${courseColumns} FROM courses c WHERE c.id = ANY($1::bigint[])`,
  users: "SELECT id, name FROM users WHERE id = ANY($1::bigint[])",
  categories: `SELECT id, name, slug, course_count AS "courseCount" FROM categories WHERE id = ANY($1::bigint[])`,
  viewerEnrollment: `SELECT ${enrollmentColumns} FROM enrollments e WHERE e.course_id = ANY($1::bigint[]) AND e.user_id = $2`,
  coursesOfCategory: each("r.*", `SELECT ${courseColumns} FROM courses c WHERE c.published AND c.category_id = k.id ORDER BY c.published_at DESC, c.id DESC`),
  coursesTaught: each("r.*", `SELECT ${courseColumns}, count(*) OVER ()::int AS total FROM courses c WHERE c.published AND c.instructor_id = k.id
    ORDER BY coalesce(c.published_at, timestamptz '9999-12-31 00:00:00+00') DESC, c.id DESC`),
  relatedCourses: each("r.*", `SELECT ${courseColumns} FROM course_related p JOIN courses c ON c.id = p.related_id WHERE p.course_id = k.id AND c.published ORDER BY p.rank`),
  videos: each("r.*", `SELECT v.id, v.title, v.position, v.duration_seconds AS "durationSeconds" FROM videos v WHERE v.course_id = k.id ORDER BY v.position, v.id`),
  reviews: each("r.*", `SELECT v.id, v.rating, v.body, v.created_at AS "createdAt", v.user_id, u.name AS author_name FROM reviews v JOIN users u ON u.id = v.user_id
    WHERE v.course_id = k.id ORDER BY v.created_at DESC, v.id DESC`),
};

const batches = {
  courses: async (ids) => one(ids, await query(statements.courses, ids)),
  users: async (ids) => one(ids, await query(statements.users, ids)),
  categories: async (ids) => one(ids, await query(statements.categories, ids)),
  viewerEnrollment: async (ids, viewer) => one(ids, await query(statements.viewerEnrollment, ids, viewer), "course_id"),
};
for (const name of ["coursesOfCategory", "coursesTaught", "relatedCourses", "videos", "reviews"]) {
  batches[name] = async (ids, first) => many(ids, await query(statements[name], ids, first));
}

// newLoad returns the loaders of one request: load(batch, key, argument).
export function newLoad() {
  const loaders = {};
  return (batch, key, argument = "") => (loaders[batch + argument] ??= new DataLoader((keys) => batches[batch](keys, argument))).load(key);
}
