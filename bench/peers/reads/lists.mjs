// The lists of courses at the root: the catalog and the search. They support the filters that the benchmark draws.
import { courseColumns } from "./batches.mjs";
import { decodeCursor, encodeCursor } from "./cursors.mjs";
import { query } from "./database.mjs";

const keys = {
  PUBLISHED_AT: { kind: "t", sql: "c.published_at" },
  TITLE: { kind: "s", sql: "c.title" },
  PRICE: { kind: "d", sql: "c.price" },
  RATING: { kind: "f", sql: "coalesce(c.rating_average, 0)" },
  ENROLLMENTS: { kind: "i", sql: "c.enrollment_count" },
};
const parameters = {
  t: (n) => `(timestamptz 'epoch' + ${n}::bigint * interval '1 microsecond')`,
  s: (n) => `${n}::text`,
  d: (n) => `${n}::numeric`,
  f: (n) => `${n}::float8`,
  i: (n) => `${n}::bigint`,
};
const cursorValue = (kind, sql) => (kind === "t" ? `(extract(epoch FROM ${sql}) * 1000000)::bigint` : sql);

// arguments collects the parameters of a statement.
function newArguments(...values) {
  return { values, add: (value) => `$${values.push(value)}` };
}

function afterCondition(args, cursor, order, kind, key, id, operator) {
  if (!cursor) return "";
  const at = decodeCursor(cursor, order, kind);
  return ` AND (${key}, ${id}) ${operator} (${parameters[kind](args.add(at.value))}, ${args.add(at.id)}::bigint)`;
}

// toPage returns the first rows as a page, whose statement read one more.
function toPage(rows, first, order, kind) {
  const nodes = rows.slice(0, first);
  const end = nodes.at(-1);
  return { nodes, pageInfo: { hasNextPage: rows.length > first, endCursor: end ? encodeCursor(order, kind, end.key, end.id) : null } };
}

function filterConditions(args, filter) {
  let sql = "";
  if (filter?.categoryId) sql += ` AND c.category_id = ${args.add(Buffer.from(filter.categoryId, "base64url").toString().split(":")[1])}`;
  if (filter?.difficulty) sql += ` AND c.difficulty = ${args.add(filter.difficulty.toLowerCase())}`;
  if (filter?.price) sql += filter.price === "FREE" ? " AND c.price = 0" : " AND c.price > 0";
  if (filter?.minRating != null) sql += ` AND coalesce(c.rating_average, 0) >= ${args.add(filter.minRating)}`;
  if (filter?.tags) sql += ` AND c.tags @> ${args.add(filter.tags)}`;
  return sql;
}

// countSQL reads the counters of the categories if they suffice.
function countSQL(filter, where) {
  const names = Object.keys(filter ?? {});
  if (names.length === 0) return "SELECT coalesce(sum(course_count), 0)::int AS n FROM categories";
  if (names.length === 1 && names[0] === "categoryId") return "SELECT course_count AS n FROM categories c WHERE c.id = $1";
  return `SELECT count(*)::int AS n FROM courses c WHERE c.published${where}`;
}

export async function readCatalog({ first, after, filter, orderBy }) {
  const { field, direction } = orderBy ?? { field: "PUBLISHED_AT", direction: "DESC" };
  const { kind, sql } = keys[field];
  const order = `courses.${field}.${direction}`;
  const args = newArguments();
  const where = filterConditions(args, filter);
  const count = query(countSQL(filter, where), ...args.values);
  const condition = where + afterCondition(args, after, order, kind, sql, "c.id", direction === "DESC" ? "<" : ">");
  const rows = query(
    `SELECT ${courseColumns}, c.description, c.tags, ${cursorValue(kind, sql)} AS key FROM courses c WHERE c.published${condition}
     ORDER BY ${sql} ${direction}, c.id ${direction} LIMIT ${args.add(first + 1)}`,
    ...args.values,
  );
  const [[{ n }], found] = await Promise.all([count, rows]);
  return { totalCount: n, ...toPage(found, first, order, kind) };
}

// Words that need not occur, as the server has them.
const optional = new Set(
  ("course courses class classes tutorial tutorials lesson lessons training curso cursos cours kurs kurse corso corsi курс курсы " +
    "de del la el los las en y para con un una le les des du et pour une der das und fur mit di il per da em os и в на для").split(" "),
);
const quoted = (words, operator) => words.map((word) => `'${word}'`).join(operator);

