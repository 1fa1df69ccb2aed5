import { Link } from "wouter";
import type { DashboardFiguresFragment } from "../../generated/types";
import { Picture } from "../../ui/picture";
import { Rating } from "../../ui/rating";

type Course = DashboardFiguresFragment["recommendedCourses"][number];

export const RecommendedCourse = ({ course }: { readonly course: Course }) => (
  <article className="recommended-course">
    <Picture image={course.thumbnail} sizes="(max-width: 640px) 50vw, 280px" width={280} height={158} />
    <h3><Link href={`/courses/${course.slug}`}>{course.title}</Link></h3>
    <p className="muted">{course.instructor.name}</p>
    <Rating rating={course.rating} count={course.reviewCount} />
  </article>
);
