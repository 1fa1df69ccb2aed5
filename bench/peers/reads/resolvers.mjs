// The resolvers of Mercurius and GraphQL Yoga.
import { createHmac, timingSafeEqual } from "node:crypto";
import { GraphQLScalarType } from "graphql";
import { courseColumns, enrollmentColumns, newLoad } from "./batches.mjs";
import { query } from "./database.mjs";
import { readCatalog, readSearch } from "./lists.mjs";

// viewerOf returns the id of the viewer of a token of the server, signed with HS256, or null.
function viewerOf(authorization) {
  if (!authorization) return null;
  const [header, payload, signature] = authorization.slice("Bearer ".length).split(".");
  const expected = createHmac("sha256", process.env.JWT_SECRET).update(`${header}.${payload}`).digest();
  const actual = Buffer.from(signature ?? "", "base64url");
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) throw new Error("invalid token");
  const { sub, exp } = JSON.parse(Buffer.from(payload, "base64url"));
  if (exp * 1000 < Date.now()) throw new Error("expired token");
  return sub;
}

export const newContext = (authorization) => ({ viewer: viewerOf(authorization), load: newLoad() });

const statements = {
  course: `SELECT ${courseColumns}, c.description, c.tags FROM courses c WHERE c.slug = $1 AND (c.published OR c.instructor_id = $2)`,
  categories: `SELECT id, name, slug, course_count AS "courseCount" FROM categories ORDER BY name, id`,
  viewer: "SELECT id, name, email FROM users WHERE id = $1",
  counts: `SELECT count(*)::int AS "enrolledCoursesCount", count(*) FILTER (WHERE status = 'IN_PROGRESS')::int AS "inProgressCoursesCount",
    count(*) FILTER (WHERE status = 'COMPLETED')::int AS "completedCoursesCount" FROM (SELECT ${enrollmentColumns} FROM enrollments e WHERE e.user_id = $1) e`,
  watchTimeSeconds: `SELECT coalesce(sum(watched_seconds), 0)::int AS n FROM video_progress WHERE user_id = $1 AND watched_at >= now() - $2::int * interval '1 day'`,
  watchTime: `SELECT day AS at, coalesce(w.seconds, 0)::float8 AS value
    FROM generate_series(date_trunc('day', now(), 'UTC') - ($2::int - 1) * interval '1 day', now(), interval '1 day') AS day
    LEFT JOIN (SELECT date_trunc('day', watched_at, 'UTC') AS at, sum(watched_seconds) AS seconds FROM video_progress
      WHERE user_id = $1 AND watched_at >= date_trunc('day', now(), 'UTC') - ($2::int - 1) * interval '1 day' GROUP BY 1) w ON w.at = day
    ORDER BY day`,
  recentActivity: `SELECT ${enrollmentColumns} FROM enrollments e WHERE e.user_id = $1 AND coalesce(e.last_accessed_at, e.enrolled_at) >= now() - $2::int * interval '1 day'
    ORDER BY coalesce(e.last_accessed_at, e.enrolled_at) DESC, e.id DESC LIMIT $3`,
  recommendedCourses: `WITH taken AS MATERIALIZED (SELECT e.course_id FROM enrollments e WHERE e.user_id = $1)
    SELECT ${courseColumns} FROM courses c WHERE c.published AND c.id NOT IN (SELECT course_id FROM taken)
      AND (c.category_id IN (SELECT k.category_id FROM taken t JOIN courses k ON k.id = t.course_id) OR NOT EXISTS (SELECT FROM taken))
    ORDER BY c.enrollment_count DESC, c.id DESC LIMIT $2`,
};

const globalId = (kind) => (row) => Buffer.from(`${kind}:${row.id}`).toString("base64url");
const list = async (count, nodes) => ({ totalCount: count, nodes: await nodes });

export const resolvers = {
  DateTime: new GraphQLScalarType({ name: "DateTime", serialize: (time) => time.toISOString() }),
  Decimal: new GraphQLScalarType({ name: "Decimal", serialize: String }),
  Query: {
    course: async (_, { slug }, { viewer }) => (await query(statements.course, slug, viewer))[0],
    courses: (_, args) => readCatalog(args),
    categories: () => query(statements.categories),
    searchCourses: (_, args) => readSearch(args),
    viewer: async (_, args, { viewer }) => viewer && (await query(statements.viewer, viewer))[0],
  },
  Category: {
    id: globalId("Category"),
    courses: (category, { first }, { load }) => list(category.courseCount, load("coursesOfCategory", category.id, first)),
  },
  Course: {
    id: globalId("Course"),
    price: (course) => ({ amount: course.price, currencyCode: course.currency_code }),
    category: (course, _, { load }) => load("categories", course.category_id),
    instructor: (course, _, { load }) => load("users", course.instructor_id),
    videos: (course, { first }, { load }) => list(course.video_count, load("videos", course.id, first)),
    reviews: (course, { first }, { load }) => list(course.reviewCount, load("reviews", course.id, first)),
    relatedCourses: (course, { first }, { load }) => load("relatedCourses", course.id, first),
    viewerEnrollment: (course, _, { load, viewer }) => viewer && load("viewerEnrollment", course.id, viewer),
  },
  CourseSearchEdge: {
    node: (hit) => hit,
    highlight: (hit) => ({ title: hit.marked_title, description: hit.marked_description }),
  },
  Dashboard: {
    watchTimeSeconds: async ({ viewer }, { days }) => (await query(statements.watchTimeSeconds, viewer, days))[0].n,
    watchTime: ({ viewer }, { last }) => query(statements.watchTime, viewer, last),
    recentActivity: ({ viewer }, { days, first }) => query(statements.recentActivity, viewer, days, first),
    recommendedCourses: ({ viewer }, { first }) => query(statements.recommendedCourses, viewer, first),
  },
  Enrollment: {
    id: globalId("Enrollment"),
    course: (enrollment, _, { load }) => load("courses", enrollment.course_id),
  },
  Review: {
    id: globalId("Review"),
    author: (review) => ({ id: review.user_id, name: review.author_name }),
  },
  User: {
    id: globalId("User"),
    coursesTaught: async (user, { first }, { load }) => {
      const nodes = await load("coursesTaught", user.id, first);
      return { totalCount: nodes[0]?.total ?? 0, nodes };
    },
    dashboard: async (user) => ({ viewer: user.id, ...(await query(statements.counts, user.id))[0] }),
  },
  Video: { id: globalId("Video") },
};
