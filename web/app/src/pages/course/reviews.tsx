import { Suspense, lazy, useState } from "react";
import { client, publicData } from "../../api/client";
import { useQuery } from "../../api/query";
import { CourseReviewsDocument } from "../../generated/course";
import type { ReviewItemFragment, ReviewPageFragment } from "../../generated/types";
import { Avatar } from "../../ui/avatar";
import { Button } from "../../ui/button";
import { formatCount, formatDate, formatNumber } from "../../ui/format";
import { Stars } from "../../ui/rating";
import type { CourseViewer } from "./course-header";
import type { Course } from "./page";

const OwnReview = lazy(() => import("./own-review")); // for students of the course only

const pageSize = 10;

const ReviewRow = ({ review }: { readonly review: ReviewItemFragment }) => (
  <li className="review">
    <Avatar name={review.author.name} url={review.author.avatarUrl} />
    <div className="review-body">
      <p><strong>{review.author.name}</strong> <Stars rating={review.rating} /> <time className="muted" dateTime={review.createdAt}>{formatDate(review.createdAt)}</time></p>
      {review.body && <p className="prose">{review.body}</p>}
      {review.reply && (
        <div className="review-reply">
          <p><strong>{review.reply.author?.name ?? "Instructor"}</strong> replied <time className="muted" dateTime={review.reply.createdAt}>{formatDate(review.reply.createdAt)}</time></p>
          <p className="prose">{review.reply.body}</p>
        </div>
      )}
    </div>
  </li>
);

interface HistogramProps {
  readonly course: Course;
  readonly selected: number | undefined;
  readonly onSelect: (rating: number | undefined) => void;
}

// Histogram has the number of reviews of each rating. A bar shows its reviews only.
const Histogram = ({ course, selected, onSelect }: HistogramProps) => (
  <ul className="histogram" aria-label="Reviews by rating">
    {course.ratingHistogram.map(({ rating, count }) => (
      <li key={rating}>
        <button type="button" className="histogram-bar" aria-pressed={selected === rating} disabled={count === 0}
          onClick={() => onSelect(selected === rating ? undefined : rating)}>
          <span>{rating} <span className="rating-star" aria-hidden="true">★</span><span className="visually-hidden">stars:</span></span>
          <progress className="progress" value={count} max={Math.max(1, course.reviewCount)} aria-hidden="true" />
          <span className="muted">{formatNumber(count)}<span className="visually-hidden"> reviews</span></span>
        </button>
      </li>
    ))}
  </ul>
);

interface ReviewListProps {
  readonly courseId: string;
  readonly rating: number | undefined;
  readonly first: ReviewPageFragment;
}

// ReviewList shows a page of reviews, and the next ones on request.
function ReviewList({ courseId, rating, first }: ReviewListProps) {
  const [later, setLater] = useState<readonly ReviewPageFragment[]>([]);
  const [loading, setLoading] = useState(false);
  const { pageInfo } = later.at(-1) ?? first;

  async function loadMore() {
    setLoading(true);
    const { data } = await client.query(CourseReviewsDocument, { id: courseId, first: pageSize, after: pageInfo.endCursor, rating }, publicData).toPromise();
    const page = data?.course?.reviews;
    if (page) setLater([...later, page]);
    setLoading(false);
  }

  return (
    <>
      <ul className="reviews">{[first, ...later].flatMap(({ nodes }) => nodes).map((review) => <ReviewRow key={review.id} review={review} />)}</ul>
      {pageInfo.hasNextPage && <Button busy={loading} onClick={loadMore}>More reviews</Button>}
    </>
  );
}

interface ReviewsProps {
  readonly course: Course;
  readonly viewer: CourseViewer | undefined;
}

// Reviews has the reviews of a course, all or those of one rating, and that of the viewer.
export function Reviews({ course, viewer }: ReviewsProps) {
  const [rating, setRating] = useState<number>();
  const { data } = useQuery(CourseReviewsDocument, { id: course.id, first: pageSize, rating }, { public: true, pause: rating === undefined });
  const first = rating === undefined ? course.reviews : data?.course?.reviews;
  return (
    <section className="course-section" id="reviews">
      <h2>Reviews</h2>
      {course.reviewCount === 0 ? <p className="muted">No reviews yet.</p> : (
        <div className="rating-summary">
          <div className="rating-mean">
            <strong>{course.rating?.toFixed(1)}</strong>
            <Stars rating={Math.round(course.rating ?? 0)} />
            <span className="muted">{formatCount(course.reviewCount, "review")}</span>
          </div>
          <Histogram course={course} selected={rating} onSelect={setRating} />
        </div>
      )}
      {viewer?.viewerCanReview && <Suspense><OwnReview key={viewer.viewerReview?.id} courseId={course.id} review={viewer.viewerReview} /></Suspense>}
      {first && <ReviewList key={rating ?? "all"} courseId={course.id} rating={rating} first={first} />}
    </section>
  );
}
