import { type FormEvent, useState } from "react";
import { useMutation } from "../../api/mutation";
import { usePages } from "../../api/use-pages";
import { DeleteReviewReplyDocument, ReplyToReviewDocument, StudioReviewsPageDocument } from "../../generated/studio-reviews";
import type { ReviewItemFragment } from "../../generated/types";
import type { PageProps } from "../../pages";
import { Avatar } from "../../ui/avatar";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { Empty } from "../../ui/empty";
import { ErrorNotice } from "../../ui/error-notice";
import { TextField } from "../../ui/field";
import { FormNotice, problemOf } from "../../ui/form-notice";
import { formatCount, formatDate } from "../../ui/format";
import { MoreButton } from "../../ui/more-button";
import { Stars } from "../../ui/rating";
import { SkeletonLines } from "../../ui/skeleton";
import { CourseFrame } from "../studio/course-frame";
import { CourseState } from "../studio/course-state";

const ratings = [5, 4, 3, 2, 1];

// The reviews of a course, with the replies of its instructor.
export default function StudioReviewsPage({ params: { id = "" } }: PageProps) {
  const [rating, setRating] = useState<number>();
  const all = usePages(StudioReviewsPageDocument, { id }, (data) => data.course?.reviews);
  const course = all.data?.course;
  if (!course?.viewerCanUpdate) return <CourseState state={all} />;
  return (
    <CourseFrame course={course} tab="reviews">
      <div className="choices" role="group" aria-label="Rating">
        {[undefined, ...ratings].map((value) => (
          <button key={value ?? 0} type="button" className="choice" aria-pressed={rating === value} onClick={() => setRating(value)}>
            {value ? `${value} ★` : "All"}
          </button>
        ))}
      </div>
      <ReviewList key={rating} id={id} rating={rating} />
    </CourseFrame>
  );
}

function ReviewList({ id, rating }: { readonly id: string; readonly rating: number | undefined }) {
  const pages = usePages(StudioReviewsPageDocument, rating ? { id, rating } : { id }, (data) => data.course?.reviews);
  const total = pages.data?.course?.reviews.totalCount;
  if (total === undefined) return pages.error ? <ErrorNotice error={pages.error} onRetry={pages.refetch} /> : <SkeletonLines count={6} />;
  if (total === 0) return <Empty title="No reviews here yet" />;
  return (
    <>
      <p className="muted">{formatCount(total, "review")}</p>
      <ul className="review-list">
        {pages.edges.map(({ node }) => <li key={node.id}><ReviewCard review={node} /></li>)}
      </ul>
      <MoreButton pages={pages} />
    </>
  );
}

function ReviewCard({ review }: { readonly review: ReviewItemFragment }) {
  const [replying, setReplying] = useState(false);
  const remove = useMutation(DeleteReviewReplyDocument);
  const { author, reply } = review;
  return (
    <Card>
      <header className="review-head">
        <Avatar name={author.name} url={author.avatarUrl} />
        <div>
          <b>{author.name}</b>
          <p className="muted"><Stars rating={review.rating} /> {formatDate(review.createdAt)}</p>
        </div>
      </header>
      <p className="review-body">{review.body}</p>
      {reply && !replying && (
        <blockquote className="review-reply">
          <p className="muted">{reply.author?.name ?? "Deleted user"} replied</p>
          <p className="review-body">{reply.body}</p>
        </blockquote>
      )}
      {replying ? <ReplyForm review={review} onClose={() => setReplying(false)} /> : (
        <p className="page-actions">
          <Button onClick={() => setReplying(true)}>{reply ? "Change the reply" : "Reply"}</Button>
          {reply && <Button kind="quiet" busy={remove.sending} onClick={() => void remove.send({ reviewId: review.id })}>Delete the reply</Button>}
        </p>
      )}
      <FormNotice error={remove.error} problems={remove.problems} fields={[]} />
    </Card>
  );
}

function ReplyForm({ review, onClose }: { readonly review: ReviewItemFragment; readonly onClose: () => void }) {
  const { send, sending, error, problems } = useMutation(ReplyToReviewDocument);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const body = String(new FormData(event.currentTarget).get("body"));
    const { ok } = await send({ input: { reviewId: review.id, body } });
    if (ok) onClose();
  }

  return (
    <form className="form" onSubmit={(event) => void submit(event)} noValidate>
      <TextField label="Your reply" name="body" autoFocus maxLength={5_000} hint="Every visitor sees it." defaultValue={review.reply?.body} problem={problemOf(problems, "body")} />
      <FormNotice error={error} problems={problems} fields={["body"]} />
      <p className="page-actions">
        <Button type="submit" kind="primary" busy={sending}>Reply</Button>
        <Button onClick={onClose}>Cancel</Button>
      </p>
    </form>
  );
}