// parseWords returns the words of a search as $1 to $5 of the statements.
function parseWords(text) {
  const words = text.split(" ");
  let required = words.filter((word) => !optional.has(word));
  if (required.length === 0) required = words;
  const rest = words.filter((word) => !required.includes(word));
  const last = required.at(-1);
  const prefix = last === words.at(-1) && (required.length > 1 || last.length > 1);
  return [quoted(required, " & "), prefix ? quoted(required.slice(0, -1), " & ") : "", prefix ? `'${last}':*` : "", quoted(rest, " | "), text];
}

const matches = `q AS MATERIALIZED (
  SELECT whole, started, whole || started AS query, whole || to_tsquery('english', $4) AS ranked, $5::text AS exact
  FROM (SELECT to_tsquery('english', $1) AS whole, to_tsquery('english', $2) && $3::tsquery AS started) w
)`;
const condition = "c.published AND (c.search_vector @@ (SELECT query FROM q) OR c.title_key = (SELECT exact FROM q))";
const score = `(CASE WHEN c.search_vector @@ (SELECT whole FROM q) THEN ts_rank(c.search_vector, (SELECT ranked FROM q))
  ELSE ts_rank(c.search_vector, (SELECT started FROM q), 32) / 2 END + (c.title_key = (SELECT exact FROM q))::int)::float8`;
const escaped = (text) => `replace(replace(replace(replace(replace(${text}, '&', '&amp;'), '''', '&#39;'), '<', '&lt;'), '>', '&gt;'), '"', '&#34;')`;
const headline = (text) => `ts_headline('english', ${escaped(text)}, (SELECT query FROM q), 'HighlightAll=true, StartSel=<mark>, StopSel=</mark>')`;

const countStatement = `WITH ${matches} SELECT c.category_id, c.difficulty, c.price = 0 AS free, count(*)::int AS n, k.name FROM courses c
  JOIN categories k ON k.id = c.category_id WHERE ${condition} GROUP BY 1, 2, 3, k.name`;

// sums returns the sums of n by a key of the rows, in a fixed order.
function sums(rows, key) {
  const all = new Map();
  for (const row of rows) all.set(row[key], (all.get(row[key]) ?? 0) + row.n);
  return all;
}

async function readFacets(words) {
  const rows = await query(countStatement, ...words);
  const categories = new Map(rows.map((row) => [row.category_id, { id: row.category_id, name: row.name }]));
  const byCategory = [...sums(rows, "category_id")].map(([id, count]) => ({ category: categories.get(id), count }));
  byCategory.sort((a, b) => b.count - a.count || (a.category.name < b.category.name ? -1 : 1));
  const byDifficulty = sums(rows, "difficulty");
  const byPrice = sums(rows, "free");
  return {
    totalCount: rows.reduce((n, row) => n + row.n, 0),
    facets: {
      categories: byCategory,
      difficulties: ["beginner", "intermediate", "advanced"].filter((d) => byDifficulty.has(d)).map((d) => ({ difficulty: d.toUpperCase(), count: byDifficulty.get(d) })),
      prices: [true, false].filter((free) => byPrice.has(free)).map((free) => ({ price: free ? "FREE" : "PAID", count: byPrice.get(free) })),
    },
  };
}

const searchKeys = { RATING: keys.RATING, ENROLLMENTS: keys.ENROLLMENTS, NEWEST: keys.PUBLISHED_AT };

// readSearch ranks and limits first, and highlights only the rows of the page.
export async function readSearch({ query: text, sort, first, after }) {
  const words = parseWords(text);
  const { kind, sql } = searchKeys[sort] ?? { kind: "f", sql: score };
  const order = `search.${sort}`;
  const args = newArguments(...words);
  const conditions = afterCondition(args, after, order, kind, "h.sorted", "h.id", "<");
  const rows = query(
    `WITH ${matches}, hits AS MATERIALIZED (SELECT c.id, ${score} AS score, ${sql} AS sorted FROM courses c WHERE ${condition}),
     page AS MATERIALIZED (SELECT * FROM hits h WHERE true${conditions} ORDER BY h.sorted DESC, h.id DESC LIMIT ${args.add(first + 1)})
     SELECT ${courseColumns}, h.score, ${cursorValue(kind, "h.sorted")} AS key, ${headline("c.title")} AS marked_title, ${headline("c.description")} AS marked_description
     FROM page h JOIN courses c ON c.id = h.id ORDER BY h.sorted DESC, h.id DESC`,
    ...args.values,
  );
  const [counts, found] = await Promise.all([readFacets(words), rows]);
  const { nodes, pageInfo } = toPage(found, first, order, kind);
  return { ...counts, pageInfo, edges: nodes, didYouMean: null };
}
