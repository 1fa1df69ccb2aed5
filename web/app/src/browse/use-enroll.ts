import { useState } from "react";
import { useLocation } from "wouter";
import { describeError } from "../api/errors";
import { mutate } from "../api/mutation";
import { useQuery } from "../api/query";
import { EnrollDocument, ViewerCoursesDocument } from "../generated/enroll";
import { useUser } from "../state/store";
import type { EnrollState } from "../ui/course-card";
import { showToast } from "../ui/toast";

interface Course {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
}

// useEnrolledIds returns the ids of the courses that the viewer takes.
export function useEnrolledIds(): ReadonlySet<string> {
  const user = useUser();
  const { data } = useQuery(ViewerCoursesDocument, {}, { pause: !user });
  return new Set(data?.viewer?.enrollments?.nodes.map(({ course }) => course.id));
}

// useEnroll returns what the button of a card does, and the state of the button of each course.
export function useEnroll() {
  const user = useUser();
  const enrolled = useEnrolledIds();
  const [, navigate] = useLocation();
  const [sending, setSending] = useState<string>();

  const stateOf = (id: string): EnrollState => (id === sending ? "sending" : enrolled.has(id) ? "enrolled" : "open");

  const enroll = async ({ id, slug, title }: Course) => {
    if (!user) return navigate(`/sign-in?next=${encodeURIComponent(`/courses/${slug}`)}`);
    if (enrolled.has(id)) return navigate(`/learn/${slug}`);
    setSending(id);
    const { problems, error } = await mutate(EnrollDocument, { courseId: id }, crypto.randomUUID());
    setSending(undefined);
    if (error) return showToast(describeError(error).title, "error");
    if (problems[0]) return showToast(problems[0].message, "error");
    showToast(`You are enrolled in ${title}.`);
    return navigate(`/learn/${slug}`);
  };

  return { enroll, stateOf };
}
