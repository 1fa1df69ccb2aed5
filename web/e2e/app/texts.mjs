// The texts of values in pages, in American English.
const locale = "en-US";
const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });

export const number = (value) => value.toLocaleString(locale);

// counted returns 1 course or 2,000 courses.
export const counted = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

export const money = ({ price, currency }) => (price === 0 ? "Free" : price.toLocaleString(locale, { style: "currency", currency }));

// duration returns 1h 5m, 12m or 45s.
export function duration(seconds) {
  const hours = Math.floor(seconds / 3600), minutes = Math.floor((seconds % 3600) / 60);
  if (hours > 0) return minutes > 0 ? `${hours}h ${minutes}m` : `${hours}h`;
  return minutes > 0 ? `${minutes}m` : `${seconds}s`;
}

// clock returns the length of a video: 5:07 or 1:02:03.
export function clock(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  const pad = (value) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

const rating = ({ rating: mean, reviews }) => (reviews === 0 ? "No reviews yet" : `★Rated ${mean.toFixed(1)} of 5 (${number(reviews)} reviews)`);

export const level = (difficulty) => difficulty[0].toUpperCase() + difficulty.slice(1);

// card returns the texts of the card of a course.
export const card = (course) => ({
  title: course.title, category: `${course.category} · ${level(course.difficulty)}`, instructor: course.instructor, rating: rating(course),
  duration: duration(course.duration), enrollment: `${compact.format(course.students)} ${course.students === 1 ? "student" : "students"}`, price: money(course),
});

// figures returns the texts of the facts above the page of a course.
export const figures = (course) => [
  rating(course), counted(course.students, "student"), level(course.difficulty), `${duration(course.duration)} · ${counted(course.videos, "video")}`,
];

// readRows returns the texts of parts of each element of a selector.
export const readRows = (v, selector, parts) => v.page.locator(selector).evaluateAll((elements, names) =>
  elements.map((element) => names.map((name) => element.querySelector(name).textContent)), parts);

// readCards returns the texts of the first cards in a page.
export async function readCards(v, first) {
  const names = ["title", "category", "instructor", "rating", "duration", "enrollment", "price"];
  const classes = [".course-title", ".course-category", ".course-instructor", ".rating", ".duration", ".enrollment", ".price"];
  const cards = await readRows(v, ".course-card[data-testid]", classes);
  return cards.slice(0, first).map((texts) => Object.fromEntries(names.map((name, i) => [name, texts[i]])));
}
