import { type FormEvent, useState } from "react";
import { describeError } from "../../api/errors";
import { findProblem, useMutation } from "../../api/mutation";
import { DeleteReviewDocument, ReviewCourseDocument } from "../../generated/course";
import { Button } from "../../ui/button";
import { ConfirmDialog } from "../../ui/confirm-dialog";
import { TextField } from "../../ui/field";
import { showToast } from "../../ui/toast";
import type { CourseViewer } from "./course-header";

interface OwnReviewProps {
  readonly courseId: string;
  readonly review: CourseViewer["viewerReview"];
}

// OwnReview is the form of the viewer's review.
export default function OwnReview({ courseId, review }: OwnReviewProps) {
  const [rating, setRating] = useState(review?.rating ?? 0);
  const [body, setBody] = useState(review?.body ?? "");
  const [deleting, setDeleting] = useState(false);
  const saving = useMutation(ReviewCourseDocument);
  const removal = useMutation(DeleteReviewDocument);

  async function save(event: FormEvent) {
    event.preventDefault();
    const { ok, error } = await saving.send({ input: { courseId, rating, body } });
    if (ok) showToast("Your review is published.");
    if (error) showToast(describeError(error).title, "error");
  }

  async function remove() {
    if (!review) return;
    const { ok, error } = await removal.send({ id: review.id });
    setDeleting(false);
    showToast(ok ? "Your review is deleted." : error ? describeError(error).title : "The review could not be deleted.", ok ? "info" : "error");
  }

  return (
    <form className="card own-review" onSubmit={save}>
      <fieldset className="rating-choice">
        <legend>{review ? "Your review" : "Review this course"}</legend>
        {[1, 2, 3, 4, 5].map((value) => (
          <label key={value} className={value <= rating ? "rating-star" : "stars-rest"}>
            <input className="visually-hidden" type="radio" name="rating" value={value} checked={rating === value} required onChange={() => setRating(value)} />
            <span aria-hidden="true">★</span><span className="visually-hidden">{value} of 5 stars</span>
          </label>
        ))}
      </fieldset>
      <TextField label="Text" hint="Optional; at most 5,000 characters." maxLength={5000} value={body} problem={findProblem(saving.problems, "body")}
        onChange={(event) => setBody(event.target.value)} />
      <Button type="submit" kind="primary" busy={saving.sending}>{review ? "Change review" : "Publish review"}</Button>
      {review && <Button kind="quiet" onClick={() => setDeleting(true)}>Delete</Button>}
      <ConfirmDialog open={deleting} title="Delete your review?" action="Delete review" busy={removal.sending} onConfirm={remove} onClose={() => setDeleting(false)}>
        <p>The reply of the instructor is deleted with it.</p>
      </ConfirmDialog>
    </form>
  );
}
